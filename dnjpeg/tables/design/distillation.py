"""Feature Distillation: tables that remove adversarial perturbations (Liu et al., CVPR 2019)."""

from __future__ import annotations

import numpy as np

from dnjpeg.tables.design.deltas import COMPONENTS, Statistics, select, strongest_first
from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.steps import check_step

__all__ = ["FD_CODE", "FD_V1", "fd_code", "fd_v1"]

SOURCE = "Liu et al., Feature Distillation, CVPR 2019 (arXiv 1803.05787)"


def fd_v1(
    statistics: Statistics, *, keep: int = 15, kept_step: int = 1, step: int = 40, components: str = "per-component"
) -> QuantizationTables:
    """Keep the strongest bands of an image, and quantize the others coarsely.

    ::

        Q(u, v) = kept_step (1)     the `keep` (15) bands with the largest δ
                  step (40)         the other 49

    A perturbation of at most ε grey levels moves a coefficient by less than 8 ε, so that a step above 16 ε removes it:
    40 is enough for ε = 2. The paper takes δ from the image that is to be defended.

    Parameters
    ----------
    statistics : FrequencyStatistics, or array-like of float, (8, 8) or (n, 8, 8)
        Statistics of one image, ``collect_statistics(pixels)``; or standard deviations δ of its orthonormal DCT
        coefficients, natural order.
    keep : int
        How many bands are kept, 0..64. Of equally strong ones the lower frequency is.
    kept_step, step : int
        Steps of the kept bands and of the others.
    components : {"per-component", "luma", "rgb"}
        Whose δ, as for `deepn`.

    Returns
    -------
    QuantizationTables
        One table, or one for each component of the statistics.

    Raises
    ------
    ValueError
        If an argument is none of the above.

    Notes
    -----
    Source: the full text of the first version of Z. Liu, Q. Liu, T. Liu, N. Xu, X. Lin, Y. Wang, W. Wen: Feature
    Distillation: DNN-oriented JPEG compression against adversarial examples, CVPR 2019 (arXiv 1803.05787v1).
    """
    if not isinstance(keep, int | np.integer) or isinstance(keep, bool) or not 0 <= keep <= 64:
        raise ValueError(f"a whole number of bands from 0 to 64 is kept, not {keep!s:.40}")
    kept_step, step = check_step(kept_step, "the kept bands"), check_step(step, "the other bands")
    deltas = select(statistics, components)
    tables = [np.full(64, step) for _ in deltas.maps]
    for table, delta in zip(tables, deltas.maps, strict=True):
        table[strongest_first(delta)[:keep]] = kept_step
    return QuantizationTables(
        *(table.reshape(8, 8) for table in tables),
        name="fd-v1",
        provenance={
            "method": "fd-v1",
            "description": f"Feature Distillation, first version: the {keep} strongest bands of an image kept.",
            "parameters": {"keep": int(keep), "kept_step": kept_step, "step": step, "components": components},
            **deltas.origin,
            "source": SOURCE + ", first version",
        },
    )


def fd_code(*, step: int = 30, corner_step: int = 25) -> QuantizationTables:
    """Quantize as the authors' released code does: one step, and a smaller one for the 4x4 lowest frequencies.

    ::

        Q(u, v) = corner_step (25)      u < 4 and v < 4
                  step (30)             otherwise

    Parameters
    ----------
    step, corner_step : int
        1..65535; a baseline file has steps up to 255.

    Returns
    -------
    QuantizationTables
        One table for all components.

    Raises
    ------
    ValueError
        If a step is not an integer from 1 to 65535.

    Notes
    -----
    The released code quantizes R, G and B, without a level shift; in a JPEG file the same steps meet Y, Cb and Cr, and
    its effect is not quite the same.

    Source: the code that the authors of Feature Distillation (CVPR 2019, arXiv 1803.05787) released.
    """
    step, corner_step = check_step(step, "the table"), check_step(corner_step, "the 4x4 lowest frequencies")
    table = np.full((8, 8), step)
    table[:4, :4] = corner_step
    return QuantizationTables(
        table,
        name="fd-code",
        provenance={
            "method": "fd-code",
            "description": "Feature Distillation, the authors' released code.",
            "parameters": {"step": step, "corner_step": corner_step},
            "source": SOURCE + ", the authors' code",
        },
    )


FD_V1 = Design(
    "fd-v1",
    fd_v1,
    "Keep an image's strongest bands, quantize the others coarsely (Feature Distillation, first version).",
    needs_statistics=True,
    options=(
        Option("keep", int, "How many bands are kept, 0..64."),
        Option("kept_step", int, "Step of the kept bands."),
        Option("step", int, "Step of the others; above 16 e it removes perturbations of e grey levels."),
        Option(
            "components",
            tuple(COMPONENTS),
            "A table for each of Y, Cb, Cr; luma's for all; or R, G, B thrown together.",
        ),
    ),
)

FD_CODE = Design(
    "fd-code",
    fd_code,
    "One step, and a smaller one for the 4x4 lowest frequencies (Feature Distillation, released code).",
    options=(
        Option("step", int, "Step of most bands."),
        Option("corner_step", int, "Step of the 4x4 lowest frequencies."),
    ),
)
