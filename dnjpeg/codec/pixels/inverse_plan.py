"""What decoding to pixels needs to know before it begins: where samples lie in scratch memory, and which are needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import (
    FANCY,
    FIRST,
    FIRST_ROW,
    FULL,
    HORIZONTAL,
    LINE_SAMPLES,
    LINES,
    OFFSET,
    PLANE,
    RATIO_H,
    RATIO_V,
    SIDE,
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


@dataclass(frozen=True)
class _Component:
    """What of a component at a scale decides which of its samples a window needs."""

    horizontal: int
    vertical: int
    side: int
    ratio_h: int
    ratio_v: int
    lines: int
    samples: int

    @property
    def fancy(self) -> bool:
        """Whether it is filtered: libjpeg does that if it is more than two samples wide; vertically alone always."""
        return self.samples > 2 or (self.ratio_h, self.ratio_v) == (1, 2)

    def needed(self, window: Window, columns: int, rows: int) -> tuple[int, ...]:
        """Entries `FIRST_ROW` to `OFFSET`: samples that a window covers, and their neighbours where it is upsampled.

        `columns` and `rows` are Hmax and Vmax.
        """
        if self.ratio_h:
            start, end = _needed(window.left, window.right, self.ratio_h, self.samples)
            above, below = _needed(window.top, window.bottom, self.ratio_v, self.lines)
        else:
            start, end = window.left * self.horizontal // columns, (window.right - 1) * self.horizontal // columns + 1
            above, below = window.top * self.vertical // rows, (window.bottom - 1) * self.vertical // rows + 1
        side = self.side
        first, last = (above // side, start // side), (-(-below // side), -(-end // side))
        return first[0], last[0], first[1], last[1], start, end - start, window.left - start * self.ratio_h


@dataclass(frozen=True)
class _WholePlan:
    """What does not depend on the window: `components`, and an `InversePlan` of all but their `needed`."""

    components: tuple[_Component, ...]
    plan: InversePlan


@lru_cache(256)
def plan_inverse(
    frame: Frame, color: str, window: Window, *, kept_rows: int | None = None, filled: bool = False
) -> InversePlan:
    """Plan the memory; the coefficients of `kept_rows` rows of MCUs are kept (all by default).

    `filled` is that of `component_layout`.
    """
    whole = _plan_whole(frame, color, window.eighths, kept_rows, filled)
    layout, sizes = whole.plan.layout.copy(), whole.plan.sizes.copy()
    columns, rows = frame.max_horizontal, frame.max_vertical
    layout[:-1, FIRST_ROW : OFFSET + 1] = [part.needed(window, columns, rows) for part in whole.components]
    height = -(-frame.height * window.eighths // FULL_SIZE)
    last_line = min(window.bottom - 1 + 2 * int(sizes[CONTEXT]), height - 1)
    sizes[: LAST_MCU_ROW + 1] = window.top, window.bottom, window.width, last_line // (window.eighths * rows) + 1
    sizes[LEFT] = window.left
    return replace(whole.plan, layout=layout, sizes=sizes)


@lru_cache(64)
def _plan_whole(frame: Frame, color: str, eighths: int, kept_rows: int | None, filled: bool) -> _WholePlan:
    layout = component_layout(frame, mcu_rows=kept_rows, filled=filled)
    columns, rows = frame.max_horizontal, frame.max_vertical
    components = []
    for row, part, side in zip(layout[:-1], frame.components, block_sides(frame, eighths), strict=True):
        horizontal, vertical = part.horizontal, part.vertical
        ratios = _ratios(horizontal * side, vertical * side, columns * eighths, rows * eighths)
        samples = -(-frame.width * horizontal * side // (columns * FULL_SIZE))
        lines = -(-frame.height * vertical * side // (rows * FULL_SIZE))
        component = _Component(horizontal, vertical, side, *ratios, lines, samples)
        row[[SIDE, RATIO_H, RATIO_V, FANCY]] = side, *ratios, eighths > 1 and component.fancy
        row[[LINES, LINE_SAMPLES]] = lines, samples
        components.append(component)
    width = frame.mcu_cols * eighths * columns
    samples = _plan_planes(layout, frame, width)
    context = any(row[FANCY] and row[RATIO_V] == 2 for row in layout)
    sizes = np.zeros(ROWS_V + 1, np.int64)
    sizes[ROW_LINES : TAIL + 1] = eighths * rows, context, color in {"YCbCr", "YCCK"}, samples
    sizes[[COLUMNS_H, ROWS_V]] = columns, rows
    usual = len(components) in {1, 3} and all(component.ratio_h > 0 for component in components)
    plan = InversePlan(
        frame.precision,
        layout,
        sizes,
        None if eighths == FULL_SIZE else True,
        None if usual else True,
        samples + 2 * RGB_BYTES,
        width + 2 * SAMPLES + 2,
        int(layout[-1, FIRST]) + 64,  # one block more for what has no place
    )
    return _WholePlan(tuple(components), plan)


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


def joined_steps(steps: npt.NDArray[np.uint16], precision: int) -> npt.NDArray[Any]:
    """Put the steps of all components in a row: int16 for 8 bits, for products that wrap around as in libjpeg-turbo."""
    joined = steps.reshape(-1)
    return joined.view(np.int16) if precision == 8 else joined
