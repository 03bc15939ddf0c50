"""One picture on several threads: still libjpeg-turbo's pixels, and the same errors and warnings."""

import io
import warnings
from contextlib import contextmanager
from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from libjpeg import pillow_encode
from pictures import make_photo
from PIL import Image
from random_damage import DAMAGE, damage
from random_files import random_image, written

from dnjpeg import decode, encode
from dnjpeg.codec import core_distance, decoding_threads, helper, run_pieces, thread_runs
from dnjpeg.codec.entropy import ahead, block_runs
from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.block_runs import decode_run
from dnjpeg.codec.entropy.scan import PAUSE
from dnjpeg.codec.kernels.vector import GATHERS
from dnjpeg.codec.run_rows import begin_behind, follow_rows
from dnjpeg.errors import FormatError, JpegError


@pytest.fixture(params=["lanes", "symbols"], autouse=True)
def way(request):
    """Decode by lanes of vectors, and as CPUs do that cannot gather; pictures so small that it is not worth while."""
    if request.param == "lanes" and not GATHERS:
        pytest.skip("this CPU has no lanes that gather")
    with (
        mock.patch.object(run_pieces, "GATHERS", request.param == "lanes"),
        mock.patch.object(thread_runs, "ahead_memory", ahead_memory if request.param == "lanes" else lambda: None),
        mock.patch.object(decoding_threads, "far_apart", return_value=False),
        mock.patch.object(decoding_threads, "LEAST", 1 << 12),
    ):
        yield request.param


def test_cores_without_a_common_cache_do_not_share_a_picture_with_restarts(photo):
    data = pillow_encode(photo, quality=85, restart_marker_rows=1)
    with (
        mock.patch.object(decoding_threads, "far_apart", return_value=True),
        mock.patch.object(decoding_threads, "_decode_on_one", side_effect=AssertionError),
    ):
        assert np.array_equal(decode(data, threads=2), np.asarray(Image.open(io.BytesIO(data))))


def test_small_pictures_and_those_for_which_there_is_no_thread_are_decoded_on_one(photo):
    data = pillow_encode(photo, quality=85)
    for patch in (
        mock.patch.object(decoding_threads, "LEAST", 1 << 16),
        mock.patch.object(helper, "start_new_thread", side_effect=RuntimeError("can't start new thread")),
    ):
        with patch, mock.patch.object(decoding_threads, "decode_by_runs", side_effect=AssertionError):
            assert np.array_equal(decode(data, threads=2), np.asarray(Image.open(io.BytesIO(data))))


