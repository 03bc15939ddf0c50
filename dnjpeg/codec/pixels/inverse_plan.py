"""What decoding to pixels needs to know before it begins: where samples lie in scratch memory, and which are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import (
    COUNT,
    FANCY,
    FIRST,
    FIRST_COL,
    FIRST_ROW,
    FULL,
    HORIZONTAL,
    LAST_COL,
    LAST_ROW,
    LINE_SAMPLES,
    LINES,
    OFFSET,
    PLANE,
    RATIO_H,
    RATIO_V,
    SIDE,
    START,
    STRIDE,
    TABLE,
    VERTICAL,
    component_layout,
)
from dnjpeg.codec.pixels.color import PIXELS, RGB_BYTES
from dnjpeg.codec.pixels.sampling import SAMPLES
from dnjpeg.codec.pixels.window import FULL_SIZE, Window, block_sides

__all__ = ["InversePlan", "joined_steps", "plan_inverse"]

# Entries of the sizes that a strip is described by.
TOP, BOTTOM, WIDTH = 0, 1, 2  # of the window, in pixels
LAST_MCU_ROW = 3  # row of MCUs below the last that it needs
ROW_LINES = 4  # lines of pixels that a row of MCUs becomes
CONTEXT = 5  # lines at its end that wait for the next one
YCC = 6  # whether the first three components are converted to RGB
TAIL = 7
LEFT = 8  # of the window
COLUMNS_H, ROWS_V = 9, 10  # Hmax and Vmax

CONTEXT_LINES = 2  # lines of the row of MCUs above that are kept


@dataclass(frozen=True)
class InversePlan:
    """A row of MCUs as samples, in scratch memory: below the last lines of the one above, and one at full resolution.

    Parameters
    ----------
    precision : int
        Bits a sample.
    layout : ndarray, int64, (components + 1, COLUMNS)
        `component_layout` with `TABLE` and all that is for decoding.
    sizes : ndarray, int64
        See the indices above.
    scaled : bool or None
        True if blocks become other squares than 8x8. Otherwise None: kernels are compiled for that without the code
        for the other sizes.
    unusual : bool or None
        True if there are two or four components, or ratios of resolutions that are not whole numbers; None likewise.
    samples, sums, coefficients : int
        Sizes of the scratch memory. Lines are long enough for operations that do several samples at once to read and
        write past their ends.
    """

    precision: int
    layout: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    scaled: bool | None
    unusual: bool | None
    samples: int
    sums: int
    coefficients: int

    @property
    def last_mcu_row(self) -> int:
        """Row of MCUs below the last that the window needs."""
        return int(self.sizes[LAST_MCU_ROW])


@lru_cache(256)
def plan_inverse(
    frame: Frame, color: str, window: Window, *, kept_rows: int | None = None, filled: bool = False
) -> InversePlan:
    """Plan the memory; the coefficients of `kept_rows` rows of MCUs are kept (all by default).

    `filled` is that of `component_layout`.
    """
    layout = component_layout(frame, mcu_rows=kept_rows, filled=filled)
    for component, side in zip(layout, block_sides(frame, window.eighths), strict=False):
        _plan_component(component, side, frame, window)
    width = frame.mcu_cols * window.eighths * frame.max_horizontal
    samples = _plan_planes(layout, frame, width)
    context = any(row[FANCY] and row[RATIO_V] == 2 for row in layout)
    lines = window.eighths * frame.max_vertical
    height = -(-frame.height * window.eighths // FULL_SIZE)
    sizes = [
        window.top,
        window.bottom,
        window.width,
        min(window.bottom - 1 + 2 * context, height - 1) // lines + 1,
        lines,
        int(context),
        int(color in {"YCbCr", "YCCK"}),
        samples,
        window.left,
        frame.max_horizontal,
        frame.max_vertical,
    ]
    scaled = None if window.eighths == FULL_SIZE else True
    usual = len(frame.components) in {1, 3} and (layout[:-1, RATIO_H] > 0).all()
    coefficients = int(layout[-1, FIRST]) + 64  # one block more for what has no place
    return InversePlan(
        frame.precision,
        layout,
        np.array(sizes),
        scaled,
        None if usual else True,
        samples + 2 * RGB_BYTES,
        width + 2 * SAMPLES + 2,
        coefficients,
    )


def _plan_component(row: npt.NDArray[np.int64], side: int, frame: Frame, window: Window) -> None:
    """Set what is needed of a component: samples that the window covers, and their neighbours where it is upsampled."""
    horizontal, vertical, columns, rows = (
        int(row[HORIZONTAL]),
        int(row[VERTICAL]),
        frame.max_horizontal,
        frame.max_vertical,
    )
    ratio_h, ratio_v = _ratios(horizontal * side, vertical * side, columns * window.eighths, rows * window.eighths)
    samples = -(-frame.width * horizontal * side // (columns * FULL_SIZE))
    lines = -(-frame.height * vertical * side // (rows * FULL_SIZE))
    if ratio_h:
        start, end = _needed(window.left, window.right, ratio_h, samples)
        above, below = _needed(window.top, window.bottom, ratio_v, lines)
    else:
        start, end = window.left * horizontal // columns, (window.right - 1) * horizontal // columns + 1
        above, below = window.top * vertical // rows, (window.bottom - 1) * vertical // rows + 1
    # libjpeg filters if a component is more than two samples wide; vertically alone always.
    fancy = window.eighths > 1 and (samples > 2 or (ratio_h, ratio_v) == (1, 2))
    row[[SIDE, RATIO_H, RATIO_V, FANCY]] = side, ratio_h, ratio_v, fancy
    row[[LINES, LINE_SAMPLES, START, COUNT, OFFSET]] = lines, samples, start, end - start, window.left - start * ratio_h
    row[[FIRST_COL, LAST_COL, FIRST_ROW, LAST_ROW]] = start // side, -(-end // side), above // side, -(-below // side)


def _ratios(horizontal: int, vertical: int, columns: int, rows: int) -> tuple[int, int]:
    """Resolution of the image to that of a component, as whole numbers; 0, 0 if these are not whole."""
    return (0, 0) if columns % horizontal or rows % vertical else (columns // horizontal, rows // vertical)


def _needed(first: int, last: int, ratio: int, size: int) -> tuple[int, int]:
    """First sample, and the one behind the last, that pixels from `first` to before `last` depend on."""
    margin = int(ratio > 1)
    return max(first // ratio - margin, 0), min(-(-last // ratio) + margin, size)


def _plan_planes(layout: npt.NDArray[np.int64], frame: Frame, width: int) -> int:
    """Place the samples of all components; returns how many there are."""
    slack = 2 * PIXELS
    position = slack
    for index, row in enumerate(layout[:-1]):
        stride = frame.mcu_cols * int(row[HORIZONTAL] * row[SIDE]) + slack
        row[[PLANE, STRIDE, TABLE]] = position + CONTEXT_LINES * stride, stride, 64 * index
        position += (CONTEXT_LINES + int(row[VERTICAL] * row[SIDE])) * stride
        row[FULL] = position
        position += width + slack
    return position


def joined_steps(tables: Sequence[npt.NDArray[np.uint16]], precision: int) -> npt.NDArray[Any]:
    """Join the steps of all components: int16 for 8 bits, so that products wrap around as in libjpeg-turbo; uint16."""
    return np.frombuffer(b"".join(table.data for table in tables), np.int16 if precision == 8 else np.uint16)
