"""Batches: the same results as one by one, in order, each error in its place, memory bounded."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import dnjpeg

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
