"""Encoding: byte for byte what libjpeg-turbo writes."""

from __future__ import annotations

import numpy as np
import pytest
from libjpeg import FIRST_ACCURATE_QUALITY, PILLOW_SUBSAMPLING, cjpeg, pillow_encode, simplejpeg_encode
from pictures import (
    ASYMMETRIC_CHROMA,
    ASYMMETRIC_LUMA,
    ASYMMETRIC_THIRD,
    make_extreme,
    make_flat,
    make_noise,
)

from dnjpeg import QuantizationTables, encode, read

CJPEG_SAMPLING = {"4:4:0": "1x2", "4:1:1": "4x1"}
SUBSAMPLINGS = [*PILLOW_SUBSAMPLING, *CJPEG_SAMPLING]


@pytest.fixture(params=["photo", "noise", "flat", "extreme"])
def picture(request, photo):
    """Something that makes pictures: ``picture(height, width, seed=0, gray=False)``."""
    return {"photo": photo, "noise": make_noise, "flat": make_flat, "extreme": make_extreme}[request.param]


def assert_same_file(ours: bytes, theirs: bytes, what: str):
    if ours != theirs:
        pairs = zip(ours, theirs, strict=False)
        differs = next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(ours), len(theirs)))
        pytest.fail(f"{what}: {len(ours)} bytes instead of {len(theirs)}, different from byte {differs} on")


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_all_sizes_up_to_17x17(picture, subsampling):
    whole = picture(17, 17)
    for height in range(1, 18):
        for width in range(1, 18):
            pixels = whole[:height, :width]
            for optimize in (False, True):
                options = {"quality": 75, "subsampling": subsampling, "optimize": optimize}
                assert_same_file(
                    encode(pixels, **options), pillow_encode(pixels, **options), f"{width}x{height}, {options}"
                )


def test_all_gray_sizes_up_to_17x17(picture):
    whole = picture(17, 17, gray=True)
    for height in range(1, 18):
        for width in range(1, 18):
            pixels = whole[:height, :width]
            ours = encode(pixels, quality=75)
            assert_same_file(ours, pillow_encode(pixels, quality=75, optimize=True), f"{width}x{height}")


@pytest.mark.parametrize("subsampling", CJPEG_SAMPLING)
def test_small_sizes_of_the_subsamplings_that_pillow_lacks(photo, subsampling):
    whole = photo(17, 33)
    for height in range(1, 18):
        for width in range(1, 34):
            pixels = np.ascontiguousarray(whole[:height, :width])
            ours = encode(pixels, quality=FIRST_ACCURATE_QUALITY, subsampling=subsampling, optimize=False)
            theirs = simplejpeg_encode(pixels, quality=FIRST_ACCURATE_QUALITY, subsampling=subsampling)
            assert_same_file(ours, theirs, f"{width}x{height}")


@pytest.mark.parametrize("subsampling", CJPEG_SAMPLING)
def test_cjpeg_agrees_on_the_subsamplings_that_pillow_lacks(picture, subsampling):
    rng = np.random.default_rng(1)
    for case in range(25):
        height, width, quality = (int(x) for x in rng.integers(1, [65, 65, 101]))
        pixels = picture(height, width)
        optimize = bool(case % 2)
        theirs = cjpeg(
            pixels,
            *("-quality", str(quality), "-sample", CJPEG_SAMPLING[subsampling], "-baseline"),
            *(["-optimize"] if optimize else []),
        )
        ours = encode(pixels, quality=quality, subsampling=subsampling, optimize=optimize)
        assert_same_file(ours, theirs, f"{width}x{height}, quality {quality}, optimize {optimize}")


