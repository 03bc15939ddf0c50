"""Where decoded coefficients go: to blocks, or straight to counts of how often each value occurs in each band.

A decoder is given either, and tells them apart by their items when it is compiled. Blocks have items of 16 bits, a
coefficient each, in natural order. Counts have items of 32 bits, PLANE_ITEMS of them for a component: from bit 0 on an
index has the band in natural order, from bit 6 on the value + MIDDLE, and then the component. What has no place among
the values is counted with the largest one. Counts of zero do not matter: some are counted, most are not.
"""

from __future__ import annotations

from numba import types

from dnjpeg.codec.kernels.vector import Memory, Scalar, operation

__all__ = ["LEVELS", "MIDDLE", "PLANE_ITEMS", "block_items", "level_of", "put", "put_any"]

LEVELS = 4096
MIDDLE = LEVELS // 2
PLANE_ITEMS = LEVELS << 6


@operation(types.int64)
def block_items(out: Memory) -> Scalar:
    """Items from one block to the next: 64, or 0 if `out` are counts; known when the kernel is compiled."""
    return out.constant(64 if out.bits == 16 else 0)


@operation(types.int64)
def level_of(value: Scalar) -> Scalar:
    """Value + MIDDLE, or the largest level."""
    return (value + MIDDLE).at_most(LEVELS - 1)


@operation()
def put(out: Memory, block: Scalar, place: Scalar, value: Scalar, weight: Scalar) -> None:
    """Store a coefficient of less than 12 bits in natural order, or add `weight` to its count.

    `block` is the index of a block's first coefficient, or of a component's first count.
    """
    if out.bits == 16:
        out.store_scalar(block + place, value)
    else:
        _count(out, block, place, value + MIDDLE, weight)


@operation()
def put_any(out: Memory, block: Scalar, place: Scalar, value: Scalar, weight: Scalar) -> None:
    """`put` of a coefficient of any size."""
    if out.bits == 16:
        out.store_scalar(block + place, value)
    else:
        _count(out, block, place, (value + MIDDLE).at_most(LEVELS - 1), weight)


def _count(counts: Memory, first: Scalar, place: Scalar, level: Scalar, weight: Scalar) -> None:
    index = first + (level << 6) + place
    counts.store_scalar(index, counts.load_scalar(index) + weight)
