"""Bytes to pixels: what `reader` does, then inverse DCT, upsampling, colour; a row of MCUs at a time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.color import PIXELS, RGB_BYTES, planes_to_rgb, ycc_to_rgb
from dnjpeg.codec.coefficients import CoefficientImage
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
    scan_layout,
)
from dnjpeg.codec.limits import Limits
from dnjpeg.codec.reader import Reader, Scan, read_scans, with_lookups
from dnjpeg.codec.sampling import SAMPLES, upsample_row
from dnjpeg.codec.scan import FAULT, start_scan
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.sequential_decoder import decode_mcu_row
from dnjpeg.codec.transform import inverse_one, inverse_two
from dnjpeg.codec.vector import Memory, Scalar, clear, copy, operation, span
from dnjpeg.errors import FormatError, JpegWarning, UnsupportedError

__all__ = ["decode"]

Pixels = npt.NDArray[np.uint8]


def decode(
    data: bytes | bytearray | memoryview, *, strict: bool, limits: Limits, out: Pixels | None = None
) -> Pixels:
    """Decode a file to pixels; see `dnjpeg.decode`."""
    reader = Reader(data, strict, limits)
    scan = reader.next_scan()
    if scan is None:
        raise FormatError("no image: EOI before the first scan", offset=reader.position - 2)
    assert reader.frame is not None
    pixels = _output(reader.frame, out)
    if len(scan.indices) == len(reader.frame.components):
        _decode_one_scan(reader, scan, pixels)
    else:
        _render(read_scans(reader, scan), pixels)
    for warning in reader.warnings:
        warnings.warn(warning, JpegWarning, stacklevel=3)
    return pixels


def _output(frame: Frame, out: Pixels | None) -> Pixels:
    shape = (frame.height, frame.width) if len(frame.components) == 1 else (frame.height, frame.width, 3)
    for component in frame.components:
        if frame.max_horizontal % component.horizontal or frame.max_vertical % component.vertical:
            raise UnsupportedError("sampling factors whose ratios are not whole numbers")
    if out is None:
        return np.empty(shape, np.uint8)
    if out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be a writable, C-contiguous uint8 array of shape {shape}")
    return out


def _decode_one_scan(reader: Reader, scan: Scan, pixels: Pixels) -> None:
    """All components in one scan: coefficients of one row of MCUs are kept at a time."""
    frame = reader.frame
    assert frame is not None
    strip = _plan_strip(frame, reader.color(), kept_rows=1)
    geometry, _, mcu_cols = scan_layout(strip.layout, scan.indices, frame)
    with_lookups(geometry)
    state = start_scan(reader.restart_interval, scan.begin)
    _decode_rows(
        state,
        geometry,
        mcu_cols,
        reader.bytes,
        reader.unstuffed_scratch(),
        scan.lookups,
        scratch("coefficients", strip.coefficients, np.int16),
        reader.strict,
        strip.layout,
        strip.sizes,
        _steps(reader.tables()),
        scratch("strip", strip.samples),
        scratch("sums", strip.sums, np.int16),
        pixels.reshape(-1),
    )
    reader.finish_scan(state)


def _render(image: CoefficientImage, pixels: Pixels) -> None:
    """Coefficients to pixels."""
    strip = _plan_strip(image.frame, image.color)
    _render_rows(
        np.concatenate([array.reshape(-1) for array in image.coefficients]),
        strip.layout,
        strip.sizes,
        _steps(image.tables),
        scratch("strip", strip.samples),
        scratch("sums", strip.sums, np.int16),
        pixels.reshape(-1),
    )


# Kernels

# Entries of the sizes that a strip is described by.
HEIGHT, WIDTH, MAX_HORIZONTAL, MAX_VERTICAL, MCU_ROWS, CONTEXT, YCC, TAIL = range(8)

CONTEXT_LINES = 2  # lines of the row of MCUs above that are kept


@dataclass(frozen=True)
class _StripPlan:
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
def _plan_strip(frame: Frame, color: str, *, kept_rows: int | None = None) -> _StripPlan:
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
    return _StripPlan(layout, np.array(sizes), position + 2 * RGB_BYTES, width + 2 * SAMPLES + 2, coefficients)


def _steps(tables: Sequence[npt.NDArray[np.uint16]]) -> npt.NDArray[np.int16]:
    """Steps of all components, one after the other; 16-bit products wrap around as in libjpeg-turbo."""
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
def _inverse_block(coefficients, block, steps, table, samples, index, stride):  # type: ignore[no-untyped-def]
    if _has_ac(coefficients, block):
        inverse_one(coefficients, block, steps, table, samples, index, stride)
    else:
        value = ((coefficients[block] * steps[table] + 4) >> 3) + 128
        _fill_block(samples, index, stride, min(max(value, 0), 255))


@inlined
def _inverse_mcu_row(layout, row, first_row, coefficients, steps, samples):  # type: ignore[no-untyped-def]
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
def _full_line(layout, c, sizes, row, y, samples, sums):  # type: ignore[no-untyped-def]
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
def _convert_line(samples, y, cb, cr, ycc, tail, pixels, start, width):  # type: ignore[no-untyped-def]
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
def _emit_mcu_row(layout, sizes, row, samples, sums, pixels):  # type: ignore[no-untyped-def]
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


@kernel
def _decode_rows(  # type: ignore[no-untyped-def]
    state, scan, mcu_cols, data, coded, lookups, coefficients, strict, layout, sizes, steps, samples, sums, pixels
):
    state, scan, data, coded, lookups = span(state), span(scan), span(data), span(coded), span(lookups)
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels = span(samples), span(sums), span(pixels)
    filler = len(coefficients) - 64
    for row in range(sizes[MCU_ROWS]):
        clear(coefficients, 0, len(coefficients))
        decode_mcu_row(state, scan, row, row, mcu_cols, data, coded, lookups, coefficients, filler, strict)
        if strict and state[FAULT] != 0:
            return
        _inverse_mcu_row(layout, row, row, coefficients, steps, samples)
        _emit_mcu_row(layout, sizes, row, samples, sums, pixels)


@kernel
def _render_rows(coefficients, layout, sizes, steps, samples, sums, pixels):  # type: ignore[no-untyped-def]
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels = span(samples), span(sums), span(pixels)
    for row in range(sizes[MCU_ROWS]):
        _inverse_mcu_row(layout, row, 0, coefficients, steps, samples)
        _emit_mcu_row(layout, sizes, row, samples, sums, pixels)
