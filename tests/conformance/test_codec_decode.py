"""Decoding: pixel for pixel what libjpeg-turbo shows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from libjpeg import (
    FIRST_ACCURATE_QUALITY,
    PILLOW_SUBSAMPLING,
    cjpeg,
    pillow_decode,
    pillow_encode,
    simplejpeg_encode,
)
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, ASYMMETRIC_THIRD, make_extreme, make_flat, make_noise

from dnjpeg import decode, read, write

SUBSAMPLINGS = [*PILLOW_SUBSAMPLING, "4:4:0", "4:1:1"]


@pytest.fixture(params=["photo", "noise", "flat", "extreme"])
def picture(request, photo):
    """Something that makes pictures: ``picture(height, width, seed=0, gray=False)``."""
    return {"photo": photo, "noise": make_noise, "flat": make_flat, "extreme": make_extreme}[request.param]


def file_with(pixels, subsampling: str) -> bytes:
    """Make a file of any subsampling by libjpeg-turbo."""
    pixels = np.ascontiguousarray(pixels)
    if subsampling in PILLOW_SUBSAMPLING:
        return pillow_encode(pixels, quality=85, subsampling=subsampling)
    return simplejpeg_encode(pixels, quality=FIRST_ACCURATE_QUALITY, subsampling=subsampling)


def assert_same_pixels(data: bytes, what: str):
    ours, theirs = decode(data), pillow_decode(data)
    assert ours.shape == theirs.shape, what
    if not np.array_equal(ours, theirs):
        places = np.argwhere(ours != theirs)
        worst = np.abs(ours.astype(int) - theirs).max()
        pytest.fail(f"{what}: {len(places)} samples differ, by up to {worst}, first at {places[0].tolist()}")


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_all_sizes_up_to_17x17(picture, subsampling):
    whole = picture(17, 17)
    for height, width in product(range(1, 18), repeat=2):
        assert_same_pixels(file_with(whole[:height, :width], subsampling), f"{width}x{height}")


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_narrow_pictures(photo, subsampling):
    """Where the filter has hardly a neighbour, libjpeg repeats samples instead."""
    whole = photo(40, 9)
    for width, height in product(range(1, 10), range(18, 41)):
        assert_same_pixels(file_with(whole[:height, :width], subsampling), f"{width}x{height}")


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_low_pictures(photo, subsampling):
    whole = photo(5, 70)
    for width, height in product(range(18, 71), range(1, 6)):
        assert_same_pixels(file_with(whole[:height, :width], subsampling), f"{width}x{height}")


def test_all_gray_sizes_up_to_17x17(picture):
    whole = picture(17, 17, gray=True)
    for height, width in product(range(1, 18), repeat=2):
        assert_same_pixels(pillow_encode(whole[:height, :width], quality=85), f"{width}x{height}")


def test_every_quality_at_random_sizes(picture):
    rng = np.random.default_rng(1)
    for quality in range(1, 101):
        height, width = (int(x) for x in rng.integers(1, 65, 2))
        optimize = bool(quality % 2)
        for subsampling in PILLOW_SUBSAMPLING:
            options = {"quality": quality, "subsampling": subsampling, "optimize": optimize}
            assert_same_pixels(
                pillow_encode(picture(height, width, seed=quality), **options), f"{width}x{height}, {options}"
            )
        gray = picture(height, width, seed=quality, gray=True)
        assert_same_pixels(pillow_encode(gray, quality=quality), f"gray {width}x{height}, {quality}")


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize(("height", "width"), [(371, 283), (240, 320), (129, 511)])
def test_pictures_of_a_few_hundred_pixels(picture, height, width, subsampling):
    assert_same_pixels(file_with(picture(height, width), subsampling), f"{width}x{height}")


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
@pytest.mark.parametrize("interval", [1, 2, 3, 7, 8, 9, 1000])
def test_restart_intervals(photo, subsampling, interval):
    for height, width in ((1, 1), (40, 50), (133, 97)):
        data = pillow_encode(photo(height, width), quality=80, subsampling=subsampling, restart_marker_blocks=interval)
        assert_same_pixels(data, f"{width}x{height}")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_asymmetric_tables(picture, count):
    tables = [ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA, ASYMMETRIC_THIRD][:count]
    for subsampling in PILLOW_SUBSAMPLING:
        qtables = [table.reshape(64).tolist() for table in tables]
        assert_same_pixels(pillow_encode(picture(61, 83), subsampling=subsampling, qtables=qtables), subsampling)


def sampling_combinations():
    """All factors of three components whose ratios are whole numbers and whose MCU has at most ten blocks (B.2.3)."""
    for factors in product(product(range(1, 5), repeat=2), repeat=3):
        columns, rows = (max(component[axis] for component in factors) for axis in (0, 1))
        whole = all(columns % horizontal == 0 and rows % vertical == 0 for horizontal, vertical in factors)
        if whole and sum(horizontal * vertical for horizontal, vertical in factors) <= 10:
            yield factors


def test_every_combination_of_sampling_factors_that_cjpeg_writes(photo):
    pixels = photo(61, 77)
    combinations = list(sampling_combinations())
    assert len(combinations) == 311
    for factors in combinations:
        sampling = ",".join(f"{horizontal}x{vertical}" for horizontal, vertical in factors)
        assert_same_pixels(cjpeg(pixels, "-quality", "90", "-sample", sampling), sampling)


@pytest.mark.parametrize("sampling", ["1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "2x1,1x2", "2x2,1x2,2x1"])
def test_odd_sizes_of_unusual_sampling(photo, sampling):
    whole = photo(35, 35)
    for height, width in ((1, 1), (1, 35), (35, 1), (2, 3), (3, 2), (5, 4), (8, 9), (16, 17), (33, 31), (35, 35)):
        data = cjpeg(np.ascontiguousarray(whole[:height, :width]), "-quality", "90", "-sample", sampling)
        assert_same_pixels(data, f"{width}x{height}, {sampling}")


@pytest.mark.parametrize("script", ["0;1;2;", "0,1;2;", "0;1,2;", "2;1;0;", "0,2;1;"])
@pytest.mark.parametrize("sampling", ["1x1", "2x1", "2x2", "1x2", "2x2,1x2,2x1"])
@pytest.mark.parametrize("restart", [(), ("-restart", "3B")])
def test_components_in_separate_scans(photo, tmp_path, script, sampling, restart):
    """A component alone in a scan has no blocks that fill up an MCU (A.2.3)."""
    path = tmp_path / "scans.txt"
    path.write_text(script.replace(";", ": 0-63, 0, 0;\n"))
    for height, width in ((1, 1), (17, 33), (40, 50)):
        data = cjpeg(photo(height, width), "-quality", "85", "-sample", sampling, "-scans", str(path), *restart)
        assert data.count(b"\xff\xda") == script.count(";")
        assert_same_pixels(data, f"{width}x{height}")
        np.testing.assert_array_equal(decode(write(read(data))), decode(data), "in one scan")


@pytest.mark.parametrize("factors", [(1, 2), (2, 1), (2, 2), (3, 1), (1, 4), (4, 4)])
def test_the_sampling_factors_of_a_gray_picture_mean_nothing(photo, factors):
    """Its only component is never subsampled, and an MCU of one component is one block (A.2.2)."""
    for height, width in ((1, 1), (8, 8), (9, 9), (24, 16), (16, 24), (50, 70)):
        data = bytearray(pillow_encode(photo(height, width, gray=True), quality=85))
        at = data.index(b"\xff\xc0") + 11
        assert data[at] == 0x11
        data[at] = factors[0] << 4 | factors[1]
        assert_same_pixels(bytes(data), f"{width}x{height}")


@pytest.mark.parametrize("scale", [300, 1000, 5000])
def test_sixteen_bit_steps_in_an_extended_file(photo, tmp_path, scale):
    path = tmp_path / "tables.txt"
    tables = [np.minimum(table.astype(int) * scale // 10, 32767) for table in (ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA)]
    path.write_text("\n".join(" ".join(map(str, table.reshape(64))) for table in tables))
    data = cjpeg(photo(61, 83), "-qtables", str(path), "-qslots", "0,1,1", "-sample", "2x2")
    assert b"\xff\xc1" in data
    assert_same_pixels(data, f"scale {scale}")
    for ours, table in zip(read(data).tables, [tables[0], tables[1], tables[1]], strict=True):
        np.testing.assert_array_equal(ours, table)


def test_rgb_without_a_color_transform(photo):
    for height, width in ((1, 1), (7, 33), (61, 83)):
        data = cjpeg(photo(height, width), "-rgb", "-quality", "85")
        assert_same_pixels(data, f"{width}x{height}")
        assert read(data).color == "RGB"


def test_rgb_is_told_by_the_identifiers_alone(photo):
    data = cjpeg(photo(20, 30), "-rgb", "-quality", "85")
    at = data.index(b"\xff\xee")
    bare = data[:at] + data[at + 16 :]
    assert b"Adobe" not in bare
    assert_same_pixels(bare, "identifiers R, G, B")
    assert read(bare).color == "RGB"


def segments_inserted(data: bytes, *extra: bytes) -> bytes:
    """Put bytes between the markers of a file's header, before each DQT."""
    return data.replace(b"\xff\xdb", b"".join(extra) + b"\xff\xdb")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda data: segments_inserted(data, b"\xff\xfe\x00\x06\xff\xd8\xff\xd9"), id="comment"),
        pytest.param(lambda data: segments_inserted(data, b"\xff\xe1\x00\x08Exif\0\0"), id="Exif"),
        pytest.param(lambda data: segments_inserted(data, b"\xff\xff\xff\xff"), id="fill bytes"),
        pytest.param(lambda data: data[:-2], id="without EOI"),
        pytest.param(lambda data: data[:-2] + b"\xff\xff\xff\xd9", id="fill bytes before EOI"),
        pytest.param(lambda data: data + b"what follows the image", id="more behind EOI"),
        pytest.param(lambda data: data[:2] + data[20:], id="without JFIF"),
    ],
)
def test_what_else_a_file_may_hold(photo, change):
    data = pillow_encode(photo(40, 50), quality=85)
    changed = change(data)
    assert changed != data
    np.testing.assert_array_equal(decode(changed), pillow_decode(data))


