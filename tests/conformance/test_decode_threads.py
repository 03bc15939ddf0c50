"""One picture on several threads: still libjpeg-turbo's pixels, and the same errors and warnings."""

import io
import warnings
from concurrent.futures import CancelledError, ThreadPoolExecutor
from queue import SimpleQueue
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libjpeg import pillow_encode
from pictures import make_photo
from PIL import Image
from random_damage import DAMAGE, damage

from dnjpeg import decode, encode
from dnjpeg.codec import core_distance, decoding_threads, thread_lanes, thread_runs
from dnjpeg.codec.entropy import ahead
from dnjpeg.codec.entropy.block_runs import decode_run
from dnjpeg.codec.kernels.vector import GATHERS
from dnjpeg.errors import FormatError, JpegError


@pytest.fixture(params=["lanes", "runs"], autouse=True)
def way(request):
    """Decode by lanes of vectors, and as CPUs do that cannot gather."""
    if request.param == "lanes" and not GATHERS:
        pytest.skip("this CPU has no lanes that gather")
    with (
        mock.patch.object(decoding_threads, "GATHERS", request.param == "lanes"),
        mock.patch.object(decoding_threads, "far_apart", return_value=False),
    ):
        yield request.param


def test_cores_without_a_common_cache_do_not_share_a_picture(photo):
    data = pillow_encode(photo, quality=85)
    with (
        mock.patch.object(decoding_threads, "far_apart", return_value=True),
        mock.patch.object(decoding_threads, "decode_by_lanes", side_effect=AssertionError),
        mock.patch.object(decoding_threads, "decode_by_runs", side_effect=AssertionError),
    ):
        assert np.array_equal(decode(data, threads=2), np.asarray(Image.open(io.BytesIO(data))))


def test_cores_are_apart_if_it_always_takes_long_to_read_what_the_other_wrote():

    class Clock:
        def __init__(self, *seconds: float) -> None:
            self.seconds, self.now = [*seconds], 0.0

        def __call__(self) -> float:
            self.now += self.seconds.pop(0)
            return self.now

    with ThreadPoolExecutor(1) as other:
        for times, far in (([9, 4, 1] * 3, True), ([9, 4, 1, 9, 1, 1], False), ([9, 4, 1, 9, 4, 1, 9, 2, 1], False)):
            with mock.patch.object(core_distance, "perf_counter", Clock(*times)):
                assert core_distance.far_apart(other) is far


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """Large enough to be decoded in several pieces."""
    return make_photo(1100, 701)


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:2:2"])
@pytest.mark.parametrize("threads", [2, 5])
def test_the_pixels_are_those_of_libjpeg_whatever_the_number_of_threads(photo, subsampling, threads):
    data = pillow_encode(photo, quality=85, subsampling=subsampling)
    theirs = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(decode(data, threads=threads), theirs)
    assert np.array_equal(decode(data, threads=threads, region=(517, 300, 400, 99)), theirs[517:917, 300:399])
    assert np.array_equal(decode(data, threads=threads, scale=0.5), decode(data, scale=0.5))


