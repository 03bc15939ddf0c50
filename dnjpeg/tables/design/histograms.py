"""What designs ask of frequency statistics beyond standard deviations."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dnjpeg.tables.design.deltas import Bands, BandStatistics

__all__ = ["BandHistograms", "check_components"]


class BandHistograms(BandStatistics, Protocol):
    """Statistics with histograms; `dnjpeg.FrequencyStatistics` has them."""

    def mean_abs(self, component: int, /) -> Bands:
        """Mean magnitude of the coefficients, float64 (8, 8), natural order."""

    def count(self, component: int, /) -> int:
        """Return the number of blocks."""

    def histogram(self, component: int, /) -> npt.NDArray[np.int64]:
        """Return how many coefficients are in each bin of each band; see `FrequencyStatistics.histogram`."""

    def entropy(self, component: int, table: npt.ArrayLike, /) -> Bands:
        """Bits a coefficient of each band after quantization, float64 (8, 8), natural order."""


def check_components(statistics: Any) -> None:
    """Raise ValueError unless these are statistics of Y, Cb and Cr."""
    names = tuple(getattr(statistics, "components", ()))
    if names != ("Y", "Cb", "Cr"):
        shown = ", ".join(names) or "nothing"
        raise ValueError(f"frequency statistics of Y, Cb and Cr are needed; these are of {shown}")
