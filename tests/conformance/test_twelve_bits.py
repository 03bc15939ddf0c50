"""Samples of 12 bits: pixel for pixel those of libjpeg-turbo 3 (in imagecodecs), and close to the exact inverse DCT."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product

import imagecodecs
import numpy as np
import pytest
from random_files import random_image, written
from scipy.fft import idctn

from dnjpeg import FormatError, collect_statistics, decode, read, read_header
from dnjpeg.codec.format.syntax import marker_name
from dnjpeg.codec.format.zigzag import to_zigzag

LARGEST = 4095


def libjpeg(data: bytes) -> np.ndarray:
    """Decode with libjpeg-turbo 3; four components in Pillow's convention."""
    pixels = imagecodecs.jpeg8_decode(data)
    return LARGEST - pixels if pixels.ndim == 3 and pixels.shape[2] == 4 else pixels


def assert_same(data: bytes, what: str = "") -> None:
    ours = decode(data)
    assert ours.dtype == np.uint16
    np.testing.assert_array_equal(ours, libjpeg(data), what)


def wide_picture(kind: str, photo, height: int, width: int, *, gray: bool) -> np.ndarray:
    rng = np.random.default_rng([height, width, gray])
    shape = (height, width) if gray else (height, width, 3)
    if kind == "photo":
        return photo(height, width, gray=gray).astype(np.uint16) * 16 + rng.integers(0, 16, shape, dtype=np.uint16)
    return rng.integers(0, 2, shape, dtype=np.uint16) * LARGEST


@pytest.mark.parametrize("kind", ["photo", "extreme"])
@pytest.mark.parametrize("subsampling", ["gray", "444", "422", "420", "440", "411"])
def test_files_by_libjpeg(photo, kind, subsampling):
    gray = subsampling == "gray"
    for (height, width), quality in product(((1, 1), (7, 33), (61, 83)), (5, 50, 95, 100)):
        pixels = wide_picture(kind, photo, height, width, gray=gray)
        data = imagecodecs.jpeg8_encode(
            pixels, level=quality, bitspersample=12, subsampling=None if gray else subsampling, optimize=True
        )
        assert read_header(data).frame.precision == 12
        assert_same(data, f"{width}x{height}, quality {quality}")


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"arithmetic": True}, {"restart": 2}])
@pytest.mark.parametrize("arithmetic_progressive", [False, True])
def test_processes_and_components(options, arithmetic_progressive):
    if arithmetic_progressive:
        options = {**options, "progressive": True, "arithmetic": True}
    for color, factors in (
        ("grayscale", [(1, 1)]),
        ("YCbCr", [(2, 2), (1, 1), (1, 1)]),
        ("YCbCr", [(1, 2), (1, 1), (1, 2)]),
        ("RGB", [(1, 1), (2, 1), (1, 1)]),
        ("CMYK", [(1, 1)] * 4),
        ("YCCK", [(2, 1), (1, 1), (1, 1), (2, 1)]),
    ):
        data = written(random_image(factors, 31, 47, color=color, precision=12), **options)
        assert_same(data, f"{color}, {factors}")


def test_sampling_factors_of_other_kinds():
    for factors in (
        [(4, 1), (1, 1), (2, 1)],
        [(1, 4), (1, 2), (1, 1)],
        [(3, 3), (1, 1), (3, 1)],
        [(1, 1), (2, 2), (1, 2)],
    ):
        assert_same(written(random_image(factors, 40, 50, color="YCbCr", precision=12)), str(factors))


@pytest.mark.parametrize("largest_step", [20, 300, 3000, 65535])
def test_values_too_large_for_a_picture(largest_step):
    """What overflows wraps around as in libjpeg."""
    rng = np.random.default_rng(largest_step)
    for density, largest in product((0, 0.2), (30, 300, 1023)):
        image = random_image([(1, 1)], 40, 50, color="grayscale", precision=12)
        shape = image.coefficients[0].shape
        chosen = (rng.random(shape) < density) | (np.arange(64).reshape(8, 8) == 0)
        values = np.where(chosen, rng.integers(-largest, largest + 1, shape), 0).astype(np.int16)
        steps = rng.integers(1, largest_step + 1, (8, 8)).astype(np.uint16)
        assert_same(written(replace(image, coefficients=(values,), tables=(steps,))), f"{density}, {largest}")


@pytest.mark.parametrize("eighths", range(1, 9))
def test_scaled_pictures_are_close_to_the_exact_transform(eighths):
    """The low frequencies back with fewer points; at 2/8 and 4/8 libjpeg takes means of all samples instead."""
    image = random_image([(1, 1)], 64, 64, color="grayscale", precision=12)
    x = image.dequantized(0).astype(float)
    if eighths in {2, 4}:
        side = 8 // eighths
        blocks = idctn(x, axes=(2, 3), norm="ortho").reshape(8, 8, eighths, side, eighths, side).mean((3, 5))
    else:
        blocks = idctn(x[:, :, :eighths, :eighths] * eighths / 8, axes=(2, 3), norm="ortho")
    expected = np.clip(blocks.swapaxes(1, 2).reshape(8 * eighths, 8 * eighths) + 2048, 0, LARGEST)
    ours = decode(written(image), scale=Fraction(eighths, 8))
    assert np.abs(ours - expected).max() < 2
    assert np.abs(ours - expected).mean() < 0.3


