"""Sixteen places of a scan at once: the blocks are those that are there, whatever the data are."""

import io
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libjpeg import pillow_encode
from pictures import make_extreme, make_flat, make_noise, make_photo
from PIL import Image
from random_damage import DAMAGE, damage
from random_files import random_image, written

import dnjpeg
from dnjpeg import decode, encode, read, transcode
from dnjpeg.codec import decoder, scan_reader, transcoder
from dnjpeg.codec.entropy.ahead import LEAST_MCUS, ahead_memory, decode_ahead, mcus_ahead
from dnjpeg.codec.entropy.lane_memory import lane_spans
from dnjpeg.codec.entropy.scan import ALONE, PAUSED_AT, start_scan
from dnjpeg.codec.format.layout import row_geometry
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import GATHERS, span
from dnjpeg.codec.reader import Reader
from dnjpeg.errors import JpegError
from dnjpeg.statistics import streaming

pytestmark = pytest.mark.skipif(not GATHERS, reason="this CPU decodes one symbol at a time")


@contextmanager
def one_symbol_at_a_time() -> Iterator[None]:
    """Decode as CPUs do that cannot gather."""
    with (
        mock.patch.object(decoder, "ahead_memory", return_value=None),
        mock.patch.object(scan_reader, "ahead_memory", return_value=None),
        mock.patch.object(transcoder, "ahead_memory", return_value=None),
        mock.patch.object(streaming, "list_memory", return_value=None),
    ):
        yield


@kernel
def first_stretch(state, scan, mcus, data, coded, lookups, ahead):
    state, ahead = span(state), lane_spans(ahead)
    decode_ahead(state, span(scan), mcus, span(data), span(coded), span(lookups), ahead, 1 << 31)
    return mcus_ahead(state, ahead)


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:2:2", "4:1:1"])
@pytest.mark.parametrize("quality", [40, 75, 97])
def test_photos_are_decoded_ahead_and_have_the_pixels_of_libjpeg(subsampling, quality):
    photo = make_photo(401, 603, seed=quality)
    data = encode(photo, quality=quality, subsampling=subsampling)
    assert np.array_equal(decode(data), np.asarray(Image.open(io.BytesIO(data))))
    reader = Reader(data, True, Limits())
    scan = reader.next_scan()
    _, geometry, mcu_rows, mcu_cols = row_geometry(reader.frame, scan.indices, scan.starts)
    state = start_scan(0, scan.begin, strict=True)
    mcus, memory = mcu_rows * mcu_cols, ahead_memory()
    assert mcus >= LEAST_MCUS
    found = first_stretch(state, geometry, mcus, reader.bytes, reader.unstuffed_scratch(), scan.lookups, memory)
    assert found > mcus / 100  # those of the first lane
    assert state[ALONE] == 0  # most lanes met the next


@pytest.mark.parametrize("make", [make_photo, make_noise, make_flat, make_extreme])
@pytest.mark.parametrize("options", [{}, {"optimize": False}, {"subsampling": "4:4:4"}, {"color": "RGB"}])
@pytest.mark.parametrize("quality", [1, 60, 100])
def test_every_kind_of_picture(make, options, quality):
    """Codes of 16 bits and values of 11, blocks without an end, data that never fall into step."""
    for gray in (False, True):
        data = encode(make(330, 500, gray=gray), quality=quality, **({} if gray else options))
        with Image.open(io.BytesIO(data)) as image:
            theirs = np.asarray(image if gray else image.convert("RGB"))
        assert np.array_equal(decode(data), theirs)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4),
    st.integers(100, 400),
    st.integers(100, 400),
    st.sampled_from([8, 12]),
    st.booleans(),
    st.integers(0, 2**20),
)
def test_any_geometry_is_read_back_as_it_was_written(factors, height, width, precision, separate, seed):
    image = random_image(factors, height, width, seed=seed, precision=precision)
    data = written(image, separate=separate)
    for ours, theirs in zip(read(data).coefficients, image.coefficients, strict=True):
        assert np.array_equal(ours, theirs)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, *DAMAGE]))
def test_whatever_the_data_are_they_are_decoded_as_symbol_by_symbol(seed, kind):
    random = np.random.default_rng(seed)
    shape = (int(random.integers(150, 500)), int(random.integers(150, 500)))
    make = (make_photo, make_photo, make_photo, make_noise, make_extreme)[random.integers(5)]
    subsampling = str(random.choice(["4:2:0", "4:4:4", "4:2:2"]))
    data = bytearray(pillow_encode(make(*shape), quality=int(random.integers(5, 101)), subsampling=subsampling))
    for _ in range(int(random.integers(1, 4))):
        damage(data, kind, random, 640)
    found = _outcome(bytes(data))
    with one_symbol_at_a_time():
        assert found == _outcome(bytes(data))


