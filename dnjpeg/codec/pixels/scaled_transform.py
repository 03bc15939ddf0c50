"""Inverse DCT of an 8x8 block to fewer or more samples, libjpeg's integer methods, bit for bit.

The low frequencies of a block are those of an NxN transform: leaving out the others and transforming back with N points
gives a picture of N/8 of the size. libjpeg does so for all sizes but 2 and 4, for which it takes the mean of the
samples of the whole transform (all frequencies have a part in that).

Its butterflies, one a size, come down to one matrix each: within a pass nothing is rounded, so that any order of
summation gives the same. The matrices below are those: ``sqrt(2) cos((2k + 1) j pi / 2N)`` times 2^13, up to the
rounding of libjpeg's constants. Sample k is the sum of its even and its odd part, and sample N - 1 - k the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dnjpeg.codec.kernels.vector import (
    Memory,
    Scalar,
    Vector,
    concatenate,
    interleave,
    operation,
    pair_products,
    transpose,
)
from dnjpeg.codec.pixels.transform import CONST_BITS, PASS1_BITS, WIDE_PASS1_BITS, store_wide

__all__ = [
    "GROUP",
    "inverse_2x2",
    "inverse_2x2_group",
    "inverse_3x3",
    "inverse_4x4",
    "inverse_4x4_group",
    "inverse_5x5",
    "inverse_6x6",
    "inverse_7x7",
    "inverse_10x10",
    "inverse_12x12",
    "inverse_14x14",
]

GROUP = 4  # blocks that are done at once at the sizes 2 and 4

# Weights of the coefficients 2, 4 and 6 in the even part of samples 0, 1, …
EVEN: dict[int, list[tuple[int, ...]]] = {
    2: [(0, 0, 0)],
    3: [(5793, 0, 0), (-11586, 0, 0)],
    4: [(15137, 0, -6270), (-15137, 0, 6270)],
    5: [(9372, 3580, 0), (-3580, -9372, 0), (-11584, 11584, 0)],
    6: [(10033, 5793, 0), (0, -11586, 0), (-10033, 5793, 0)],
    7: [(10438, 7223, 2578), (2578, -10438, -7223), (-7223, -2578, 10438), (-11585, 11585, -11585)],
    10: [
        (11019, 9373, 6810),
        (6810, -3580, -11018),
        (0, -11586, 0),
        (-6810, -3580, 11018),
        (-11019, 9373, -6810),
    ],
    12: [
        (11190, 10033, 8192),
        (8192, 0, -8192),
        (2998, -10033, -8192),
        (-2998, -10033, 8192),
        (-8192, 0, 8192),
        (-11190, 10033, -8192),
    ],
    14: [
        (11295, 10438, 9058),
        (9058, 2578, -5026),
        (5027, -7223, -11295),
        (0, -11586, 0),
        (-5027, -7223, 11295),
        (-9058, 2578, 5026),
        (-11295, 10438, -9058),
    ],
}

# Weights of the coefficients 1, 3, 5 and 7 in the odd part.
ODD: dict[int, list[tuple[int, ...]]] = {
    2: [(29692, -10426, 6967, -5906)],
    3: [(10033, 0, 0, 0)],
    4: [(20995, 7373, -4926, -4176), (8697, -17799, 11893, -1730)],
    5: [(11019, 6810, 0, 0), (6810, -11018, 0, 0)],
    6: [(11190, 8192, 2998, 0), (8192, -8192, -8192, 0), (2998, -8192, 11190, 0)],
    7: [(11295, 9058, 5027, 0), (9058, -5027, -11295, 0), (5027, -11295, 9058, 0)],
    10: [
        (11443, 10322, 8192, 5260),
        (10323, 1812, -8192, -11442),
        (8192, -8192, -8192, 8192),
        (5260, -11442, 8192, 1812),
        (1812, -5260, 8192, -10322),
    ],
    12: [
        (11487, 10703, 9192, 7053),
        (10703, 4433, -4433, -10703),
        (9192, -4433, -11485, -1512),
        (7053, -10703, -1512, 11486),
        (4433, -10704, 10704, -4433),
        (1513, -4433, 7053, -9191),
    ],
    14: [
        (11513, 10935, 9810, 8192),
        (10935, 6164, -1297, -8192),
        (9810, -1297, -10934, -8192),
        (8192, -8192, -8192, 8192),
        (6164, -11512, 3826, 8192),
        (3826, -9809, 11512, -8192),
        (1297, -3826, 6164, -8192),
    ],
}

MEAN_BITS = {2: 2, 4: 1}  # extra fraction bits of the weights at the sizes that are means


def _paired_sum(x: Sequence[Vector], weights: Sequence[int]) -> Vector | None:
    """Weighted sum of 16-bit lanes, in 32 bits; None if all weights are zero."""
    terms = [(lanes, weight) for lanes, weight in zip(x, weights, strict=True) if weight]
    total = None
    for (a, first), (b, second) in zip(terms[::2], terms[1::2], strict=True):
        products = pair_products(interleave(a, b), first, second)
        total = products if total is None else total + products
    return total


def _wide_sum(x: Sequence[Vector], weights: Sequence[int]) -> Vector | None:
    """Weighted sum of lanes that are wide enough."""
    total = None
    for lanes, weight in zip(x, weights, strict=True):
        if weight:
            total = lanes * weight if total is None else total + lanes * weight
    return total


WeightedSum = Callable[[Sequence[Vector], Sequence[int]], Vector | None]


def _one_pass(size: int, x: Sequence[Vector], dc: Vector, weighted: WeightedSum) -> list[Vector]:
    """Eight frequencies to `size` samples, not yet rounded; `dc` is the first one, weighted."""
    samples = [dc] * size
    for k, weights in enumerate(EVEN[size]):
        part = weighted(x[2::2], weights)
        samples[k] = samples[size - 1 - k] = dc if part is None else dc + part
    for k, weights in enumerate(ODD[size]):
        part = weighted(x[1::2], weights)
        assert part is not None
        samples[k], samples[size - 1 - k] = samples[k] + part, samples[size - 1 - k] - part
    return samples


def _padded(rows: Sequence[Vector]) -> list[Vector]:
    """Repeat the last row up to 8 or 16: those are computed for nothing, and so not at all."""
    return [*rows, *[rows[-1]] * (-len(rows) % 8)]


def _rows_to_lanes(rows: Sequence[Vector]) -> list[Vector]:
    """Rows of 8 lanes to 8 vectors that have a lane a row."""
    rows = _padded(rows)
    return transpose([concatenate(rows[i::8]) for i in range(8)])


def _lanes_to_rows(columns: Sequence[Vector]) -> list[Vector]:
    """Undo `_rows_to_lanes` for any number of columns; the rows have 8 or 16 lanes."""
    columns = _padded(columns)
    squares = [transpose(columns[i : i + 8]) for i in range(0, len(columns), 8)]
    return [
        concatenate([square[i].part(first, 8) for square in squares])
        for first in range(0, columns[0].lanes, 8)
        for i in range(8)
    ]


def _saturated(x: Vector) -> Vector:
    return x.clamped(-32768, 32767).truncated(16)


def _any_of_block(rows: Sequence[Vector]) -> Vector:
    """Return lanes of -1 in blocks, of 8 lanes each, that have a lane which is not zero; else 0."""
    found = rows[0]
    for row in rows[1:]:
        found = found | row
    for distance in (4, 2, 1):
        found = found | found.select(lane ^ distance for lane in range(found.lanes))
    return found.nonzero_lanes().signed(16)


def _means(size: int, coefficients: Memory, block: Scalar, steps: Memory, table: Scalar, blocks: int) -> list[Vector]:
    """Rows of consecutive blocks at the sizes 2 and 4, one block after the other.

    As in libjpeg-turbo's vector code, values that overflow 16 bits wrap around before the passes, and saturate behind;
    but at the size 2 the first column keeps 32 bits between them, and at the size 4 the first pass is left out, so that
    all wraps around, for a block of nothing but a first row.
    """
    extra = MEAN_BITS[size]

    def one_pass(x: Sequence[Vector], dc: Vector, shift: int) -> list[Vector]:
        sums = _one_pass(size, x, dc << (CONST_BITS + extra), _paired_sum)
        return [lanes.rounded_shift(shift + extra) for lanes in sums]

    def by_block(columns: Sequence[Vector]) -> list[Vector]:
        return _rows_to_lanes([row.part(8 * i, 8) for i in range(blocks) for row in columns])

    coded = [concatenate([coefficients.load(block + 64 * i + 8 * y, 8) for i in range(blocks)]) for y in range(8)]
    x = [row * concatenate([steps.load(table + 8 * y, 8)] * blocks) for y, row in enumerate(coded)]
    columns = one_pass(x, x[0].signed(32), CONST_BITS - PASS1_BITS)
    narrow = [_saturated(lanes) for lanes in columns]
    if size == 4:
        below = _any_of_block([row for y, row in enumerate(coded) if y not in {0, 4}])  # row 4 has no part in it
        narrow = [lanes & below | (x[0] << PASS1_BITS) & (below ^ -1) for lanes in narrow]
    x = by_block(narrow)
    dc = by_block(columns)[0] if size == 2 else x[0].signed(32)
    rows = one_pass(x, dc, CONST_BITS + PASS1_BITS + 3)
    return _lanes_to_rows([_saturated(lanes) for lanes in rows])


def _exact_columns(
    size: int, coefficients: Memory, block: Scalar, steps: Memory, table: Scalar, shift: int
) -> list[Vector]:
    """Columns of one block after the first pass, in 64 bits, as libjpeg's C code has it, rounded to 32."""
    x = []
    for y in range(8):
        step = steps.load(table + 8 * y, 8)
        step = step.signed(32) if steps.signed else step.unsigned(32)
        x.append((coefficients.load(block + 8 * y, 8).signed(32) * step).signed(64))
    sums = _one_pass(size, x, x[0] << (CONST_BITS + MEAN_BITS.get(size, 0)), _wide_sum)
    return [lanes.rounded_shift(shift).truncated(32) for lanes in sums]


