"""Forward and inverse 8x8 DCT (T.81 A.3.3), libjpeg's accurate integer method ("islow"), bit for bit.

The factorisation is that of Loeffler, Ligtenberg and Moschytz (ICASSP 1989), figure 1, with 13-bit constants. Products
of 16-bit lanes are summed in pairs to 32 bits, in the order in which libjpeg-turbo's vector code sums them, so that
even values that overflow on hostile input come out the same. Blocks that lie side by side are done at once, 8 lanes
each. The inverse for samples of 12 bits is the same butterfly in 64-bit lanes, as libjpeg's C code has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numba import types

from dnjpeg.codec.kernels.vector import (
    Halves,
    Memory,
    Scalar,
    Vector,
    operation,
    paired,
    transpose,
    widened,
)
from dnjpeg.codec.pixels.precision import center_of
from dnjpeg.codec.pixels.quantize import quantized_rows

__all__ = [
    "CONST_BITS",
    "PASS1_BITS",
    "WIDE_PASS1_BITS",
    "forward_one",
    "forward_quantized_four",
    "forward_quantized_one",
    "forward_quantized_two",
    "has_rest",
    "has_top",
    "inverse_one",
    "inverse_pass",
    "inverse_rows",
    "inverse_top",
    "store_wide",
]

CONST_BITS = 13
CENTER = 128
PASS1_BITS = 2  # extra fraction bits between the two passes
WIDE_PASS1_BITS = 1  # the same for samples of 12 bits


def _fix(x: float) -> int:
    return int(x * (1 << CONST_BITS) + 0.5)


C0_298631336 = _fix(0.298631336)
C0_390180644 = _fix(0.390180644)
C0_541196100 = _fix(0.541196100)
C0_765366865 = _fix(0.765366865)
C0_899976223 = _fix(0.899976223)
C1_175875602 = _fix(1.175875602)
C1_501321110 = _fix(1.501321110)
C1_847759065 = _fix(1.847759065)
C1_961570560 = _fix(1.961570560)
C2_053119869 = _fix(2.053119869)
C2_562915447 = _fix(2.562915447)
C3_072711026 = _fix(3.072711026)


Sums = Vector | Halves
"""What products of pairs are summed in: 64-bit lanes, or lanes of 32 bits."""


def _narrowed(x: Sums, shift: int) -> Vector:
    """Drop `shift` bits of 32-bit lanes and saturate to 16 bits; of 64-bit lanes keep 32 bits."""
    if isinstance(x, Halves):
        return (x >> shift).saturated()
    return (x >> shift).truncated(32).signed(64)


@dataclass(frozen=True)
class _WidePairs:
    """Two vectors of 64-bit lanes that stand for one of pairs."""

    a: Vector
    b: Vector

    def pair_products(self, first: int, second: int) -> Vector:
        return self.a * first + self.b * second


def _paired(a: Vector, b: Vector) -> Any:
    """Return what has `pair_products`; annotations can't tell that all of a pass is of one kind."""
    return paired(a, b) if a.bits == 16 else _WidePairs(a, b)


def _scaled(x: Vector) -> Any:
    """Shift a sum of two coefficients to where products are."""
    return widened(x, CONST_BITS) if x.bits == 16 else x << CONST_BITS


def _rotated_pair(a: Vector, b: Vector) -> tuple[Any, Any]:
    """Rotation by 3 pi / 8 of the even part; of 16-bit lanes in 32 bits."""
    pairs = _paired(a, b)
    return (
        pairs.pair_products(C0_541196100 + C0_765366865, C0_541196100),
        pairs.pair_products(C0_541196100, C0_541196100 - C1_847759065),
    )