def test_cores_are_apart_if_it_always_takes_long_to_read_what_the_other_wrote():

    class Clock:
        def __init__(self, *seconds: float) -> None:
            self.seconds, self.now = [*seconds], 0.0

        def __call__(self) -> float:
            self.now += self.seconds.pop(0)
            return self.now

    with helper.Helper() as other:
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
def test_both_threads_make_about_half_of_the_pixels(photo, subsampling):
    """Guesses are met, and runs are as long as they were to be."""
    data = pillow_encode(photo, quality=85, subsampling=subsampling)
    made = []

    def noted(*arguments):
        made.append(arguments)
        return follow_rows(*arguments)

    with (
        mock.patch.object(run_pieces, "MOST", 1 << 11),
        mock.patch.object(run_pieces, "LEAST", 1 << 11),
        mock.patch.object(thread_runs, "follow_rows", noted),
    ):
        assert np.array_equal(decode(data, threads=2), np.asarray(Image.open(io.BytesIO(data))))
    rows = -(-photo.shape[0] // (16 if subsampling == "4:2:0" else 8))
    ranges = [(first, last) for *_, first, _, last in (arguments[:8] for arguments in made)]
    assert len(ranges) > 2
    assert all(last <= first for (_, last), (first, _) in pairwise(ranges))
    assert 0.2 * rows < sum(last - first for first, last in ranges) < 0.7 * rows


def test_lanes_do_not_pause_where_threads_meet(photo, way):
    """A stretch that ends there is so short that hardly anything of it would be accepted."""
    if way != "lanes":
        pytest.skip("there are none")
    pauses = []

    def noted(*arguments):
        pauses.append(int(arguments[9][PAUSE]))
        begin_behind(*arguments)

    with (
        mock.patch.object(thread_runs, "begin_behind", noted),
        mock.patch.object(run_pieces, "MOST", 1 << 12),
        mock.patch.object(run_pieces, "LEAST", 1 << 12),
    ):
        for quality in range(60, 100, 5):
            decode(pillow_encode(photo, quality=quality, subsampling="4:4:4"), threads=2)
    assert pauses == [0] * len(pauses)
    assert len(pauses) > 20


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
    with _small_pieces(random):
        assert _outcome(bytes(data), 2) == _outcome(bytes(data), 1)


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4),
    st.integers(0, 2**32 - 1),
)
def test_whatever_the_components_are_they_are_decoded_as_on_one_thread(factors, seed):
    random = np.random.default_rng(seed)
    height, width = (int(size) for size in random.integers(60, 300, 2))
    image = random_image(factors, height, width, seed=seed)
    options = {}
    if random.random() < 0.5:
        top, left = int(random.integers(height // 2)), int(random.integers(width // 2))
        options = {"region": (top, left, int(random.integers(1, height - top)), int(random.integers(1, width - left)))}
    data = written(image)
    with _small_pieces(random):
        assert np.array_equal(decode(data, threads=2, **options), decode(data, **options))


def test_twelve_bits(way):
    if way == "lanes":
        pytest.skip("kernels take long to compile, and nothing is different")
    data = written(random_image([(2, 2), (1, 1), (1, 1)], 200, 300, precision=12))
    with _small_pieces(np.random.default_rng(1)):
        assert np.array_equal(decode(data, threads=2), decode(data))


@contextmanager
def _small_pieces(random):
    """Let many begin at guesses."""
    with (
        mock.patch.object(decoding_threads, "LEAST", 1 << 6),
        mock.patch.object(decoding_threads, "PIECE", 1 << 6),
        mock.patch.object(run_pieces, "MOST", 1 << int(random.integers(7, 12))),
        mock.patch.object(run_pieces, "LEAST", 1 << int(random.integers(4, 9))),
        mock.patch.object(run_pieces, "LEAST_ROWS", int(random.integers(1, 7))),
        mock.patch.object(run_pieces, "SHARE", random.uniform(0.2, 0.7)),
        mock.patch.object(run_pieces, "AHEAD", int(random.integers(1, 6))),
        mock.patch.object(ahead, "FIRST_PAUSE", 1 << int(random.integers(5, 10))),
        mock.patch.object(run_pieces, "decode_run", _within_memory),
    ):
        yield


def _within_memory(*arguments):
    """`decode_run`, whose blocks, nonsense among them, are not more than there is room for."""
    blocks, _, starts = arguments[10:13]
    sound, known, size, bit = decode_run(*arguments)
    assert sound <= max(known, block_runs.DOUBTFUL + 10)
    assert known <= size <= len(starts)
    assert len(blocks) == 64 * len(starts)
    return sound, known, size, bit


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


def test_a_large_picture_of_hardly_any_data_is_gray(photo):
    data = pillow_encode(np.tile(photo, (3, 3, 1)), quality=85)
    cut = data[: data.index(b"\xff\xda") + 30]
    with pytest.warns(match="ends before the image does"):
        pixels = decode(cut, strict=False, threads=2)
    with pytest.warns(match="ends before the image does"):
        assert np.array_equal(pixels, decode(cut, strict=False))


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


@pytest.mark.parametrize("name", ["decode_run", "lead_rows", "follow_rows", "begin_behind"])
def test_an_error_on_either_thread_is_raised_and_nobody_waits(photo, name):
    data = encode(photo)
    with (
        mock.patch.object(run_pieces, "MOST", 1 << 11),
        mock.patch.object(run_pieces, "LEAST", 1 << 11),
        mock.patch.object(run_pieces if name == "decode_run" else thread_runs, name, side_effect=MemoryError),
        pytest.raises(MemoryError),
    ):
        decode(data, threads=2)
    assert np.array_equal(decode(data, threads=2), decode(data))
