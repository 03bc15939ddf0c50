"""Coefficients of a row of MCUs to pixels: dequantization, inverse DCT, upsampling, colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import (
    BLOCK_COLS,
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
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import Memory, Scalar, copy, operation, span
from dnjpeg.codec.pixels.color import PIXELS, RGB_BYTES, planes_to_rgb, ycc_to_rgb
from dnjpeg.codec.pixels.precision import center, dc_sample
from dnjpeg.codec.pixels.sampling import SAMPLES, upsample_row
from dnjpeg.codec.pixels.scaled_blocks import inverse_scaled_blocks
from dnjpeg.codec.pixels.transform import has_rest, has_top, inverse_one, inverse_top, inverse_two
from dnjpeg.codec.pixels.window import FULL_SIZE, Window, block_sides

__all__ = ["InversePlan", "inverse_mcu_row", "inverse_rows", "joined_steps", "plan_inverse"]

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
    return np.frombuffer(b"".join(tables), np.int16 if precision == 8 else np.uint16)


@operation()
def _fill_block(samples: Memory, index: Scalar, stride: Scalar, value: Scalar) -> None:
    row = value.splat(8, samples.bits)
    for y in range(8):
        samples.store(index + stride * y, row)


@inlined
def _inverse_block(coefficients, block, steps, table, samples, index, stride):
    if has_rest(coefficients, block):
        inverse_one(coefficients, block, steps, table, samples, index, stride)
    elif has_top(coefficients, block):
        inverse_top(coefficients, block, steps, table, samples, index, stride)
    else:
        _fill_block(samples, index, stride, dc_sample(samples, coefficients[block] * steps[table], 8))


@inlined
def _inverse_blocks(coefficients, block, count, steps, table, samples, index, stride):
    """Consecutive blocks to samples that lie side by side."""
    for x in range(0, count - 1, 2):
        if has_rest(coefficients, block + 64 * x) and has_rest(coefficients, block + 64 * x + 64):
            inverse_two(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)
        else:
            _inverse_block(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)
            _inverse_block(coefficients, block + 64 * x + 64, steps, table, samples, index + 8 * x + 8, stride)
    if count & 1:
        x = count - 1
        _inverse_block(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)


@inlined
def _transform_mcu_row(layout, row, first_row, coefficients, steps, samples, scaled):
    """Coefficients of one row of MCUs to samples, as far as the window needs them."""
    for c in range(len(layout) - 1):
        vertical, cols, stride, table = layout[c, VERTICAL], layout[c, BLOCK_COLS], layout[c, STRIDE], layout[c, TABLE]
        first, count, side = layout[c, FIRST_COL], layout[c, LAST_COL] - layout[c, FIRST_COL], layout[c, SIDE]
        for y in range(max(row * vertical, layout[c, FIRST_ROW]), min((row + 1) * vertical, layout[c, LAST_ROW])):
            block = layout[c, FIRST] + 64 * ((y - first_row * vertical) * cols + first)
            index = layout[c, PLANE] + side * ((y - row * vertical) * stride + first)
            if scaled is None or side == 8:
                _inverse_blocks(coefficients, block, count, steps, table, samples, index, stride)
            else:
                inverse_scaled_blocks(side, coefficients, block, count, steps, table, samples, index, stride)


@inlined
def _nearest_line(layout, c, sizes, plane, y, samples):
    """Line y at full resolution where a ratio is not a whole number: the sample at ``floor(x Hi / Hmax)``.

    That of A.1.1, whose samples begin where those of the image do; libjpeg does not decode such files.
    """
    horizontal, columns = layout[c, HORIZONTAL], sizes[COLUMNS_H]
    line = plane + y * layout[c, VERTICAL] // sizes[ROWS_V] * layout[c, STRIDE] - layout[c, START]
    for x in range(sizes[WIDTH]):
        samples[layout[c, FULL] + x] = samples[line + (sizes[LEFT] + x) * horizontal // columns]
    return layout[c, FULL]


@inlined
def _full_line(layout, c, sizes, unusual, row, y, samples, sums):
    """Index of line y of a component at full resolution, upsampled if need be, where the window begins."""
    horizontal, vertical, stride = layout[c, RATIO_H], layout[c, RATIO_V], layout[c, STRIDE]
    plane = layout[c, PLANE] - row * layout[c, SIDE] * layout[c, VERTICAL] * stride + layout[c, START]
    if unusual is not None and horizontal == 0:
        return _nearest_line(layout, c, sizes, plane, y, samples)
    near = y // vertical
    if horizontal == 1 and vertical == 1:
        return plane + near * stride
    lower = y - near * vertical > 0
    far = min(max(near + (1 if lower else -1), 0), layout[c, LINES] - 1)
    upsample_row(
        samples,
        plane + near * stride,
        plane + far * stride,
        lower,
        horizontal,
        vertical,
        layout[c, FANCY],
        sums,
        layout[c, FULL],
        layout[c, COUNT],
    )
    return layout[c, FULL] + layout[c, OFFSET]


@inlined
def _convert(samples, first, second, third, ycc, target, position):
    """`PIXELS` pixels of three components."""
    if ycc:
        ycc_to_rgb(samples, first, second, third, target, position)
    else:
        planes_to_rgb(samples, first, second, third, target, position)


@inlined
def _convert_line(samples, y, cb, cr, ycc, tail, pixels, start, width):
    """Three lines of samples to one line of pixels."""
    for x in range(0, width, PIXELS):
        at = start + 3 * x
        # What is written past the line's end is overwritten by the next line; behind the last there is nothing.
        direct = at + RGB_BYTES <= len(pixels)
        target, position = (pixels, at) if direct else (samples, tail)
        _convert(samples, y + x, cb + x, cr + x, ycc, target, position)
        if not direct:
            copy(samples, tail, pixels, at, len(pixels) - at)


@inlined
def _convert_inks(samples, first, second, third, fourth, ycc, tail, pixels, start, width):
    """Four lines of samples to one of CMYK, 0 where there is no ink.

    That is Pillow's convention. Files have it the other way round, as Adobe does, and libjpeg leaves it so. It turns
    YCC to CMY as 255 - R, 255 - G, 255 - B, so that R, G and B are left here.
    """
    largest = 2 * center(samples) - 1
    for x in range(0, width, PIXELS):
        _convert(samples, first + x, second + x, third + x, ycc, samples, tail)
        for i in range(min(PIXELS, width - x)):
            at = start + 4 * (x + i)
            for k in range(3):
                value = samples[tail + 3 * i + k]
                pixels[at + k] = value if ycc else largest - value
            pixels[at + 3] = largest - samples[fourth + x + i]


@inlined
def _emit_unusual_line(layout, sizes, row, y, samples, sums, pixels, start):
    """One line of two components as they are, or of four; `start` is its first pixel."""
    width = sizes[WIDTH]
    first = _full_line(layout, 0, sizes, True, row, y, samples, sums)
    second = _full_line(layout, 1, sizes, True, row, y, samples, sums)
    if len(layout) == 3:
        for x in range(width):
            pixels[2 * (start + x)] = samples[first + x]
            pixels[2 * (start + x) + 1] = samples[second + x]
    else:
        third = _full_line(layout, 2, sizes, True, row, y, samples, sums)
        fourth = _full_line(layout, 3, sizes, True, row, y, samples, sums)
        _convert_inks(samples, first, second, third, fourth, sizes[YCC], sizes[TAIL], pixels, 4 * start, width)


@inlined
def _emit_line(layout, sizes, unusual, row, y, samples, sums, pixels, start):
    """One line of one or of three components; `start` is its first pixel."""
    width = sizes[WIDTH]
    luma = _full_line(layout, 0, sizes, unusual, row, y, samples, sums)
    if len(layout) == 2:
        copy(samples, luma, pixels, start, width)
    else:
        second = _full_line(layout, 1, sizes, unusual, row, y, samples, sums)
        third = _full_line(layout, 2, sizes, unusual, row, y, samples, sums)
        _convert_line(samples, luma, second, third, sizes[YCC], sizes[TAIL], pixels, 3 * start, width)


@inlined
def _emit_mcu_row(layout, sizes, unusual, row, samples, sums, pixels):
    """Lines of the window for which this row of MCUs, and the one above, have all samples."""
    width, top = sizes[WIDTH], sizes[TOP]
    held_back = sizes[CONTEXT]  # the filter needs a line from below for the last one
    first = max(row * sizes[ROW_LINES] - held_back, top)
    last = sizes[BOTTOM] if row == sizes[LAST_MCU_ROW] - 1 else (row + 1) * sizes[ROW_LINES] - held_back
    for y in range(first, last):
        start = (y - top) * width
        if unusual is not None and len(layout) % 2 == 1:
            _emit_unusual_line(layout, sizes, row, y, samples, sums, pixels, start)
        else:
            _emit_line(layout, sizes, unusual, row, y, samples, sums, pixels, start)
    if held_back:
        for c in range(len(layout) - 1):
            stride = layout[c, STRIDE]
            above = layout[c, PLANE] - CONTEXT_LINES * stride
            below = above + layout[c, SIDE] * layout[c, VERTICAL] * stride
            copy(samples, below, samples, above, CONTEXT_LINES * stride)


@inlined
def inverse_mcu_row(coefficients, row, first_row, layout, sizes, scaled, unusual, steps, samples, sums, pixels):
    """Coefficients of one row of MCUs to those lines of pixels that no lower row has a part in.

    Rows must come one after the other, from the first to the one before `LAST_MCU_ROW`.

    Parameters
    ----------
    coefficients : span, int16
        Quantized blocks, natural order.
    row, first_row : int
        This row of MCUs, and the one with which `coefficients` begins.
    layout, sizes, scaled, unusual, samples, sums
        Fields of `InversePlan`, and memory for `InversePlan.samples` and `InversePlan.sums`.
    steps : span, int16 or uint16
        `joined_steps`.
    pixels : span, uint8 or uint16
        Of the whole window, line by line.
    """
    _transform_mcu_row(layout, row, first_row, coefficients, steps, samples, scaled)
    _emit_mcu_row(layout, sizes, unusual, row, samples, sums, pixels)


@kernel
def inverse_rows(coefficients, layout, sizes, scaled, unusual, steps, samples, sums, pixels):
    """All rows of MCUs; see `inverse_mcu_row`."""
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels = span(samples), span(sums), span(pixels)
    for row in range(sizes[LAST_MCU_ROW]):
        inverse_mcu_row(coefficients, row, 0, layout, sizes, scaled, unusual, steps, samples, sums, pixels)