@pytest.mark.parametrize("optimize", [False, True])
def test_every_quality_at_random_sizes(picture, optimize):
    rng = np.random.default_rng(2)
    for quality in range(1, 101):
        height, width = (int(x) for x in rng.integers(1, 65, 2))
        for subsampling in PILLOW_SUBSAMPLING:
            options = {"quality": quality, "subsampling": subsampling, "optimize": optimize}
            pixels = picture(height, width, seed=quality)
            assert_same_file(
                encode(pixels, **options), pillow_encode(pixels, **options), f"{width}x{height}, {options}"
            )
        pixels = picture(height, width, seed=quality, gray=True)
        ours = encode(pixels, quality=quality, optimize=optimize)
        assert_same_file(
            ours, pillow_encode(pixels, quality=quality, optimize=optimize), f"gray {width}x{height}, {quality}"
        )


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
@pytest.mark.parametrize(("height", "width"), [(371, 283), (240, 320), (129, 511)])
def test_pictures_of_a_few_hundred_pixels(picture, height, width, subsampling):
    pixels = picture(height, width)
    for quality in (5, 50, 75, 95, 100):
        for optimize in (False, True):
            options = {"quality": quality, "subsampling": subsampling, "optimize": optimize}
            assert_same_file(encode(pixels, **options), pillow_encode(pixels, **options), str(options))


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize(("height", "width"), [(65500, 3), (3, 65500), (9, 65500), (65500, 17)])
def test_the_longest_sides_that_libjpeg_allows(height, width, optimize):
    pixels = make_noise(height, width)
    options = {"quality": 90, "subsampling": "4:2:0", "optimize": optimize}
    assert_same_file(encode(pixels, **options), pillow_encode(pixels, **options), f"{width}x{height}")


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
@pytest.mark.parametrize("interval", [1, 2, 3, 7, 8, 9, 1000, 65535])
def test_restart_intervals_in_mcus(photo, subsampling, interval):
    for height, width in ((1, 1), (40, 50), (64, 64), (133, 97)):
        pixels = photo(height, width)
        for optimize in (False, True):
            options = {"quality": 80, "subsampling": subsampling, "optimize": optimize}
            ours = encode(pixels, restart=interval, **options)
            theirs = pillow_encode(pixels, restart_marker_blocks=interval, **options)
            assert_same_file(ours, theirs, f"{width}x{height}, {options}")


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_restart_interval_of_whole_rows_of_mcus(photo, rows):
    pixels = photo(100, 150)
    ours = encode(pixels, quality=80, restart=rows * -(-150 // 16))
    assert_same_file(ours, pillow_encode(pixels, quality=80, optimize=True, restart_marker_rows=rows), f"{rows} rows")


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_asymmetric_tables(picture, count, subsampling):
    tables = [ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA, ASYMMETRIC_THIRD][:count]
    for optimize in (False, True):
        pixels = picture(61, 83)
        ours = encode(pixels, tables=QuantizationTables(*tables), subsampling=subsampling, optimize=optimize)
        theirs = pillow_encode(
            pixels, subsampling=subsampling, optimize=optimize, qtables=[table.reshape(64).tolist() for table in tables]
        )
        assert_same_file(ours, theirs, f"{count} tables, optimize {optimize}")


def test_an_asymmetric_table_of_a_gray_image(photo):
    pixels = photo(61, 83, gray=True)
    ours = encode(pixels, tables=QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA))
    theirs = pillow_encode(pixels, optimize=True, qtables=[ASYMMETRIC_LUMA.reshape(64).tolist()])
    assert_same_file(ours, theirs, "gray")


def test_random_tables_of_all_baseline_steps(picture):
    rng = np.random.default_rng(3)
    for case in range(30):
        high = int(rng.choice([2, 4, 16, 256]))
        tables = rng.integers(1, high, (2, 8, 8))
        pixels = picture(40, 56, seed=case)
        ours = encode(pixels, tables=QuantizationTables(*tables), optimize=case % 2 > 0)
        theirs = pillow_encode(pixels, optimize=case % 2 > 0, qtables=[table.reshape(64).tolist() for table in tables])
        assert_same_file(ours, theirs, f"case {case}, steps below {high}")


def test_cjpeg_agrees_on_tables_scaled_by_quality(photo, tmp_path):
    """What `quality` does to tables: libjpeg's scaling, of the caller's tables too."""
    path = tmp_path / "tables.txt"
    path.write_text("\n".join(" ".join(map(str, t.reshape(64))) for t in (ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA)))
    pixels = photo(50, 70)
    for quality in (1, 10, 49, 50, 51, 75, 99, 100):
        theirs = cjpeg(
            pixels,
            *("-quality", str(quality), "-qtables", str(path), "-qslots", "0,1,1", "-sample", "2x2"),
            *("-optimize", "-baseline"),
        )
        ours = encode(pixels, tables=QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA), quality=quality)
        assert_same_file(ours, theirs, f"quality {quality}")


def test_options_are_independent(photo):
    """Flipping one does just that: the coefficients do not depend on how they are coded."""
    pixels = photo(70, 90)
    plain = read(encode(pixels, quality=60, optimize=False))
    for options in ({"optimize": True}, {"optimize": False, "restart": 5}, {"optimize": True, "restart": 1}):
        other = read(encode(pixels, quality=60, **options))
        assert other.restart_interval == options.get("restart", 0)
        for ours, same in zip(other.coefficients, plain.coefficients, strict=True):
            np.testing.assert_array_equal(ours, same)
