"""SAME-Q: one step for all bands."""

from __future__ import annotations

import numpy as np

from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.steps import check_step

__all__ = ["DESIGN", "same_q"]


def same_q(step: int) -> QuantizationTables:
    """Quantize every band of every component with the same step.

    ::

        Q(u, v) = step

    Every coefficient gets the same mean squared error, which is what minimises the total squared error at high rates.
    The baseline SAME-Q of the DeepN-JPEG paper, with steps 4, 8 and 12.

    Parameters
    ----------
    step : int
        1..65535; a baseline file has steps up to 255.

    Returns
    -------
    QuantizationTables
        One table for all components.

    Raises
    ------
    ValueError
        If the step is not an integer from 1 to 65535.

    Notes
    -----
    Source: Liu et al., DeepN-JPEG, DAC 2018 (arXiv 1803.05788).
    """
    step = check_step(step, "SAME-Q")
    return QuantizationTables(
        np.full((8, 8), step),
        name=f"same-q-{step}",
        provenance={
            "method": "same-q",
            "description": f"One step, {step}, for all bands.",
            "parameters": {"step": step},
            "source": "a baseline of Liu et al., DeepN-JPEG, DAC 2018 (arXiv 1803.05788)",
        },
    )


DESIGN = Design(
    "same-q",
    same_q,
    "One step for all bands (the baseline SAME-Q of the DeepN-JPEG paper).",
    options=(Option("step", int, "The step, 1..65535; a baseline file has steps up to 255."),),
)
