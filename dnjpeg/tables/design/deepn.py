"""DeepN-JPEG: steps that fall as the standard deviation of a band's coefficients grows (Liu et al., DAC 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dnjpeg.tables.design.deltas import COMPONENTS, Bands, Statistics, select
from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.steps import Table

__all__ = ["DESIGN", "MODES", "deepn"]

MODES = {
    "literal": "published constants",
    "rank": "thresholds by rank",
    "continuous": "thresholds by rank, no jump",
}
PUBLISHED = (20.0, 60.0)  # T1, T2

_LARGEST = float(np.finfo(np.float64).max)  # a slope may be, so that the constants stay numbers


@dataclass(frozen=True)
class _Map:
    """The piecewise linear map of the paper, from δ to steps.

    In the paper's constants a = q_max, k1 = (a - q1) / t1, k2 = (q1 - q2) / (t2 - t1), b = q1 + k2 t1, c = top + k3 t2,
    where `top` is the step just above t2.
    """

    t1: float
    t2: float
    k3: float
    top: float
    q_max: float
    q1: float
    q2: float
    q_min: float

    def __post_init__(self) -> None:
        if not 0 < self.t1 < self.t2 < np.inf:
            raise ValueError(f"the thresholds must rise from above 0, and they are t1 = {self.t1:g}, t2 = {self.t2:g}")
        if not 0 <= self.k3 < np.inf:
            raise ValueError(f"k3 is {self.k3:g}, and must not be negative")
        if not 1 <= self.q_min <= self.q2 <= self.q1 <= self.q_max <= 65535:
            raise ValueError(
                f"the steps must rise from 1 to 65535 in the order q_min, q2, q1, q_max, and they are "
                f"{self.q_min:g}, {self.q2:g}, {self.q1:g}, {self.q_max:g}"
            )

    @property
    def constants(self) -> dict[str, float]:
        """The paper's constants, thresholds and least step."""
        k1 = min((self.q_max - self.q1) / self.t1, _LARGEST)
        k2 = min((self.q1 - self.q2) / (self.t2 - self.t1), _LARGEST)
        return {
            "t1": self.t1,
            "t2": self.t2,
            "a": self.q_max,
            "k1": k1,
            "b": self.q1 + k2 * self.t1,
            "k2": k2,
            "c": self.top + self.k3 * self.t2,
            "k3": self.k3,
            "q_min": self.q_min,
        }

    def steps(self, delta: Bands) -> Table:
        """Map δ, float64 (8, 8), to steps, rounded to the nearest."""
        k = self.constants
        # The bounds are what the formulas keep to by themselves, but for rounding where a threshold, or the distance
        # between the two, is next to nothing.
        high = (k["a"] - k["k1"] * np.minimum(delta, self.t1)).clip(self.q1, self.q_max)
        middle = (k["b"] - k["k2"] * delta.clip(self.t1, self.t2)).clip(self.q2, self.q1)
        low = np.maximum(k["c"] - k["k3"] * delta, self.q_min)
        steps = np.select([delta <= self.t1, delta <= self.t2], [high, middle], low)
        rounded: Table = np.rint(steps).astype(np.uint16)
        return rounded


