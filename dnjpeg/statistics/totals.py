"""Exact running sums and histograms of one component's coefficients, band by band.

Everything is an integer, so that the result depends neither on the order of the images nor on how they were divided
among processes. The unit is 1/8 of an orthonormal 8x8 DCT coefficient: what the islow forward DCT yields, and what a
quantization step times a quantized coefficient is a multiple of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dnjpeg.statistics.counting import REACH, SMALL_LEVELS, add_blocks, add_counts

__all__ = ["BINS", "UNITS", "ComponentTotals", "fingerprint", "histogram_edges"]

UNITS = 8
"""Units in one orthonormal coefficient."""

BINS = 2 * REACH + 1

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


def fingerprint(names: Sequence[str], components: Sequence[ComponentTotals]) -> str:
    """SHA-256 of components' names and numbers, 64 hexadecimal digits."""
    digest = hashlib.sha256(b"dnjpeg frequency statistics 1")
    for name, totals in zip(names, components, strict=True):
        digest.update(f"\n{name} {totals.blocks} {' '.join(map(str, totals.sums.ravel()))}\n".encode())
        digest.update(totals.histogram.astype("<i8", copy=False).tobytes())
    return digest.hexdigest()


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
        flat, levels = np.ascontiguousarray(coefficients).reshape(-1), np.zeros(SMALL_LEVELS, np.int32)
        sums = np.zeros((3, 64), np.int64)
        add_blocks(flat, steps, levels, sums.reshape(-1), self.histogram.reshape(-1))
        self._add_sums(blocks, steps, sums)

    def add_counts(self, counts: npt.NDArray[np.int32], blocks: int, table: npt.NDArray[np.uint16]) -> None:
        """Take in quantized coefficients that were counted by value; see `counting.add_counts`.

        Parameters
        ----------
        counts : ndarray, int32, (PLANE_ITEMS,)
            They are set to zero.
        blocks : int
            How many blocks they are of.
        table : ndarray, uint16, (8, 8)
            Quantization steps, natural order.
        """
        steps = UNITS * table.reshape(64).astype(np.int64)
        sums = np.zeros((4, 64), np.int64)
        add_counts(counts, blocks, steps, sums.reshape(-1), self.histogram.reshape(-1))
        self._add_sums(blocks, steps, sums[:3])

    def _add_sums(self, blocks: int, steps: Counts, sums: Counts) -> None:
        """Add sums of quantized values."""
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
