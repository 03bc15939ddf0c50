"""Steps above 255 in 16-bit DQTs: byte for byte what cjpeg writes without -baseline."""

from __future__ import annotations

import numpy as np
import pytest
from libjpeg import cjpeg, pillow_decode
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, make_extreme, make_noise

from dnjpeg import JpegWarning, QuantizationTables, decode, encode, read, transcode, write

WIDE = QuantizationTables(ASYMMETRIC_LUMA.astype(int) * 20, ASYMMETRIC_CHROMA.astype(int) * 3)
CODINGS = {
    (): {"optimize": False},
    ("-optimize",): {},
    ("-progressive",): {"progressive": True},
    ("-arithmetic",): {"arithmetic": True},
    ("-arithmetic", "-progressive"): {"arithmetic": True, "progressive": True},
}


@pytest.fixture
def table_file(tmp_path):
    """The wide tables as cjpeg takes them."""
    path = tmp_path / "tables.txt"
    WIDE.save(path)
    return str(path)


@pytest.mark.parametrize("coding", CODINGS)
def test_wide_tables_give_the_files_of_cjpeg(photo, table_file, coding):
    for make in (photo, make_noise, make_extreme):
        for gray in (False, True):
            pixels = make(61, 83, gray=gray)
            theirs = cjpeg(pixels, "-qtables", table_file, *([] if gray else ["-sample", "2x2"]), *coding)
            ours = encode(pixels, tables=WIDE, wide_tables=True, **CODINGS[coding])
            assert ours == theirs
            np.testing.assert_array_equal(decode(ours), pillow_decode(theirs))


def test_the_process_is_extended_only_where_a_table_in_use_is_wide(photo):
    narrow_luma = QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA.astype(int) * 9)
    assert read(encode(photo(8, 8), tables=narrow_luma, wide_tables=True)).frame.process == 1
    assert read(encode(photo(8, 8, gray=True), tables=narrow_luma, wide_tables=True)).frame.process == 0
    plain = encode(photo(8, 8), quality=50)
    assert encode(photo(8, 8), quality=50, wide_tables=True) == plain


def test_low_qualities_scale_beyond_255_as_in_cjpeg(photo, table_file):
    """Up to 8,191: eight times a larger step overflows the divisors of libjpeg-turbo's quantization."""
    pixels = photo(61, 83)
    for quality in (1, 2, 5, 12, 24):
        theirs = ("-quality", str(quality), "-sample", "2x2", "-optimize")
        assert encode(pixels, quality=quality, wide_tables=True) == cjpeg(pixels, *theirs)
        if quality > 5:
            ours = encode(pixels, tables=WIDE, quality=quality, wide_tables=True)
            assert ours == cjpeg(pixels, *theirs, "-qtables", table_file)


def test_steps_so_large_that_nothing_remains():
    pixels = make_extreme(16, 16, gray=True)
    image = read(encode(pixels, tables=QuantizationTables(np.full((8, 8), 65535)), wide_tables=True))
    assert image.tables[0].max() == 65535
    assert not image.coefficients[0].any()


def test_transcoding_to_wide_tables(photo):
    data = encode(photo(61, 83), quality=90)
    wide = transcode(data, tables=WIDE, wide_tables=True)
    image = read(wide)
    assert image.frame.process == 1
    for index in range(3):
        np.testing.assert_array_equal(image.tables[index], WIDE.for_components(3)[index])
    assert write(image) == wide
    with pytest.warns(JpegWarning, match="255"):
        assert read(transcode(data, tables=WIDE)).frame.process == 0
    with pytest.warns(JpegWarning, match="255"):
        assert read(encode(photo(8, 8), tables=WIDE)).frame.process == 0
