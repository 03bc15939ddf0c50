"""Decoding less: at 1/8 to 8/8, and only a region, with the pixels that libjpeg-turbo shows of the whole."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libjpeg import cjpeg, djpeg, pillow_encode
from pictures import make_extreme, make_noise
from PIL import Image

from dnjpeg import FormatError, LimitError, Limits, decode, encode, read, read_header, scale_for
from dnjpeg.codec.format.frame import SUBSAMPLINGS

EIGHTHS = range(1, 9)


def assert_scaled_like_djpeg(data: bytes, eighths: int, what: str):
    ours = decode(data, scale=Fraction(eighths, 8))
    np.testing.assert_array_equal(ours, djpeg(data, "-scale", f"{eighths}/8"), f"{what} at {eighths}/8")


@pytest.mark.parametrize("eighths", EIGHTHS)
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_every_scale_and_subsampling_at_odd_sizes(photo, subsampling, eighths):
    for height, width in ((1, 1), (7, 9), (17, 33), (41, 26), (100, 75)):
        for pixels in (photo(height, width), make_noise(height, width)):
            data = encode(pixels, quality=85, subsampling=subsampling)
            assert_scaled_like_djpeg(data, eighths, f"{width}x{height}")


@pytest.mark.parametrize("eighths", EIGHTHS)
def test_gray(photo, eighths):
    for height, width in ((1, 1), (9, 17), (61, 83)):
        for pixels in (photo(height, width, gray=True), make_extreme(height, width, gray=True)):
            assert_scaled_like_djpeg(pillow_encode(pixels, quality=85), eighths, f"{width}x{height}")


@pytest.mark.parametrize("eighths", EIGHTHS)
@pytest.mark.parametrize("sampling", ["2x2,1x2,2x1", "4x2", "1x4", "2x4", "1x1,2x2,1x1", "2x1,1x1,2x1"])
def test_unusual_sampling(photo, sampling, eighths):
    for height, width in ((5, 3), (61, 83)):
        data = cjpeg(photo(height, width), "-quality", "90", "-sample", sampling)
        assert_scaled_like_djpeg(data, eighths, f"{width}x{height}, {sampling}")


@pytest.mark.parametrize("options", [{"progressive": True}, {"arithmetic": True}, {"restart": 3}])
def test_other_processes(photo, options):
    data = encode(photo(61, 83), quality=85, **options)
    for eighths in EIGHTHS:
        assert_scaled_like_djpeg(data, eighths, str(options))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_half_quarter_and_eighth_are_pillows_drafts(photo, subsampling):
    data = encode(photo(203, 301), quality=90, subsampling=subsampling)
    for eighths in (1, 2, 4):
        scale = Fraction(eighths, 8)
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (301 * eighths // 8, 203 * eighths // 8))
            np.testing.assert_array_equal(decode(data, scale=scale), np.asarray(image), str(scale))


def test_scales_may_be_fractions_or_floats(photo):
    data = encode(photo(40, 50))
    np.testing.assert_array_equal(decode(data, scale=0.375), decode(data, scale=Fraction(3, 8)))
    np.testing.assert_array_equal(decode(data, scale=1), decode(data))
    for scale in (0, 0.3, 1 / 3, 2, -1, "half", None, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="must be one of 1/8"):
            decode(data, scale=scale)


@st.composite
def windows(draw):
    """A file, a scale, and a region of the scaled picture."""
    height, width = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    options = {
        "subsampling": draw(st.sampled_from(sorted(SUBSAMPLINGS))),
        "progressive": draw(st.booleans()),
        "arithmetic": draw(st.integers(0, 4)) == 0,
        "restart": draw(st.sampled_from([None, 1, 3])),
    }
    pixels = make_noise(height, width, seed=draw(st.integers(0, 1000)), gray=draw(st.integers(0, 3)) == 0)
    eighths = draw(st.integers(1, 8))
    lines, columns = (-(-side * eighths // 8) for side in (height, width))
    top, left = draw(st.integers(0, lines - 1)), draw(st.integers(0, columns - 1))
    region = (top, left, draw(st.integers(1, lines - top)), draw(st.integers(1, columns - left)))
    return encode(pixels, quality=90, **options), Fraction(eighths, 8), region


@settings(max_examples=150, deadline=None, derandomize=True)
@given(windows())
def test_a_region_is_a_crop_of_the_whole(window):
    data, scale, (top, left, height, width) = window
    part = decode(data, scale=scale, region=(top, left, height, width))
    np.testing.assert_array_equal(part, decode(data, scale=scale)[top : top + height, left : left + width])


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_every_pixel_by_itself(photo, subsampling):
    """Each corner of the upsampling filters."""
    data = encode(photo(11, 35), quality=90, subsampling=subsampling)
    for eighths in (8, 3):
        whole = decode(data, scale=Fraction(eighths, 8))
        for y, x in product(*map(range, whole.shape[:2])):
            part = decode(data, scale=Fraction(eighths, 8), region=(y, x, 1, 1))
            assert (part[0, 0] == whole[y, x]).all(), (eighths, y, x)


def test_a_region_must_lie_within_the_scaled_picture(photo):
    data = encode(photo(40, 50))
    decode(data, scale=0.5, region=(19, 24, 1, 1))
    for region in ((0, 0, 21, 1), (0, 0, 1, 26), (20, 0, 1, 1), (-1, 0, 2, 2), (0, 0, 0, 5), (5, 5, 5, -1)):
        with pytest.raises(ValueError, match="does not lie within the image of 20 lines and 25 columns"):
            decode(data, scale=0.5, region=region)
    for region in ((1, 2, 3), (0, 0, 1.5, 2), 7, "abcd"):
        with pytest.raises(ValueError, match="four whole numbers"):
            decode(data, region=region)


def test_what_lies_below_a_region_is_not_looked_at(photo):
    data = encode(photo(160, 64), quality=90)
    top = decode(data, region=(0, 0, 32, 64))
    broken = data[: len(data) // 2]
    np.testing.assert_array_equal(decode(broken, region=(0, 0, 32, 64)), top)
    with pytest.raises(FormatError):
        decode(broken, region=(0, 0, 150, 64))


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_out_is_written_to_and_returned(photo, options):
    data = encode(photo(40, 50), **options)
    for scale, region, shape in ((1, None, (40, 50, 3)), (0.5, None, (20, 25, 3)), (0.25, (1, 2, 3, 4), (3, 4, 3))):
        out = np.full(shape, 7, np.uint8)
        assert decode(data, scale=scale, region=region, out=out) is out
        np.testing.assert_array_equal(out, decode(data, scale=scale, region=region))


def test_an_out_that_does_not_fit_is_refused(photo):
    data = encode(photo(40, 50))
    frozen = np.empty((40, 50, 3), np.uint8)
    frozen.flags.writeable = False
    wrong = [
        np.empty((40, 50), np.uint8),
        np.empty((40, 50, 3), np.int8),
        np.empty((50, 40, 3), np.uint8).swapaxes(0, 1),
    ]
    for out in [*wrong, frozen]:
        with pytest.raises(ValueError, match=r"uint8 array of shape \(40, 50, 3\)"):
            decode(data, out=out)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 600), st.integers(1, 600))
def test_the_smallest_scale_that_covers_the_target(height, width, rows, columns):
    def size(eighths):
        return -(-height * eighths // 8), -(-width * eighths // 8)

    eighths = int(8 * scale_for((height, width), (rows, columns)))
    assert 1 <= eighths <= 8
    if height >= rows and width >= columns:
        assert size(eighths)[0] >= rows
        assert size(eighths)[1] >= columns
        assert eighths == 1 or size(eighths - 1)[0] < rows or size(eighths - 1)[1] < columns
    else:
        assert eighths == 8


def test_the_target_may_be_one_number_and_must_be_positive():
    assert scale_for((3000, 4000), 224) == scale_for((3000, 4000), (224, 224)) == Fraction(1, 8)
    assert scale_for((375, 500), 224) == Fraction(5, 8)
    for size, target in (((0, 5), 3), ((5, 5), 0), ((5, 5), (3, -1))):
        with pytest.raises(ValueError, match="must be positive"):
            scale_for(size, target)


def test_the_scale_for_a_target_gives_at_least_its_size(photo):
    data = encode(photo(301, 403))
    frame = read_header(data).frame
    pixels = decode(data, scale=scale_for((frame.height, frame.width), 100))
    assert min(pixels.shape[:2]) >= 100 > 301 * 2 // 8


@pytest.mark.parametrize("options", [{}, {"progressive": True, "restart": 5}, {"subsampling": "4:1:1"}])
def test_headers_are_read_without_the_image(photo, options):
    data = encode(photo(61, 83), **options)
    data = data[:2] + b"\xff\xfe\x00\x07hello" + data[2:]
    image, header = read(data), read_header(data[: data.index(b"\xff\xda") + 20])
    assert (header.frame, header.color, header.jfif) == (image.frame, image.color, image.jfif)
    assert (header.restart.mcus, header.metadata) == (image.restart_interval, image.metadata)
    assert header.metadata[0].payload == b"hello"
    for ours, same in zip(header.tables, image.tables, strict=True):
        np.testing.assert_array_equal(ours, same)


def test_headers_that_are_cut_off_or_too_large(photo):
    data = encode(photo(61, 83))
    for size in range(data.index(b"\xff\xda") + 4):
        with pytest.raises(FormatError):
            read_header(data[:size])
    with pytest.raises(FormatError, match="no image"):
        read_header(b"\xff\xd8\xff\xd9")
    with pytest.raises(LimitError):
        read_header(data, limits=Limits(max_pixels=5000))
