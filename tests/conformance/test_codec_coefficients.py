"""Coefficients: read without loss, in natural order, written as libjpeg-turbo writes them, requantized exactly."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from libjpeg import PILLOW_SUBSAMPLING, cjpeg, jpegtran, pillow_decode, pillow_encode
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, ASYMMETRIC_THIRD, make_noise
from scipy.fft import dctn

from dnjpeg import JpegWarning, QuantizationTables, encode, read, transcode, write

ASYMMETRIC = [ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA, ASYMMETRIC_THIRD]


def assert_same_coefficients(ours, theirs):
    assert len(ours) == len(theirs)
    for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        np.testing.assert_array_equal(one, other, f"component {index}")


@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_writing_what_was_read_gives_the_same_file(photo, subsampling, optimize):
    for height, width in ((1, 1), (16, 16), (17, 33), (61, 83), (200, 150)):
        for options in ({}, {"restart_marker_blocks": 3}, {"qtables": [t.reshape(64).tolist() for t in ASYMMETRIC]}):
            for pixels in (photo(height, width), make_noise(height, width)):
                data = pillow_encode(pixels, subsampling=subsampling, optimize=optimize, **options)
                assert write(read(data), optimize=optimize) == data, f"{width}x{height}, {options}"


@pytest.mark.parametrize("optimize", [False, True])
def test_writing_a_gray_picture_that_was_read_gives_the_same_file(photo, optimize):
    for height, width in ((1, 1), (17, 33), (61, 83)):
        data = pillow_encode(photo(height, width, gray=True), quality=85, optimize=optimize)
        assert write(read(data), optimize=optimize) == data


@pytest.mark.parametrize("sampling", ["1x2", "4x1", "1x4", "2x2,1x2,2x1", "2x1,1x1,2x1", "1x1,2x2,1x1"])
def test_writing_unusual_sampling_that_was_read_gives_the_same_file(photo, sampling):
    for height, width in ((1, 1), (17, 33), (61, 83)):
        data = cjpeg(photo(height, width), "-quality", "85", "-sample", sampling, "-optimize")
        assert write(read(data)) == data


def test_writing_rgb_that_was_read_gives_the_same_file(photo):
    data = cjpeg(photo(61, 83), "-rgb", "-quality", "85", "-optimize")
    assert write(read(data)) == data


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_rewriting_without_loss_is_what_jpegtran_does(photo, subsampling):
    for height, width in ((1, 1), (17, 33), (61, 83)):
        data = pillow_encode(photo(height, width), quality=85, subsampling=subsampling)
        assert transcode(data) == jpegtran(data, "-optimize", "-copy", "none")
        assert transcode(data, optimize=False) == data


def test_components_in_separate_scans_are_joined_as_jpegtran_does(photo, tmp_path):
    path = tmp_path / "scans.txt"
    path.write_text("0: 0-63, 0, 0;\n1,2: 0-63, 0, 0;\n")
    for height, width in ((1, 1), (17, 33), (61, 83)):
        data = cjpeg(photo(height, width), "-quality", "85", "-sample", "2x2", "-scans", str(path))
        assert transcode(data) == jpegtran(data, "-optimize", "-copy", "none")


@pytest.mark.parametrize("factors", [(1, 2), (2, 2), (4, 1)])
def test_gray_with_sampling_factors_is_rewritten_without_loss(photo, factors):
    for height, width in ((1, 1), (17, 33), (61, 83)):
        plain = pillow_encode(photo(height, width, gray=True), quality=85)
        data = bytearray(plain)
        data[data.index(b"\xff\xc0") + 11] = factors[0] << 4 | factors[1]
        assert_same_coefficients(read(bytes(data)).coefficients, read(plain).coefficients)
        np.testing.assert_array_equal(pillow_decode(transcode(bytes(data))), pillow_decode(plain))


@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_jpeglib_reads_the_same_coefficients(photo, tmp_path, subsampling):
    jpeglib = pytest.importorskip("jpeglib")
    path = tmp_path / "photo.jpg"
    for height, width in ((8, 8), (17, 33), (61, 83)):
        path.write_bytes(pillow_encode(photo(height, width), quality=85, subsampling=subsampling))
        theirs = jpeglib.read_dct(str(path))
        image = read(path.read_bytes())
        for index, name in enumerate(("Y", "Cb", "Cr")):
            rows, cols = image.frame.block_shape(index)
            blocks = np.asarray(getattr(theirs, name))[:rows, :cols]
            np.testing.assert_array_equal(image.coefficients[index], blocks, name)


@pytest.mark.parametrize("band", list(product((0, 1, 4, 7), repeat=2)))
def test_one_basis_function_gives_one_coefficient_in_natural_order(band):
    """Row = vertical frequency: a picture that changes from line to line has its energy in the first column."""
    vertical, horizontal = band
    phases = (2 * np.arange(8) + 1) * np.pi / 16
    wave = np.outer(np.cos(vertical * phases), np.cos(horizontal * phases))
    pixels = np.rint(128 + 100 * wave).astype(np.uint8)
    (blocks,) = read(encode(pixels, tables=QuantizationTables(np.full((8, 8), 8)))).coefficients
    assert np.unravel_index(np.abs(blocks[0, 0]).argmax(), (8, 8)) == band
    assert np.count_nonzero(blocks) == 1


def test_coefficients_are_the_quantized_dct_of_a_gray_picture(photo):
    """SciPy's orthonormal DCT in floats; the integer DCT is off by less than a quarter of a unit."""
    for pixels in (photo(64, 96, gray=True), make_noise(64, 96, gray=True)):
        image = read(encode(pixels, tables=QuantizationTables(ASYMMETRIC_LUMA)))
        np.testing.assert_array_equal(image.tables[0], ASYMMETRIC_LUMA)
        blocks = (pixels.astype(float) - 128).reshape(8, 8, 12, 8).swapaxes(1, 2)
        exact = dctn(blocks, axes=(2, 3), norm="ortho") / ASYMMETRIC_LUMA
        assert np.abs(image.coefficients[0] - exact).max() <= 0.5 + 0.25 / ASYMMETRIC_LUMA.min()
        assert np.mean(image.coefficients[0] == np.rint(exact)) > 0.99


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"])
def test_tables_come_back_in_the_right_order(photo, count, subsampling):
    data = encode(photo(40, 50), tables=QuantizationTables(*ASYMMETRIC[:count]), subsampling=subsampling)
    for data_now in (data, write(read(data)), transcode(data)):
        for index, table in enumerate(read(data_now).tables):
            np.testing.assert_array_equal(table, ASYMMETRIC[min(index, count - 1)], f"component {index}")


