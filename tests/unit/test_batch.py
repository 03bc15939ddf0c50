"""Batches: the same results as one by one, in order, each error in its place, memory bounded."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

import dnjpeg
from dnjpeg.parallel import AHEAD, TASK_SECONDS, TOGETHER, ordered_map

JOBS = [1, 2, 5]


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(1)
    shapes = [(16, 24, 3), (40, 8), (1, 1, 3), (33, 17, 3)] * 5
    return [random.integers(0, 256, shape, np.uint8) for shape in shapes]


@pytest.mark.parametrize("jobs", JOBS)
def test_batches_give_what_single_calls_give(pictures: list[np.ndarray], jobs: int) -> None:
    files = [dnjpeg.encode(picture, quality=60, optimize=False) for picture in pictures]
    assert list(dnjpeg.encode_batch(pictures, jobs=jobs, quality=60, optimize=False)) == files
    assert list(dnjpeg.transcode_batch(files, jobs=jobs, quality=30)) == [
        dnjpeg.transcode(data, quality=30) for data in files
    ]
    for data, pixels in zip(files, dnjpeg.decode_batch(files, jobs=jobs), strict=True):
        np.testing.assert_array_equal(pixels, dnjpeg.decode(data))


@pytest.mark.parametrize("jobs", JOBS)
def test_an_array_is_a_batch_on_either_side(jobs: int) -> None:
    images = np.random.default_rng(2).integers(0, 256, (7, 16, 16, 3), np.uint8)
    files = list(dnjpeg.encode_batch(images, jobs=jobs))
    out = np.zeros_like(images)
    for index, pixels in enumerate(dnjpeg.decode_batch(files, jobs=jobs, out=out)):
        assert np.shares_memory(pixels, out[index])
    np.testing.assert_array_equal(out, [dnjpeg.decode(data) for data in files])


@pytest.mark.parametrize("jobs", JOBS)
def test_errors_come_in_their_place(pictures: list[np.ndarray], jobs: int) -> None:
    files = [dnjpeg.encode(picture) for picture in pictures]
    files[3] = b"not a JPEG"
    files[5] = files[5][:-20]
    results = list(dnjpeg.decode_batch(files, jobs=jobs, on_error="return"))
    assert [index for index, result in enumerate(results) if isinstance(result, dnjpeg.JpegError)] == [3, 5]
    batch = dnjpeg.decode_batch(files, jobs=jobs)
    assert [next(batch).shape for _ in range(3)] == [picture.shape for picture in pictures[:3]]
    with pytest.raises(dnjpeg.FormatError, match="not a JPEG file"):
        next(batch)


def test_arguments_are_checked_before_the_first_result() -> None:
    with pytest.raises(ValueError, match="jobs"):
        dnjpeg.encode_batch([], jobs=0)
    with pytest.raises(ValueError, match="on_error"):
        dnjpeg.encode_batch([], on_error="ignore")
    for batch in (dnjpeg.encode_batch, dnjpeg.decode_batch, dnjpeg.transcode_batch):
        with pytest.raises(TypeError, match="no option 'qualty'"):
            batch([], on_error="return", qualty=75)
    for batch in (dnjpeg.encode_batch, dnjpeg.transcode_batch):
        with pytest.raises(ValueError, match="quality"):
            batch([], on_error="return", quality=0)
    data = dnjpeg.encode(np.zeros((8, 8), np.uint8))
    with pytest.raises(ValueError, match="out has 1 arrays"):
        list(dnjpeg.decode_batch([data, data], out=np.empty((1, 8, 8), np.uint8)))


def test_options_are_looked_into_once() -> None:
    steps = np.full((8, 8), 300)
    images = [np.zeros((8, 8), np.uint8)] * 3
    with pytest.warns(dnjpeg.JpegWarning, match="64 steps") as told:
        files = list(dnjpeg.encode_batch(images, jobs=1, tables=dnjpeg.QuantizationTables(steps)))
    assert len(told) == 1
    assert len(set(files)) == 1


@pytest.mark.parametrize(("seconds", "together"), [(1.5 * TASK_SECONDS, 1), (0, TOGETHER)])
@pytest.mark.parametrize("jobs", JOBS)
def test_an_endless_source_is_read_no_further_than_needed(jobs: int, seconds: float, together: int) -> None:
    read = 0

    def double(number: int) -> int:
        time.sleep(seconds)
        return 2 * number

    def source() -> Iterator[int]:
        nonlocal read
        while True:
            read += 1
            yield read

    results = ordered_map(double, source(), jobs)
    assert [next(results) for _ in range(10)] == list(range(2, 22, 2))
    assert read <= 10 + AHEAD * jobs * together
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("dnjpeg")]


def test_of_items_that_are_done_together_those_before_an_error_come_first() -> None:
    def inverse(number: int) -> float:
        return 1 / (number - 500)

    results, taken = ordered_map(inverse, range(1000), 2), []
    with pytest.raises(ZeroDivisionError):
        taken.extend(result for result in results)
    assert taken == [inverse(number) for number in range(500)]


def test_what_has_not_begun_is_dropped_when_one_fails() -> None:
    done = []

    def work(number: int) -> int:
        if number == 0:
            raise KeyError(number)
        time.sleep(0.01)
        done.append(number)
        return number

    with pytest.raises(KeyError):
        list(ordered_map(work, range(1000), 2))
    assert len(done) < 20


def test_threads_that_found_nothing_to_do_go_on_when_there_is() -> None:
    def source() -> Iterator[int]:
        for number in range(40):
            time.sleep(0.02 if number % 10 == 0 else 0)  # while all that is under way is done
            yield number

    taken = []
    for result in ordered_map(str, source(), 3):
        time.sleep(0.01 if result.endswith("5") else 0)
        taken.append(result)
    assert taken == [str(number) for number in range(40)]


@pytest.mark.parametrize("jobs", JOBS)
def test_what_is_no_error_but_ends_a_program_is_passed_on_as_well(jobs: int) -> None:
    results = ordered_map(lambda number: sys.exit(number) if number == 3 else number, range(100), jobs)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SystemExit):
        next(results)


@pytest.mark.parametrize("daemon", [False, True])
def test_a_program_ends_in_the_middle_of_a_batch(daemon: bool) -> None:
    """Also if a thread takes results for ever that is not waited for."""
    program = f"""
