"""What decoding to pixels needs to know before it begins: where samples lie in scratch memory, and which are needed."""

from __future__ import annotations

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
    layout_rows,
)
from dnjpeg.codec.pixels.color import PIXELS, RGB_BYTES
from dnjpeg.codec.pixels.sampling import SAMPLES
from dnjpeg.codec.pixels.window import FULL_SIZE, Window, block_sides, scaled_size

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
    last_mcu_row : int
        Row of MCUs below the last that the window needs.
    """

    precision: int
    layout: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    scaled: bool | None
    unusual: bool | None
    samples: int
    sums: int
    coefficients: int
    last_mcu_row: int

    @property
    def memory(self) -> int:
        """Bytes of scratch memory, at most."""
        return 2 * (self.samples + self.sums + self.coefficients)


@lru_cache(256)
def plan_inverse(
    frame: Frame, color: str, window: Window, *, kept_rows: int | None = None, filled: bool = False
) -> InversePlan:
    """Plan the memory; the coefficients of `kept_rows` rows of MCUs are kept (all by default).

    `filled` is that of `component_layout`.
    """
    eighths = window.eighths
    most_h, most_v, mcu_cols = frame.max_horizontal, frame.max_vertical, frame.mcu_cols
    width, slack = mcu_cols * eighths * most_h, 2 * PIXELS
    position = slack
    context, usual = False, len(frame.components) in {1, 3}
    rows = layout_rows(frame, mcu_rows=kept_rows, filled=filled)
    for index, (row, side) in enumerate(zip(rows[:-1], block_sides(frame, eighths), strict=True)):
        horizontal, vertical = row[HORIZONTAL], row[VERTICAL]
        lines = -(-frame.height * vertical * side // (most_v * FULL_SIZE))
        samples = -(-frame.width * horizontal * side // (most_h * FULL_SIZE))
        ratio_h, ratio_v = _ratios(horizontal * side, vertical * side, most_h * eighths, most_v * eighths)
        if ratio_h:
            start, end = _needed(window.left, window.right, ratio_h, samples)
            above, below = _needed(window.top, window.bottom, ratio_v, lines)
        else:
            start, end = window.left * horizontal // most_h, (window.right - 1) * horizontal // most_h + 1
            above, below = window.top * vertical // most_v, (window.bottom - 1) * vertical // most_v + 1
        # libjpeg filters what is more than two samples wide; vertically alone always
        fancy = eighths > 1 and (samples > 2 or (ratio_h, ratio_v) == (1, 2))
        stride = mcu_cols * horizontal * side + slack
        row[LINES], row[LINE_SAMPLES], row[TABLE] = lines, samples, 64 * index
        row[PLANE], row[STRIDE], row[SIDE] = position + CONTEXT_LINES * stride, stride, side
        position += (CONTEXT_LINES + vertical * side) * stride
        row[FULL] = position
        position += width + slack
        row[FIRST_ROW], row[LAST_ROW] = above // side, -(-below // side)
        row[FIRST_COL], row[LAST_COL] = start // side, -(-end // side)
        row[START], row[COUNT], row[OFFSET] = start, end - start, window.left - start * ratio_h
        row[RATIO_H], row[RATIO_V], row[FANCY] = ratio_h, ratio_v, fancy
        context = context or (fancy and ratio_v == 2)
        usual = usual and ratio_h > 0
    last_line = min(window.bottom - 1 + 2 * context, scaled_size(frame.height, eighths) - 1)
    sizes = [
        window.top,
        window.bottom,
        window.width,
        last_line // (eighths * most_v) + 1,
        eighths * most_v,
        context,
        color in {"YCbCr", "YCCK"},
        position,
        window.left,
        most_h,
        most_v,
    ]
    return InversePlan(
        frame.precision,
        np.array(rows, np.int64),
        np.array(sizes, np.int64),
        None if eighths == FULL_SIZE else True,
        None if usual else True,
        position + 2 * RGB_BYTES,
        width + 2 * SAMPLES + 2,
        rows[-1][FIRST] + 64,  # one block more for what has no place
        sizes[LAST_MCU_ROW],
    )


def _ratios(horizontal: int, vertical: int, most_h: int, most_v: int) -> tuple[int, int]:
    """Resolution of the image to that of a component, as whole numbers; 0, 0 if these are not whole."""
    return (0, 0) if most_h % horizontal or most_v % vertical else (most_h // horizontal, most_v // vertical)


def _needed(first: int, last: int, ratio: int, size: int) -> tuple[int, int]:
    """First sample, and the one behind the last, that pixels from `first` to before `last` depend on.

    They are those that these cover, and their neighbours where the component is upsampled.
    """
    margin = int(ratio > 1)
    return max(first // ratio - margin, 0), min(-(-last // ratio) + margin, size)


def joined_steps(steps: npt.NDArray[np.uint16], precision: int) -> npt.NDArray[Any]:
    """Put the steps of all components in a row: int16 for 8 bits, for products that wrap around as in libjpeg-turbo."""
    joined = steps.reshape(-1)
    return joined.view(np.int16) if precision == 8 else joined
