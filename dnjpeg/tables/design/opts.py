"""OptS: reverse water-filling of errors weighted by sensitivity (ICIP 2023; JSAIT 2024)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dnjpeg.tables.design.deltas import BandStatistics
from dnjpeg.tables.design.histograms import BandHistograms, check_components
from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.design.sensitivities import (
    CEILING,
    CHROMA,
    STEP,
    Bands,
    BandSensitivity,
    bounded,
    check_positive,
    made,
    weigh,
)
from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.steps import MAX_BASELINE_STEP

__all__ = ["DESIGN", "QUANTIZERS", "laplacian_distortion", "opts"]

QUANTIZERS = ("dead-zone", "rounding")


def laplacian_distortion(step: Bands, scale: Bands, *, quantizer: str = "dead-zone") -> Bands:
    """Mean squared error of a Laplacian variable that is quantized and reconstructed at multiples of a step.

    ::

        D(q, l) = 2 l^2 - 2 q (l + t - q/2) / (exp(t/l) (1 - exp(-q/l)))

    with everything below the threshold t set to zero: ``t = q/2`` for rounding, and
    ``t = (q - l) + q / (exp(q/l) - 1)`` for the dead zone that minimises the error of such a quantizer's other bins.

    Parameters
    ----------
    step, scale : ndarray, float64
        Steps q, and scales l of the density, the mean magnitudes; positive, broadcast against each other.
    quantizer : {"dead-zone", "rounding"}
        Which threshold.
    """
    q, scale = np.broadcast_arrays(np.asarray(step, np.float64), np.maximum(scale, 1e-9))
    x = np.minimum(q / scale, 500)  # beyond it nothing but zero is left
    t = q / 2 if quantizer == "rounding" else (q - scale) + q / np.expm1(x)
    kept = 2 * q * (scale + t - q / 2) * np.exp(-np.minimum(t / scale, 500)) / -np.expm1(-x)
    distortion: Bands = 2 * scale**2 - kept
    return distortion


def opts(
    sensitivity: BandSensitivity,
    statistics: BandHistograms,
    *,
    step: float = 16,
    chroma: float = 1.0,
    quantizer: str = "dead-zone",
    ceiling: float | None = None,
) -> QuantizationTables:
    """Give each band the largest step at which its weighted error stays below one level for all.

    ::

        Q = 255                                      s var < d
            the largest q with s D(q, l) <= d        otherwise, d = step^2 / 12

    with a band's sensitivity ``s = E (dL/dc)^2`` (luma's geometric mean 1), its variance, its mean magnitude l, and D
    the error of a quantized Laplacian variable. A band that holds less than the level gets nothing. DC, whose density
    is flat, gets ``floor(sqrt(12 d / s))``. Statistics of many images give one table for all; those of one image a
    table for it.

    Parameters
    ----------
    sensitivity : Sensitivity
        What networks mind, from `dnjpeg sensitivity`.
    statistics : FrequencyStatistics
        What the images hold, at the same subsampling.
    step : float
        Step that the level corresponds to in a band of sensitivity 1 that holds much.
    chroma : float
        Factor on how much chroma counts. Cb and Cr share a table; the mean of their weighted errors meets the level.
    quantizer : {"dead-zone", "rounding"}
        Whose error is meant: the paper's soft quantizer, which sets more to zero, or plain rounding, which all JPEG
        encoders do. Under rounding the steps get larger.
    ceiling : float, optional
        No step is larger than this many times `step`. What a band holds is mostly a few large coefficients: at a step
        of 255 these are lost too, and networks mind that more than its mean squared error says.

    Returns
    -------
    QuantizationTables
        Two tables, steps 1 to 255.

    Raises
    ------
    ValueError
        If an argument is none of the above.

    Notes
    -----
    Source: OptS, JPEG compliant compression for DNN vision, ICIP 2023 and IEEE JSAIT 2024. Two things differ: the
    released code exchanges Cb and Cr in its sensitivities; and chroma's one table is settled there otherwise.
    """
    step = check_positive(step, "the step")
    if quantizer not in QUANTIZERS:
        raise ValueError(f"quantizer {quantizer!r}, must be one of {', '.join(QUANTIZERS)}")
    check_components(statistics)
    weights = weigh(sensitivity, chroma=chroma)
    level = step**2 / 12
    maps = [_filled(weights.maps[part], statistics, part, level, quantizer) for part in (slice(0, 1), slice(1, 3))]
    held, bound = bounded((maps[0], maps[1]), step, ceiling)
    return made(
        held,
        "opts",
        "OptS: water-filling of errors weighted by sensitivity.",
        {"step": step, "chroma": chroma, "quantizer": quantizer, **bound},
        {**weights.origin, "statistics": {"hash": statistics.hash}, "data": dict(statistics.provenance)},
        "OptS, ICIP 2023 and IEEE JSAIT 2024",
    )


def _filled(weights: Sequence[Bands], statistics: BandStatistics, part: slice, level: float, quantizer: str) -> Bands:
    """Find the steps that components share."""
    s = np.stack(weights)
    indices = range(3)[part]
    variance = np.stack([statistics.std(index) ** 2 for index in indices])
    scale = np.stack([statistics.mean_abs(index) for index in indices])  # type: ignore[attr-defined]
    q = np.arange(1, MAX_BASELINE_STEP + 1, dtype=np.float64)[:, None, None, None]
    error = (s * laplacian_distortion(q, scale, quantizer=quantizer)).mean(axis=1)
    # The error grows with the step, but for ripples: the largest step below which all are within the level.
    within = np.logical_and.accumulate(error <= level, axis=0).sum(axis=0)
    steps: Bands = np.maximum(within, 1).astype(np.float64)
    steps[(s * variance).mean(axis=0) < level] = MAX_BASELINE_STEP
    steps[0, 0] = np.floor(np.sqrt(12 * level / s[:, 0, 0].mean()))
    return steps


DESIGN = Design(
    "opts",
    opts,
    "Water-filling: one level of error, weighted by sensitivity, for all bands (OptS).",
    needs_statistics=True,
    needs_sensitivity=True,
    options=(
        Option("step", float, STEP),
        Option("chroma", float, CHROMA),
        Option("quantizer", QUANTIZERS, "Whose error is meant: the paper's, or that of plain rounding."),
        Option("ceiling", float, CEILING),
    ),
)
