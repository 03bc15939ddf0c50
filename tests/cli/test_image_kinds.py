"""What ``dnjpeg encode`` makes of images that are not 8-bit RGB without anything more."""

from __future__ import annotations

import numpy as np
import pytest
from libjpeg import pillow_encode
from PIL import Image

from dnjpeg.cli import failures


def assert_encoded(cli, image: Image.Image, expected: np.ndarray, *arguments: str, **saving: object) -> None:
    """Assert that an image file is encoded as these pixels are."""
    name = "x.tif" if image.mode == "CMYK" else "x.png"
    image.save(name, **saving)
    outcome = cli("encode", name, "-o", "-", "--quality", "90", "--subsampling", "4:4:4", "--no-optimize", *arguments)
    assert outcome.status == failures.ALL_WELL, outcome.stderr
    assert outcome.stdout_bytes == pillow_encode(expected, quality=90, subsampling="4:4:4")


@pytest.fixture
def picture(tmp_path, photo, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Image.fromarray(photo(16, 24))


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "RGBA", "P"])
def test_other_colour_modes_become_rgb(cli, picture, mode):
    image = picture.quantize(200) if mode == "P" else picture.convert(mode)
    assert_encoded(cli, image, np.asarray(image.convert("RGB")))


@pytest.mark.parametrize("mode", ["L", "1"])
def test_gray_stays_gray(cli, picture, mode):
    image = picture.convert(mode)
    assert_encoded(cli, image, np.asarray(image.convert("L")))


def test_of_16_bit_samples_the_upper_eight_bits_are_kept(cli, picture):
    gray = np.asarray(picture.convert("L"))
    assert_encoded(cli, Image.fromarray(gray.astype(np.uint16) * 256 + 200), gray)


def test_the_exif_orientation_is_applied(cli, picture):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise by a quarter
    assert_encoded(cli, picture, np.rot90(np.asarray(picture), -1), exif=exif)


def test_transparent_pixels_need_a_background(cli, picture):
    picture.putalpha(Image.new("L", picture.size, 0))
    colour = np.full((16, 24, 3), (255, 128, 0), dtype=np.uint8)
    assert_encoded(cli, picture, colour, "--background", "#ff8000")
    outcome = cli("encode", "x.png")
    assert outcome.status == failures.ERROR
    assert outcome.stderr.startswith("error: x.png: has transparent pixels")


def test_32_bit_samples_are_refused(cli, picture):
    picture.convert("F").save("x.tif")
    outcome = cli("encode", "x.tif")
    assert outcome.status == failures.ERROR
    assert "32-bit samples" in outcome.stderr