def _odd_part(t4: Vector, t5: Vector, t6: Vector, t7: Vector) -> tuple[Any, Any, Any, Any]:
    """Return the odd part of the butterfly, of 16-bit lanes in 32 bits; both directions have it, under other names."""
    sums = _paired(t4 + t6, t5 + t7)
    z3 = sums.pair_products(C1_175875602 - C1_961570560, C1_175875602)
    z4 = sums.pair_products(C1_175875602, C1_175875602 - C0_390180644)
    outer, inner = _paired(t4, t7), _paired(t5, t6)
    return (
        outer.pair_products(C0_298631336 - C0_899976223, -C0_899976223) + z3,
        inner.pair_products(C2_053119869 - C2_562915447, -C2_562915447) + z4,
        inner.pair_products(-C2_562915447, C3_072711026 - C2_562915447) + z3,
        outer.pair_products(-C0_899976223, C1_501321110 - C0_899976223) + z4,
    )


def _forward_pass(d: Sequence[Vector], *, first: bool) -> list[Vector]:
    t0, t7 = d[0] + d[7], d[0] - d[7]
    t1, t6 = d[1] + d[6], d[1] - d[6]
    t2, t5 = d[2] + d[5], d[2] - d[5]
    t3, t4 = d[3] + d[4], d[3] - d[4]
    t10, t13 = t0 + t3, t0 - t3
    t11, t12 = t1 + t2, t1 - t2
    if first:  # of samples, as they are: only their sum knows where the middle is
        o0, o4 = (t10 + t11 - 8 * CENTER) << PASS1_BITS, (t10 - t11) << PASS1_BITS
        shift = CONST_BITS - PASS1_BITS
    else:
        o0, o4 = (t10 + t11).rounded_shift(PASS1_BITS), (t10 - t11).rounded_shift(PASS1_BITS)
        shift = CONST_BITS + PASS1_BITS
    half = 1 << (shift - 1)
    o2, o6 = _rotated_pair(t13, t12)
    o7, o5, o3, o1 = _odd_part(t4, t5, t6, t7)
    o1, o2, o3, o5, o6, o7 = (_narrowed(o + half, shift) for o in (o1, o2, o3, o5, o6, o7))
    return [o0, o1, o2, o3, o4, o5, o6, o7]


def inverse_pass(x: Sequence[Vector], *, shift: int) -> list[Vector]:
    """One dimension of the inverse transform, rounded by `shift` bits."""
    t3, t2 = _rotated_pair(x[2], x[6])
    half = 1 << (shift - 1)
    t0, t1 = _scaled(x[0] + x[4]) + half, _scaled(x[0] - x[4]) + half
    t10, t13 = t0 + t3, t0 - t3
    t11, t12 = t1 + t2, t1 - t2
    o0, o1, o2, o3 = _odd_part(x[7], x[5], x[3], x[1])
    ends = [t10 + o3, t11 + o2, t12 + o1, t13 + o0, t13 - o0, t12 - o1, t11 - o2, t10 - o3]
    return [_narrowed(end, shift) for end in ends]


def _forward(samples: Memory, index: Scalar, stride: Scalar, blocks: int) -> list[Vector]:
    """Rows of coefficients, 8 times orthonormal, of blocks that lie side by side in a plane of samples."""
    rows = [samples.load(index + stride * y, 8 * blocks).unsigned(16) for y in range(8)]
    columns = _forward_pass(transpose(rows), first=True)
    return _forward_pass(transpose(columns), first=False)


