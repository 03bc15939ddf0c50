"""Pixels of a row of MCUs to coefficients: colour, sampling, DCT, quantization."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import (
    BLOCK_COLS,
    BLOCK_ROWS,
    FIRST,
    FULL,
    HORIZONTAL,
    PLANE,
    STRIDE,
    TABLE,
    VERTICAL,
    layout_rows,
)
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import copy, prefetch, span
from dnjpeg.codec.pixels.color import PIXELS
from dnjpeg.codec.pixels.planes import CONVERSIONS, MOST_BYTES, separate_line
from dnjpeg.codec.pixels.quantize import RECIPROCALS_SIZE
from dnjpeg.codec.pixels.sampling import SAMPLES, downsample_row
from dnjpeg.codec.pixels.transform import (
    forward_one,
    forward_quantized_four,
    forward_quantized_one,
    forward_quantized_two,
)

__all__ = ["ForwardPlan", "forward_mcu_row", "forward_rows", "plan_forward"]

# Entries of the sizes that a strip is described by.
HEIGHT, WIDTH, MAX_HORIZONTAL, MAX_VERTICAL, MCU_ROWS, MCU_COLS, FULL_STRIDE, TAIL, CHANNELS, CONVERSION = range(10)
LINE_BYTES = 10  # from one line of pixels to the next
AHEAD = 11  # bytes of the next row of MCUs that are asked for beside four blocks of this one

CACHE_LINE = 64


@dataclass(frozen=True)
class ForwardPlan:
    """A row of MCUs as samples, in scratch memory: each component at full resolution and, if subsampled, as coded.

    Parameters
    ----------
    layout : ndarray, int64, (components + 1, COLUMNS)
        `component_layout` with `FULL`, `PLANE`, `STRIDE` and `TABLE`.
    sizes : ndarray, int64
        See the indices above.
    samples, coefficients : int
        Sizes of the scratch memory. Lines are long enough for operations that do several samples at once to write past
        their end; behind the last there is room to load pixels from.
    """

    layout: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    samples: int
    coefficients: int


@lru_cache(256)
def plan_forward(
    frame: Frame, color: str, channels: int, *, kept_rows: int | None = None, line: int | None = None
) -> ForwardPlan:
    """Plan the memory; the coefficients of `kept_rows` rows of MCUs are kept (all by default).

    `color` and `channels` choose one of `planes.CONVERSIONS`. If the picture is a part of one that is wider, `line` is
    the width of that.
    """
    rows = layout_rows(frame, mcu_rows=kept_rows)
    most_h, most_v, mcu_cols = frame.max_horizontal, frame.max_vertical, frame.mcu_cols
    full_stride = mcu_cols * 8 * most_h + 2 * PIXELS
    position = groups = 0
    for index, row in enumerate(rows[:-1]):
        horizontal, vertical = row[HORIZONTAL], row[VERTICAL]
        row[TABLE] = index * RECIPROCALS_SIZE
        row[PLANE], row[STRIDE], row[FULL] = position, full_stride, position
        position += 8 * most_v * full_stride
        if (horizontal, vertical) != (most_h, most_v):
            stride = mcu_cols * 8 * horizontal + 2 * SAMPLES
            row[PLANE], row[STRIDE] = position, stride
            position += 8 * vertical * stride
        groups += vertical * (row[BLOCK_COLS] // 4)
    line_bytes = channels * (line or frame.width)
    lines = 8 * most_v * line_bytes // CACHE_LINE  # of the cache, which groups of four blocks share
    ahead = CACHE_LINE * -(-lines // max(groups, 1))
    sizes = [
        frame.height,
        frame.width,
        most_h,
        most_v,
        frame.mcu_rows,
        mcu_cols,
        full_stride,
        position,
        channels,
        CONVERSIONS[channels, color],
        line_bytes,
        ahead,
    ]
    return ForwardPlan(np.array(rows, np.int64), np.array(sizes), position + 2 * MOST_BYTES, rows[-1][FIRST])


@inlined
def _extend_line(strip, line, count, length):
    """Repeat the last of `count` samples up to `length`."""
    value = strip[line + count - 1]
    for x in range(count, length):
        strip[line + x] = value


@inlined
def _extend_down(strip, plane, stride, have, want, length):
    """Repeat the last of `have` lines up to `want`."""
    for line in range(have, want):
        copy(strip, plane + (have - 1) * stride, strip, plane + line * stride, length)


@inlined
def _sample_mcu_row(pixels, sizes, layout, components, row, strip):
    """Pixels of one row of MCUs to samples of all components, edges repeated as libjpeg does."""
    width, max_vertical, stride = sizes[WIDTH], sizes[MAX_VERTICAL], sizes[FULL_STRIDE]
    channels, conversion = sizes[CHANNELS], sizes[CONVERSION]
    length = sizes[MCU_COLS] * 8 * sizes[MAX_HORIZONTAL]
    first = row * 8 * max_vertical
    lines = min(8 * max_vertical, sizes[HEIGHT] - first)
    for line in range(lines):
        start = (first + line) * sizes[LINE_BYTES]
        separate_line(pixels, start, width, channels, conversion, layout, strip, line * stride, sizes[TAIL])
        for c in range(components):
            _extend_line(strip, layout[c, FULL] + line * stride, width, length)
    groups = -(-lines // max_vertical)  # lines are repeated up to whole groups before downsampling, and after it
    for c in range(components):
        _extend_down(strip, layout[c, FULL], stride, lines, groups * max_vertical, length)
        horizontal, vertical = layout[c, HORIZONTAL], layout[c, VERTICAL]
        if layout[c, PLANE] != layout[c, FULL]:
            ratio = max_vertical // vertical
            for line in range(groups * vertical):
                downsample_row(
                    strip,
                    layout[c, FULL] + line * ratio * stride,
                    stride,
                    sizes[MAX_HORIZONTAL] // horizontal,
                    ratio,
                    layout[c, PLANE] + line * layout[c, STRIDE],
                    sizes[MCU_COLS] * 8 * horizontal,
                )
        _extend_down(
            strip,
            layout[c, PLANE],
            layout[c, STRIDE],
            groups * vertical,
            8 * vertical,
            sizes[MCU_COLS] * 8 * horizontal,
        )


@inlined
def _transform_mcu_row(pixels, sizes, layout, components, row, first_row, strip, factors, coefficients):
    """Turn samples of one row of MCUs into coefficients, quantized if there are factors.

    Meanwhile the pixels of the next row come from memory: a few lines of the cache at a time, for more than that the
    CPU would wait for.
    """
    wanted = (row + 1) * 8 * sizes[MAX_VERTICAL] * sizes[LINE_BYTES]
    for c in range(components):
        vertical, cols, stride, table = layout[c, VERTICAL], layout[c, BLOCK_COLS], layout[c, STRIDE], layout[c, TABLE]
        for y in range(row * vertical, min((row + 1) * vertical, layout[c, BLOCK_ROWS])):
            block = layout[c, FIRST] + 64 * (y - first_row * vertical) * cols
            index = layout[c, PLANE] + 8 * (y - row * vertical) * stride
            if len(factors) == 0:
                for x in range(cols):
                    forward_one(strip, index + 8 * x, stride, coefficients, block + 64 * x)
                continue
            for x in range(0, cols - 3, 4):
                forward_quantized_four(strip, index + 8 * x, stride, factors, table, coefficients, block + 64 * x)
                for at in range(wanted, min(wanted + sizes[AHEAD], len(pixels)), CACHE_LINE):
                    prefetch(pixels, at)
                wanted += sizes[AHEAD]
            if cols & 2:
                x = cols & ~3
                forward_quantized_two(strip, index + 8 * x, stride, factors, table, coefficients, block + 64 * x)
            if cols & 1:
                x = cols - 1
                forward_quantized_one(strip, index + 8 * x, stride, factors, table, coefficients, block + 64 * x)


@inlined
def forward_mcu_row(pixels, sizes, layout, row, first_row, strip, factors, coefficients):
    """Pixels of one row of MCUs to coefficients.

    Parameters
    ----------
    pixels : span, uint8
        Of the whole image, line by line.
    sizes, layout, strip
        `ForwardPlan.sizes`, `ForwardPlan.layout` and memory for `ForwardPlan.samples`.
    row, first_row : int
        This row of MCUs, and the one with which `coefficients` begins.
    factors : span, uint16
        `reciprocals` of each component's table; empty: coefficients are not quantized.
    coefficients : span, int16
        Where the blocks go, natural order.
    """
    components = len(layout) - 1
    _sample_mcu_row(pixels, sizes, layout, components, row, strip)
    _transform_mcu_row(pixels, sizes, layout, components, row, first_row, strip, factors, coefficients)


@kernel
def forward_rows(pixels, sizes, layout, factors, strip, coefficients):
    """All rows of MCUs; see `forward_mcu_row`."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients = span(strip), span(coefficients)
    for row in range(sizes[MCU_ROWS]):
        forward_mcu_row(pixels, sizes, layout, row, 0, strip, factors, coefficients)