def deepn(
    statistics: Statistics,
    *,
    mode: str = "literal",
    components: str = "per-component",
    t1: float | None = None,
    t2: float | None = None,
    k3: float = 3.0,
    q_max: float = 255.0,
    q1: float = 60.0,
    q2: float = 20.0,
    q_min: float = 5.0,
    low_bands: int = 6,
    middle_bands: int = 22,
) -> QuantizationTables:
    """Design tables by the piecewise linear map of DeepN-JPEG.

    ::

        Q = a - k1 δ               δ <= T1           high frequencies
            b - k2 δ          T1 < δ <= T2           middle
            max(c - k3 δ, q_min)    δ > T2           low

        a = q_max       k1 = (q_max - q1) / T1       b = q1 + k2 T1       k2 = (q1 - q2) / (T2 - T1)

    with δ the standard deviation of a band's coefficients, rounded to the nearest integer. With the defaults and
    T1 = 20, T2 = 60 these are the published constants: 255 - 9.75 δ, 80 - δ, 240 - 3 δ. What the modes change:

    ``"literal"``
        T1 = 20, T2 = 60 and c = q1 + k3 T2 = 240, as published. The step jumps from 20 to 60 where δ exceeds T2, and
        reaches 5 only at δ = 78.3.
    ``"rank"``
        T1 and T2 from the data, by the rule that gave the published ones: the bands are ranked by δ, and T2 is that of
        the last of the `low_bands` (6), T1 that of the last of the `middle_bands` (22) after them. c = q1 + k3 T2.
    ``"continuous"``
        The same thresholds, and c = q2 + k3 T2, so that the step does not jump at T2. Give `t1` and `t2` for a
        continuous map with other thresholds.

    Parameters
    ----------
    statistics : FrequencyStatistics, or array-like of float, (8, 8) or (n, 8, 8)
        Statistics of the images that the tables are for, or the δ themselves: standard deviations of the orthonormal
        DCT coefficients of 8-bit samples, natural order.
    mode : {"literal", "rank", "continuous"}
        See above.
    components : {"per-component", "luma", "rgb"}
        A table for each of Y, Cb and Cr as coded; one table for all, from luma; or one table for all, from R, G and B
        thrown together (statistics collected with ``color="rgb"``), as the authors' own code has it.
    t1, t2 : float, optional
        Thresholds of δ instead of the mode's.
    k3 : float
        Slope above T2, which the paper tuned.
    q_max, q1, q2, q_min : float
        Steps at δ = 0, at T1, at T2, and the least. The paper found q1, q2 and q_min to be the largest that the three
        groups of bands take without loss of accuracy.
    low_bands, middle_bands : int
        Sizes of the two groups of bands with the largest δ, in the modes that rank.

    Returns
    -------
    QuantizationTables
        One table, or one for each component of the statistics.

    Raises
    ------
    ValueError
        If an argument is none of the above, or the thresholds do not rise: in flat or empty images bands do not
        differ.

    Notes
    -----
    The paper does not say whether its δ are those of luma or of all components; its map was found on photos of
    ImageNet's size. Applied to chroma, whose δ are small, it gives nearly every AC band a step from 150 to 250. A band
    of exactly T2 belongs to the middle, so that the rank modes have one low band less than `low_bands`.

    Source: Z. Liu, T. Liu, W. Wen, L. Jiang, J. Xu, Y. Wang, G. Quan: DeepN-JPEG: a deep neural network favorable
    JPEG-based image compression framework, DAC 2018 (arXiv 1803.05788).
    """
    if mode not in MODES:
        raise ValueError(f"mode {mode!r}, must be one of {', '.join(MODES)}")
    if not (low_bands >= 1 and middle_bands >= 1 and low_bands + middle_bands <= 64):
        raise ValueError(f"{low_bands} low and {middle_bands} middle bands, must be 1 or more and at most 64 together")
    top = q2 if mode == "continuous" else q1
    deltas = select(statistics, components)
    maps = []
    for delta in deltas.maps:
        own = PUBLISHED if mode == "literal" else _thresholds_by_rank(delta, low_bands, middle_bands)
        chosen = (own[0] if t1 is None else t1, own[1] if t2 is None else t2)
        maps.append(_Map(*chosen, k3=k3, top=top, q_max=q_max, q1=q1, q2=q2, q_min=q_min))
    return QuantizationTables(
        *(each.steps(delta) for each, delta in zip(maps, deltas.maps, strict=True)),
        name=f"deepn-{mode}" if components == "per-component" else f"deepn-{mode}-{components}",
        provenance={
            "method": "deepn",
            "description": f"DeepN-JPEG, {MODES[mode]}; {COMPONENTS[components]}.",
            "parameters": _parameters(mode, components, low_bands, middle_bands),
            "constants": [each.constants for each in maps],
            **deltas.origin,
            "source": "Liu et al., DeepN-JPEG, DAC 2018 (arXiv 1803.05788)",
        },
    )


def _thresholds_by_rank(delta: Bands, low_bands: int, middle_bands: int) -> tuple[float, float]:
    ranked = np.sort(delta.reshape(64))[::-1]
    return float(ranked[low_bands + middle_bands - 1]), float(ranked[low_bands - 1])


def _parameters(mode: str, components: str, low_bands: int, middle_bands: int) -> dict[str, Any]:
    ranks = {} if mode == "literal" else {"low_bands": low_bands, "middle_bands": middle_bands}
    return {"mode": mode, "components": components, **ranks}


DESIGN = Design(
    "deepn",
    deepn,
    "Steps that fall as the spread of a band's coefficients grows (DeepN-JPEG).",
    needs_statistics=True,
    options=(
        Option("mode", tuple(MODES), "The published constants; thresholds by rank; or those without a jump."),
        Option(
            "components",
            tuple(COMPONENTS),
            "A table for each of Y, Cb, Cr; luma's for all; or R, G, B thrown together.",
        ),
        Option("t1", float, "Spread up to which a band is of high frequency. [literal: 20, otherwise by rank]"),
        Option("t2", float, "Spread up to which a band is in the middle. [literal: 60, otherwise by rank]"),
        Option("k3", float, "Slope above t2."),
        Option("q_max", float, "Step of a band without any spread."),
        Option("q1", float, "Step at t1."),
        Option("q2", float, "Step at t2."),
        Option("q_min", float, "The least step."),
        Option("low_bands", int, "How many bands lie from t2 up, by rank."),
        Option("middle_bands", int, "How many bands lie between t1 and t2, by rank."),
    ),
)
