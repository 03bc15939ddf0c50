"""Groups of frequency bands, low, middle and high, and what a network makes of a coarse step in one of them.

The DeepN-JPEG paper (Liu et al., DAC 2018) finds the largest step of each group that costs no accuracy, while all other
bands are kept, and makes its map from them: 5, 20 and 60.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.evaluation.contenders import Contender, jpeg_contender
from dnjpeg.tables import QuantizationTables
from dnjpeg.tables.design.deltas import strongest_first

__all__ = ["GROUPS", "SIZES", "by_magnitude", "by_position", "group_contenders"]

Bands = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

GROUPS = ("LF", "MF", "HF")
SIZES = (6, 22, 36)
"""How many bands the paper's groups have."""


def by_position(sizes: Sequence[int] = SIZES) -> dict[str, Masks]:
    """Group the bands along the zigzag scan.

    Returns
    -------
    dict of str to ndarray, bool, (1, 8, 8)
        Which bands are in a group, for all components alike; natural order.
    """
    return _grouped([np.asarray(ZIGZAG)], sizes)


def by_magnitude(deltas: npt.ArrayLike, sizes: Sequence[int] = SIZES) -> dict[str, Masks]:
    """Group each component's bands by their standard deviation, the largest first.

    Parameters
    ----------
    deltas : array-like of float, (n, 8, 8)
        Standard deviations, natural order.
    sizes : sequence of int
        Of the groups.

    Returns
    -------
    dict of str to ndarray, bool, (n, 8, 8)
        Natural order.
    """
    return _grouped([strongest_first(delta) for delta in np.asarray(deltas, np.float64)], sizes)


def _grouped(orders: Sequence[npt.NDArray[np.intp]], sizes: Sequence[int]) -> dict[str, Masks]:
    if sum(sizes) != 64 or len(sizes) != len(GROUPS):
        raise ValueError(f"three groups of 64 bands together are needed, not {tuple(sizes)}")
    ends = np.cumsum([0, *sizes])
    masks = np.zeros((len(GROUPS), len(orders), 64), bool)
    for component, order in enumerate(orders):
        for group in range(len(GROUPS)):
            masks[group, component, order[ends[group] : ends[group + 1]]] = True
    return dict(zip(GROUPS, masks.reshape(len(GROUPS), len(orders), 8, 8), strict=True))


def group_contenders(
    kinds: Mapping[str, Mapping[str, Masks]], steps: Sequence[int], *, subsampling: str = "4:2:0"
) -> list[Contender]:
    """Make a contender of each group and step: that step in the group, and 1 in all other bands.

    Parameters
    ----------
    kinds : mapping of str to mapping of str to ndarray, bool, (n, 8, 8)
        Groups, by how they were made, for example ``{"position": by_position()}``.
    steps : sequence of int
        1 to 255.
    subsampling : str
        As in `dnjpeg.encode`.
    """
    return [
        jpeg_contender(
            f"{group} by {kind} {step}",
            f"{group} by {kind}",
            step,
            QuantizationTables(*np.where(masks, step, 1).astype(np.uint16), name=f"{group} by {kind} {step}"),
            subsampling=subsampling,
        )
        for kind, groups in kinds.items()
        for group, masks in groups.items()
        for step in steps
    ]