def test_gray_pictures_restarts_and_other_processes(photo):
    for options in ({"restart": 7}, {"progressive": True}):
        data = encode(photo, **options)
        assert np.array_equal(decode(data, threads=2), decode(data)), options
    data = encode(photo[..., 0])
    assert np.array_equal(decode(data, threads=2), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("color", ["RGB", "YCbCr"])
def test_components_with_the_same_tables_are_told_apart_by_where_they_begin(photo, color):
    data = encode(photo, color=color, subsampling="4:4:4", optimize=False, quality=95)
    assert np.array_equal(decode(data, threads=2), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_both_threads_decode_a_whole_scan(photo, subsampling, way):
    """Nothing is left to one thread alone, and guesses are met."""
    data = pillow_encode(photo, quality=85, subsampling=subsampling)
    module = thread_lanes if way == "lanes" else thread_runs
    join, taken = module._join, []

    def noted(*arguments):
        joined = join(*arguments)
        taken.append(joined[:2] if way == "lanes" else (joined.seam, joined.size))
        return joined

    with (
        mock.patch.object(thread_runs, "LARGE_PIECE", 1 << 18),
        mock.patch.object(thread_lanes, "SHARE", 2048),
        mock.patch.object(decoding_threads, "_decode_on_one", side_effect=AssertionError),
        mock.patch.object(module, "_join", noted),
    ):
        decode(data, threads=2)
    assert len(taken) > 1
    assert any(0 < own < found for own, found in taken)  # the rest of a piece is the other thread's
    if way == "lanes":
        blocks = 6 if subsampling == "4:2:0" else 3
        side = 16 if subsampling == "4:2:0" else 8
        mcus = -(-photo.shape[0] // side) * -(-photo.shape[1] // side)
        assert sum(found for _, found in taken) * blocks > mcus * blocks - thread_lanes.LEAST


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, *DAMAGE]))
def test_whatever_the_data_are_they_are_decoded_as_on_one_thread(seed, kind):
    """Pieces so small that many begin at guesses, of data that are whole or not."""
    random = np.random.default_rng(seed)
    shape = (int(random.integers(100, 400)), int(random.integers(60, 300)))
    pixels = make_photo(*shape) if random.random() < 0.7 else random.integers(0, 256, (*shape, 3), np.uint8)
    if random.random() < 0.5:  # lanes do not fall into step there, and are tried again behind it
        top = int(random.integers(shape[0]))
        pixels[top : top + 80] = 255
    data = bytearray(
        pillow_encode(pixels, quality=int(random.integers(5, 100)), subsampling=str(random.choice(["4:2:0", "4:4:4"])))
    )
    damage(data, kind, random, len(data) // 3)
    with (
        mock.patch.object(decoding_threads, "PIECE", 1 << 12),
        mock.patch.object(thread_runs, "LARGE_PIECE", 1 << int(random.integers(10, 16))),
        mock.patch.object(thread_lanes, "MADE_AT_ONCE", 1 << int(random.integers(10, 16))),
        mock.patch.object(thread_lanes, "SHARE", 1 << int(random.integers(8, 12))),
        mock.patch.object(thread_lanes, "LEAST", 100),
        mock.patch.object(ahead, "FIRST_PAUSE", 1 << int(random.integers(5, 10))),
        mock.patch.object(thread_runs, "decode_run", _within_memory),
    ):
        assert _outcome(bytes(data), 2) == _outcome(bytes(data), 1)


def _within_memory(*arguments):
    """`decode_run`, which may be told to go no further than it has room: also for nonsense, which is more for some."""
    last, starts = arguments[4], arguments[8]
    assert last < len(starts)
    return decode_run(*arguments)


def _outcome(data: bytes, threads: int) -> tuple[object, ...]:
    """What strict and lenient decoding yield, with errors and warnings."""
    found: list[object] = []
    for strict in (True, False):
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            try:
                found.append(decode(data, strict=strict, threads=threads).tobytes())
            except JpegError as error:
                found.append(str(error))
        found += [str(warning.message) for warning in noted]
    return tuple(found)


def test_damage_is_told_as_on_one_thread(photo):
    data = bytearray(encode(photo, restart=50))
    data[len(data) // 2 : len(data) // 2 + 40] = bytes(range(40))
    for damaged in (bytes(data), bytes(data[: len(data) * 2 // 3])):
        found = []
        for threads in (1, 2):
            with pytest.raises(JpegError) as caught:
                decode(damaged, threads=threads)
            with warnings.catch_warnings(record=True) as noted:
                warnings.simplefilter("always")
                pixels = decode(damaged, strict=False, threads=threads)
            found.append((str(caught.value), [str(warning.message) for warning in noted], pixels.tobytes()))
        assert found[0] == found[1]


def test_a_fault_in_the_first_piece_ends_the_work(photo):
    data = bytearray(encode(photo, optimize=False))
    begin = data.index(b"\xff\xda") + 14
    data[begin : begin + 64] = b"\xff\x00" * 32
    with pytest.raises(FormatError, match="no Huffman code"):
        decode(bytes(data), threads=2)


def test_what_is_no_number_of_threads_is_refused():
    data = encode(np.zeros((8, 8), np.uint8))
    for threads in (0, -1, 1.5, None):
        with pytest.raises(ValueError, match="threads is a whole number"):
            decode(data, threads=threads)


def test_an_error_on_either_thread_is_raised_and_nobody_waits(photo, way):
    data = encode(photo)
    module = thread_lanes if way == "lanes" else thread_runs
    for name in ("_join", "Work.make_pixels"):
        owner = module.Work if "." in name else module
        with (
            mock.patch.object(owner, name.rpartition(".")[2], side_effect=MemoryError),
            pytest.raises(MemoryError),
        ):
            decode(data, threads=2)
    assert np.array_equal(decode(data, threads=2), decode(data))


def test_who_is_interrupted_leaves_nobody_waiting():
    tasks = thread_lanes._Tasks()
    with ThreadPoolExecutor(1) as other, mock.patch.object(tasks, "_queue", _InterruptedQueue()):
        done = other.submit(lambda: tasks.submit(int).result())
        with pytest.raises(KeyboardInterrupt):
            tasks.run_until(done)
        assert isinstance(done.exception(timeout=10), CancelledError)


class _InterruptedQueue(SimpleQueue):
    def get(self, block=True, timeout=None):
        raise KeyboardInterrupt