import threading, time
from collections import deque
from itertools import count
from dnjpeg.parallel import ordered_map
results = ordered_map(lambda number: number, count(), 2)
print(next(results))
if {daemon}:
    threading.Thread(target=deque, args=(results, 0), daemon=True).start()
    time.sleep(0.1)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "0\n")
    assert daemon or done.stderr == ""


def test_after_a_warm_up_nothing_is_compiled_or_loaded() -> None:
    program = """
import numpy as np, dnjpeg
from dnjpeg.codec.kernels.kernel_cache import KernelCache
dnjpeg.warmup()
missing, load = [], KernelCache.load_overload
def load_overload(cache, *key):
    missing.append(key)
    return load(cache, *key)
KernelCache.load_overload = load_overload
for shape in ((40, 30, 3), (20, 50)):
    for options in ({}, {"optimize": False}, {"progressive": True}, {"subsampling": "4:4:4"}, {"restart": 2}):
        for level in (0, 90, 200):  # files with Huffman tables of their own
            data = dnjpeg.encode(np.full(shape, level, np.uint8), **options)
            dnjpeg.decode(data)
            dnjpeg.transcode(data, quality=30)
noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
dnjpeg.encode(noise, quality=100, subsampling="4:4:4")  # its bytes need more room than usual
assert not missing, missing
"""
    run = subprocess.run(
        [sys.executable, "-c", program], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
