"""Turning, mirroring and cropping without loss: the files that jpegtran writes."""

from __future__ import annotations

import io
import re
import struct
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libjpeg import cjpeg, jpegtran, pillow_encode
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, make_noise
from PIL import Image, ImageOps

from dnjpeg import QuantizationTables, decode, encode, lossless, read, transcode, write

OPERATIONS = {
    "flip horizontal": ("-flip", "horizontal"),
    "flip vertical": ("-flip", "vertical"),
    "rotate 90": ("-rotate", "90"),
    "rotate 180": ("-rotate", "180"),
    "rotate 270": ("-rotate", "270"),
    "transpose": ("-transpose",),
    "transverse": ("-transverse",),
}
IN_NUMPY = {
    "flip horizontal": np.fliplr,
    "flip vertical": np.flipud,
    "rotate 90": lambda pixels: np.rot90(pixels, -1),
    "rotate 180": lambda pixels: np.rot90(pixels, 2),
    "rotate 270": np.rot90,
    "transpose": lambda pixels: np.swapaxes(pixels, 0, 1),
    "transverse": lambda pixels: np.swapaxes(np.rot90(pixels, 2), 0, 1),
}
CODINGS = {
    "-optimize": {},
    "-progressive": {"progressive": True},
    "-arithmetic": {"arithmetic": True},
}


def geometry(crop: tuple[int, int, int, int]) -> str:
    top, left, height, width = crop
    return f"{width}x{height}+{left}+{top}"


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("sampling", ["1x1", "2x1", "1x2", "2x2", "4x1", "2x2,1x2,2x1", "1x1,2x1,1x2"])
def test_every_operation_sampling_and_edge(photo, sampling, operation):
    """Whole MCUs, partial ones on each side, less than one."""
    codings = list(CODINGS)
    for number, (height, width) in enumerate(((32, 64), (33, 64), (32, 50), (61, 83), (7, 100), (1, 1))):
        data = cjpeg(photo(height, width), "-quality", "85", "-sample", sampling)
        coding = codings[number % 3]
        for trim in (False, True):
            ours = transcode(data, operation=operation, trim=trim, **CODINGS[coding])
            options = [coding, *OPERATIONS[operation], *(["-trim"] if trim else [])]
            assert ours == jpegtran(data, "-copy", "all", *options), f"{width}x{height}, {options}"


@pytest.mark.parametrize("kind", ["gray", "RGB", "progressive", "arithmetic", "asymmetric tables"])
def test_every_operation_and_kind_of_file(photo, kind):
    pixels = photo(43, 58)
    data = {
        "gray": lambda: pillow_encode(photo(43, 58, gray=True), quality=85),
        "RGB": lambda: cjpeg(pixels, "-rgb"),
        "progressive": lambda: pillow_encode(pixels, progressive=True),
        "arithmetic": lambda: cjpeg(pixels, "-arithmetic"),
        "asymmetric tables": lambda: encode(pixels, tables=QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA)),
    }[kind]()
    keep = [f"-{kind}"] if kind in {"progressive", "arithmetic"} else ["-optimize"]
    for operation, options in OPERATIONS.items():
        assert transcode(data, operation=operation) == jpegtran(data, *keep, *options), operation


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:4:0"])
def test_whole_mcus_are_turned_as_pixels_are(photo, subsampling, operation):
    """The integer inverse DCT and the filters round a little differently, mirrored."""
    data = encode(photo(64, 96), quality=90, subsampling=subsampling)
    turned = decode(transcode(data, operation=operation, perfect=True)).astype(int)
    assert np.abs(turned - IN_NUMPY[operation](decode(data))).max() <= 4


@st.composite
def requests(draw):
    """A file, an operation or none, and a region of what comes out."""
    height, width = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    subsampling = draw(st.sampled_from(["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"]))
    gray = draw(st.integers(0, 3)) == 0
    data = encode(make_noise(height, width, gray=gray), quality=60, subsampling=subsampling)
    operation = draw(st.sampled_from([None, *OPERATIONS]))
    exchanged = operation in {"rotate 90", "rotate 270", "transpose", "transverse"}
    lines, columns = (width, height) if exchanged else (height, width)
    top, left = draw(st.integers(0, lines - 1)), draw(st.integers(0, columns - 1))
    to_edge = draw(st.booleans())
    rows = lines - top if to_edge else draw(st.integers(1, lines - top))
    cols = columns - left if to_edge else draw(st.integers(1, columns - left))
    return data, operation, (top, left, rows, cols), draw(st.booleans()), draw(st.booleans())


