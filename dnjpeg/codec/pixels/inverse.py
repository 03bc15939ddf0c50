"""Coefficients of a row of MCUs to pixels: dequantization, inverse DCT, upsampling, colour."""

from __future__ import annotations

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
)
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import copy, span
from dnjpeg.codec.pixels.color import PIXELS, RGB_BYTES, planes_to_rgb, ycc_to_rgb
from dnjpeg.codec.pixels.inverse_blocks import inverse_blocks
from dnjpeg.codec.pixels.inverse_plan import (
    BOTTOM,
    COLUMNS_H,
    CONTEXT,
    CONTEXT_LINES,
    LAST_MCU_ROW,
    LEFT,
    ROW_LINES,
    ROWS_V,
    TAIL,
    TOP,
    WIDTH,
    YCC,
)
from dnjpeg.codec.pixels.precision import center
from dnjpeg.codec.pixels.sampling import upsample_row
from dnjpeg.codec.pixels.scaled_blocks import inverse_scaled_blocks

__all__ = ["emit_mcu_row", "inverse_mcu_row", "inverse_rows", "keep_context", "transform_mcu_row"]


@inlined
def transform_mcu_row(layout, row, first_row, coefficients, steps, samples, scaled):
    """Coefficients of one row of MCUs to samples, as far as the window needs them."""
    for c in range(len(layout) - 1):
        vertical, cols, stride, table = layout[c, VERTICAL], layout[c, BLOCK_COLS], layout[c, STRIDE], layout[c, TABLE]
        first, count, side = layout[c, FIRST_COL], layout[c, LAST_COL] - layout[c, FIRST_COL], layout[c, SIDE]
        for y in range(max(row * vertical, layout[c, FIRST_ROW]), min((row + 1) * vertical, layout[c, LAST_ROW])):
            block = layout[c, FIRST] + 64 * ((y - first_row * vertical) * cols + first)
            index = layout[c, PLANE] + side * ((y - row * vertical) * stride + first)
            if scaled is None or side == 8:
                inverse_blocks(coefficients, block, count, steps, table, samples, index, stride)
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
def emit_mcu_row(layout, sizes, unusual, row, samples, sums, pixels):
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
        keep_context(layout, samples)


@inlined
def keep_context(layout, samples):
    """Keep the last lines of a row of MCUs above where the next one comes."""
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
    transform_mcu_row(layout, row, first_row, coefficients, steps, samples, scaled)
    emit_mcu_row(layout, sizes, unusual, row, samples, sums, pixels)


@kernel
def inverse_rows(coefficients, first, last, layout, sizes, scaled, unusual, steps, samples, sums, pixels):
    """Rows of MCUs from `first` to before `last`, with which the coefficients begin; see `inverse_mcu_row`."""
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels = span(samples), span(sums), span(pixels)
    for row in range(first, last):
        inverse_mcu_row(coefficients, row, first, layout, sizes, scaled, unusual, steps, samples, sums, pixels)
