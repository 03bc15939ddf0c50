"""GRACE: steps inversely proportional to gradients (Xie and Kim, MobiCom 2019)."""

from __future__ import annotations

from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.design.sensitivities import CHROMA, STEP, BandSensitivity, check_positive, made, weigh
from dnjpeg.tables.quantization import QuantizationTables

__all__ = ["GRACE", "INVERSE_ROOT", "grace", "inverse_root"]


def grace(sensitivity: BandSensitivity, *, step: float = 16, chroma: float = 1.0) -> QuantizationTables:
    """Give each band a step inversely proportional to the mean magnitude of its gradient.

    ::

        Q(u, v) = step / g(u, v)        g = E|dL/dc|, luma's geometric mean 1

    A coefficient's error is at most half a step, so the loss changes by at most the sum of ``g q / 2``; at high rates
    a band costs ``-log2 q`` bits a coefficient. The least of these under a bound on the first is where all ``g q`` are
    equal.

    Parameters
    ----------
    sensitivity : Sensitivity
        What networks mind, from `dnjpeg sensitivity`.
    step : float
        Geometric mean of luma's steps, before rounding.
    chroma : float
        Factor on how much chroma counts; Cb and Cr share a table, from the mean of their gradients.

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
    Source: X. Xie, K.-H. Kim: Source compression with bounded DNN perception loss for IoT edge computer vision,
    MobiCom 2019. The proportionality is as remembered from there, not checked against its text.
    """
    step = check_positive(step, "the step")
    weights = weigh(sensitivity, magnitudes=True, chroma=chroma)
    return made(
        (step / weights.maps[0], step / weights.chroma),
        "grace",
        "GRACE: steps inversely proportional to the mean magnitude of gradients.",
        {"step": step, "chroma": chroma},
        weights.origin,
        "X. Xie, K.-H. Kim, GRACE, MobiCom 2019",
    )


def inverse_root(sensitivity: BandSensitivity, *, step: float = 16, chroma: float = 1.0) -> QuantizationTables:
    """Give each band a step inversely proportional to the root of its sensitivity.

    ::

        Q(u, v) = step / sqrt(s(u, v))      s = E (dL/dc)^2, luma's geometric mean 1

    What the divergence costs is near the sum of ``s q^2 / 12`` at high rates; the fewest bits under a bound on it are
    where all ``s q^2`` are equal. It knows nothing of how much a band holds; `opts` does.

    Parameters
    ----------
    sensitivity, step, chroma
        As for `grace`.

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
    Source: high-rate quantization theory: the error is q^2 / 12, and each halving of q costs a bit.
    """
    step = check_positive(step, "the step")
    weights = weigh(sensitivity, chroma=chroma)
    return made(
        (step / weights.maps[0] ** 0.5, step / weights.chroma**0.5),
        "inverse-root",
        "Steps inversely proportional to the root of mean squared gradients.",
        {"step": step, "chroma": chroma},
        weights.origin,
        "high-rate quantization theory: an error of q^2 / 12, a bit for each halving of q",
    )


_OPTIONS = (Option("step", float, STEP), Option("chroma", float, CHROMA))

GRACE = Design(
    "grace",
    grace,
    "Steps inversely proportional to the magnitude of gradients (GRACE).",
    needs_sensitivity=True,
    options=_OPTIONS,
)

INVERSE_ROOT = Design(
    "inverse-root",
    inverse_root,
    "Steps inversely proportional to the root of the sensitivity.",
    needs_sensitivity=True,
    options=_OPTIONS,
)
