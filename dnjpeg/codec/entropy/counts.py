"""Counts of how often each value occurs in each band: what decoding for statistics leaves.

They are 32-bit integers, PLANE_ITEMS of them for a component. From bit 0 on an index has the position in the zigzag
sequence, from bit 6 on the value + MIDDLE, and then the component. What has no place among the values is counted with
the largest one. Counts of zero do not matter: some are counted, most are not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.format.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Scalar, operation

__all__ = ["LEVELS", "MIDDLE", "PLANE_ITEMS", "count_any", "level_of", "mcu_slots"]

LEVELS = 4096
MIDDLE = LEVELS // 2
PLANE_ITEMS = LEVELS << 6

# What there is of each block of an MCU, its slot.
COMPONENT = 0  # index within the scan
FIRST_COUNT = 1  # index of the first count
DC = 2  # index of the first entry of its lookups
AC = 3
ROWS = 4  # of MCUs: in those behind, the slot's blocks only fill up
COLS = 5


def mcu_slots(scan: npt.NDArray[np.int64], components: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Slots of an MCU of a scan.

    Parameters
    ----------
    scan : ndarray, int64
        From `scan_layout`, with its lookups.
    components : sequence of int
        As which of the components that counts have each of the scan's is counted.

    Returns
    -------
    ndarray, int64, (blocks, 6)
    """
    return np.array(
        [
            (
                c,
                PLANE_ITEMS * counted,
                part[DC_TABLE],
                part[AC_TABLE],
                -(-(part[BLOCK_ROWS] - y) // part[VERTICAL]),
                -(-(part[BLOCK_COLS] - x) // part[HORIZONTAL]),
            )
            for c, (part, counted) in enumerate(zip(scan.tolist(), np.asarray(components).tolist(), strict=True))
            for y in range(part[VERTICAL])
            for x in range(part[HORIZONTAL])
        ],
        np.int64,
    )


@operation(types.int64)
def level_of(value: Scalar) -> Scalar:
    """Value + MIDDLE, or the largest level."""
    return (value + MIDDLE).at_most(LEVELS - 1)


@inlined
def count_any(counts, plane, place, value, weight):
    """Add `weight` to the count of a coefficient of any size; `plane` is the index of a component's first count."""
    index = plane + (level_of(value) << 6) + place
    counts[index] = counts[index] + weight
