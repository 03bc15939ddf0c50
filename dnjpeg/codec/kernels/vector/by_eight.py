"""Lanes of 16 bits as two vectors of 32: of the first four of each eight, and of the last four.

So they stay in registers of 128 bits, of which longer ones consist: to put lanes into the order of before takes no more
than one instruction, and none between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dnjpeg.codec.kernels.vector.lanes import Vector, shuffle
from dnjpeg.codec.kernels.vector.registers import narrowed_by_eight, pair_products

__all__ = ["Halves", "Pairs", "paired", "widened"]


@dataclass(frozen=True)
class Halves:
    """Lanes of 32 bits."""

    first: Vector
    last: Vector

    def _both(self, function: Callable[[Vector], Vector]) -> Halves:
        return Halves(function(self.first), function(self.last))

    def __add__(self, other: Halves | int) -> Halves:
        if isinstance(other, Halves):
            return Halves(self.first + other.first, self.last + other.last)
        return self._both(lambda lanes: lanes + other)

    def __sub__(self, other: Halves) -> Halves:
        return Halves(self.first - other.first, self.last - other.last)

    def __rshift__(self, count: int) -> Halves:
        return self._both(lambda lanes: lanes >> count)

    def saturated(self) -> Vector:
        """Return lanes of 16 bits, in the order of before; what is too large becomes the largest number."""
        return narrowed_by_eight(self.first, self.last)

    def upper(self) -> Vector:
        """Return the upper 16 bits of each lane, in the order of before."""
        a, b = (half.reinterpreted(16) for half in (self.first, self.last))
        starts = range(0, a.lanes, 8)
        return shuffle(a, b, [x + at + 2 * i + 1 for at in starts for x in (0, a.lanes) for i in range(4)])


@dataclass(frozen=True)
class Pairs:
    """Lanes of 16 bits of two vectors, in turns."""

    first: Vector
    last: Vector

    def pair_products(self, first: int, second: int) -> Halves:
        """Return ``a * first + b * second`` in 32 bits."""
        return Halves(pair_products(self.first, first, second), pair_products(self.last, first, second))


def paired(a: Vector, b: Vector) -> Pairs:
    """Pair the lanes of two vectors; their number is a multiple of eight."""
    order = [[lane for lane in range(a.lanes) if lane % 8 // 4 == half] for half in range(2)]
    first, last = (shuffle(a, b, [x for lane in lanes for x in (lane, a.lanes + lane)]) for lanes in order)
    return Pairs(first, last)


def widened(x: Vector, shift: int) -> Halves:
    """Widen lanes of 16 bits to 32, repeating the sign, and shift them left by up to 16 bits."""
    above = paired(x.filled_with(0), x)
    return Halves(*(half.reinterpreted(32) >> (16 - shift) for half in (above.first, above.last)))
