"""Filters of a resize as numbers: from which samples each new one is made, and by which weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["FILTERS", "Filter", "Taps", "taps_of"]

Filter = Literal["bilinear", "bicubic"]
FILTERS = ("bilinear", "bicubic")

MOST_BITS = 22  # of fixed point
CUBIC = -0.5  # the free parameter, as in Pillow


@dataclass(frozen=True)
class Taps:
    """Weights of one direction.

    Parameters
    ----------
    first : ndarray, int64, (size,)
        First sample that has a part in each new one.
    weights : ndarray, int16, (size, 2 pairs)
        Of that sample and those behind it, in units of ``2**-precision``; zeros fill up.
    precision : int
    """

    first: npt.NDArray[np.int64]
    weights: npt.NDArray[np.int16]
    precision: int

    @property
    def pairs(self) -> int:
        """Pairs of weights that each new sample has."""
        return self.weights.shape[1] // 2


@lru_cache(1024)
def taps_of(kind: Filter, length: int, size: int, start: float = 0.0, extent: float | None = None) -> Taps:
    """Work out the weights for `size` samples made of `length`, or of a part of these.

    They are PyTorch's (``interpolate`` with ``antialias=True``, of uint8), which follow Pillow's with 16-bit weights:
    the filter is stretched by the ratio of the sizes if that is above 1, cut off at the ends, and its weights have the
    precision with which the largest fits.

    Parameters
    ----------
    kind : {"bilinear", "bicubic"}
    length, size : int
        Samples before and after.
    start, extent : float
        The part from which they are made, not necessarily whole samples; all by default.
    """
    scale = (length if extent is None else extent) / size
    reach = (1.0 if kind == "bilinear" else 2.0) * max(scale, 1.0)
    centers = start + scale * (np.arange(size) + 0.5)
    first = np.maximum((centers - reach + 0.5).astype(np.int64), 0)
    count = np.minimum((centers + reach + 0.5).astype(np.int64), length) - first
    taps = int(count.max())
    places = first[:, None] + np.arange(taps)
    values = _filter(kind, (places - centers[:, None] + 0.5) * (1.0 / scale if scale >= 1 else 1.0))
    values *= np.arange(taps) < count[:, None]
    total = np.zeros(size)
    for column in values.T:  # in this order, for the last bit
        total += column
    values /= total[:, None]
    precision = 0
    while precision < MOST_BITS and int(0.5 + values.max() * (1 << (precision + 1))) < 1 << 15:
        precision += 1
    weights = np.zeros((size, taps + taps % 2), np.int16)
    scaled = values * (1 << precision)
    weights[:, :taps] = (scaled + np.copysign(0.5, scaled)).astype(np.int16)
    return Taps(first, weights, precision)


def _filter(kind: Filter, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    x = np.abs(x)
    if kind == "bilinear":
        return np.maximum(1 - x, 0)
    near = ((CUBIC + 2) * x - (CUBIC + 3)) * x * x + 1
    far = ((CUBIC * x - 5 * CUBIC) * x + 8 * CUBIC) * x - 4 * CUBIC
    return np.where(x < 1, near, np.where(x < 2, far, 0))
