"""Coefficients of a row of MCUs to pixels: dequantization, inverse DCT, upsampling, colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.color import PIXELS, RGB_BYTES, planes_to_rgb, ycc_to_rgb
from dnjpeg.codec.frame import Frame
from dnjpeg.codec.jit import inlined, kernel
from dnjpeg.codec.layout import (
    BLOCK_COLS,
    BLOCK_ROWS,
    FIRST,
    FULL,
    HORIZONTAL,
    LINE_SAMPLES,
    LINES,
    PLANE,
    STRIDE,
    TABLE,
    VERTICAL,
    component_layout,
)
from dnjpeg.codec.sampling import SAMPLES, upsample_row
from dnjpeg.codec.transform import inverse_one, inverse_two
from dnjpeg.codec.vector import Memory, Scalar, copy, operation, span

__all__ = ["InversePlan", "inverse_mcu_row", "inverse_rows", "joined_steps", "plan_inverse"]

# Entries of the sizes that a strip is described by.
HEIGHT, WIDTH, MAX_HORIZONTAL, MAX_VERTICAL, MCU_ROWS, CONTEXT, YCC, TAIL = range(8)

CONTEXT_LINES = 2  # lines of the row of MCUs above that are kept


@dataclass(frozen=True)
class InversePlan:
    """A row of MCUs as samples, in scratch memory: below the last lines of the one above, and one at full resolution.

    Parameters
    ----------
    layout : ndarray, int64, (components + 1, COLUMNS)
        `component_layout` with `FULL`, `PLANE`, `STRIDE` and `TABLE`.
    sizes : ndarray, int64
        See the indices above.
    samples, sums, coefficients : int
        Sizes of the scratch memory. Lines are long enough for operations that do several samples at once to read and
        write past their ends.
    """

    layout: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    samples: int
    sums: int
    coefficients: int


@lru_cache(256)
def plan_inverse(frame: Frame, color: str, *, kept_rows: int | None = None) -> InversePlan:
    """Plan the memory; the coefficients of `kept_rows` rows of MCUs are kept (all by default)."""
    layout = component_layout(frame, mcu_rows=kept_rows)
    slack = 2 * PIXELS
    width = frame.mcu_cols * 8 * frame.max_horizontal
    position = slack
    context = False
    for index, component in enumerate(frame.components):
        stride = frame.mcu_cols * 8 * component.horizontal + slack
        layout[index, [PLANE, STRIDE, TABLE]] = position + CONTEXT_LINES * stride, stride, 64 * index
        position += (CONTEXT_LINES + 8 * component.vertical) * stride
        layout[index, FULL] = position
        position += width + slack
        context |= frame.max_vertical == 2 * component.vertical
    sizes = [
        frame.height,
        frame.width,
        frame.max_horizontal,
        frame.max_vertical,
        frame.mcu_rows,
        int(context),
        int(color == "YCbCr"),
        position,
    ]
    coefficients = int(layout[-1, FIRST]) + 64  # one block more for what has no place
    return InversePlan(layout, np.array(sizes), position + 2 * RGB_BYTES, width + 2 * SAMPLES + 2, coefficients)


def joined_steps(tables: Sequence[npt.NDArray[np.uint16]]) -> npt.NDArray[np.int16]:
    """Join the steps of all components; 16-bit products with them wrap around as in libjpeg-turbo."""
    return np.concatenate([table.reshape(-1) for table in tables]).view(np.int16)


@operation(types.int64)
def _has_ac(coefficients: Memory, block: Scalar) -> Scalar:
    """Not zero if a coefficient other than DC is not zero."""
    found = coefficients.load(block, 8) & [0, -1, -1, -1, -1, -1, -1, -1]
    for y in range(1, 8):
        found = found | coefficients.load(block + 8 * y, 8)
    return found.where_nonzero()


@operation()
def _fill_block(samples: Memory, index: Scalar, stride: Scalar, value: Scalar) -> None:
    row = value.splat(8, 8)
    for y in range(8):
        samples.store(index + stride * y, row)


@inlined
def _inverse_block(coefficients, block, steps, table, samples, index, stride):
    if _has_ac(coefficients, block):
        inverse_one(coefficients, block, steps, table, samples, index, stride)
    else:
        value = ((coefficients[block] * steps[table] + 4) >> 3) + 128
        _fill_block(samples, index, stride, min(max(value, 0), 255))


@inlined
def _transform_mcu_row(layout, row, first_row, coefficients, steps, samples):
    """Coefficients of one row of MCUs to samples."""
    for c in range(len(layout) - 1):
        vertical, cols, stride, table = layout[c, VERTICAL], layout[c, BLOCK_COLS], layout[c, STRIDE], layout[c, TABLE]
        for y in range(row * vertical, min((row + 1) * vertical, layout[c, BLOCK_ROWS])):
            block = layout[c, FIRST] + 64 * (y - first_row * vertical) * cols
            index = layout[c, PLANE] + 8 * (y - row * vertical) * stride
            for x in range(0, cols - 1, 2):
                if _has_ac(coefficients, block + 64 * x) and _has_ac(coefficients, block + 64 * x + 64):
                    inverse_two(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)
                else:
                    _inverse_block(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)
                    _inverse_block(coefficients, block + 64 * x + 64, steps, table, samples, index + 8 * x + 8, stride)
            if cols & 1:
                x = cols - 1
                _inverse_block(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)


@inlined
def _full_line(layout, c, sizes, row, y, samples, sums):
    """Index of line y of a component at full resolution, upsampled if need be."""
    horizontal = sizes[MAX_HORIZONTAL] // layout[c, HORIZONTAL]
    vertical = sizes[MAX_VERTICAL] // layout[c, VERTICAL]
    plane = layout[c, PLANE] - row * 8 * layout[c, VERTICAL] * layout[c, STRIDE]
    near = y // vertical
    if horizontal == 1 and vertical == 1:
        return plane + near * layout[c, STRIDE]
    lower = y - near * vertical > 0
    far = min(max(near + (1 if lower else -1), 0), layout[c, LINES] - 1)
    upsample_row(
        samples,
        plane + near * layout[c, STRIDE],
        plane + far * layout[c, STRIDE],
        lower,
        horizontal,
        vertical,
        layout[c, LINE_SAMPLES] > 2,
        sums,
        layout[c, FULL],
        layout[c, LINE_SAMPLES],
    )
    return layout[c, FULL]


@inlined
def _convert_line(samples, y, cb, cr, ycc, tail, pixels, start, width):
    """Three lines of samples to one line of pixels."""
    for x in range(0, width, PIXELS):
        at = start + 3 * x
        # What is written past the line's end is overwritten by the next line; behind the last there is nothing.
        direct = at + RGB_BYTES <= len(pixels)
        target, position = (pixels, at) if direct else (samples, tail)
        if ycc:
            ycc_to_rgb(samples, y + x, cb + x, cr + x, target, position)
        else:
            planes_to_rgb(samples, y + x, cb + x, cr + x, target, position)
        if not direct:
            copy(samples, tail, pixels, at, len(pixels) - at)


@inlined
def _emit_mcu_row(layout, sizes, row, samples, sums, pixels):
    """Lines of pixels for which this row of MCUs, and the one above, have all samples."""
    width = sizes[WIDTH]
    lines = 8 * sizes[MAX_VERTICAL]
    held_back = sizes[CONTEXT]  # the filter needs a line from below for the last one
    first = max(row * lines - held_back, 0)
    last = sizes[HEIGHT] if row == sizes[MCU_ROWS] - 1 else (row + 1) * lines - held_back
    for y in range(first, last):
        luma = _full_line(layout, 0, sizes, row, y, samples, sums)
        if len(layout) == 2:
            copy(samples, luma, pixels, y * width, width)
        else:
            second = _full_line(layout, 1, sizes, row, y, samples, sums)
            third = _full_line(layout, 2, sizes, row, y, samples, sums)
            _convert_line(samples, luma, second, third, sizes[YCC], sizes[TAIL], pixels, 3 * y * width, width)
    if held_back:
        for c in range(len(layout) - 1):
            stride = layout[c, STRIDE]
            top = layout[c, PLANE] - CONTEXT_LINES * stride
            bottom = top + 8 * layout[c, VERTICAL] * stride
            copy(samples, bottom, samples, top, CONTEXT_LINES * stride)


@inlined
def inverse_mcu_row(coefficients, row, first_row, layout, sizes, steps, samples, sums, pixels):
    """Coefficients of one row of MCUs to those lines of pixels that no lower row has a part in.

    Rows must come one after the other.

    Parameters
    ----------
    coefficients : span, int16
        Quantized blocks, natural order.
    row, first_row : int
        This row of MCUs, and the one with which `coefficients` begins.
    layout, sizes, samples, sums
        `InversePlan.layout`, `InversePlan.sizes` and memory for `InversePlan.samples` and `InversePlan.sums`.
    steps : span, int16
        `joined_steps`.
    pixels : span, uint8
        Of the whole image, line by line.
    """
    _transform_mcu_row(layout, row, first_row, coefficients, steps, samples)
    _emit_mcu_row(layout, sizes, row, samples, sums, pixels)


@kernel
def inverse_rows(coefficients, layout, sizes, steps, samples, sums, pixels):
    """All rows of MCUs; see `inverse_mcu_row`."""
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels = span(samples), span(sums), span(pixels)
    for row in range(sizes[MCU_ROWS]):
        inverse_mcu_row(coefficients, row, 0, layout, sizes, steps, samples, sums, pixels)
