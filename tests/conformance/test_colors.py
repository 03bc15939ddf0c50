"""Colours other than YCbCr: what cjpeg, Pillow and TurboJPEG (through simplejpeg) write."""

from __future__ import annotations

import io

import numpy as np
import pytest
import simplejpeg
from libjpeg import FIRST_ACCURATE_QUALITY, cjpeg, jpegtran
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, ASYMMETRIC_THIRD
from PIL import Image

from dnjpeg import QuantizationTables, encode, read, transcode

SIZES = [(1, 1), (8, 8), (9, 17), (31, 33), (61, 83), (40, 200)]
MODES = {
    "standard": ((), {"optimize": False}),
    "optimal": (("-optimize",), {}),
    "progressive": (("-progressive",), {"progressive": True}),
    "arithmetic": (("-arithmetic",), {"arithmetic": True}),
}


@pytest.fixture
def inks(photo):
    """A picture of four inks, as Pillow has them: ``inks(height, width)``."""

    def make(height: int, width: int) -> np.ndarray:
        return np.concatenate([photo(height, width), photo(height, width, seed=1, gray=True)[..., None]], axis=2)

    return make


def pillow_cmyk(pixels: np.ndarray, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels, "CMYK").save(stream, "JPEG", **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("color", "option"), [("RGB", "-rgb"), ("grayscale", "-grayscale")])
def test_rgb_and_grayscale_as_cjpeg_writes_them(photo, color, option, mode):
    arguments, ours = MODES[mode]
    for number, (height, width) in enumerate(SIZES):
        pixels, quality = photo(height, width), (75, 30, 96)[number % 3]
        theirs = cjpeg(pixels, option, "-quality", str(quality), "-baseline", *arguments)
        assert encode(pixels, color=color, quality=quality, **ours) == theirs, f"{width}x{height}"


def test_grayscale_of_rgb_is_the_brightness_of_ycbcr(photo):
    pixels = photo(61, 83)
    (luma, *_), (gray,) = (read(encode(pixels, color=color)).coefficients for color in ("YCbCr", "grayscale"))
    np.testing.assert_array_equal(gray, luma)


def test_rgb_takes_sampling_factors_but_has_no_chroma(photo):
    pixels = photo(61, 83)
    for text in ("2x2,1x1,2x1", "1x1,2x2,1x2"):
        assert encode(pixels, color="RGB", subsampling=text) == cjpeg(pixels, "-rgb", "-optimize", "-sample", text)
    assert encode(pixels, color="RGB", subsampling="4:2:0") == encode(pixels, color="RGB", subsampling="4:4:4")


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_cmyk_as_pillow_writes_it(inks, options):
    ours = {"optimize": "optimize" in options, "progressive": "progressive" in options}
    ours |= {"restart_rows": 1} if "restart_marker_rows" in options else {}
    for number, (height, width) in enumerate(SIZES):
        pixels, quality = inks(height, width), (75, 30, 96)[number % 3]
        theirs = pillow_cmyk(pixels, quality=quality, **options)
        assert encode(pixels, quality=quality, **ours) == theirs, f"{width}x{height}"


def test_metadata_of_cmyk_as_pillow_writes_it(inks):
    given = {"comment": b"inks", "icc_profile": bytes(range(256)) * 600, "dpi": (300, 200)}
    for names in (["icc_profile"], ["dpi"], ["comment", "icc_profile", "dpi"]):
        options = {name: given[name] for name in names}
        data = encode(inks(9, 17), optimize=False, **options)
        assert data == pillow_cmyk(inks(9, 17), quality=75, **options), names
        assert transcode(data) == jpegtran(data, "-copy", "all", "-optimize")


