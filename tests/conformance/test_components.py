"""Two to four components, colour spaces and all sampling factors, against libjpeg-turbo and the definition of T.81."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from libjpeg import djpeg, pillow_decode
from PIL import Image
from random_files import Factors, random_image, written

from dnjpeg import JpegWarning, UnsupportedError, decode, read, read_header, transcode

SIZES = [(1, 1), (2, 3), (5, 4), (9, 8), (17, 33), (31, 47), (40, 50), (61, 23)]


def adobe(data: bytes, transform: int) -> bytes:
    """Put an Adobe segment behind SOI."""
    return data[:2] + b"\xff\xee\x00\x0eAdobe\0\x64\0\0\0\0" + bytes([transform]) + data[2:]


def without(data: bytes, marker: int) -> bytes:
    """Take a file's first segment of a kind out."""
    at = data.index(bytes([0xFF, marker]))
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4]) :]


def pillow_pixels(data: bytes, eighths: int = 8) -> np.ndarray:
    """Decode with Pillow, in its own mode; at 1/8, 1/4 and 1/2 too."""
    with Image.open(io.BytesIO(data)) as image:
        if eighths < 8:
            image.draft(image.mode, (image.width * eighths // 8, image.height * eighths // 8))
        return np.asarray(image)


def is_whole(factors: Factors) -> bool:
    columns, rows = (max(component[axis] for component in factors) for axis in (0, 1))
    return all(columns % horizontal == 0 and rows % vertical == 0 for horizontal, vertical in factors)


def some_factors(components: int, *, whole: bool, count: int) -> Iterator[list[tuple[int, int]]]:
    """Choose from all combinations of sampling factors."""
    rng = np.random.default_rng([components, whole])
    single = list(product(range(1, 5), repeat=2))
    while count:
        factors = [single[index] for index in rng.integers(0, len(single), components)]
        if is_whole(factors) == whole:
            count -= 1
            yield factors


def test_sampling_factors_of_three_components():
    for number, factors in enumerate(some_factors(3, whole=True, count=80)):
        height, width = SIZES[number % len(SIZES)]
        color = ("YCbCr", "RGB")[number % 2]
        data = written(random_image(factors, height, width, seed=number, color=color))
        np.testing.assert_array_equal(decode(data), pillow_decode(data), f"{factors}, {width}x{height}")
        assert read(data).color == color


def test_sampling_factors_of_three_components_at_every_scale():
    for number, factors in enumerate(some_factors(3, whole=True, count=40)):
        height, width = SIZES[number % len(SIZES)]
        data = written(random_image(factors, height, width, seed=number, color="YCbCr"))
        eighths = number % 8 + 1
        expected = djpeg(data, "-scale", f"{eighths}/8")
        np.testing.assert_array_equal(decode(data, scale=Fraction(eighths, 8)), expected, f"{factors} at {eighths}/8")


@pytest.mark.parametrize("color", ["CMYK", "YCCK"])
def test_sampling_factors_of_four_components(color):
    for number, factors in enumerate(some_factors(4, whole=True, count=80)):
        height, width = SIZES[number % len(SIZES)]
        data = written(random_image(factors, height, width, seed=number, color=color))
        what = f"{factors}, {width}x{height}"
        assert read(data).color == read_header(data).color == color
        np.testing.assert_array_equal(decode(data), pillow_pixels(data), what)
        eighths = (1, 2, 4)[number % 3]
        if min(height, width) * eighths >= 8:  # else Pillow does not scale
            part = decode(data, scale=Fraction(eighths, 8))
            np.testing.assert_array_equal(part, pillow_pixels(data, eighths), f"{what} at {eighths}/8")


def test_two_components_are_left_as_they_are():
    """As the first two of three without a colour transform."""
    for number, factors in enumerate(some_factors(2, whole=True, count=30)):
        height, width = SIZES[number % len(SIZES)]
        data = written(random_image(factors, height, width, seed=number))
        more = written(random_image([*factors, (1, 1)], height, width, seed=number, color="RGB"))
        assert read(data).color == "unknown"
        np.testing.assert_array_equal(decode(data), pillow_decode(more)[..., :2], f"{factors}, {width}x{height}")
        eighths = number % 8 + 1
        expected = djpeg(more, "-scale", f"{eighths}/8")[..., :2]
        np.testing.assert_array_equal(decode(data, scale=Fraction(eighths, 8)), expected, f"{factors}, {eighths}/8")


def nearest(image, eighths: int) -> np.ndarray:
    """Decode components one by one as gray pictures with djpeg; each pixel takes the nearest sample before it."""
    frame = image.frame
    height, width = (-(-side * eighths // 8) for side in (frame.height, frame.width))
    planes = []
    for index, component in enumerate(frame.components):
        gray = random_image([(1, 1)], *frame.sample_shape(index), color="grayscale")
        gray.coefficients[0][:] = image.coefficients[index]
        plane = djpeg(written(gray), "-scale", f"{eighths}/8")
        rows = np.arange(height) * component.vertical // frame.max_vertical
        columns = np.arange(width) * component.horizontal // frame.max_horizontal
        planes.append(plane[rows][:, columns])
    return np.stack(planes, axis=2)


def test_ratios_that_are_not_whole_numbers():
    """A pixel takes the sample at ``floor(x Hi / Hmax)`` (A.1.1)."""
    checked = 0
    for number, factors in enumerate(some_factors(3, whole=False, count=150)):
        columns, rows = (max(component[axis] for component in factors) for axis in (0, 1))
        if any(columns % h == 0 and rows % v == 0 and (h, v) != (columns, rows) for h, v in factors):
            continue  # such a component is upsampled as libjpeg does
        height, width = SIZES[number % len(SIZES)]
        image = random_image(factors, height, width, seed=number, color="RGB")
        data = written(image)
        for eighths in (8, number % 7 + 1):
            ours = decode(data, scale=Fraction(eighths, 8))
            np.testing.assert_array_equal(ours, nearest(image, eighths), f"{factors}, {width}x{height}, {eighths}/8")
            checked += 1
    assert checked > 50


@pytest.mark.parametrize("components", [2, 3, 4])
@pytest.mark.parametrize("whole", [False, True])
def test_a_region_is_a_crop_of_the_whole(components, whole):
    rng = np.random.default_rng([components, whole])
    for number, factors in enumerate(some_factors(components, whole=whole, count=25)):
        image = random_image(
            factors, *SIZES[-1 - number % 4], seed=number, color={2: "unknown", 3: "RGB", 4: "CMYK"}[components]
        )
        data = written(image, progressive=number % 5 == 0 and sum(h * v for h, v in factors) <= 10)
        scale = Fraction(int(rng.integers(1, 9)), 8)
        all_of_it = decode(data, scale=scale)
        top, left = (int(rng.integers(0, side)) for side in all_of_it.shape[:2])
        height, width = (
            int(rng.integers(1, side - first + 1)) for side, first in zip(all_of_it.shape[:2], (top, left), strict=True)
        )
        part = decode(data, scale=scale, region=(top, left, height, width))
        np.testing.assert_array_equal(part, all_of_it[top : top + height, left : left + width], f"{factors}, {scale}")


@pytest.mark.parametrize("options", [{"progressive": True}, {"arithmetic": True}, {"separate": True}, {"restart": 2}])
@pytest.mark.parametrize("color", ["CMYK", "YCCK"])
def test_inks_of_other_processes(color, options):
    for factors in ([(1, 1)] * 4, [(2, 2), (1, 1), (1, 1), (2, 2)], [(1, 1), (2, 1), (1, 2), (1, 1)]):
        data = written(random_image(factors, 31, 47, color=color), **options)
        np.testing.assert_array_equal(decode(data), pillow_pixels(data), str(factors))


def test_a_cmyk_file_by_pillow(photo):
    image = Image.fromarray(photo(40, 50)).convert("CMYK")
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=95)
    ours = decode(stream.getvalue())
    np.testing.assert_array_equal(ours, pillow_pixels(stream.getvalue()))
    assert np.abs(ours.astype(int) - np.asarray(image)).mean() < 4  # and not its opposite


# What the components mean


@pytest.mark.filterwarnings("ignore:unknown Adobe colour transform")
@pytest.mark.parametrize("transform", [None, 0, 1, 2, 3, 255])
@pytest.mark.parametrize("jfif", [False, True])
@pytest.mark.parametrize("identifiers", [b"\1\2\3", b"RGB", b"rgb", b"\0\1\2", b"\3\2\1", b"\1\1\1", b"\1\2\2"])
def test_rules_for_three_components(transform, jfif, identifiers):
    data = bytearray(written(random_image([(1, 1)] * 3, 9, 10, color="YCbCr")))
    frame, scan = data.index(b"\xff\xc0") + 10, data.index(b"\xff\xda") + 5
    data[frame : frame + 9 : 3] = data[scan : scan + 6 : 2] = identifiers
    data = bytes(data) if jfif else without(bytes(data), 0xE0)
    data = data if transform is None else adobe(data, transform)
    np.testing.assert_array_equal(decode(data), pillow_decode(data))


@pytest.mark.filterwarnings("ignore:unknown Adobe colour transform")
@pytest.mark.parametrize("transform", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("jfif", [False, True])
def test_rules_for_four_components(transform, jfif):
    data = without(written(random_image([(1, 1)] * 4, 9, 10, color="CMYK")), 0xEE)
    data = data if transform is None else adobe(data, transform)
    data = data[:2] + b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0" + data[2:] if jfif else data
    np.testing.assert_array_equal(decode(data), pillow_pixels(data))


@pytest.mark.parametrize("components", [3, 4])
def test_an_unknown_transform_is_a_warning_in_both_modes(components):
    """libjpeg guesses with a warning; it may be right, so that it is no error, and wrong, so that it is said."""
    color = {3: "RGB", 4: "CMYK"}[components]
    data = adobe(without(written(random_image([(1, 1)] * components, 9, 10, color=color)), 0xEE), 7)
    guess = {3: "YCbCr", 4: "YCCK"}[components]
    message = f"unknown Adobe colour transform 7 .* taken for {guess}"
    with pytest.warns(JpegWarning, match=message):
        lenient = decode(data, strict=False)
    with pytest.warns(JpegWarning, match=message):
        np.testing.assert_array_equal(decode(data), lenient)
    assert read(data).color == guess
    assert [guess in text for text in read(data).warnings] == [True]


def test_what_comes_behind_the_first_scan_header_does_not_change_the_colours():
    data = written(random_image([(1, 1)] * 3, 9, 10, color="YCbCr"), separate=True)
    data = without(data, 0xE0)
    second = data.index(b"\xff\xda", data.index(b"\xff\xda") + 2)
    changed = data[:second] + adobe(b"\xff\xd8", 0)[2:] + data[second:]
    assert read(changed).color == "YCbCr"
    np.testing.assert_array_equal(decode(changed), pillow_decode(changed))


def test_the_way_of_the_adobe_segment_through_transcoding():
    for color, factors in (("CMYK", [(1, 1)] * 4), ("YCCK", [(1, 1)] * 4), ("unknown", [(1, 1)] * 2)):
        data = written(random_image(factors, 9, 10, color=color))
        again = transcode(data, progressive=True)
        assert read(again).color == color
        assert again.count(b"Adobe") == (color != "unknown")
        assert b"JFIF" not in again
        np.testing.assert_array_equal(decode(again), decode(data))


def test_five_components_are_named_as_unsupported():
    data = bytearray(written(random_image([(1, 1)] * 4, 9, 10, color="CMYK")))
    at = data.index(b"\xff\xc0")
    data[at + 2 : at + 4], data[at + 9] = (23).to_bytes(2), 5
    data[at + 22 : at + 22] = b"\5\x11\0"
    with pytest.raises(UnsupportedError, match="5 components") as caught:
        decode(bytes(data))
    assert (caught.value.offset, caught.value.marker) == (at, "SOF0")