def test_the_standard_huffman_tables_may_be_left_out(photo):
    """As in Motion-JPEG."""
    data = pillow_encode(photo(40, 50), quality=85)
    bare = data
    while (at := bare.find(b"\xff\xc4")) >= 0:
        bare = bare[:at] + bare[at + 2 + int.from_bytes(bare[at + 2 : at + 4]) :]
    assert len(bare) < len(data) - 400
    np.testing.assert_array_equal(decode(bare), pillow_decode(data))


def test_several_tables_in_one_segment(photo):
    """cjpeg and Pillow write each table into a segment of its own; others join them."""
    data = pillow_encode(photo(40, 50), quality=85)
    joined = data
    for marker in (b"\xff\xdb", b"\xff\xc4"):
        bodies = []
        first = joined.index(marker)
        while (at := joined.find(marker)) >= 0:
            end = at + 2 + int.from_bytes(joined[at + 2 : at + 4])
            bodies.append(joined[at + 4 : end])
            joined = joined[:at] + joined[end:]
        body = b"".join(bodies)
        joined = joined[:first] + marker + (len(body) + 2).to_bytes(2) + body + joined[first:]
    assert joined.count(b"\xff\xc4") == 1
    np.testing.assert_array_equal(decode(joined), pillow_decode(data))
