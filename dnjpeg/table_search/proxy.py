"""What tables are likely to cost networks and bytes, without asking a network or making a file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.table_search.judging import Steps
from dnjpeg.tables.design import BandHistograms, BandSensitivity
from dnjpeg.tables.design.histograms import check_components
from dnjpeg.tables.design.rate_distortion import band_curves
from dnjpeg.tables.design.sensitivities import weigh
from dnjpeg.tables.steps import MAX_BASELINE_STEP

__all__ = ["Proxy"]

HALVINGS = 12


class Proxy:
    """Weighted error at equal entropy.

    Parameters
    ----------
    sensitivity : Sensitivity
        What networks mind.
    statistics : FrequencyStatistics
        What the images hold, at the same subsampling.

    Raises
    ------
    ValueError
        If they are not of Y, Cb and Cr.

    Notes
    -----
    The divergence is near half the sum of ``s (c - ĉ)^2`` over all coefficients; the entropy of each band by itself
    stands for the bits. Both are curves over the step from measured histograms, so a candidate costs microseconds.
    """

    def __init__(self, sensitivity: BandSensitivity, statistics: BandHistograms) -> None:
        check_components(statistics)
        weights = weigh(sensitivity).maps
        counts = np.array([statistics.count(index) for index in range(3)], np.float64)
        errors, bits = [], []
        for index, weight in enumerate(weights):
            error, entropy = band_curves(statistics, index)
            errors.append(counts[index] / counts.sum() * weight.reshape(64) * error)
            bits.append(counts[index] / counts.sum() * entropy)
        # Cb and Cr share a table: curves of luma, and of chroma together.
        self._errors, self._bits = (np.stack([each[0], each[1] + each[2]], axis=1) for each in (errors, bits))

    def costs(self, steps: Steps) -> tuple[float, float]:
        """Weighted error, and bits a block, of two tables of steps."""
        places = np.clip(np.rint(steps.reshape(2, 64)), 1, MAX_BASELINE_STEP).astype(int) - 1
        table, band = np.indices((2, 64))
        return float(self._errors[places, table, band].sum()), float(self._bits[places, table, band].sum())

    def error_at(self, steps: Steps, bits: float) -> float:
        """Weighted error of steps that are scaled so that a block takes so many bits."""
        logs = np.log(steps)
        low, high = -logs.max(), np.log(MAX_BASELINE_STEP) - logs.min()
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.costs(np.exp(logs + middle))[1] > bits else (low, middle)
        return self.costs(np.exp(logs + high))[0]

    def bits(self, tables: tuple[npt.NDArray[np.uint16], ...]) -> float:
        """Bits a block of tables, the last of which is for chroma."""
        return self.costs(np.stack([tables[0], tables[-1]]).astype(np.float64))[1]
