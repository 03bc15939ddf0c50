"""RM-HF: remove the coefficients of the highest frequencies."""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.standard import standard
from dnjpeg.tables.steps import check_step

__all__ = ["DESIGN", "rm_hf"]


def rm_hf(drop: int, *, quality: int = 100, step: int = 255) -> QuantizationTables:
    """Remove the last coefficients of the zigzag sequence, as far as a table can.

    ::

        Q(k) = step         k >= 64 - drop, k the place in the zigzag sequence
               K(k)         otherwise, K the standard tables at the quality

    The baseline RM-HF of the DeepN-JPEG paper, which removes 3, 6 or 9 coefficients from JPEG of quality 100.

    Parameters
    ----------
    drop : int
        How many coefficients of each block, 1..63.
    quality : int
        1..100, of the standard tables that the other coefficients keep.
    step : int
        The step of those to be removed, 1..65535.

    Returns
    -------
    QuantizationTables
        Luma and chroma.

    Raises
    ------
    ValueError
        If an argument is not in range.

    Notes
    -----
    A step q makes zero of a coefficient c if ``abs(c) < q / 2``. The largest step of a baseline file, 255, lets those
    from 127.5 on survive, as a single step of ±255. Coefficients of the highest frequencies that large are rare in
    photos, but noise, text and line drawings have them. To remove coefficients without exception set them to zero
    between `dnjpeg.read` and `dnjpeg.write`, as the evaluator's RM-HF contenders do; or take a step of 4096, beyond
    twice the largest coefficient of 8-bit samples, where 16-bit tables can be written.

    Source: Liu et al., DeepN-JPEG, DAC 2018 (arXiv 1803.05788).
    """
    if not isinstance(drop, int | np.integer) or isinstance(drop, bool) or not 1 <= drop <= 63:
        raise ValueError(f"RM-HF removes a whole number of coefficients from 1 to 63, not {drop!s:.40}")
    step = check_step(step, "RM-HF")
    last = list(ZIGZAG[64 - drop :])
    tables = [table.copy() for table in standard(quality).arrays]
    for table in tables:
        table.reshape(64)[last] = step
    return QuantizationTables(
        *tables,
        name=f"rm-hf-{drop}" if quality == 100 else f"rm-hf-{drop} of quality {quality}",
        provenance={
            "method": "rm-hf",
            "description": f"Standard tables at quality {quality}, {step} for the last {drop} of the zigzag.",
            "parameters": {"drop": int(drop), "quality": int(quality), "step": step},
            "source": "a baseline of Liu et al., DeepN-JPEG, DAC 2018 (arXiv 1803.05788)",
            "note": f"a coefficient of {step / 2:g} or more survives as a multiple of {step}",
        },
    )


DESIGN = Design(
    "rm-hf",
    rm_hf,
    "Remove the highest frequencies of standard JPEG (the baseline RM-HF of the DeepN-JPEG paper).",
    options=(
        Option("drop", int, "How many coefficients of each block, from the end of the zigzag sequence, 1..63."),
        Option("quality", int, "1..100, of the standard tables that the other coefficients keep."),
        Option("step", int, "The step of those to be removed; larger ones than its half survive."),
    ),
)