def _low_frequencies(size: int, coefficients: Memory, block: Scalar, steps: Memory, table: Scalar) -> list[Vector]:
    """Rows of one block at all other sizes.

    As in libjpeg's C code the first pass has 64 bits, and in the end only ten bits count.
    """
    x = _rows_to_lanes(_exact_columns(size, coefficients, block, steps, table, CONST_BITS - PASS1_BITS))
    sums = _one_pass(size, x, x[0] << CONST_BITS, _wide_sum)
    shift = CONST_BITS + PASS1_BITS + 3
    above = 32 - 10 - shift  # bits above the ten
    sums = [((lanes + (1 << (shift - 1))) << above) >> (above + shift) for lanes in sums]
    return _lanes_to_rows([lanes.truncated(16) for lanes in sums])


def _wide_rows(size: int, coefficients: Memory, block: Scalar, steps: Memory, table: Scalar) -> list[Vector]:
    """Rows of one block of 12 bits, at any size."""
    extra = MEAN_BITS.get(size, 0)
    columns = _exact_columns(size, coefficients, block, steps, table, CONST_BITS - WIDE_PASS1_BITS + extra)
    x = [lanes.signed(64) for lanes in _rows_to_lanes(columns)]
    sums = _one_pass(size, x, x[0] << (CONST_BITS + extra), _wide_sum)
    return _lanes_to_rows([lanes.rounded_shift(CONST_BITS + WIDE_PASS1_BITS + 3 + extra) for lanes in sums])