def _banded(random: np.random.Generator) -> np.ndarray:
    """A picture of some bands, above or beside each other, in some of which lanes find the data nowhere in step."""
    bands = []
    for _ in range(int(random.integers(2, 6))):
        shape = int(random.integers(20, 500)), 640
        make = (make_photo, make_photo, make_noise, None)[random.integers(4)]
        bands.append(make(*shape) if make else np.full((*shape, 3), random.integers(256), np.uint8))
    picture = np.concatenate(bands)
    return np.ascontiguousarray(picture.swapaxes(0, 1)) if random.random() < 0.3 else picture


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([None, None, *DAMAGE]))
def test_after_data_that_lanes_cannot_decode_they_go_on_with_the_right_ones(seed, kind):
    random = np.random.default_rng(seed)
    subsampling = str(random.choice(["4:2:0", "4:4:4"]))
    options = {"optimize": False, "color": str(random.choice(["YCbCr", "RGB"]))} if random.random() < 0.5 else {}
    data = bytearray(encode(_banded(random), quality=int(random.integers(20, 96)), subsampling=subsampling, **options))
    damage(data, kind, random, 640)
    found = _outcome(bytes(data)), _counted(bytes(data))
    with one_symbol_at_a_time():
        assert found == (_outcome(bytes(data)), _counted(bytes(data)))


@pytest.mark.parametrize(("bands", "together"), [("f", False), ("pf", False), ("fp", True), ("pfp", True)])
def test_lanes_are_tried_again_behind_a_flat_part(bands, together):
    photo, flat = make_photo(1000, 1200), np.full((600, 1200, 3), 255, np.uint8)
    picture = np.concatenate([photo if band == "p" else flat for band in bands])
    data = encode(picture, subsampling="4:2:0", optimize=False)
    reader = Reader(data, True, Limits())
    scan = reader.next_scan()
    coefficients = np.empty(scan_reader._room(reader.frame).size, np.int16)
    state, _ = scan_reader._read_scan(reader, scan, reader.frame, coefficients, keeps=False)
    assert (state[PAUSED_AT] == 0) == together  # whether the last stretch was good


def test_what_was_not_taken_is_not_there_for_the_next_picture():
    """Only the first rows of one picture are decoded, of another one all rows, and so in turn."""
    pictures = [encode(make_photo(300, 500, seed=seed), quality=80) for seed in range(4)]
    expected = [np.asarray(Image.open(io.BytesIO(data))) for data in pictures]
    for turn in range(12):
        data, theirs = pictures[turn % 4], expected[turn % 4]
        if turn % 3 == 0:
            assert np.array_equal(decode(data, region=(0, 0, 20, 30)), theirs[:20, :30])
        elif turn % 3 == 1:
            with pytest.raises(JpegError):
                decode(data[: len(data) // 2], strict=True)
        else:
            assert np.array_equal(decode(data), theirs)


def test_transcoding_and_statistics_see_the_same_coefficients():
    for subsampling in ("4:2:0", "4:4:4"):
        data = [encode(make_photo(320, 480, seed=seed), quality=90, subsampling=subsampling) for seed in range(3)]
        files = [transcode(item, quality=50) for item in data]
        statistics = dnjpeg.collect_statistics(data, domain="coefficients").hash
        with one_symbol_at_a_time():
            assert files == [transcode(item, quality=50) for item in data]
            assert statistics == dnjpeg.collect_statistics(data, domain="coefficients").hash


def test_codes_of_all_lengths():
    """Long codes, too, are looked up; those that the table of long ones does not hold are found one by one."""
    image = random_image([(1, 1)] * 3, 400, 400, seed=3, color="YCbCr")
    random = np.random.default_rng(4)
    for array in image.coefficients:
        size = random.geometric(0.55, array.shape).clip(0, 10)
        array[...] = random.integers(-(1 << size) + 1, 1 << size) * (random.random(array.shape) < 0.4)
    data = written(image)
    at = [match.end() + 3 for match in re.finditer(rb"\xff\xc4", data)]  # DHT: length, class and slot, counts
    assert any(data[first + 15] > 0 for first in at)  # codes of 16 bits
    for ours, theirs in zip(read(data).coefficients, image.coefficients, strict=True):
        assert np.array_equal(ours, theirs)


def _counted(data: bytes) -> str:
    try:
        return dnjpeg.collect_statistics([data], domain="coefficients").hash
    except (JpegError, ValueError) as error:
        return str(error)


def _outcome(data: bytes) -> tuple[object, ...]:
    """What strict and lenient decoding yield, with errors and warnings."""
    found: list[object] = []
    for strict in (True, False):
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            try:
                found.append(decode(data, strict=strict).tobytes())
                found += [array.tobytes() for array in read(data, strict=strict).coefficients]
            except JpegError as error:
                found.append(str(error))
        found += [str(warning.message) for warning in noted]
    return tuple(found)


@pytest.mark.skipif(os.environ.get("DNJPEG_SLOW") != "1", reason="takes half a minute; DNJPEG_SLOW=1 runs it")
def test_the_other_way_to_store_what_lanes_decode(tmp_path):
    """As on CPUs that scatter, if this one does not, or the other way round: these tests, with kernels of their own."""
    flipped = "from dnjpeg.codec.kernels.vector import memory, target; memory.SCATTERS = not target.SCATTERS; "
    run = f"import sys, pytest; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', {__file__!r}]))"
    environment = {**os.environ, "DNJPEG_CACHE_DIR": str(tmp_path), "DNJPEG_SLOW": "0"}
    words = [sys.executable, "-c", flipped + run]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
