"""RGB to YCbCr and back: the formulas of JFIF, rounded as libjpeg rounds them, for every chroma."""

import numpy as np
import pytest

from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels import planes
from dnjpeg.codec.pixels.color import PIXELS, ycc_to_rgb


@kernel
def _convert(samples, rgb, count):
    samples, rgb = span(samples), span(rgb)
    for first in range(0, count, PIXELS):
        ycc_to_rgb(samples, first, count + first, 2 * count + first, rgb, 3 * first)


def _expected(y: np.ndarray, cb: np.ndarray, cr: np.ndarray, bits: int) -> np.ndarray:
    """Products in integers of 16 binary places, each rounded to nearest; those of green together."""
    center, half = 1 << (bits - 1), 1 << 15
    y, cb, cr = (plane.astype(np.int64) for plane in (y, cb - center, cr - center))
    red = y + ((round(1.402 * 65536) * cr + half) >> 16)
    green = y + ((-round(0.34414 * 65536) * cb - round(0.71414 * 65536) * cr + half) >> 16)
    blue = y + ((round(1.772 * 65536) * cb + half) >> 16)
    return np.stack([red, green, blue], -1).clip(0, (1 << bits) - 1)


@pytest.mark.parametrize("luma", [0, 1, 77, 128, 254, 255])
def test_every_chroma_of_eight_bits(luma):
    cb, cr = (plane.reshape(-1) for plane in np.mgrid[:256, :256].astype(np.int32))
    y = np.full_like(cb, luma)
    rgb = np.zeros(3 * cb.size, np.uint8)
    _convert(np.concatenate([y, cb, cr]).astype(np.uint8), rgb, cb.size)
    assert np.array_equal(rgb.reshape(-1, 3), _expected(y, cb, cr, 8))


def test_twelve_bits():
    y, cb, cr = np.random.default_rng(1).integers(0, 4096, (3, 1 << 16), np.int32)
    cb[:4096], cr[4096:8192] = np.arange(4096), np.arange(4096)
    rgb = np.zeros(3 * cb.size, np.int16)
    _convert(np.concatenate([y, cb, cr]).astype(np.int16), rgb, cb.size)
    assert np.array_equal(rgb.reshape(-1, 3), _expected(y, cb, cr, 12))


@kernel
def _separate(rgb, samples, count):
    rgb, samples = span(rgb), span(samples)
    for first in range(0, count, PIXELS):
        planes._rgb_to_ycc(rgb, 3 * first, samples, first, count + first, 2 * count + first)


@pytest.mark.parametrize("reds", [range(2), range(126, 130), range(254, 256), range(0, 256, 17)])
def test_rgb_to_ycc_for_every_green_and_blue(reds):
    rgb = np.array(np.meshgrid(reds, range(256), range(256), indexing="ij")).reshape(3, -1).T
    samples = np.zeros(3 * len(rgb), np.uint8)
    _separate(np.ascontiguousarray(rgb, np.uint8).reshape(-1), samples, len(rgb))
    weights = np.array([[0.299, 0.587, 0.114], [-0.16874, -0.33126, 0.5], [0.5, -0.41869, -0.08131]])
    half = 1 << 15
    offsets = np.array([[half], [(128 << 16) + half - 1], [(128 << 16) + half - 1]])  # jccolor.c: no chroma becomes 256
    expected = np.round(weights * 65536).astype(np.int64) @ rgb.T + offsets >> 16
    assert np.array_equal(samples.reshape(3, -1), expected)
