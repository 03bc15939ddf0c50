"""``strict=False``: what could be decoded, and the rest as libjpeg-turbo shows it."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from damage import data_start, in_three_scans
from libjpeg import djpeg, pillow_encode, simplejpeg_decode

from dnjpeg import FormatError, JpegWarning, TruncatedError, decode, encode, read

SUBSAMPLINGS = ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"]


def decoded_leniently(data: bytes) -> np.ndarray:
    with pytest.warns(JpegWarning):
        return decode(data, strict=False)


def restart_markers(data: bytes) -> list[int]:
    return [found.start() for found in re.finditer(rb"\xff[\xd0-\xd7]", data) if found.start() >= data_start(data)]


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_a_truncated_picture_is_gray_from_there_on(photo, subsampling):
    data = encode(photo(51, 67), quality=80, subsampling=subsampling)
    for size in range(data_start(data), len(data) - 2, 7):
        pixels = decoded_leniently(data[:size])
        np.testing.assert_array_equal(pixels, simplejpeg_decode(data[:size]), f"{size} bytes")
    assert (decoded_leniently(data[: data_start(data) + 20])[-1] == 128).all()


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_file_that_ends_in_its_scan_header(photo, gray, missing):
    """What is missing no sequential scan needs; libjpeg-turbo takes bytes of EOI for it, and one of them for data."""
    data = encode(photo(20, 30, gray=gray), quality=80)
    cut = data[: data_start(data) - missing]
    np.testing.assert_array_equal(decoded_leniently(cut), djpeg(cut, damaged=True))
    with pytest.raises(TruncatedError, match="ends within a segment"):
        decode(cut)


def test_a_truncated_gray_picture(photo):
    data = encode(photo(51, 67, gray=True), quality=80)
    for size in range(data_start(data), len(data) - 2, 7):
        pixels = decoded_leniently(data[:size])
        np.testing.assert_array_equal(pixels, simplejpeg_decode(data[:size], gray=True), f"{size} bytes")


@pytest.mark.parametrize("interval", [1, 3])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_a_truncated_picture_with_restarts_is_gray_from_there_on(photo, subsampling, interval):
    data = encode(photo(51, 67), quality=80, subsampling=subsampling, restart=interval)
    for size in range(data_start(data), len(data) - 2, 7):
        pixels = decoded_leniently(data[:size])
        np.testing.assert_array_equal(pixels, simplejpeg_decode(data[:size]), f"{size} bytes")


def test_damage_stays_within_its_restart_interval(photo):
    """A flipped bit spoils at most the interval that it is in."""
    data = encode(photo(64, 64), quality=80, subsampling="4:4:4", restart=4)
    whole = decode(data)
    blocks = whole.reshape(8, 8, 8, 8, 3).swapaxes(1, 2)
    for index, marker in enumerate(restart_markers(data)[:-1]):
        flipped = bytearray(data)
        flipped[marker + 4] ^= 0x08
        if flipped[marker + 4] == 0xFF or flipped[marker + 3] == 0xFF:
            continue
        try:
            pixels = decode(bytes(flipped))
        except FormatError:
            pixels = decoded_leniently(bytes(flipped))
        same = (pixels.reshape(8, 8, 8, 8, 3).swapaxes(1, 2) == blocks).all(axis=(2, 3, 4)).reshape(16, 4)
        assert np.delete(same, index + 1, axis=0).all(), f"interval {index + 1}"


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data, this, after: data[:this] + data[after:], id="an interval lost"),
        pytest.param(lambda data, this, after: data[:this] + data[this + 2 :], id="a marker lost"),
        pytest.param(lambda data, this, after: data[: this + 2] + data[this:], id="a marker twice"),
        pytest.param(
            lambda data, this, after: data[: this + 1] + bytes([0xD0 | (data[this + 1] + 4) & 7]) + data[this + 2 :],
            id="a marker of another number",
        ),
    ],
)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_lost_restart_markers(photo, damage, subsampling):
    """How far decoding resynchronises is libjpeg's choice (jpeg_resync_to_restart)."""
    data = encode(photo(51, 67), quality=80, subsampling=subsampling, restart=3)
    markers = restart_markers(data)
    for this, after in pairwise(markers):
        damaged = damage(data, this, after)
        with pytest.raises(FormatError):
            decode(damaged)
        pixels = decoded_leniently(damaged)
        np.testing.assert_array_equal(pixels, simplejpeg_decode(damaged), f"marker at {this}")


def test_the_error_and_the_warning_name_the_place(photo):
    """Where bits ended or made no sense, in a file without restarts: right there."""
    data = encode(photo(200, 200), quality=80)
    size = data_start(data) + 3000
    with pytest.raises(TruncatedError, match="ends before the image does") as caught:
        decode(data[:size])
    assert caught.value.marker == "SOS"
    assert size - 4 <= caught.value.offset <= size
    image = read(data[:size], strict=False)
    assert len(image.warnings) == 1
    assert f"byte {caught.value.offset}" in image.warnings[0]


def test_the_warning_names_the_first_place_of_many(photo):
    """Each interval is damaged; the first one is told."""
    data = bytearray(encode(photo(64, 64), quality=80, subsampling="4:4:4", restart=4))
    markers = restart_markers(bytes(data))
    for marker in markers[2:]:
        data[marker + 1] ^= 0x04
    with pytest.raises(FormatError, match="restart marker") as caught:
        decode(bytes(data))
    assert abs(caught.value.offset - markers[2]) <= 2
    image = read(bytes(data), strict=False)
    assert f"byte {caught.value.offset}" in image.warnings[0]


def test_missing_components_are_gray(photo):
    """Only luma is there: chroma is neutral."""
    data = in_three_scans(photo(40, 48))
    luma_only = data[: [found.start() for found in re.finditer(b"\xff\xda", data)][1]] + b"\xff\xd9"
    with pytest.raises(FormatError, match="component 2"):
        decode(luma_only)
    pixels = decoded_leniently(luma_only)
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 1] == pixels[..., 2]).all()
    np.testing.assert_array_equal(pixels[..., 0], decode(pillow_encode(photo(40, 48)[..., 0].copy(), quality=80)))


def test_a_progressive_file_that_ends_between_scans_lacks_detail(photo):
    data = pillow_encode(photo(40, 48), quality=85, progressive=True)
    whole = decode(data).astype(int)
    errors = []
    for found in list(re.finditer(b"\xff\xda", data))[1:]:
        with pytest.raises(TruncatedError):
            decode(data[: found.start()])
        errors.append(np.abs(decoded_leniently(data[: found.start()]) - whole).mean())
    assert len(errors) > 5
    assert errors[0] > 2 * errors[-1] > 0
