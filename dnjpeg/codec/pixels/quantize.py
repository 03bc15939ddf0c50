"""Quantization (T.81 A.3.4) by multiplication, and from one table to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.format.layout import FIRST, TABLE
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import Memory, Scalar, Vector, concatenate, high_product, operation, span

__all__ = [
    "RECIPROCALS_SIZE",
    "USUAL_SIZE",
    "quantize",
    "quantized_rows",
    "reciprocals",
    "requantize",
    "requantize_blocks",
    "usual_factors",
]

RECIPROCALS_SIZE = 3 * 64  # uint16: 64 reciprocals, 64 corrections, 64 scales, each in natural order


def reciprocals(table: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Turn the divisions of a table into multiplications, as libjpeg-turbo's jcdctmgr does, to the same result.

    A coefficient of the forward DCT is 8 times the orthonormal one, so the divisor is 8 q. With ``b`` the exponent of
    the divisor, ``x / (8 q)`` to nearest is ``((x + correction) * reciprocal) >> (16 + b)`` for every 16-bit x; the
    shift is a second multiplication by ``scale`` (Granlund and Montgomery 1994).

    Parameters
    ----------
    table : ndarray, (8, 8)
        Steps, natural order.

    Returns
    -------
    ndarray, uint16, (192,)
        Reciprocals, corrections and scales.
    """
    divisors = table.reshape(64).astype(np.int64) * 8
    exponents = np.frexp(divisors.astype(np.float64))[1] - 1
    shifts = 16 + exponents
    quotients, remainders = np.divmod(np.int64(1) << shifts, divisors)
    corrections = divisors // 2
    exact = remainders == 0  # a power of two: halve the reciprocal so that it fits 16 bits
    low = ~exact & (remainders <= divisors // 2)
    corrections[low] += 1
    quotients[~exact & ~low] += 1
    quotients[exact] >>= 1
    shifts[exact] -= 1
    scales = np.int64(1) << (32 - shifts).clip(0)
    # Half of the divisor is beyond what an 8-bit sample's coefficient can reach: the quotient is always 0.
    unreachable = divisors > 8 * 8191
    return np.where(unreachable, 0, np.stack([quotients, corrections, scales])).astype(np.uint16).reshape(-1)


def quantized_rows(rows: Sequence[Vector], tables: Memory, table: Scalar) -> list[Vector]:
    """Quantize the eight rows of one or more blocks that lie side by side.

    Parameters
    ----------
    rows : list of Vector
        16-bit coefficients, 8 lanes a block.
    tables, table
        `reciprocals` and where they begin.
    """
    blocks = rows[0].lanes // 8
    quantized = []
    for row, x in enumerate(rows):
        reciprocal, correction, scale = (
            concatenate([tables.load(table + 64 * part + 8 * row, 8)] * blocks) for part in range(3)
        )
        magnitude = high_product(high_product(x.magnitude() + correction, reciprocal), scale)
        quantized.append(magnitude.negative_where(x))
    return quantized


@operation()
def _quantize_block(coefficients: Memory, block: Scalar, tables: Memory, table: Scalar, out: Memory) -> None:
    rows = [coefficients.load(block + 8 * y, 8) for y in range(8)]
    for y, row in enumerate(quantized_rows(rows, tables, table)):
        out.store(block + 8 * y, row)


@kernel
def quantize(coefficients, layout, factors, out):
    """Quantize coefficients as `forward_rows` does those that it makes.

    Parameters
    ----------
    coefficients : ndarray, int16
        8 times orthonormal, as `component_layout` has them.
    layout : ndarray, int64
        `component_layout` with `TABLE`.
    factors : ndarray, uint16
        `reciprocals` of each component's table.
    out : ndarray, int16
        Where the levels go.
    """
    coefficients, layout, factors, out = span(coefficients), span(layout), span(factors), span(out)
    for c in range(len(layout) - 1):
        for block in range(layout[c, FIRST], layout[c + 1, FIRST], 64):
            _quantize_block(coefficients, block, factors, layout[c, TABLE], out)


# Added to the half that rounds: more than what the product below can be off, less than how far from a tie a quotient by
# an integer of 16 bits can be.
TIE = 2.0**-20


@operation()
def _requantize_row(coefficients: Memory, index: Scalar, factors: Memory, row: Scalar) -> None:
    k = coefficients.load(index, 8)
    sign = k >> 15
    magnitude = ((k ^ sign) - sign).unsigned(32).to_float().scaled(factors.load(row, 8), 0.5 + TIE)
    rounded = magnitude.to_integer().clamped(0, 32767).truncated(16)
    coefficients.store(index, (rounded ^ sign) - sign)


@inlined
def _requantize_block(coefficients, block, factors, table):
    for row in range(0, 64, 8):
        _requantize_row(coefficients, block + row, factors, table + row)


USUAL_BITS = 12  # of the magnitude of a coefficient that any baseline file may hold
USUAL_STEP = 255
USUAL_SIZE = 3 * 64


def usual_factors(old: npt.NDArray[np.uint16], new: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    """Return what requantizes coefficients of at most `USUAL_BITS` in half the instructions; empty if steps are larger.

    ``k q`` is less than 2**20, and exact as a 32-bit float. Times ``1 / q'``, plus a half and a quarter of a q'-th, it
    is off by no more than three roundings of 2**-24, together less than ``.19 / q'``; and a quotient that is no tie is
    at least ``.5 / q'`` away from one. So adding the quarter takes ties up, and nothing else.

    Parameters
    ----------
    old, new : ndarray, uint16, (8, 8)
        Steps q and q', natural order.

    Returns
    -------
    ndarray, float32, (`USUAL_SIZE`,) or (0,)
        q, 1 / q', and what is added.
    """
    if old.max() > USUAL_STEP:
        return np.empty(0, np.float32)
    inverse = 1 / new.reshape(64).astype(np.float64)
    return np.concatenate([old.reshape(64), inverse, 0.5 + inverse / 4]).astype(np.float32)


@operation(types.int64)
def _unusual(coefficients: Memory, block: Scalar) -> Scalar:
    """Not zero if a coefficient of the block has more than `USUAL_BITS`."""
    parts = [coefficients.load(block + first, 16) for first in range(0, 64, 16)]
    first, second, third, fourth = (part ^ (part >> 15) for part in parts)
    return ((first | second | third | fourth) >> USUAL_BITS).where_nonzero()


@operation()
def _requantize_usual(coefficients: Memory, index: Scalar, factors: Memory, row: Scalar) -> None:
    k = coefficients.load(index, 16)
    sign = k >> 15
    product = ((k ^ sign) - sign).unsigned(32).to_float(32).times(factors.load(row, 16))
    magnitude = product.scaled(factors.load(row + 64, 16), factors.load(row + 128, 16))
    rounded = magnitude.to_integer().at_most(32767).truncated(16)
    coefficients.store(index, (rounded ^ sign) - sign)


@inlined
def requantize_blocks(coefficients, first, last, factors, table, usual, usual_table):
    """Do what `requantize` does to the blocks from `first` to before `last`.

    By the factors from `table` on, and by `usual_factors` from `usual_table` on, if `usual` is not empty.
    """
    for block in range(first, last, 64):
        if len(usual) == 0 or _unusual(coefficients, block) != 0:
            _requantize_block(coefficients, block, factors, table)
        else:
            for row in range(0, 64, 16):
                _requantize_usual(coefficients, block + row, usual, usual_table + row)


@kernel
def requantize(coefficients, factors):
    """Replace each coefficient k of step q by ``round(k q / q')`` in place, halves away from zero, clipped to 16 bits.

    Parameters
    ----------
    coefficients : ndarray, int16, (64 blocks,)
        Natural order.
    factors : ndarray, float64, (64,)
        ``q / q'``, each step of at most 16 bits.
    """
    coefficients, factors = span(coefficients), span(factors)
    for block in range(0, len(coefficients), 64):
        _requantize_block(coefficients, block, factors, 0)
