"""Reading progressive files: the coefficients of the sequential file, the pixels that libjpeg-turbo shows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from libjpeg import PILLOW_SUBSAMPLING, cjpeg, jpegtran, pillow_decode, pillow_encode
from pictures import make_extreme, make_flat, make_noise

from dnjpeg import decode, encode, read, transcode

# One component or all in the first scans, bands split, bits refined one at a time (G.1.1.1).
SCRIPTS = {
    "DC apart": "0: 0-0, 0, 0; 1: 0-0, 0, 0; 2: 0-0, 0, 0; 0: 1-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "bands": "0,1,2: 0-0, 0, 0; 0: 1-5, 0, 0; 2: 1-63, 0, 0; 1: 1-63, 0, 0; 0: 6-63, 0, 0;",
    "single bands": (
        "0,1,2: 0-0, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;" + "".join(f"0: {k}-{k}, 0, 0;" for k in range(1, 64))
    ),
    "refined twice": (
        "0,1,2: 0-0, 0, 2; 0: 1-63, 0, 2; 1: 1-63, 0, 2; 2: 1-63, 0, 2;"
        "0: 1-63, 2, 1; 0,1,2: 0-0, 2, 1; 1: 1-63, 2, 1; 2: 1-63, 2, 1;"
        "0,1,2: 0-0, 1, 0; 2: 1-63, 1, 0; 1: 1-63, 1, 0; 0: 1-63, 1, 0;"
    ),
    "far refined": (
        "0,1,2: 0-0, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0; 0: 1-63, 0, 6;"
        + "".join(f"0: 1-63, {low + 1}, {low};" for low in range(5, -1, -1))
    ),
}


@pytest.fixture(params=["photo", "noise", "flat", "extreme"])
def picture(request, photo):
    """Something that makes pictures: ``picture(height, width, seed=0, gray=False)``."""
    return {"photo": photo, "noise": make_noise, "flat": make_flat, "extreme": make_extreme}[request.param]


def assert_read_like(data: bytes, sequential: bytes, what: str):
    image = read(data)
    assert image.frame.process == 2
    for ours, same in zip(image.coefficients, read(sequential).coefficients, strict=True):
        np.testing.assert_array_equal(ours, same, what)
    np.testing.assert_array_equal(decode(data), pillow_decode(data), what)


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_all_sizes_up_to_17x17(picture, subsampling):
    whole = picture(17, 17)
    for height, width in product(range(1, 18), repeat=2):
        options = {"quality": 85, "subsampling": subsampling}
        pixels = whole[:height, :width]
        assert_read_like(
            pillow_encode(pixels, progressive=True, **options), pillow_encode(pixels, **options), f"{width}x{height}"
        )


def test_gray(picture):
    for height, width in ((1, 1), (8, 8), (9, 17), (64, 48), (61, 83)):
        pixels = picture(height, width, gray=True)
        assert_read_like(
            pillow_encode(pixels, quality=85, progressive=True), pillow_encode(pixels, quality=85), f"{width}x{height}"
        )


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_pictures_of_a_few_hundred_pixels(picture, subsampling):
    for quality in (20, 75, 100):
        options = {"quality": quality, "subsampling": subsampling}
        pixels = picture(201, 283)
        assert_read_like(
            pillow_encode(pixels, progressive=True, **options), pillow_encode(pixels, **options), str(options)
        )


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("restart", [(), ("-restart", "1B"), ("-restart", "5B")])
def test_scan_scripts(photo, tmp_path, script, restart):
    path = tmp_path / "scans.txt"
    path.write_text(SCRIPTS[script])
    for sampling, quality in product(("1x1", "2x2", "1x2", "4x1"), ("60", "98")):
        options = ("-quality", quality, "-sample", sampling)
        pixels = photo(61, 83)
        assert_read_like(
            cjpeg(pixels, *options, "-scans", str(path), *restart), cjpeg(pixels, *options), f"{sampling}, {quality}"
        )


def test_long_runs_of_empty_blocks():
    """End-of-band runs of all sizes (G.1.2.2), the longest of more than 2**14 blocks."""
    for width in (8, 16, 32, 264, 1000, 5000):
        pixels = np.full((320, width), 77, np.uint8)
        pixels[-1, -1] = 200
        pixels[0, width // 2] = 0
        options = {"quality": 75}
        assert_read_like(
            pillow_encode(pixels, progressive=True, **options), pillow_encode(pixels, **options), f"{width} wide"
        )


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"])
def test_rewritten_as_baseline_as_jpegtran_does(photo, subsampling):
    for height, width in ((1, 1), (17, 33), (61, 83)):
        baseline = encode(photo(height, width), quality=85, subsampling=subsampling)
        progressive = jpegtran(baseline, "-progressive")
        assert read(progressive).frame.process == 2
        assert transcode(progressive, progressive=False) == baseline
        assert transcode(progressive, quality=40, progressive=False) == transcode(baseline, quality=40)