def test_cmyk_comes_back_as_pillow_reads_it(inks):
    pixels = inks(61, 83)
    for color in ("CMYK", "YCCK"):
        data = encode(pixels, quality=100, color=color, subsampling="4:4:4")
        with Image.open(io.BytesIO(data)) as image:
            assert image.mode == "CMYK"
            assert np.abs(np.asarray(image).astype(int) - pixels).max() <= 4


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"])
def test_ycck_as_turbojpeg_writes_it(inks, subsampling):
    """It takes the inks as libjpeg does, the other way round."""
    for height, width in SIZES:
        pixels = inks(height, width)
        theirs = simplejpeg.encode_jpeg(
            255 - pixels,
            quality=FIRST_ACCURATE_QUALITY,
            colorspace="CMYK",
            colorsubsampling=subsampling.replace(":", ""),
            fastdct=False,
        )
        ours = encode(pixels, color="YCCK", quality=FIRST_ACCURATE_QUALITY, subsampling=subsampling, optimize=False)
        assert ours == theirs, f"{width}x{height}"


@pytest.mark.parametrize("color", ["CMYK", "YCCK", "RGB"])
def test_every_way_to_code_it_is_jpegtrans(inks, color):
    """From the sequential file, which others write too."""
    pixels = inks(61, 83)[..., : 3 if color == "RGB" else 4]
    plain = encode(pixels, color=color)
    for name, (arguments, ours) in MODES.items():
        assert encode(pixels, color=color, **ours) == jpegtran(plain, "-copy", "all", *arguments), name


def test_which_component_gets_which_table(photo, inks):
    tables = [ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA, ASYMMETRIC_THIRD, ASYMMETRIC_LUMA + 1]
    expected = {
        ("YCbCr", 1): [0, 0, 0],
        ("YCbCr", 2): [0, 1, 1],
        ("YCbCr", 3): [0, 1, 2],
        ("RGB", 1): [0, 0, 0],
        ("RGB", 2): [0, 0, 0],
        ("RGB", 3): [0, 1, 2],
        ("grayscale", 4): [0],
        ("CMYK", 1): [0, 0, 0, 0],
        ("CMYK", 2): [0, 0, 0, 0],
        ("CMYK", 4): [0, 1, 2, 3],
        ("YCCK", 2): [0, 1, 1, 0],
        ("YCCK", 3): [0, 1, 2, 0],
        ("YCCK", 4): [0, 1, 2, 3],
    }
    for (color, count), slots in expected.items():
        pixels = inks(9, 17) if color in {"CMYK", "YCCK"} else photo(9, 17)
        named = QuantizationTables(*tables[:count])
        image = read(encode(pixels, color=color, tables=named))
        for index, slot in enumerate(slots):
            np.testing.assert_array_equal(image.tables[index], tables[slot], f"{color}, {count} tables")
        requantized = read(transcode(encode(pixels, color=color), tables=named))
        assert all(map(np.array_equal, requantized.tables, image.tables)), f"{color}, {count} tables"
    for color, count, pixels in (("YCbCr", 4, photo(9, 17)), ("CMYK", 3, inks(9, 17)), ("RGB", 4, photo(9, 17))):
        with pytest.raises(ValueError, match=f"{count} quantization tables, must be 1 or 2 or . for {color}"):
            encode(pixels, color=color, tables=QuantizationTables(*tables[:count]))


def test_colours_that_pixels_cannot_have(photo, inks):
    for pixels, color, kind in (
        (photo(8, 8), "CMYK", "RGB pixels as 'CMYK': choose from grayscale, YCbCr, RGB"),
        (photo(8, 8, gray=True), "YCbCr", "gray pixels as 'YCbCr': choose from grayscale"),
        (inks(8, 8), "RGB", "CMYK pixels as 'RGB': choose from CMYK, YCCK"),
        (photo(8, 8), "ycbcr", "RGB pixels as 'ycbcr'"),
    ):
        with pytest.raises(ValueError, match=kind):
            encode(pixels, color=color)
    with pytest.raises(ValueError, match=r"not \(8, 8, 2\)"):
        encode(inks(8, 8)[..., :2])
