"""Pixels to bytes: colour, sampling, DCT, quantization (`forward`), then entropy coding (`writer`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.coding import Coding, Restart
from dnjpeg.codec.forward import MCU_COLS, MCU_ROWS, forward_mcu_row, forward_rows, plan_forward
from dnjpeg.codec.frame import Component, Frame, sampling_factors
from dnjpeg.codec.headers import Headers
from dnjpeg.codec.jit import kernel
from dnjpeg.codec.layout import coefficient_arrays
from dnjpeg.codec.quantize import reciprocals
from dnjpeg.codec.scan import end_interval, start_scan
from dnjpeg.codec.scan_writer import CodedScan, plan_scan, standard_tables, token_scan
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.syntax import DEFAULT_JFIF, Jfif, Metadata
from dnjpeg.codec.tokens import CODED_BYTES, code_tokens
from dnjpeg.codec.vector import span
from dnjpeg.codec.writer import assemble, write_scans

__all__ = ["encode", "transform"]

Pixels = npt.NDArray[np.uint8]


def encode(
    pixels: Pixels,
    tables: Sequence[npt.NDArray[np.uint16]],
    *,
    subsampling: str = "4:2:0",
    coding: Coding,
    jfif: Jfif | None = DEFAULT_JFIF,
    metadata: tuple[Metadata, ...] = (),
) -> bytes:
    """Encode pixels as a file; see `dnjpeg.encode`.

    Parameters
    ----------
    tables : sequence of ndarray, uint16, (8, 8)
        One for all components, one for luma and one for chroma, or one a component; natural order, 1..65535.
    coding : Coding
        What is None in it is false.
    jfif : Jfif or None
        None: no JFIF segment.
    metadata : tuple of Metadata
        Segments behind it.
    """
    pixels = _checked(pixels)
    frame = _frame(pixels, subsampling, len(tables))
    used = tuple(tables[component.table] for component in frame.components)
    coding = coding.following(frame, 0)
    frame = replace(frame, process=coding.process(used))
    color = "YCbCr" if pixels.ndim == 3 else "grayscale"
    factors = _cached_reciprocals(used)
    headers = Headers(frame, color, used, coding.restart or Restart(), jfif, metadata)
    flat = pixels.reshape(-1)
    if frame.progressive or frame.arithmetic or coding.script is not None:
        strip = plan_forward(frame)
        coefficients = scratch("coefficients", strip.coefficients, np.int16)
        forward_rows(flat, strip.sizes, strip.layout, factors, scratch("strip", strip.samples), coefficients)
        return write_scans(headers, coefficients, coding)

    (scan,) = coding.scans(frame, color)
    plan = plan_scan(frame, color, scan.components, kept_rows=1)
    strip = plan_forward(frame, kept_rows=1)
    samples, row_coefficients = scratch("strip", strip.samples), scratch("coefficients", strip.coefficients, np.int16)
    tokenizing = start_scan(headers.restart.interval(plan.mcu_cols))
    if coding.optimize:
        tokens = scratch("tokens", plan.mcu_rows * plan.row_tokens, np.int32)
        count = _tokenize_pixels(
            flat, strip.sizes, strip.layout, factors, samples, row_coefficients, tokenizing, plan.scan, tokens
        )
        return assemble(headers, [token_scan(headers, scan, plan, tokens[:count], optimize=True)])

    tokens = scratch("tokens", plan.row_tokens, np.int32)
    huffman, codes = standard_tables(plan.slots_of(scan))
    coding_state, coded = start_scan(0), scratch("coded", CODED_BYTES)
    out = scratch("file", max(1 << 16, frame.height * frame.width // 2) + 2 * plan.row_room)
    row = written = 0
    while True:
        row, written = _stream_rows(
            flat,
            strip.sizes,
            strip.layout,
            factors,
            samples,
            row_coefficients,
            tokenizing,
            plan.scan,
            tokens,
            coding_state,
            codes,
            coded,
            out,
            plan.row_room,
            written,
            row,
        )
        if row == plan.mcu_rows:
            return assemble(headers, [CodedScan(scan, plan, huffman, out[:written].tobytes())])
        out = np.concatenate([out, np.empty_like(out)])


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
    strip = plan_forward(frame)
    coefficients = np.empty(strip.coefficients, np.int16)
    no_factors = np.empty(0, np.uint16)
    forward_rows(
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
    return Frame(height, width, (luma, Component(2, 1, 1, min(1, tables - 1)), Component(3, 1, 1, min(2, tables - 1))))


_reciprocals: dict[bytes, npt.NDArray[np.uint16]] = {}


def _cached_reciprocals(tables: Sequence[npt.NDArray[np.uint16]]) -> npt.NDArray[np.uint16]:
    """`reciprocals` of each table, one after the other; made once for the tables in use."""
    if any(table.shape != (8, 8) or table.min() < 1 for table in tables):
        raise ValueError("an encoder needs (8, 8) tables of steps from 1 to 65535")
    key = b"".join(table.astype(np.uint16).tobytes() for table in tables)
    factors = _reciprocals.get(key)
    if factors is None:
        factors = np.concatenate([reciprocals(table) for table in tables])
        if len(_reciprocals) >= 256:
            _reciprocals.clear()
        _reciprocals[key] = factors
    return factors


@kernel
def _tokenize_pixels(pixels, sizes, layout, factors, strip, coefficients, state, scan, tokens):
    """Make tokens of all rows of MCUs; coefficients of one row are kept at a time. Returns their number."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, state, scan, tokens = span(strip), span(coefficients), span(state), span(scan), span(tokens)
    count = 0
    for row in range(sizes[MCU_ROWS]):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(state, scan, row, row, sizes[MCU_COLS], coefficients, tokens, count)
    return count


@kernel
def _stream_rows(
    pixels,
    sizes,
    layout,
    factors,
    strip,
    coefficients,
    tokenizing,
    scan,
    tokens,
    coding,
    codes,
    coded,
    out,
    room,
    written,
    row,
):
    """Rows of MCUs from `row` on to coded bytes, while there is `room`; coefficients of one row are kept at a time."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, tokenizing, codes = span(strip), span(coefficients), span(tokenizing), span(codes)
    scan, tokens, coding, coded, out = span(scan), span(tokens), span(coding), span(coded), span(out)
    while row < sizes[MCU_ROWS] and written + room <= len(out):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(tokenizing, scan, row, row, sizes[MCU_COLS], coefficients, tokens, 0)
        written = code_tokens(coding, tokens, count, codes, coded, out, written)
        row += 1
    if row == sizes[MCU_ROWS]:
        written = end_interval(coding, coded, out, written)
    return row, written
