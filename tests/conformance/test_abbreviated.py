"""Abbreviated streams: tables once, images without them; together they are ordinary JPEG files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from libjpeg import djpeg, pillow_decode
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, make_extreme, make_noise
from PIL import Image

from dnjpeg import (
    CodingTables,
    FormatError,
    QuantizationTables,
    decode,
    encode,
    inspect,
    read,
    read_header,
    read_tables,
    shared_tables,
    transcode,
    write,
    write_tables,
)
from dnjpeg.codec.format.huffman import STANDARD, HuffmanTable

ASYMMETRIC = QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA)


def joined(tables: bytes, image: bytes) -> bytes:
    """SOI, the segments of the tables, the image without its SOI (B.4)."""
    return tables[:-2] + image[2:]


def markers(data: bytes) -> set[str]:
    return {segment.marker for segment in inspect(data).segments}


@pytest.fixture
def small(photo):
    """Pictures of the size of CIFAR's."""
    return [photo(32, 32, seed=seed) for seed in range(20)]


@pytest.mark.parametrize("sample", ["none", "some"])
@pytest.mark.parametrize(
    "options", [{}, {"subsampling": "4:4:4"}, {"subsampling": "2x1,1x2,1x1"}, {"color": "RGB"}, {"color": "grayscale"}]
)
def test_tables_and_image_make_a_file_that_libjpeg_decodes_to_the_same(small, sample, options):
    """Also pictures that the Huffman tables were not made for, which need any symbol there is."""
    shared = shared_tables(small[:5] if sample == "some" else (), tables=ASYMMETRIC, **options)
    tables = write_tables(shared)
    for pixels in (*small, make_noise(32, 32), make_extreme(40, 24)):
        data = encode(pixels, coding_tables=shared, **options)
        assert not markers(data) & {"DQT", "DHT"}
        whole = joined(tables, data)
        np.testing.assert_array_equal(decode(data, coding_tables=shared), djpeg(whole))
        np.testing.assert_array_equal(decode(data, coding_tables=read_tables(tables)), pillow_decode(whole))
        plain = encode(pixels, tables=ASYMMETRIC, **options)
        assert all(map(np.array_equal, read(whole).coefficients, read(plain).coefficients))


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_files_are_smaller_by_most_of_the_tables(small, subsampling):
    """Less the little that Huffman tables of one's own would save."""
    shared = shared_tables(small[:10], quality=75, subsampling=subsampling)
    for pixels in small:
        data = encode(pixels, coding_tables=shared, subsampling=subsampling)
        assert len(encode(pixels, quality=75, subsampling=subsampling)) - len(data) > 2 * 69 + 60


def test_the_standard_tables_make_the_data_of_a_file_that_has_them(small):
    shared = shared_tables(quality=60)
    for pixels in small[:3]:
        data, plain = encode(pixels, coding_tables=shared), encode(pixels, quality=60, optimize=False)
        assert data[data.index(b"\xff\xda") :] == plain[plain.index(b"\xff\xda") :]
        assert len(plain) - len(data) == len(write_tables(shared)) - 4


def test_tables_made_for_images_are_smaller_than_the_standard_ones(small):
    made, standard = shared_tables(small, quality=75), shared_tables(quality=75)
    sizes = [sum(len(encode(pixels, coding_tables=each)) for pixels in small) for each in (made, standard)]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("gray", [False, True])
def test_tiff_holds_jpeg_in_this_form(photo, gray):
    """Libtiff's JPEGTables are such a file, and its strips are such images."""
    pixels = photo(40, 60, gray=gray)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "TIFF", compression="jpeg", quality=80)
    with Image.open(stream) as image:
        expected, tags = np.asarray(image), image.tag_v2
        tables = tags[347]
        begin, length = tags[273][0], tags[279][0]
    shared = read_tables(tables)
    assert write_tables(shared) == tables
    strip = stream.getvalue()[begin : begin + length]
    assert read_header(strip, coding_tables=shared).color == ("grayscale" if gray else "RGB")
    np.testing.assert_array_equal(decode(strip, coding_tables=shared), expected)
    whole = transcode(strip, coding_tables=shared)
    np.testing.assert_array_equal(decode(whole), expected)


def test_every_reader_takes_the_tables(small):
    shared = shared_tables(small, tables=ASYMMETRIC)
    data = encode(small[0], coding_tables=shared)
    whole = joined(write_tables(shared), data)
    assert read(data, coding_tables=shared) == read(whole)
    np.testing.assert_array_equal(read_header(data, coding_tables=shared).tables[1], ASYMMETRIC_CHROMA)
    assert transcode(data, coding_tables=shared) == transcode(whole)
    report = inspect(data, coding_tables=shared)
    assert not report.problems
    bits = [part for scan in report.scans for part in scan.components]
    assert bits == [part for scan in inspect(whole).scans for part in scan.components]


def test_without_its_tables_an_image_is_one_clear_error(small):
    shared = shared_tables(small)
    data = encode(small[0], coding_tables=shared)
    with pytest.raises(FormatError, match="quantization table 0 is missing"):
        decode(data)
    huffman_only = CodingTables(huffman=shared.huffman)
    with pytest.raises(FormatError, match="quantization table 0 is missing"):
        read(data, coding_tables=huffman_only)
    luma_only = CodingTables({0: shared.quantization[0]}, shared.huffman)
    with pytest.raises(FormatError, match="quantization table 1 is missing"):
        transcode(data, coding_tables=luma_only)
    assert "quantization table 0 is missing" in [problem.reason for problem in inspect(data).problems]


