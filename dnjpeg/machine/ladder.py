"""Tables at any strength, between those of a ladder that a design made at a few."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from dnjpeg.tables import QuantizationTables
from dnjpeg.tables.catalogue import shipped, shipped_names
from dnjpeg.tables.steps import MAX_BASELINE_STEP, check_quality

__all__ = ["TableLadder", "shipped_ladder", "step_of_quality"]

PREFIX = "machine-"

# Quality of standard JPEG at 4:2:0 -> step at which the preset's chroma and tables have the same mean divergence: 125
# ImageNet calibration photos of 299x299 pixels, geometric mean of EfficientNet-Lite 0 and 2 and MobileNetV2; the ends
# by extrapolation.
STEPS_OF_QUALITIES = {
    1: 226,
    8: 157,
    12: 112,
    17: 88,
    23: 72.6,
    30: 61.8,
    40: 51.1,
    52: 45.7,
    65: 38.4,
    76: 31.9,
    85: 23.7,
    91: 16.5,
    95: 11.5,
    100: 3.5,
}


def step_of_quality(quality: int) -> float:
    """Step at which networks' predictions change, on average, as much as by standard JPEG of a quality 1..100.

    Raises
    ------
    ValueError
        If it is no whole number from 1 to 100.
    """
    quality = check_quality(quality)
    return float(np.exp(np.interp(quality, list(STEPS_OF_QUALITIES), np.log(list(STEPS_OF_QUALITIES.values())))))


@dataclass(frozen=True)
class TableLadder:
    """Tables by their step, the finest first.

    Parameters
    ----------
    rungs : mapping of float to QuantizationTables
        At least one; all with as many tables.

    Raises
    ------
    ValueError
        If it is none of this.
    """

    rungs: Mapping[float, QuantizationTables]

    def __post_init__(self) -> None:
        counts = {len(tables.arrays) for tables in self.rungs.values()}
        if len(counts) != 1 or min(self.rungs) <= 0:
            raise ValueError("a ladder has rungs of positive steps, with as many tables each")

    def at(self, step: float) -> QuantizationTables:
        """Interpolate tables of a step; beyond the ends the last rung is scaled.

        Between two rungs each step is a weighted geometric mean; so a band that one rung gives up is given up by and
        by.

        Raises
        ------
        ValueError
            If the step is no positive number.
        """
        if not 0 < step < np.inf:
            raise ValueError(f"a step is a number above 0, not {step}")
        known = sorted(self.rungs)
        if step <= known[0] or step >= known[-1]:
            end = known[0] if step <= known[0] else known[-1]
            logs = [np.log(table * (step / end)) for table in self.rungs[end].arrays]
        else:
            low, high = next((a, b) for a, b in pairwise(known) if a <= step < b)
            part = np.log(step / low) / np.log(high / low)
            logs = [
                (1 - part) * np.log(fine) + part * np.log(coarse)
                for fine, coarse in zip(self.rungs[low].arrays, self.rungs[high].arrays, strict=True)
            ]
        arrays = [np.clip(np.rint(np.exp(values)), 1, MAX_BASELINE_STEP).astype(np.uint16) for values in logs]
        return QuantizationTables(
            *arrays,
            name=f"{PREFIX}{step:.3g}",
            provenance={
                "method": "ladder",
                "parameters": {"step": float(step)},
                "rungs": [tables.digest for tables in self.rungs.values()],
            },
        )


@functools.cache
def shipped_ladder() -> TableLadder:
    """Return the ladder of the shipped tables ``machine-3`` to ``machine-226``."""
    rungs = [shipped(name) for name in shipped_names() if name.startswith(PREFIX)]
    by_step = {float(tables.provenance["parameters"]["step"]): tables for tables in rungs}
    return TableLadder(dict(sorted(by_step.items())))
