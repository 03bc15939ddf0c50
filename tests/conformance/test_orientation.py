"""EXIF orientations applied while decoding, as Pillow's `exif_transpose` does."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageOps
from random_files import random_image, written

from dnjpeg import decode, decode_batch
from dnjpeg.codec.format.application import Metadata

ORIENTATIONS = range(1, 9)


def oriented(pixels: np.ndarray, orientation: int, *, mode: str | None = None, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(stream, "JPEG", exif=exif, **options)
    return stream.getvalue()


def upright(data: bytes, eighths: int = 8) -> np.ndarray:
    """Decode and turn with Pillow; at 1/8, 1/4 and 1/2 too."""
    with Image.open(io.BytesIO(data)) as image:
        if eighths < 8:
            image.draft(image.mode, (image.width * eighths // 8, image.height * eighths // 8))
        return np.asarray(ImageOps.exif_transpose(image))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_orientation(photo, orientation):
    for height, width in ((1, 1), (1, 7), (17, 33), (40, 25)):
        for data in (
            oriented(photo(height, width), orientation),
            oriented(photo(height, width), orientation, progressive=True),
            oriented(photo(height, width, gray=True), orientation),
            oriented(photo(height, width), orientation, mode="CMYK"),
        ):
            pixels = decode(data, orient=True)
            assert pixels.flags.c_contiguous
            np.testing.assert_array_equal(pixels, upright(data), f"{width}x{height}")
            if orientation == 1:
                np.testing.assert_array_equal(pixels, decode(data))


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_with_a_scale_and_a_region_of_the_upright_picture(photo, orientation):
    data = oriented(photo(67, 83), orientation)
    rng = np.random.default_rng(orientation)
    for eighths in (1, 2, 4, 8):
        whole = upright(data, eighths)
        np.testing.assert_array_equal(decode(data, scale=Fraction(eighths, 8), orient=True), whole)
        for _ in range(10):
            top, left = (int(rng.integers(0, side)) for side in whole.shape[:2])
            height, width = (
                int(rng.integers(1, whole.shape[0] - top + 1)),
                int(rng.integers(1, whole.shape[1] - left + 1)),
            )
            region = (top, left, height, width)
            part = decode(data, scale=Fraction(eighths, 8), region=region, orient=True)
            np.testing.assert_array_equal(part, whole[top : top + height, left : left + width], str(region))


def test_a_region_must_lie_within_the_upright_picture(photo):
    data = oriented(photo(20, 30), 6)
    assert decode(data, orient=True, region=(29, 19, 1, 1)).shape == (1, 1, 3)
    with pytest.raises(ValueError, match="image of 30 lines and 20 columns"):
        decode(data, orient=True, region=(0, 0, 20, 30))


def test_out_has_the_shape_of_the_upright_picture(photo):
    data = oriented(photo(20, 30), 8)
    out = np.empty((30, 20, 3), np.uint8)
    assert decode(data, orient=True, out=out) is out
    np.testing.assert_array_equal(out, upright(data))
    (same,) = decode_batch([data], orient=True, jobs=1)
    np.testing.assert_array_equal(same, out)
    with pytest.raises(ValueError, match=r"of shape \(30, 20, 3\)"):
        decode(data, orient=True, out=np.empty((20, 30, 3), np.uint8))


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_what_is_no_orientation_turns_nothing(photo, orientation):
    data = oriented(photo(20, 30), orientation)
    np.testing.assert_array_equal(decode(data, orient=True), upright(data))
    assert decode(data, orient=True).shape == (20, 30, 3)


def test_files_without_exif_or_with_a_broken_one(photo):
    stream = io.BytesIO()
    Image.fromarray(photo(20, 30)).save(stream, "JPEG")
    plain = stream.getvalue()
    for payload in (b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\0\0\0", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"):
        data = plain[:2] + Metadata(0xE1, payload).write() + plain[2:] if payload else plain
        np.testing.assert_array_equal(decode(data, orient=True), decode(plain))


def test_a_broken_thumbnail_directory_does_not_matter(photo):
    data = oriented(photo(20, 30), 6)
    at = data.index(b"Exif\0\0")
    following = at + 6 + 8 + 2 + 12  # behind the only entry of the first directory
    assert data[following : following + 4] == bytes(4)
    broken = data[:following] + b"\xff\0\xff\0" + data[following + 4 :]
    np.testing.assert_array_equal(decode(broken, orient=True), upright(data))


def test_twelve_bits_are_turned_too():
    image = random_image([(1, 1)], 20, 30, color="grayscale", precision=12)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0"
    data = written(image)
    turned = decode(data[:2] + Metadata(0xE1, exif).write() + data[2:], orient=True)
    np.testing.assert_array_equal(turned, decode(data)[::-1, ::-1])