def _store(rows: Sequence[Vector], size: int, samples: Memory, index: Scalar, stride: Scalar, blocks: int) -> None:
    for i in range(blocks):
        for y in range(size):
            # What is written past the block's end is overwritten by the next block.
            row = rows[size * i + y].clamped(-128, 127).truncated(8) ^ -128
            samples.store(index + size * i + stride * y, row)


def _inverse(size: int, blocks: int = 1) -> Any:
    """Make the operation for a size; more blocks than one at the sizes 2 and 4 only."""

    @operation()
    def inverse(
        coefficients: Memory,
        block: Scalar,
        steps: Memory,
        table: Scalar,
        samples: Memory,
        index: Scalar,
        stride: Scalar,
    ) -> None:
        """Dequantize and transform consecutive blocks to samples that lie side by side."""
        if samples.bits == 16:
            for i in range(blocks):
                rows = _wide_rows(size, coefficients, block + 64 * i, steps, table)
                for y in range(size):
                    store_wide(rows[y], samples, index + size * i + stride * y)
            return
        if size in MEAN_BITS:
            rows = _means(size, coefficients, block, steps, table, blocks)
        else:
            rows = _low_frequencies(size, coefficients, block, steps, table)
        _store(rows, size, samples, index, stride, blocks)

    return inverse


inverse_2x2_group, inverse_4x4_group = _inverse(2, GROUP), _inverse(4, GROUP)
inverse_2x2, inverse_4x4 = _inverse(2), _inverse(4)
inverse_3x3, inverse_5x5, inverse_6x6, inverse_7x7 = _inverse(3), _inverse(5), _inverse(6), _inverse(7)
inverse_10x10, inverse_12x12, inverse_14x14 = _inverse(10), _inverse(12), _inverse(14)
