"""Tables of least rate for their weighted error, from measured histograms."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

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

__all__ = ["DESIGN", "band_curves", "rate_distortion"]


def rate_distortion(
    sensitivity: BandSensitivity,
    statistics: BandHistograms,
    *,
    step: float = 16,
    chroma: float = 1.0,
    ceiling: float | None = None,
) -> QuantizationTables:
    """Choose for each band the step of the least weighted error plus bits.

    ::

        Q = the q of the least s D(q) + lambda R(q),        lambda = step^2 ln 2 / 6

    with a band's sensitivity ``s = E (dL/dc)^2`` (luma's geometric mean 1), the squared error D of rounding and the
    entropy R in bits, both counted from the measured histogram. At high rates that gives a band of sensitivity 1 the
    step that is named; a band that is not worth its bits gets 255.

    Parameters
    ----------
    sensitivity : Sensitivity
        What networks mind, from `dnjpeg sensitivity`.
    statistics : FrequencyStatistics
        What the images hold, at the same subsampling.
    step : float
        As for `opts`.
    chroma : float
        Factor on how much chroma counts; Cb and Cr share a table, from the sum of their costs.
    ceiling : float, optional
        As for `opts`.

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
    The error is counted at the middle of half-wide bins, to 1/48 of a squared coefficient. Runs of zeros are not
    counted: what coefficients cost in a file depends on their neighbours.

    Source: Lagrangian optimisation of each band by itself; Y. Shoham, A. Gersho: Efficient bit allocation for an
    arbitrary set of quantizers, IEEE Transactions on Acoustics, Speech and Signal Processing 36, 1988.
    """
    step = check_positive(step, "the step")
    check_components(statistics)
    weights = weigh(sensitivity, chroma=chroma)
    slope = step**2 * math.log(2) / 6
    costs = []
    for index, weight in enumerate(weights.maps):
        error, bits = band_curves(statistics, index)
        costs.append(weight.reshape(64) * error + slope * bits)
    maps = [1.0 + np.argmin(sum(costs[part]), axis=0).reshape(8, 8) for part in (slice(0, 1), slice(1, 3))]
    held, bound = bounded((maps[0], maps[1]), step, ceiling)
    return made(
        held,
        "rate-distortion",
        "Least weighted error plus bits for each band, from measured histograms.",
        {"step": step, "chroma": chroma, **bound},
        {**weights.origin, "statistics": {"hash": statistics.hash}, "data": dict(statistics.provenance)},
        "Lagrangian optimisation of each band by itself",
    )


def band_curves(statistics: BandHistograms, component: int) -> tuple[Bands, Bands]:
    """Mean squared error and bits a coefficient at steps 1 to 255, (255, 64) each."""
    shares = statistics.histogram(component).reshape(64, -1) / max(1, statistics.count(component))
    error, bits = np.empty((MAX_BASELINE_STEP, 64)), np.empty((MAX_BASELINE_STEP, 64))
    for step in range(1, MAX_BASELINE_STEP + 1):
        error[step - 1] = shares @ _squared_errors()[step - 1]
        bits[step - 1] = statistics.entropy(component, np.full((8, 8), step)).reshape(64)
    return error, bits


@lru_cache(maxsize=1)
def _squared_errors() -> npt.NDArray[np.float64]:
    """Squared error of the middle of each bin at steps 1 to 255, (255, bins)."""
    from dnjpeg.statistics import histogram_edges  # noqa: PLC0415 - imports the codec, which whoever only encodes need not

    edges = histogram_edges()
    middle = (edges[:-1] + edges[1:]) / 2
    q = np.arange(1, MAX_BASELINE_STEP + 1)[:, None]
    quantized = np.sign(middle) * np.floor(np.abs(middle) / q + 0.5)
    errors: npt.NDArray[np.float64] = (middle - q * quantized) ** 2
    return errors


DESIGN = Design(
    "rate-distortion",
    rate_distortion,
    "Least weighted error plus bits for each band, from measured histograms.",
    needs_statistics=True,
    needs_sensitivity=True,
    options=(Option("step", float, STEP), Option("chroma", float, CHROMA), Option("ceiling", float, CEILING)),
)