def test_scaled_colours_are_those_of_the_components():
    """Without upsampling and conversion: each component as a gray picture."""
    image = random_image([(1, 1)] * 3, 31, 47, color="RGB", precision=12)
    for eighths in range(1, 9):
        planes = []
        for blocks in image.coefficients:
            gray = random_image([(1, 1)], 31, 47, color="grayscale", precision=12)
            gray.coefficients[0][:] = blocks
            planes.append(decode(written(gray), scale=Fraction(eighths, 8)))
        np.testing.assert_array_equal(decode(written(image), scale=Fraction(eighths, 8)), np.stack(planes, axis=2))


def test_out_and_region():
    data = written(random_image([(2, 2), (1, 1), (1, 1)], 40, 50, color="YCbCr", precision=12))
    out = np.empty((40, 50, 3), np.uint16)
    assert decode(data, out=out) is out
    np.testing.assert_array_equal(decode(data, region=(5, 7, 20, 30)), out[5:25, 7:37])
    with pytest.raises(ValueError, match="C-contiguous uint16 array of shape"):
        decode(data, out=np.empty((40, 50, 3), np.uint8))


def coded(blocks: np.ndarray, steps: int = 1) -> bytes:
    """Write blocks as a gray 12-bit file of one row: five-bit DC and eight-bit AC codes, of all sizes there are."""
    symbols = bytes(run << 4 | size for run in range(16) for size in range(1, 15)) + b"\xf0\0"
    bits, previous = "", 0

    def value(number: int) -> str:
        size = abs(number).bit_length()
        return f"{number if number > 0 else number + (1 << size) - 1:0{size}b}" if size else ""

    for block in blocks:
        k = to_zigzag(block)
        difference = int(k[0]) - previous
        previous = int(k[0])
        bits += f"{abs(difference).bit_length():05b}" + value(difference)
        run = 0
        for number in map(int, k[1:]):
            if number == 0:
                run += 1
                continue
            bits += f"{symbols.index(0xF0):08b}" * (run // 16)
            bits += f"{symbols.index(run % 16 << 4 | abs(number).bit_length()):08b}" + value(number)
            run = 0
        if run:
            bits += f"{symbols.index(0):08b}"
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\0")

    def segment(code: int, payload: bytes) -> bytes:
        assert marker_name(code)
        return bytes([0xFF, code]) + (len(payload) + 2).to_bytes(2) + payload

    lengths = [
        bytes([count if length == at else 0 for length in range(1, 17)]) for at, count in ((5, 16), (8, len(symbols)))
    ]
    return (
        b"\xff\xd8"
        + segment(0xDB, b"\x10" + steps.to_bytes(2) * 64)
        + segment(0xC1, b"\x0c\0\x08" + (8 * len(blocks)).to_bytes(2) + b"\1\1\x11\0")
        + segment(0xC4, b"\0" + lengths[0] + bytes(range(16)) + b"\x10" + lengths[1] + symbols)
        + segment(0xDA, b"\1\1\0\0\x3f\0")
        + data
        + b"\xff\xd9"
    )


def test_coefficients_of_every_size():
    """DC differences of up to 15 bits, AC coefficients of up to 14 (table F.6)."""
    rng = np.random.default_rng(1)
    blocks = np.zeros((40, 8, 8), np.int16)
    sizes = rng.integers(0, 15, blocks.shape)
    blocks[:] = rng.integers(0, 1 << 14, blocks.shape) % (1 << sizes) * rng.choice([-1, 1], blocks.shape)
    blocks[:, 6:] = 0
    blocks[:, 0, 0] = rng.choice([-16383, 16383, 5], 40)
    blocks[:, 5, 5] = rng.choice([-16383, 16383], 40)
    data = coded(blocks)
    ours = read(data).coefficients[0]
    assert ours.dtype == np.int16
    np.testing.assert_array_equal(ours[0], blocks)
    assert_same(data)
    assert_same(coded(blocks // 100, steps=300))


@pytest.mark.parametrize("precision", [0, 1, 7, 9, 10, 11, 13, 16])
def test_other_precisions_are_malformed(precision):
    data = bytearray(written(random_image([(1, 1)], 8, 8, color="grayscale")))
    data[data.index(b"\xff\xc0") + 4] = precision
    with pytest.raises(FormatError, match=f"{precision} bits a sample, must be 8 or 12"):
        decode(bytes(data))


def test_statistics_do_not_mix_precisions():
    data = written(random_image([(1, 1)], 40, 50, color="grayscale", precision=12))
    with pytest.raises(ValueError, match="12 bits a sample, not 8"):
        collect_statistics([data], domain="coefficients", color="gray")
