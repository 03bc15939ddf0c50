"""Exact running sums and histograms of one component's coefficients, band by band.

Everything is an integer, so that the result depends neither on the order of the images nor on how they were divided
among processes. The unit is 1/8 of an orthonormal 8x8 DCT coefficient: what the islow forward DCT yields, and what a
quantization step times a quantized coefficient is a multiple of.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.jit import inlined, kernel
from dnjpeg.codec.vector import Memory, Scalar, operation, span, trailing_zeros

__all__ = ["BINS", "REACH", "UNITS", "ComponentTotals", "histogram_edges"]

UNITS = 8
"""Units in one orthonormal coefficient."""

REACH = 2048
"""Bins on each side of the one around zero. 8-bit samples give at most 1024, 2 x 1024 half-wide bins."""

BINS = 2 * REACH + 1

SMALL = 16  # quantized values from -16 to 15 are counted by value

Integers = npt.NDArray[np.object_]
Counts = npt.NDArray[np.int64]


def histogram_edges() -> npt.NDArray[np.float64]:
    """Edges of the histogram's bins, in orthonormal coefficients: ``-1024.5, -1024, ..., -0.5, 0.5, 1, ..., 1024.5``.

    A bin holds its edge that is nearer to zero and not the other one; the bin around zero holds neither. These are
    half-wide bins of the magnitude, so that every rounding threshold ``(k + 1/2) q`` of every integer step q is an
    edge, and the quantized values that an encoder would get (halves away from zero) can be counted exactly. What lies
    beyond the last edge, which only a coefficient that was quantized before can, is counted in the last bin.

    Returns
    -------
    ndarray, float64, (4098,)
    """
    positive = np.arange(1, REACH + 2) / 2
    return np.concatenate([-positive[::-1], positive])


def _no_sums() -> Integers:
    return np.zeros((3, 64), dtype=np.object_)


def _no_counts() -> Counts:
    return np.zeros((BINS, 64), dtype=np.int64)


@dataclass(eq=False)
class ComponentTotals:
    """Running totals of one component.

    Parameters
    ----------
    blocks : int
        Number of 8x8 blocks.
    sums : ndarray of Python integers, (3, 64)
        Sums of c, abs(c) and c squared for each band in natural order; c counts 1/8 of an orthonormal coefficient.
        Python's integers, since int64 would overflow near a hundred million photos.
    histogram : ndarray, int64, (4097, 64)
        Bin-major, since a block's 64 coefficients mostly meet in a few neighbouring rows. See `histogram_edges`.
    """

    blocks: int = 0
    sums: Integers = field(default_factory=_no_sums)
    histogram: Counts = field(default_factory=_no_counts)

    def add(self, coefficients: npt.NDArray[np.int16], table: npt.NDArray[np.uint16] | None = None) -> None:
        """Take in one image's coefficients.

        Parameters
        ----------
        coefficients : ndarray, int16, (block_rows, block_cols, 8, 8)
            Natural order. Without `table` in units of 1/8 of an orthonormal coefficient, else quantized.
        table : ndarray, uint16, (8, 8), optional
            Quantization steps, natural order.
        """
        blocks = len(coefficients) * coefficients.shape[1]
        steps = np.ones(64, dtype=np.int64) if table is None else UNITS * table.reshape(64).astype(np.int64)
        sums = np.zeros((3, 64), np.int64)
        _add_blocks(
            np.ascontiguousarray(coefficients).reshape(-1),
            steps,
            np.zeros(64 * 2 * SMALL, np.int32),
            sums.reshape(-1),
            self.histogram.reshape(-1),
        )
        factors = np.stack([steps, steps, steps**2])
        if blocks * int(factors[2].max()) >= 1 << 33:  # a square is at most 2**30
            sums, factors = sums.astype(np.object_), factors.astype(np.object_)
        self.blocks += blocks
        self.sums += sums * factors

    def merge(self, other: ComponentTotals) -> None:
        """Take in what another process or an earlier run has totalled."""
        self.blocks += other.blocks
        self.sums += other.sums
        self.histogram += other.histogram

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ComponentTotals):
            return NotImplemented
        return (
            self.blocks == other.blocks
            and np.array_equal(self.sums, other.sums)
            and np.array_equal(self.histogram, other.histogram)
        )

    __hash__ = None  # type: ignore[assignment]


@operation(types.uint64)
def _nonzero_bands(coefficients: Memory, block: Scalar) -> Scalar:
    """Bit k is set where the k-th coefficient, in natural order, is not zero."""
    return coefficients.load(block, 64).nonzero_lanes().where_nonzero()


@inlined
def _add(count, c, band, steps, sums, histogram):
    """Take in so many coefficients of one value."""
    magnitude = abs(c)
    sums[band] += count * c
    sums[64 + band] += count * magnitude
    sums[128 + band] += count * c * c
    distance = min((magnitude * steps[band]) >> 2, REACH)  # half-wide bins: 4 units
    histogram[64 * (REACH + (distance if c >= 0 else -distance)) + band] += count


@kernel
def _add_blocks(coefficients, steps, levels, sums, histogram):
    """Add a component's coefficients to (3, 64) sums of c, abs(c) and c squared, and to the counts.

    Most are zero, and most others small: these are counted by their value first, in (64, 2 `SMALL`) zeros that stay
    near the processor.
    """
    coefficients, steps, levels = span(coefficients), span(steps), span(levels)
    sums, histogram = span(sums), span(histogram)
    for block in range(0, len(coefficients), 64):
        bands = _nonzero_bands(coefficients, block)
        while bands:
            band = trailing_zeros(bands)
            bands &= bands - np.uint64(1)
            c = coefficients[block + band]
            if -SMALL <= c < SMALL:
                levels[2 * SMALL * band + SMALL + c] += 1
            else:
                _add(1, c, band, steps, sums, histogram)
                levels[2 * SMALL * band + SMALL] -= 1
    for band in range(64):
        levels[2 * SMALL * band + SMALL] += len(coefficients) >> 6
        for c in range(-SMALL, SMALL):
            count = levels[2 * SMALL * band + SMALL + c]
            if c != 0:
                levels[2 * SMALL * band + SMALL] -= count
                _add(count, c, band, steps, sums, histogram)
        _add(levels[2 * SMALL * band + SMALL], 0, band, steps, sums, histogram)
