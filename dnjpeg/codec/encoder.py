"""Pixels to bytes: colour, sampling, DCT, quantization, then what `writer` does; a row of MCUs at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.color import PIXELS, RGB_BYTES, rgb_to_ycc
from dnjpeg.codec.frame import Component, Frame, sampling_factors
from dnjpeg.codec.jit import inlined, kernel
from dnjpeg.codec.layout import (
    BLOCK_COLS,
    BLOCK_ROWS,
    FIRST,
    FULL,
    HORIZONTAL,
    PLANE,
    STRIDE,
    TABLE,
    VERTICAL,
    coefficient_arrays,
    component_layout,
)
from dnjpeg.codec.quantize import RECIPROCALS_SIZE, reciprocals
from dnjpeg.codec.sampling import SAMPLES, downsample_row
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.sequential_encoder import encode_mcu_row, row_room
from dnjpeg.codec.transform import forward_one, forward_quantized_one, forward_quantized_two
from dnjpeg.codec.vector import copy, span
from dnjpeg.codec.writer import Headers, codes_of, plan_scan, standard_tables, write_coefficients, write_file

__all__ = ["encode", "transform"]

Pixels = npt.NDArray[np.uint8]


def encode(
    pixels: Pixels,
    tables: Sequence[npt.NDArray[np.uint16]],
    *,
    subsampling: str = "4:2:0",
    optimize: bool = True,
    restart: int = 0,
) -> bytes:
    """Encode pixels as a baseline file; see `dnjpeg.encode`.

    Parameters
    ----------
    tables : sequence of ndarray, uint16, (8, 8)
        One for all components, one for luma and one for chroma, or one a component; natural order, 1..255.
    restart : int
        Ri in MCUs; 0 for none.
    """
    pixels = _checked(pixels)
    if not 0 <= restart <= 65535:
        raise ValueError(f"restart interval {restart}, must be 1 to 65535 MCUs")
    frame = _frame(pixels, subsampling, len(tables))
    used = tuple(tables[component.table] for component in frame.components)
    color = "YCbCr" if pixels.ndim == 3 else "grayscale"
    factors = _cached_reciprocals(used)
    headers = Headers(frame, color, used, restart)
    flat = pixels.reshape(-1)
    if optimize:
        plan = plan_scan(frame, color)
        strip = _plan_strip(frame)
        coefficients = scratch("coefficients", strip.coefficients, np.int16)
        _transform_rows(flat, strip.sizes, strip.layout, factors, scratch("strip", strip.samples), coefficients)
        return write_coefficients(headers, plan, coefficients, optimize=True)

    plan = plan_scan(frame, color, kept_rows=1)
    strip = _plan_strip(frame, kept_rows=1)
    samples, row_coefficients = scratch("strip", strip.samples), scratch("coefficients", strip.coefficients, np.int16)
    huffman = standard_tables(plan)
    codes = codes_of(huffman)

    def code_rows(
        state: npt.NDArray[np.int64], coded: Pixels, out: Pixels, written: int, row: int
    ) -> tuple[int, int]:
        return _stream_rows(  # type: ignore[no-any-return]
            flat,
            strip.sizes,
            strip.layout,
            factors,
            samples,
            row_coefficients,
            state,
            plan.scan,
            codes,
            coded,
            out,
            written,
            row,
        )

    return write_file(headers, plan, huffman, code_rows)


def transform(pixels: Pixels, *, subsampling: str = "4:2:0") -> tuple[npt.NDArray[np.int16], ...]:
    """Transform pixels to coefficients that are not quantized.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3) or (H, W)
        RGB or gray.
    subsampling : str
        As in `dnjpeg.encode`.

    Returns
    -------
    tuple of ndarray, int16, (block_rows, block_cols, 8, 8)
        One a component, natural order: 8 times the orthonormal DCT of the level-shifted samples as they are coded,
        rounded to integers by the accurate integer method (T.81 A.3.3).
    """
    pixels = _checked(pixels)
    frame = _frame(pixels, subsampling, 1)
    strip = _plan_strip(frame)
    coefficients = np.empty(strip.coefficients, np.int16)
    no_factors = np.empty(0, np.uint16)
    _transform_rows(
        pixels.reshape(-1), strip.sizes, strip.layout, no_factors, scratch("strip", strip.samples), coefficients
    )
    return coefficient_arrays(coefficients, strip.layout)


def _checked(pixels: Pixels) -> Pixels:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        kind = pixels.dtype if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise TypeError(f"pixels must be a uint8 array, not {kind}")
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        raise ValueError(f"pixels must be (H, W, 3) RGB or (H, W) gray, not {pixels.shape}")
    if not all(1 <= side <= 65535 for side in pixels.shape[:2]):
        raise ValueError(f"pixels of shape {pixels.shape}: a JPEG image has 1 to 65535 pixels a side")
    flat = np.ascontiguousarray(pixels).view()
    flat.flags.writeable = False  # one type for kernels, whatever the array
    return flat


def _frame(pixels: Pixels, subsampling: str, tables: int) -> Frame:
    height, width = pixels.shape[:2]
    horizontal, vertical = sampling_factors(subsampling)
    if pixels.ndim == 2:
        return Frame(height, width, (Component(1, 1, 1, 0),))
    if not 1 <= tables <= 3:
        raise ValueError(f"{tables} quantization tables, must be 1 to 3")
    luma = Component(1, horizontal, vertical, 0)
    return Frame(
        height, width, (luma, Component(2, 1, 1, min(1, tables - 1)), Component(3, 1, 1, min(2, tables - 1)))
    )


_reciprocals: dict[bytes, npt.NDArray[np.uint16]] = {}


def _cached_reciprocals(tables: Sequence[npt.NDArray[np.uint16]]) -> npt.NDArray[np.uint16]:
    """`reciprocals` of each table, one after the other; made once for the tables in use."""
    if any(table.shape != (8, 8) or table.min() < 1 or table.max() > 255 for table in tables):
        raise ValueError("a baseline file needs (8, 8) tables of steps from 1 to 255")
    key = b"".join(table.astype(np.uint8).tobytes() for table in tables)
    factors = _reciprocals.get(key)
    if factors is None:
        factors = np.concatenate([reciprocals(table) for table in tables])
        if len(_reciprocals) >= 256:
            _reciprocals.clear()
        _reciprocals[key] = factors
    return factors


# Kernels

# Entries of the sizes that a strip is described by.
HEIGHT, WIDTH, MAX_HORIZONTAL, MAX_VERTICAL, MCU_ROWS, MCU_COLS, FULL_STRIDE, TAIL = range(8)


@dataclass(frozen=True)
class _StripPlan:
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
def _plan_strip(frame: Frame, *, kept_rows: int | None = None) -> _StripPlan:
    layout = component_layout(frame, mcu_rows=kept_rows)
    full_stride = frame.mcu_cols * 8 * frame.max_horizontal + 2 * PIXELS
    position = 0
    for index, component in enumerate(frame.components):
        layout[index, TABLE] = index * RECIPROCALS_SIZE
        layout[index, [FULL, PLANE, STRIDE]] = position, position, full_stride
        position += 8 * frame.max_vertical * full_stride
        if (component.horizontal, component.vertical) != (frame.max_horizontal, frame.max_vertical):
            stride = frame.mcu_cols * 8 * component.horizontal + 2 * SAMPLES
            layout[index, [PLANE, STRIDE]] = position, stride
            position += 8 * component.vertical * stride
    sizes = [
        frame.height,
        frame.width,
        frame.max_horizontal,
        frame.max_vertical,
        frame.mcu_rows,
        frame.mcu_cols,
        full_stride,
        position,
    ]
    return _StripPlan(layout, np.array(sizes), position + 2 * RGB_BYTES, int(layout[-1, FIRST]))


@inlined
def _convert_line(pixels, start, width, layout, components, strip, line, tail):  # type: ignore[no-untyped-def]
    """One line of pixels to the components at full resolution."""
    if components == 1:
        copy(pixels, start, strip, layout[0, FULL] + line, width)
        return
    y, cb, cr = layout[0, FULL] + line, layout[1, FULL] + line, layout[2, FULL] + line
    for x in range(0, width, PIXELS):
        at = start + 3 * x
        if at + RGB_BYTES <= len(pixels):
            rgb_to_ycc(pixels, at, strip, y + x, strip, cb + x, strip, cr + x)
        else:
            copy(pixels, at, strip, tail, len(pixels) - at)
            rgb_to_ycc(strip, tail, strip, y + x, strip, cb + x, strip, cr + x)


@inlined
def _extend_line(strip, line, count, length):  # type: ignore[no-untyped-def]
    """Repeat the last of `count` samples up to `length`."""
    value = strip[line + count - 1]
    for x in range(count, length):
        strip[line + x] = value


@inlined
def _extend_down(strip, plane, stride, have, want, length):  # type: ignore[no-untyped-def]
    """Repeat the last of `have` lines up to `want`."""
    for line in range(have, want):
        copy(strip, plane + (have - 1) * stride, strip, plane + line * stride, length)


@inlined
def _sample_mcu_row(pixels, sizes, layout, components, row, strip):  # type: ignore[no-untyped-def]
    """Pixels of one row of MCUs to samples of all components, edges repeated as libjpeg does."""
    width, max_vertical, stride = sizes[WIDTH], sizes[MAX_VERTICAL], sizes[FULL_STRIDE]
    length = sizes[MCU_COLS] * 8 * sizes[MAX_HORIZONTAL]
    first = row * 8 * max_vertical
    lines = min(8 * max_vertical, sizes[HEIGHT] - first)
    for line in range(lines):
        start = (first + line) * width * components
        _convert_line(pixels, start, width, layout, components, strip, line * stride, sizes[TAIL])
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
def _transform_mcu_row(layout, components, row, first_row, strip, factors, coefficients):  # type: ignore[no-untyped-def]
    """Samples of one row of MCUs to coefficients, quantized if there are factors."""
    for c in range(components):
        vertical, cols, stride, table = layout[c, VERTICAL], layout[c, BLOCK_COLS], layout[c, STRIDE], layout[c, TABLE]
        for y in range(row * vertical, min((row + 1) * vertical, layout[c, BLOCK_ROWS])):
            block = layout[c, FIRST] + 64 * (y - first_row * vertical) * cols
            index = layout[c, PLANE] + 8 * (y - row * vertical) * stride
            if len(factors) == 0:
                for x in range(cols):
                    forward_one(strip, index + 8 * x, stride, coefficients, block + 64 * x)
                continue
            for x in range(0, cols - 1, 2):
                forward_quantized_two(strip, index + 8 * x, stride, factors, table, coefficients, block + 64 * x)
            if cols & 1:
                x = cols - 1
                forward_quantized_one(strip, index + 8 * x, stride, factors, table, coefficients, block + 64 * x)


@kernel
def _transform_rows(pixels, sizes, layout, factors, strip, coefficients):  # type: ignore[no-untyped-def]
    """All rows of MCUs, to coefficients that are kept."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients = span(strip), span(coefficients)
    components = len(layout) - 1
    for row in range(sizes[MCU_ROWS]):
        _sample_mcu_row(pixels, sizes, layout, components, row, strip)
        _transform_mcu_row(layout, components, row, 0, strip, factors, coefficients)


@kernel
def _stream_rows(  # type: ignore[no-untyped-def]
    pixels, sizes, layout, factors, strip, coefficients, state, scan, codes, coded, out, written, row
):
    """Rows of MCUs from `row` on to coded bytes, while there is room; coefficients of one row are kept at a time."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, state, codes = span(strip), span(coefficients), span(state), span(codes)
    scan, coded, out = span(scan), span(coded), span(out)
    components = len(scan)
    while row < sizes[MCU_ROWS] and written + row_room(len(coded), sizes[MCU_COLS]) <= len(out):
        _sample_mcu_row(pixels, sizes, layout, components, row, strip)
        _transform_mcu_row(layout, components, row, row, strip, factors, coefficients)
        written = encode_mcu_row(state, scan, row, row, sizes[MCU_COLS], coefficients, codes, coded, out, written)
        row += 1
    return row, written
