"""Unusual images, written: any components, slots and colours as jpegtran does, 12 bits, a user's own coefficients."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from libjpeg import jpegtran
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, ASYMMETRIC_THIRD, make_noise

from dnjpeg import CoefficientImage, encode, read, transcode, write
from dnjpeg.codec.format.frame import Component, Frame

TABLES = (ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA, ASYMMETRIC_THIRD, ASYMMETRIC_LUMA + 1)
CODINGS = {
    "optimal": (("-optimize",), {"progressive": False}),
    "standard": ((), {"optimize": False, "progressive": False}),
    "progressive": (("-progressive",), {"progressive": True}),
    "arithmetic": (("-arithmetic",), {"arithmetic": True, "progressive": False}),
    "restarts": (("-optimize", "-restart", "1"), {"restart_rows": 1, "progressive": False}),
}
OPERATIONS = {
    "rotate 90": ("-rotate", "90"),
    "rotate 180": ("-rotate", "180"),
    "flip vertical": ("-flip", "vertical"),
    "transverse": ("-transverse",),
}


def with_components(size: tuple[int, int], factors, slots, identifiers, color: str, seed: int = 0) -> CoefficientImage:
    """Random coefficients, few of them large."""
    rng = np.random.default_rng(seed)
    parts = zip(identifiers, factors, slots, strict=True)
    frame = Frame(*size, tuple(Component(identifier, h, v, slot) for identifier, (h, v), slot in parts))
    arrays = []
    for index in range(len(factors)):
        blocks = (rng.laplace(0, 3, (*frame.block_shape(index), 8, 8)) / np.add.outer(range(1, 9), range(8))).round()
        blocks[..., 0, 0] = rng.integers(-60, 60, blocks.shape[:2])
        arrays.append(blocks.astype(np.int16))
    return CoefficientImage(frame, tuple(arrays), tuple(TABLES[slot] for slot in slots), color)


IMAGES = {
    "two": ([(2, 1), (1, 1)], [0, 2], [0, 1], "unknown"),
    "two, no whole ratio": ([(3, 1), (2, 2)], [1, 1], [7, 3], "unknown"),
    "four inks": ([(1, 1)] * 4, [3, 2, 0, 1], [67, 77, 89, 75], "CMYK"),
    "four subsampled": ([(2, 1), (1, 2), (1, 1), (2, 2)], [0, 1, 2, 3], [1, 2, 3, 4], "CMYK"),
    "YCCK": ([(2, 2), (1, 1), (1, 1), (2, 2)], [0, 1, 1, 0], [1, 2, 3, 4], "YCCK"),
    "RGB": ([(1, 1), (2, 2), (1, 2)], [3, 3, 1], [82, 71, 66], "RGB"),
    "YCbCr": ([(4, 1), (1, 2), (2, 2)], [2, 3, 1], [1, 34, 35], "YCbCr"),
    "gray": ([(1, 1)], [3], [5], "grayscale"),
}


@pytest.mark.parametrize("name", IMAGES)
def test_any_components_are_written_and_rewritten_as_jpegtran_does(name):
    for seed, size in enumerate(((1, 1), (17, 33), (70, 61))):
        image = with_components(size, *IMAGES[name], seed=seed)
        data = write(image)
        assert read(data) == replace(image, frame=read(data).frame, jfif=read(data).jfif)
        for coding, (arguments, ours) in CODINGS.items():
            assert transcode(data, **ours) == jpegtran(data, "-copy", "all", *arguments), coding
        for operation, arguments in OPERATIONS.items():
            ours = transcode(data, operation=operation, trim=True)
            assert ours == jpegtran(data, "-copy", "all", "-optimize", "-trim", *arguments), operation
    cropped = transcode(data, crop=(20, 9, 40, 40))
    assert cropped == jpegtran(data, "-copy", "all", "-optimize", "-crop", "40x40+9+20")


def test_only_ycbcr_and_gray_become_gray():
    for name, description in IMAGES.items():
        data = write(with_components((17, 33), *description))
        if name == "gray":
            assert transcode(data, grayscale=True) == jpegtran(data, "-grayscale", "-optimize")
        elif description[3] != "YCbCr":
            with pytest.raises(ValueError, match=f"{description[3]} has no component of brightness"):
                transcode(data, grayscale=True)


def test_components_with_different_tables_in_one_slot_get_slots_of_their_own():
    """As in a file that defines a table anew between two scans, which jpegtran refuses."""
    image = with_components((17, 33), [(1, 1)] * 3, [0, 1, 1], [1, 2, 3], "YCbCr")
    again = read(write(replace(image, tables=TABLES[:3])))
    assert [component.table for component in again.frame.components] == [0, 1, 2]
    assert all(map(np.array_equal, again.tables, TABLES))
    assert all(map(np.array_equal, again.coefficients, image.coefficients))


# 12 bits


def of_precision(data: bytes, precision: int) -> bytes:
    """Change what the frame header says of it: SOF0 becomes SOF1."""
    changed = bytearray(data)
    for code in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
        at = data.find(bytes([0xFF, code, 0, 8 + 3 * data[data.find(bytes([0xFF, code, 0])) + 9]]))
        if at >= 0:
            changed[at + 1], changed[at + 4] = max(code, 0xC1), precision
    return bytes(changed)


def wide(image: CoefficientImage) -> CoefficientImage:
    """Return the same image of 12-bit samples, with coefficients of all size categories."""
    rng = np.random.default_rng(7)
    arrays = []
    for array in image.coefficients:
        large = rng.integers(1 << 13, 1 << 14, array.shape) >> rng.integers(0, 14, array.shape)
        large *= rng.choice([-1, 0, 1], array.shape)
        large[..., 0, 0] = rng.integers(-(1 << 14), 1 << 14, array.shape[:2])
        arrays.append(large.astype(np.int16))
    return replace(image, frame=replace(image.frame, precision=12), coefficients=tuple(arrays))


WIDE_CODINGS = [
    ({}, ("-arithmetic",)),
    ({"progressive": True}, ("-arithmetic", "-progressive")),
    ({"restart": 2}, ("-arithmetic", "-restart", "2B")),
]


@pytest.mark.parametrize(("options", "arguments"), WIDE_CODINGS)
@pytest.mark.parametrize("size", [(1, 1), (17, 33), (61, 83)])
def test_12_bit_coefficients_as_jpegtran_reads_them(photo, size, options, arguments):
    """Its decoders know no limit, nor does its arithmetic encoder: told 8 bits, it recodes our Huffman data."""
    image = wide(read(encode(photo(*size))))
    huffman, arithmetic = write(image, **options), write(image, arithmetic=True, **options)
    for data in (huffman, arithmetic):
        assert all(map(np.array_equal, read(data).coefficients, image.coefficients))
        assert read(data).frame.precision == 12
    assert jpegtran(of_precision(huffman, 8), *arguments) == of_precision(arithmetic, 8)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"arithmetic": True}])
def test_small_12_bit_coefficients_are_coded_as_those_of_8_bits(options):
    image = read(encode(make_noise(33, 50)))
    data = write(replace(image, frame=replace(image.frame, precision=12)), **options)
    assert data == of_precision(write(image, **options), 12)
    assert transcode(data, optimize=False) == data


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"arithmetic": True}, {"optimize": False}])
def test_12_bit_coefficients_have_a_largest_value(photo, options):
    image = wide(read(encode(photo(17, 33))))
    for band, value in ((0, -16385), (0, 16384), (0, 32767), (1, 16384), (63, -16384)):
        array = image.coefficients[1].copy()
        array.reshape(-1, 64)[-1, band] = value
        changed = replace(image, coefficients=(image.coefficients[0], array, image.coefficients[2]))
        with pytest.raises(ValueError, match=r"out of range: AC must be -16383\.\.16383, DC -16384\.\.16383"):
            write(changed, **options)


# A user's own


def test_edited_coefficients_are_written(photo):
    image = read(encode(photo(33, 50)))
    image.coefficients[0][1, 2, 0, 3] += 5
    again = read(write(image))
    assert again == image
    assert again.coefficients[0][1, 2, 0, 3] == read(encode(photo(33, 50))).coefficients[0][1, 2, 0, 3] + 5


@pytest.mark.parametrize("options", [{}, {"optimize": False}, {"arithmetic": True}])
def test_8_bit_coefficients_out_of_range(photo, options):
    for band, value in ((1, 1024), (63, -1024), (0, 3000), (5, -32768)):
        image = read(encode(photo(33, 50)))
        image.coefficients[2].reshape(-1, 64)[:] = 0
        image.coefficients[2].reshape(-1, 64)[1, band] = value
        with pytest.raises(ValueError, match=r"out of range: AC must be -1023\.\.1023, DC differences -2047\.\.2047"):
            write(image, **options)


def test_images_that_cannot_be(photo):
    image = read(encode(photo(33, 50)))
    first, *others = image.coefficients
    for changes, message in (
        ({"coefficients": (first.astype(np.int32), *others)}, r"component 0 needs an int16 array .* not int32"),
        ({"coefficients": (first[1:], *others)}, "component 0 needs an int16 array of coefficients of shape"),
        ({"coefficients": (first.tolist(), *others)}, "not a list"),
        ({"coefficients": others}, "3 components need 3 coefficient arrays"),
        ({"tables": (image.tables[0].astype(float),) * 3}, "needs a uint16 table of shape .* not float64"),
        ({"tables": (image.tables[0] * 0,) * 3}, "needs a table of steps from 1 to 65535, not 0"),
        ({"color": "CMYK"}, "3 components, but CMYK has 4"),
        ({"color": "Lab"}, "unknown colour 'Lab'"),
    ):
        with pytest.raises(ValueError, match=message):
            replace(image, **changes)


def test_frames_that_no_header_can_hold(photo):
    image = read(encode(photo(8, 8, gray=True)))
    frame, part = image.frame, image.frame.components[0]

    def with_part(**changes: int) -> Frame:
        return replace(frame, components=(replace(part, **changes),))

    for changed, message in (
        (replace(frame, precision=16), "precision 16, must be 8 or 12 bits"),
        (replace(frame, process=3), None),
        (with_part(horizontal=5), "horizontal sampling factor of component 0 5, must be 1 to 4"),
        (with_part(vertical=5), "vertical sampling factor of component 0 5, must be 1 to 4"),
        (with_part(table=4), "quantization table slot of component 0 4, must be 0 to 3"),
        (with_part(identifier=256), "identifier of component 0 256, must be 0 to 255"),
    ):
        if message is None:  # the process follows from what is asked for
            assert write(replace(image, frame=changed)) == write(image)
            continue
        with pytest.raises(ValueError, match=message):
            write(replace(image, frame=changed))
    wide = replace(image, frame=replace(frame, width=65536), coefficients=(np.zeros((1, 8192, 8, 8), np.int16),))
    with pytest.raises(ValueError, match="width 65536, must be 1 to 65535"):
        write(wide)
    image = read(encode(photo(8, 8)))
    twins = tuple(replace(each, identifier=2) for each in image.frame.components)
    with pytest.raises(ValueError, match=r"identifiers \[2, 2, 2\], which must differ"):
        write(replace(image, frame=replace(image.frame, components=twins)))
