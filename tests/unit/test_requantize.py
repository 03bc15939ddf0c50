"""Requantization by 32-bit floats, against whole numbers: every coefficient and step that it is for."""

import numba
import numpy as np

from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.quantize import requantize_blocks, usual_factors

COEFFICIENTS = np.arange(-4096, 4096, dtype=np.int16)
OTHERS = np.array([-32768, -32767, -8191, -4097, 4096, 4097, 10000, 32767], np.int16)


@numba.njit(error_model="numpy")  # not kept on disk: the codec's cache does not know this file
def run(coefficients, exact, usual):
    coefficients, exact, usual = span(coefficients), span(exact), span(usual)
    requantize_blocks(coefficients, 0, len(coefficients), exact, 0, usual, 0)


def check(coefficients, old, new):
    blocks = np.repeat(coefficients, 64)
    run(blocks, (old / new).reshape(64), usual_factors(old, new))
    magnitude, steps = np.abs(coefficients.astype(np.int64))[:, None], old.reshape(64).astype(np.int64)
    divisors = new.reshape(64).astype(np.int64)
    rounded = np.minimum((2 * magnitude * steps + divisors) // (2 * divisors), 32767)
    np.testing.assert_array_equal(blocks.reshape(-1, 64), rounded * np.sign(coefficients.astype(np.int64))[:, None])


def test_every_coefficient_and_old_step_with_many_new_ones():
    for step in (1, 2, 3, 5, 7, 11, 13, 16, 17, 51, 85, 127, 170, 253, 255, 256, 1001, 65535):
        new = np.full((8, 8), step, np.uint16)
        for first in (1, 65, 129, 192):
            check(COEFFICIENTS, np.arange(first, first + 64, dtype=np.uint16).reshape(8, 8), new)


def test_larger_coefficients_and_steps():
    old = np.arange(1, 65, dtype=np.uint16).reshape(8, 8)
    for new in (old.T, 255 - old, np.ones_like(old)):
        check(OTHERS, old, np.ascontiguousarray(new))
        check(np.concatenate([OTHERS, COEFFICIENTS[::7]]), 1000 * old, np.ascontiguousarray(new))