def requantized(coefficients, old, new):
    """``round(k q / q')``, halves away from zero, in whole numbers."""
    scaled = coefficients.astype(np.int64) * old.astype(np.int64)
    new = new.astype(np.int64)
    return np.sign(scaled) * ((2 * np.abs(scaled) + new) // (2 * new))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("subsampling", PILLOW_SUBSAMPLING)
def test_transcoding_rounds_to_the_nearest_multiple_of_the_new_step(photo, count, subsampling):
    for quality, pixels in product((30, 75, 96), (photo(61, 83), make_noise(61, 83))):
        data = pillow_encode(pixels, quality=quality, subsampling=subsampling)
        before = read(data)
        after = read(transcode(data, tables=QuantizationTables(*ASYMMETRIC[:count])))
        assert_same_coefficients(
            after.coefficients,
            [
                requantized(coefficients, table, ASYMMETRIC[min(index, count - 1)])
                for index, (coefficients, table) in enumerate(zip(before.coefficients, before.tables, strict=True))
            ],
        )
        assert_same_coefficients(after.tables, [ASYMMETRIC[min(index, count - 1)] for index in range(3)])


def test_transcoding_rounds_halves_away_from_zero():
    """Steps 3 to 6 and 6 to 4 meet halves at every other value."""
    pixels = make_noise(64, 64, gray=True)
    for old, new in ((3, 6), (6, 4), (5, 2)):
        data = encode(pixels, tables=QuantizationTables(np.full((8, 8), old)))
        before, after = (read(d).coefficients[0] for d in (data, transcode(data, tables=_uniform(new))))
        halves = 2 * before.astype(int) * old % (2 * new) == new
        assert np.count_nonzero(halves & (before > 0)) > 50 < np.count_nonzero(halves & (before < 0))
        np.testing.assert_array_equal(after, requantized(before, np.array(old), np.array(new)))


def _uniform(step: int) -> QuantizationTables:
    return QuantizationTables(np.full((8, 8), step))


def test_transcoding_to_much_finer_steps_makes_a_larger_file():
    """There is room for as many bytes as come in; if there are more, tokens are coded by a second kernel."""
    coarse = encode(make_noise(256, 256), quality=50, subsampling="4:4:4")
    fine = transcode(coarse, quality=100)
    assert 2 * len(fine) > max(2 * len(coarse), 1 << 16)  # room, if each byte is stuffed
    assert fine == jpegtran(fine, "-optimize", "-copy", "none")
    before, after = read(coarse), read(fine)
    assert {int(table.max()) for table in after.tables} == {1}
    levels = (array * table for array, table in zip(before.coefficients, before.tables, strict=True))
    assert_same_coefficients(after.coefficients, list(levels))


def test_transcoding_keeps_size_sampling_restarts_and_color(photo):
    data = encode(photo(61, 83), quality=90, subsampling="4:2:2", restart=4)
    before, after = read(data), read(transcode(data, quality=40))
    assert (after.frame.height, after.frame.width) == (61, 83)
    for ours, theirs in zip(after.frame.components, before.frame.components, strict=True):
        assert (ours.horizontal, ours.vertical) == (theirs.horizontal, theirs.vertical)
    assert after.restart_interval == 4
    rgb = cjpeg(photo(30, 40), "-rgb", "-quality", "90")
    assert read(transcode(rgb, quality=40)).color == "RGB"


def test_transcoding_to_a_quality_takes_the_standard_tables(photo):
    data = encode(photo(61, 83), quality=95)
    assert_same_coefficients(
        read(transcode(data, quality=40)).tables, read(pillow_encode(photo(8, 8), quality=40)).tables
    )
    tables = QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA)
    assert_same_coefficients(
        read(transcode(data, tables=tables, quality=40)).tables, tables.scaled(40).for_components(3)
    )


def test_transcoding_to_the_same_tables_changes_nothing(photo):
    data = encode(photo(61, 83), tables=QuantizationTables(*ASYMMETRIC))
    assert transcode(data, tables=QuantizationTables(*ASYMMETRIC)) == data


def test_a_file_of_sixteen_bit_steps_comes_back(photo, tmp_path):
    path = tmp_path / "tables.txt"
    steps = (ASYMMETRIC_LUMA.astype(int) * 30).reshape(64)
    path.write_text(" ".join(map(str, steps)))
    data = cjpeg(photo(61, 83), "-qtables", str(path), "-qslots", "0", "-optimize", "-sample", "2x2")
    assert b"\xff\xc1" in data
    assert write(read(data)) == data == transcode(data)
    with pytest.warns(JpegWarning, match="255"):
        smaller = transcode(data, tables=QuantizationTables(steps.reshape(8, 8)))
    assert read(smaller).frame.process == 0
    assert read(smaller).tables[0].max() == 255