@settings(max_examples=200, deadline=None, derandomize=True)
@given(requests())
def test_any_crop_of_any_operation(request):
    data, operation, crop, trim, grayscale = request
    options = [*OPERATIONS.get(operation, ()), "-crop", geometry(crop)]
    options += [*(["-trim"] if trim else []), *(["-grayscale"] if grayscale else [])]
    ours = transcode(data, operation=operation, crop=crop, trim=trim, grayscale=grayscale)
    assert ours == jpegtran(data, "-optimize", *options), options


def test_a_crop_to_whole_mcus_is_a_crop_of_the_pixels(photo):
    data = encode(photo(61, 83), quality=90, subsampling="4:4:4")
    np.testing.assert_array_equal(decode(transcode(data, crop=(8, 16, 53, 30))), decode(data)[8:, 16:46])
    wider = read(transcode(data, crop=(13, 18, 20, 30))).frame
    assert (wider.height, wider.width) == (20 + 13 % 8, 30 + 18 % 8)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_perfect_refuses_what_jpegtran_refuses(photo, operation):
    for height, width in product((32, 40, 41), (48, 56, 57)):
        data = encode(photo(height, width), subsampling="4:2:0")
        if jpegtran_refuses(data, *OPERATIONS[operation]):
            with pytest.raises(ValueError, match=f"{operation} is not perfect: {width}x{height}"):
                transcode(data, operation=operation, perfect=True)
        else:
            assert transcode(data, operation=operation, perfect=True) == transcode(data, operation=operation)


def jpegtran_refuses(data: bytes, *options: str) -> bool:
    try:
        return not jpegtran(data, "-perfect", *options)
    except AssertionError:
        return True


def test_grayscale_keeps_the_brightness(photo):
    for data in (
        pillow_encode(photo(33, 50), quality=85),
        pillow_encode(photo(33, 50), quality=85, progressive=True, subsampling="4:4:4"),
        pillow_encode(photo(33, 50, gray=True), quality=85),
    ):
        keep = "-progressive" if b"\xff\xc2" in data else "-optimize"
        assert transcode(data, grayscale=True) == jpegtran(data, "-grayscale", keep)
    with pytest.raises(ValueError, match="RGB has no component of brightness"):
        transcode(cjpeg(photo(33, 50), "-rgb"), grayscale=True)
    with pytest.raises(ValueError, match="lower resolution"):
        transcode(cjpeg(photo(33, 50), "-sample", "1x1,2x2,1x1"), grayscale=True)


def test_twice_or_four_times_is_the_same_again(photo):
    """Of whole MCUs; the values are new, the image given is as it was."""
    image = read(encode(photo(64, 96), subsampling="4:2:2"))
    before = write(image)
    for operation, times in {**dict.fromkeys(OPERATIONS, 2), "rotate 90": 4, "rotate 270": 4}.items():
        turned = image
        for _ in range(times):
            turned = lossless.transform(turned, operation)
        assert turned == image
        assert write(image) == before
    turned = lossless.transform(lossless.transform(image, "rotate 90"), "flip horizontal")
    assert turned == lossless.transform(image, "transpose")


def test_other_tables_are_meant_for_the_turned_image(photo):
    data = encode(photo(64, 96))
    tables = QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA)
    turned = transcode(data, tables=tables, operation="rotate 90")
    assert turned == transcode(transcode(data, operation="rotate 90"), tables=tables)
    np.testing.assert_array_equal(read(turned).tables[0], ASYMMETRIC_LUMA)


def test_arguments_that_make_no_sense(photo):
    data = encode(photo(33, 50))
    with pytest.raises(ValueError, match="unknown operation 'rotate 45': choose from flip horizontal"):
        transcode(data, operation="rotate 45")
    with pytest.raises(ValueError, match="does not lie within the image of 50 lines and 33 columns"):
        transcode(data, operation="rotate 90", crop=(0, 0, 10, 34))


# EXIF


def exif(orientation: int, order: str, size: tuple[int, int] | None = None) -> bytes:
    """Make an EXIF block by hand: orientation, and width and height in a directory of its own."""
    entries = [struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)]
    rest = b""
    if size is not None:
        entries.append(struct.pack(f"{order}HHII", 0x8769, 4, 1, 8 + 2 + 2 * 12 + 4))
        tags = zip((0xA002, 0xA003), size, strict=True)
        numbers = [struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0) for tag, value in tags]
        rest = struct.pack(f"{order}H", 2) + b"".join(numbers) + bytes(4)
    header = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    return b"Exif\0\0" + header + struct.pack(f"{order}H", len(entries)) + b"".join(entries) + bytes(4) + rest


