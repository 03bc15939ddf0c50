"""The frame's geometry as numbers that kernels read: one row of int64 a component."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Frame

__all__ = [
    "Places",
    "coefficient_arrays",
    "coefficient_places",
    "component_layout",
    "layout_rows",
    "row_geometry",
    "scan_layout",
]

MCU_BLOCKS = 10  # that an MCU of several components has at most (B.2.3)

# Columns of a layout.
HORIZONTAL = 0  # sampling factors; 1 and 1 in a scan of one component (A.2.2)
VERTICAL = 1
BLOCK_ROWS = 2  # blocks that hold samples
BLOCK_COLS = 3
LINES = 4  # samples
LINE_SAMPLES = 5
FIRST = 6  # index of the first coefficient
TABLE = 7  # index of the first entry of its quantization table, in whatever form the kernel takes them
DC_TABLE = 8  # index of the first entry of its Huffman tables, likewise
AC_TABLE = 9
PLANE = 10  # a row of MCUs as samples: index of its first one
STRIDE = 11  # distance of its lines
FULL = 12  # the same at full resolution; the same samples if the component is not subsampled
SIDE = 13  # decoding: samples a side that a block becomes
FIRST_ROW = 14  # decoding: blocks that become samples, and those behind
LAST_ROW = 15
FIRST_COL = 16
LAST_COL = 17
START = 18  # decoding: samples of a line that are needed: the first, and how many
COUNT = 19
OFFSET = 20  # decoding: pixels that these reach to the left of the window
RATIO_H = 21  # decoding: resolution of the image to that of the component
RATIO_V = 22
FANCY = 23  # decoding: upsampled by a filter
COLUMNS = 24


UNUSED = (0,) * (COLUMNS - FIRST - 1)


def component_layout(frame: Frame, *, mcu_rows: int | None = None, filled: bool = False) -> npt.NDArray[np.int64]:
    """Geometry of all components, their coefficients one after the other in one array.

    Parameters
    ----------
    frame : Frame
    mcu_rows : int, optional
        Rows of MCUs that the array of coefficients holds; all by default.
    filled : bool
        It also holds the rows of blocks that only fill the last MCUs.

    Returns
    -------
    ndarray, int64, (components + 1, COLUMNS)
        The last row has only `FIRST`: the length of the coefficient array.
    """
    return np.array(layout_rows(frame, mcu_rows=mcu_rows, filled=filled), np.int64)


def layout_rows(frame: Frame, *, mcu_rows: int | None = None, filled: bool = False) -> list[list[int]]:
    """Return `component_layout` as numbers, to which others are added sooner than to an array."""
    rows = []
    first = 0
    for component, (lines, samples, block_rows, block_cols) in zip(frame.components, frame.shapes, strict=True):
        vertical = component.vertical
        rows.append([component.horizontal, vertical, block_rows, block_cols, lines, samples, first, *UNUSED])
        held = frame.mcu_rows * vertical if filled else block_rows
        first += 64 * block_cols * (held if mcu_rows is None else min(held, mcu_rows * vertical))
    rows.append([0, 0, 0, 0, 0, 0, first, *UNUSED])
    return rows


Places = tuple[tuple[slice, tuple[int, int, int, int]], ...]
"""Which coefficients are those of a component, and their shape ``(rows, block_cols, 8, 8)``, one a component."""


def coefficient_places(layout: npt.NDArray[np.int64]) -> Places:
    """Tell where the coefficients of each component are in one array, by their `component_layout`."""
    firsts, columns = layout[:, FIRST].tolist(), layout[:-1, BLOCK_COLS].tolist()
    return tuple(
        (slice(first, following), ((following - first) // (64 * cols), cols, 8, 8))
        for (first, following), cols in zip(pairwise(firsts), columns, strict=True)
    )


def coefficient_arrays(coefficients: npt.NDArray[np.int16], places: Places) -> tuple[npt.NDArray[np.int16], ...]:
    """View the coefficients of a whole image as one ``(rows, block_cols, 8, 8)`` array a component."""
    return tuple([coefficients[part].reshape(shape) for part, shape in places])


def scan_layout(
    layout: npt.NDArray[np.int64], indices: Sequence[int], frame: Frame
) -> tuple[npt.NDArray[np.int64], int, int]:
    """Geometry of one scan: its components, and ``(rows, columns)`` of its MCUs.

    An MCU of a scan of one component is one block, whatever its sampling factors (A.2.2).
    """
    if len(indices) > 1:
        in_order = tuple(indices) == tuple(range(len(layout) - 1))
        scan = layout[:-1].copy() if in_order else layout[list(indices)]
        return scan, frame.mcu_rows, frame.mcu_cols
    scan = layout[list(indices)]
    scan[0, HORIZONTAL] = scan[0, VERTICAL] = 1
    return scan, int(scan[0, BLOCK_ROWS]), int(scan[0, BLOCK_COLS])


@lru_cache(256)
def row_geometry(
    frame: Frame, indices: tuple[int, ...], starts: tuple[tuple[int, int], ...], kept_rows: int = 1
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int, int]:
    """Geometry for one row of MCUs at a time, or several; not to be changed.

    Parameters
    ----------
    frame : Frame
    indices : tuple of int
        Of the scan's components.
    starts : tuple of (int, int)
        `DC_TABLE` and `AC_TABLE` of each.
    kept_rows : int
        Rows of MCUs that are held at a time.

    Returns
    -------
    layout : ndarray, int64
        `component_layout`.
    geometry : ndarray, int64
        `scan_layout`, with these.
    mcu_rows, mcu_cols : int
    """
    layout = component_layout(frame, mcu_rows=kept_rows)
    geometry, mcu_rows, mcu_cols = scan_layout(layout, indices, frame)
    geometry[:, DC_TABLE : AC_TABLE + 1] = starts
    return layout, geometry, mcu_rows, mcu_cols
