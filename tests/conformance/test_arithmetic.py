"""Arithmetic coding (SOF9, SOF10): read and written as libjpeg-turbo's programs do."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from libjpeg import cjpeg, djpeg, jpegtran
from pictures import make_extreme, make_flat, make_noise

from dnjpeg import JpegWarning, TruncatedError, decode, encode, read, transcode, write
from dnjpeg.codec.entropy import arithmetic_writer
from dnjpeg.codec.format import headers
from dnjpeg.codec.format.frame import SUBSAMPLINGS

SIZES = ((1, 1), (8, 8), (9, 17), (33, 16), (61, 83))
SAMPLINGS = {
    "4:4:4": "1x1",
    "4:2:2": "2x1",
    "4:2:0": "2x2",
    "4:4:0": "1x2",
    "4:1:1": "4x1",
    "4:4:1": "1x4",
    "4:1:0": "4x2",
}
MODES = {"sequential": (), "progressive": ("-progressive",)}


@pytest.fixture(params=["photo", "noise", "flat", "extreme"])
def picture(request, photo):
    """Something that makes pictures: ``picture(height, width, gray=False)``."""
    return {"photo": photo, "noise": make_noise, "flat": make_flat, "extreme": make_extreme}[request.param]


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("mode", MODES)
def test_encoded_as_cjpeg_does_and_decoded_as_djpeg_does(picture, subsampling, mode):
    for number, (height, width) in enumerate(SIZES):
        pixels = picture(height, width)
        quality, restart = (75, 30, 100, 90)[number % 4], (None, 1, 3)[number % 3]
        options = ["-quality", str(quality), "-sample", SAMPLINGS[subsampling], *MODES[mode]]
        options += ["-restart", f"{restart}B"] if restart else []
        theirs = cjpeg(pixels, "-arithmetic", *options)
        ours = encode(
            pixels,
            quality=quality,
            subsampling=subsampling,
            progressive=mode == "progressive",
            arithmetic=True,
            restart=restart,
        )
        assert ours == theirs, f"{width}x{height}, {options}"
        assert read(theirs).frame.process == {"sequential": 9, "progressive": 10}[mode]
        np.testing.assert_array_equal(decode(theirs), djpeg(theirs), f"{width}x{height}, {options}")


@pytest.mark.parametrize("mode", MODES)
def test_gray(picture, mode):
    for height, width in SIZES:
        pixels = picture(height, width, gray=True)
        theirs = cjpeg(pixels, "-arithmetic", "-quality", "85", *MODES[mode])
        assert encode(pixels, quality=85, progressive=mode == "progressive", arithmetic=True) == theirs
        np.testing.assert_array_equal(decode(theirs), djpeg(theirs), f"{width}x{height}")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("sampling", ["2x2", "2x2,1x2,2x1", "1x1,2x1,1x2", "4x1"])
def test_recoded_to_and_from_huffman_as_jpegtran_does(photo, sampling, mode):
    """Nothing is lost on the way."""
    progressive = mode == "progressive"
    for height, width in SIZES:
        huffman = cjpeg(photo(height, width), "-quality", "85", "-sample", sampling, "-optimize", *MODES[mode])
        arithmetic = transcode(huffman, arithmetic=True)
        assert arithmetic == jpegtran(huffman, "-arithmetic", *MODES[mode])
        assert transcode(arithmetic, arithmetic=False) == jpegtran(arithmetic, "-optimize", *MODES[mode]) == huffman
        other = [] if progressive else ["-progressive"]
        assert transcode(arithmetic, progressive=not progressive) == jpegtran(arithmetic, "-arithmetic", *other)


@pytest.mark.parametrize("restart", ["1B", "7B", "1"])
def test_scripts_and_restarts(photo, tmp_path, restart):
    """Components apart, bands split, bits refined one at a time, each scan with restarts."""
    path = tmp_path / "scans.txt"
    path.write_text(
        "0: 0-0, 0, 2; 1,2: 0-0, 0, 1; 0: 1-9, 0, 3; 0: 10-63, 0, 1; 1: 1-63, 0, 1; 0: 1-9, 3, 2; 2: 1-63, 0, 0;"
        "0: 0-0, 2, 1; 0: 1-9, 2, 1; 0: 1-63, 1, 0; 1,2: 0-0, 1, 0; 1: 1-63, 1, 0; 0: 0-0, 1, 0;"
    )
    for sampling in ("1x1", "2x2", "2x1"):
        pixels = photo(61, 83)
        options = ("-quality", "92", "-sample", sampling)
        data = cjpeg(pixels, "-arithmetic", *options, "-scans", str(path), "-restart", restart)
        sequential = read(cjpeg(pixels, *options))
        for ours, same in zip(read(data).coefficients, sequential.coefficients, strict=True):
            np.testing.assert_array_equal(ours, same, sampling)
        np.testing.assert_array_equal(decode(data), djpeg(data), sampling)


@pytest.mark.parametrize("conditioning", [(0x00, 0), (0x10, 1), (0x32, 20), (0xF0, 63), (0x55, 5), (0xFF, 63)])
@pytest.mark.parametrize("mode", MODES)
def test_conditioning_that_a_dac_segment_tells(photo, monkeypatch, conditioning, mode):
    """cjpeg only writes the default, so the file is ours; djpeg must see the same picture in it (B.2.4.3)."""
    pixels = photo(61, 83)
    options = {"quality": 90, "progressive": mode == "progressive", "arithmetic": True}
    usual = encode(pixels, **options)
    monkeypatch.setattr(arithmetic_writer, "DEFAULT_CONDITIONING", conditioning)
    monkeypatch.setattr(headers, "DEFAULT_CONDITIONING", conditioning)
    data = encode(pixels, **options)
    assert data != usual
    assert b"\xff\xcc\x00" in data
    np.testing.assert_array_equal(djpeg(data), djpeg(usual))
    np.testing.assert_array_equal(decode(data), djpeg(data))


def test_without_a_dac_segment_the_conditioning_is_the_default(photo):
    data = encode(photo(61, 83), quality=90, arithmetic=True)
    at = data.index(b"\xff\xcc")
    bare = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4]) :]
    np.testing.assert_array_equal(decode(bare), djpeg(data))


def test_arithmetic_coded_rgb(photo):
    data = cjpeg(photo(61, 83), "-rgb", "-arithmetic", "-quality", "85")
    assert write(read(data), arithmetic=True) == data
    np.testing.assert_array_equal(decode(data), djpeg(data))


def data_start(data: bytes) -> int:
    at = data.index(b"\xff\xda")
    return at + 2 + int.from_bytes(data[at + 2 : at + 4])


def assert_read_as_by_jpegtran(data: bytes, what: str):
    """Compare coefficients: those of a damaged file may be so large that libjpeg's own inverse DCTs differ."""
    ours, theirs = read(data, strict=False), read(jpegtran(data, "-arithmetic", damaged=True))
    for one, other in zip(ours.coefficients, theirs.coefficients, strict=True):
        np.testing.assert_array_equal(one, other, what)


