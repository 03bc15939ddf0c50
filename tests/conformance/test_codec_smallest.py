"""The search for the smallest progressive file: never larger than by libjpeg's script, and the same image."""

from __future__ import annotations

import numpy as np
import pytest
from libjpeg import jpegtran, pillow_decode
from pictures import make_extreme, make_flat, make_noise

from dnjpeg import decode, encode, read, transcode
from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.codec.format.script import check_script, default_script
from dnjpeg.codec.script_search import smallest_script


@pytest.fixture(params=["photo", "noise", "flat", "extreme"])
def picture(request, photo):
    """Something that makes pictures: ``picture(height, width, seed=0, gray=False)``."""
    return {"photo": photo, "noise": make_noise, "flat": make_flat, "extreme": make_extreme}[request.param]


@pytest.mark.parametrize("gray", [False, True])
def test_never_larger_and_the_same_image(picture, gray):
    for (height, width), quality in (((1, 1), 75), ((31, 43), 30), ((48, 40), 90)):
        pixels = picture(height, width, gray=gray)
        plain = encode(pixels, quality=quality)
        smallest = encode(pixels, quality=quality, scans="smallest")
        assert len(smallest) <= len(encode(pixels, quality=quality, progressive=True))
        assert transcode(plain, scans="smallest") == smallest
        assert transcode(smallest, progressive=False) == plain == jpegtran(smallest, "-optimize")
        np.testing.assert_array_equal(pillow_decode(smallest), pillow_decode(plain))


def test_photos_get_smaller(data_folder):
    files = (
        sorted((data_folder / "photos/calibration").rglob("*.JPEG"))[::60]
        or sorted((data_folder / "photos/calibration").rglob("*.jp*g"))[::60]
    )
    for path in files:
        progressive = encode(decode(path.read_bytes()), quality=75, progressive=True)
        assert len(transcode(progressive, scans="smallest")) < 0.998 * len(progressive), path.name


def test_with_arithmetic_coding_and_restarts(photo):
    for options in ({"arithmetic": True}, {"restart_rows": 1}, {"restart": 3}, {"arithmetic": True, "restart": 3}):
        smallest = encode(photo(61, 83), scans="smallest", **options)
        assert len(smallest) <= len(encode(photo(61, 83), progressive=True, **options))
        for ours, same in zip(read(smallest).coefficients, read(encode(photo(61, 83))).coefficients, strict=True):
            np.testing.assert_array_equal(ours, same)


def frame_of(*factors: tuple[int, int]) -> Frame:
    return Frame(64, 64, tuple(Component(index, *factor, 0) for index, factor in enumerate(factors)))


@pytest.mark.parametrize(
    ("frame", "color"),
    [
        (frame_of((1, 1)), "grayscale"),
        (frame_of((2, 2), (1, 1), (1, 1)), "YCbCr"),
        (frame_of((4, 2), (2, 2), (1, 1)), "YCbCr"),  # too many blocks for one scan
        (frame_of((1, 1), (1, 1), (1, 1), (1, 1)), "CMYK"),
    ],
)
def test_scripts_are_valid_and_complete_whatever_scans_cost(frame, color):
    rng = np.random.default_rng(0)
    for spread in 10 * [1, 5, 1000]:
        script = smallest_script(frame, color, lambda scan, spread=spread: int(rng.integers(1, 1 + spread)))
        check_script(script, frame)
        for index in range(len(frame.components)):
            left = np.full(64, 1)
            for scan in script:
                if index in scan.components:
                    left[scan.start : scan.end + 1] = scan.low
            assert not left.any(), script


def test_the_cheapest_script_is_found():
    """Where only libjpeg's scans are cheap, its script comes out."""
    frame = frame_of((2, 2), (1, 1), (1, 1))
    cheap = set(default_script(3, "YCbCr"))
    assert set(smallest_script(frame, "YCbCr", lambda scan: 1 if scan in cheap else 1000)) == cheap


def test_the_whole_image_comes_early():
    frame = frame_of((2, 2), (1, 1), (1, 1))
    scans = smallest_script(frame, "YCbCr", lambda scan: 1 if scan.low or scan.high else 100)
    depth = [(scan.high > 0, -scan.high, scan.start > 0) for scan in scans]
    assert depth == sorted(depth)
    assert len(scans) == 8