def test_what_is_not_shared_is_written(small):
    pixels = small[0]
    shared = shared_tables(small, quality=75)
    only_steps = CodingTables(quantization=shared.quantization)
    only_codes = CodingTables(huffman=shared.huffman)
    assert "DHT" in markers(encode(pixels, coding_tables=only_steps))
    assert "DQT" in markers(encode(pixels, coding_tables=only_codes))
    np.testing.assert_array_equal(
        decode(encode(pixels, coding_tables=only_codes), coding_tables=only_codes), decode(encode(pixels))
    )
    other = encode(pixels, quality=50, coding_tables=shared)
    assert "DQT" in markers(other)
    np.testing.assert_array_equal(decode(other, coding_tables=shared), decode(encode(pixels, quality=50)))
    some = CodingTables({0: shared.quantization[0]}, {key: shared.huffman[key] for key in ((0, 0), (1, 0), (0, 1))})
    partly = encode(pixels, quality=75, coding_tables=some)
    np.testing.assert_array_equal(pillow_decode(joined(write_tables(some), partly)), decode(encode(pixels)))


@pytest.mark.parametrize("options", [{"progressive": True}, {"arithmetic": True}])
def test_other_processes_leave_out_only_the_quantization_tables(small, options):
    shared = shared_tables(small, quality=75)
    for pixels in small[:3]:
        data, plain = encode(pixels, coding_tables=shared, **options), encode(pixels, quality=75, **options)
        assert "DQT" not in markers(data)
        assert len(plain) - len(data) == 2 * 69
        np.testing.assert_array_equal(decode(data, coding_tables=shared), decode(plain))


def test_coefficients_are_written_without_tables_too(small):
    shared = shared_tables(small, quality=75)
    for pixels in small[:3]:
        data = encode(pixels, coding_tables=shared)
        assert write(read(data, coding_tables=shared), coding_tables=shared) == data
        assert write(read(encode(pixels)), coding_tables=shared) == data


def test_the_smallest_headers(small):
    """SOI, SOF0, SOS, EOI are left."""
    shared = shared_tables(small)
    data = encode(small[0], coding_tables=shared, jfif=False)
    assert [segment.marker for segment in inspect(data, coding_tables=shared).segments if segment.marker != "data"] == [
        "SOI",
        "SOF0",
        "SOS",
        "EOI",
    ]
    np.testing.assert_array_equal(
        decode(data, coding_tables=shared), decode(encode(small[0], coding_tables=shared), coding_tables=shared)
    )


def test_codes_that_are_missing_are_an_error_and_no_broken_file(small):
    """A Huffman table of a single symbol suits a picture of one colour."""
    shared = shared_tables(quality=75)
    bare = HuffmanTable(bytes([0, 1]) + bytes(14), b"\0")
    poor = CodingTables(shared.quantization, {**shared.huffman, (1, 1): bare})
    with pytest.raises(ValueError, match=r"shared AC Huffman table 1 has no code for the symbol 0x[0-9A-F]{2}"):
        encode(small[0], coding_tables=poor)
    flat = np.full((16, 16, 3), 77, np.uint8)
    np.testing.assert_array_equal(decode(encode(flat, coding_tables=poor), coding_tables=poor), flat)


def test_tables_that_cannot_be():
    good = shared_tables()
    for wrong, message in (
        (CodingTables(), "no tables to write"),
        (CodingTables({4: good.quantization[0]}), "slot 4, must be 0 to 3"),
        (CodingTables({0: good.quantization[0].astype(int)}), "quantization table 0 must be a uint16 array"),
        (CodingTables({0: np.zeros((8, 8), np.uint16)}), "steps from 1 to 65535"),
        (CodingTables(huffman={(2, 0): STANDARD[0, 0]}), r"\(2, 0\), must be 0 or 1, and 0 to 3"),
        (CodingTables(huffman={(0, 0): b""}), "must be a HuffmanTable, not a bytes"),
    ):
        with pytest.raises(ValueError, match=message):
            write_tables(wrong)
    with pytest.raises(ValueError, match=r"slots \[1\], must be 0, or 0 to n"):
        encode(np.zeros((8, 8), np.uint8), coding_tables=CodingTables({1: good.quantization[0]}))


def test_files_that_have_no_tables(small):
    shared = shared_tables()
    for data, message in (
        (b"", "does not begin with the marker SOI"),
        (b"\xff\xd8\xff\xd9", "the file defines no tables"),
        (encode(small[0], coding_tables=shared), "the file defines no tables"),
        (write_tables(shared)[:-2], "the file ends where a marker was expected"),
        (write_tables(shared)[:100], "the file ends within a segment"),
    ):
        with pytest.raises(FormatError, match=message):
            read_tables(data)


def test_a_whole_image_lends_its_tables(small):
    """Those before its first scan."""
    donor = encode(small[0], quality=75, optimize=False)
    assert write_tables(read_tables(donor)) == write_tables(shared_tables(quality=75))