@pytest.mark.parametrize("restart", [None, 3])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("mode", MODES)
def test_a_truncated_file(photo, subsampling, restart, mode):
    """Zeros follow the data that are there, as in libjpeg; that decodes to something."""
    data = encode(
        photo(51, 67),
        quality=80,
        subsampling=subsampling,
        progressive=mode == "progressive",
        arithmetic=True,
        restart=restart,
    )
    sizes = range(data_start(data) + 1, len(data) - 2, 97)
    sizes = [size for size in sizes if not re.search(rb"\xff[\xcc\xda].{0,14}$", data[:size], re.DOTALL)]  # a header
    assert len(sizes) > 15
    for size in sizes:
        with pytest.raises(TruncatedError) as caught:
            decode(data[:size])
        assert size - 2 <= caught.value.offset <= size
        assert_read_as_by_jpegtran(data[:size], f"{size} bytes")
        with pytest.warns(JpegWarning):
            decode(data[:size], strict=False)


def test_a_truncated_file_shows_what_djpeg_shows(photo):
    data = encode(photo(51, 67), quality=80, subsampling="4:4:4", arithmetic=True, restart=3)
    for size in range(data_start(data) + 1, len(data) - 2, 61):
        with pytest.warns(JpegWarning, match="ends before the image does"):
            pixels = decode(data[:size], strict=False)
        np.testing.assert_array_equal(pixels, djpeg(data[:size], damaged=True), f"{size} bytes")


def test_only_a_marker_tells_that_the_data_are_complete(photo):
    """Zeros at their end may be left out (D.1.8), so that a file without EOI may be any beginning of another."""
    data = encode(photo(51, 67), quality=80, arithmetic=True)
    for size in (len(data) - 2, len(data) - 1):
        with pytest.raises(TruncatedError, match="ends before the image does"):
            decode(data[:size])
        with pytest.warns(JpegWarning):
            np.testing.assert_array_equal(decode(data[:size], strict=False), decode(data))


def test_changed_bytes_spoil_the_same_as_in_libjpeg(photo):
    """Where decoding stops within an interval, and goes on at the next restart."""
    data = encode(photo(51, 67), quality=80, arithmetic=True, restart=4)
    rng = np.random.default_rng(5)
    compared = 0
    for at in rng.integers(data_start(data), len(data) - 2, 60):
        changed = bytearray(data)
        changed[at] ^= int(rng.integers(1, 256))
        if 0xFF in changed[at - 1 : at + 1] or 0xFF in data[at - 1 : at + 1]:
            continue  # markers are made or lost
        assert_read_as_by_jpegtran(bytes(changed), f"byte {at}")
        compared += 1
    assert compared > 50


def test_a_coefficient_out_of_range_is_refused(photo):
    image = read(encode(photo(16, 16, gray=True), quality=90))
    for value, where in ((1024, (0, 0, 3, 4)), (-1024, (1, 1, 7, 7)), (5000, (0, 1, 0, 0)), (-32768, (1, 0, 0, 0))):
        changed = image.coefficients[0].copy()
        changed[where] = value
        with pytest.raises(ValueError, match="range"):
            write(replace(image, coefficients=(changed,)), arithmetic=True)