def with_exif(data: bytes, block: bytes, *, before_jfif: bool) -> bytes:
    at = 2 if before_jfif else 20
    return data[:at] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[at:]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("before_jfif", [False, True])
def test_the_size_that_exif_tells_follows_as_with_jpegtran(photo, order, before_jfif):
    """Only where EXIF comes first, as it should."""
    data = encode(photo(33, 50), subsampling="4:4:4")
    for jfif in (True, False):
        plain = data if jfif else data[:2] + data[20:]
        if not jfif and not before_jfif:
            continue
        file = with_exif(plain, exif(1, order, (50, 33)), before_jfif=before_jfif)
        for operation, options in {None: (), **OPERATIONS}.items():
            ours = transcode(file, operation=operation, trim=True)
            assert ours == jpegtran(file, "-copy", "all", "-optimize", "-trim", *options), operation
        cropped = transcode(file, crop=(3, 9, 20, 30))
        assert cropped == jpegtran(file, "-copy", "all", "-optimize", "-crop", "30x20+9+3")
        told = Image.open(io.BytesIO(cropped)).getexif().get_ifd(0x8769)
        assert (told[0xA002], told[0xA003]) == ((31, 23) if before_jfif else (50, 33))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orient_turns_the_picture_upright_once(photo, orientation, order):
    data = encode(photo(48, 64), subsampling="4:2:0", quality=90)
    file = with_exif(data, exif(orientation, order, (64, 48)), before_jfif=False)
    upright = transcode(file, orient=True)
    with Image.open(io.BytesIO(upright)) as image:
        assert image.getexif()[0x0112] == 1
    with Image.open(io.BytesIO(file)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert np.abs(decode(upright).astype(int) - expected).max() <= 4
    assert transcode(upright, orient=True) == upright


def test_orient_leaves_a_picture_alone_that_does_not_say(photo):
    data = encode(photo(33, 50))
    for block in (exif(0, "<"), exif(9, "<"), b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\0\0", exif(6, ">")[:20], b"no EXIF"):
        file = with_exif(data, block, before_jfif=False)
        assert transcode(file, orient=True) == transcode(file)
    assert transcode(data, orient=True) == transcode(data)
    with pytest.raises(ValueError, match="rotate 90 is not perfect"):
        transcode(with_exif(data, exif(6, "<"), before_jfif=False), orient=True, perfect=True)


def test_broken_exif_does_not_stop_anything(photo):
    """Any byte of it changed: it is kept as it is, or told what it says."""
    data = encode(photo(16, 24), subsampling="4:4:4")
    block = exif(6, "<", (24, 16))
    for at, value in product(range(6, len(block)), (0, 1, 255)):
        changed = bytearray(block)
        changed[at] = value
        file = with_exif(data, bytes(changed), before_jfif=True)
        turned = transcode(file, orient=True, crop=(0, 0, 8, 8))
        assert len(read(turned).metadata[0].payload) == len(block)


def test_no_jfif_segment_where_exif_comes_first(photo):
    """So that the file of a camera is rewritten as jpegtran does it."""
    plain = encode(photo(33, 50))
    for file in (
        with_exif(plain[:2] + plain[20:], exif(1, "<"), before_jfif=True),
        with_exif(plain, exif(1, "<"), before_jfif=True),
        with_exif(plain, exif(1, "<"), before_jfif=False),
    ):
        assert transcode(file) == jpegtran(file, "-copy", "all", "-optimize")
        assert re.findall(rb"JFIF|Exif", transcode(file)) == re.findall(rb"JFIF|Exif", file)
        assert write(read(file)) == transcode(file)


def test_adobe_segments_of_ycbcr_files_are_kept(photo):
    plain = encode(photo(33, 50))
    adobe = b"\xff\xee\x00\x0eAdobe\x00d\x00\x00\x00\x00\x01"
    for file in (plain[:20] + adobe + plain[20:], plain[:2] + adobe + plain[20:]):
        assert transcode(file) == jpegtran(file, "-copy", "all", "-optimize")
        assert adobe in transcode(file)
    image = read(plain)
    assert write(replace(image, metadata=())) == plain