def _store_blocks(rows: Sequence[Vector], out: Memory, block: Scalar) -> None:
    for y, row in enumerate(rows):
        for x in range(row.lanes // 8):
            out.store(block + 64 * x + 8 * y, row.part(8 * x, 8))


def inverse_rows(columns: Sequence[Vector]) -> list[Vector]:
    """Second pass, to rows of samples."""
    rows = inverse_pass(transpose(columns), shift=CONST_BITS + PASS1_BITS + 3)
    return [row.clamped(-128, 127).truncated(8) ^ -128 for row in transpose(rows)]


def _store_inverse_wide(
    coefficients: Memory, block: Scalar, steps: Memory, table: Scalar, samples: Memory, index: Scalar, stride: Scalar
) -> None:
    """Dequantize, transform and store one block of 12 bits."""
    x = [coefficients.load(block + 8 * y, 8).signed(64) * steps.load(table + 8 * y, 8).unsigned(64) for y in range(8)]
    columns = inverse_pass(x, shift=CONST_BITS - WIDE_PASS1_BITS)
    rows = transpose(inverse_pass(transpose(columns), shift=CONST_BITS + WIDE_PASS1_BITS + 3))
    for y, row in enumerate(rows):
        store_wide(row, samples, index + stride * y)


def store_wide(row: Vector, samples: Memory, index: Scalar) -> None:
    """Store a row of 64-bit lanes as samples of 12 bits: two bits more count, what lies above wraps around."""
    half = center_of(samples)
    above = 64 - (8 * half - 1).bit_length()
    samples.store(index, (((row << above) >> above).clamped(-half, half - 1) + half).truncated(samples.bits))


@operation()
def forward_one(samples: Memory, index: Scalar, stride: Scalar, out: Memory, block: Scalar) -> None:
    """Transform one block of samples to 64 coefficients, 8 times orthonormal, natural order."""
    _store_blocks(_forward(samples, index, stride, 1), out, block)


@operation()
def forward_quantized_one(
    samples: Memory, index: Scalar, stride: Scalar, tables: Memory, table: Scalar, out: Memory, block: Scalar
) -> None:
    """Transform and quantize one block of samples; natural order."""
    _store_blocks(quantized_rows(_forward(samples, index, stride, 1), tables, table), out, block)


@operation()
def forward_quantized_two(
    samples: Memory, index: Scalar, stride: Scalar, tables: Memory, table: Scalar, out: Memory, block: Scalar
) -> None:
    """Transform and quantize two blocks that lie side by side, to consecutive blocks; natural order."""
    _store_blocks(quantized_rows(_forward(samples, index, stride, 2), tables, table), out, block)


@operation()
def forward_quantized_four(
    samples: Memory, index: Scalar, stride: Scalar, tables: Memory, table: Scalar, out: Memory, block: Scalar
) -> None:
    """Transform and quantize four blocks that lie side by side, to consecutive blocks; natural order."""
    _store_blocks(quantized_rows(_forward(samples, index, stride, 4), tables, table), out, block)


@operation(types.int64)
def has_top(coefficients: Memory, block: Scalar) -> Scalar:
    """Not zero if a coefficient of the first row other than DC is not zero."""
    return (coefficients.load(block, 8) & [0, -1, -1, -1, -1, -1, -1, -1]).where_nonzero()


@operation(types.int64)
def has_rest(coefficients: Memory, block: Scalar) -> Scalar:
    """Not zero if a coefficient below the first row is not zero."""
    found = coefficients.load(block + 8, 8)
    for y in range(2, 8):
        found = found | coefficients.load(block + 8 * y, 8)
    return found.where_nonzero()


@operation()
def inverse_one(
    coefficients: Memory, block: Scalar, steps: Memory, table: Scalar, samples: Memory, index: Scalar, stride: Scalar
) -> None:
    """Dequantize and transform one block to samples."""
    if samples.bits == 16:
        _store_inverse_wide(coefficients, block, steps, table, samples, index, stride)
        return
    x = [coefficients.load(block + 8 * y, 8) * steps.load(table + 8 * y, 8) for y in range(8)]
    for y, row in enumerate(inverse_rows(inverse_pass(x, shift=CONST_BITS - PASS1_BITS))):
        samples.store(index + stride * y, row)


@operation()
def inverse_top(
    coefficients: Memory, block: Scalar, steps: Memory, table: Scalar, samples: Memory, index: Scalar, stride: Scalar
) -> None:
    """Dequantize and transform one block that has nothing below its first row.

    As in libjpeg-turbo's vector code the first pass is then no more than a shift: what is too large for 16 bits, on
    hostile input, wraps around instead of staying at the largest number.
    """
    if samples.bits == 16:
        _store_inverse_wide(coefficients, block, steps, table, samples, index, stride)
        return
    column = coefficients.load(block, 8) * steps.load(table, 8) << PASS1_BITS
    for y, row in enumerate(inverse_rows([column] * 8)):
        samples.store(index + stride * y, row)
