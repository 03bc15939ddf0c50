"""Pixels to bytes: colour, sampling, DCT, quantization (`forward`), then entropy coding (`writer`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.scan import end_interval, start_scan
from dnjpeg.codec.entropy.scan_writer import CodedScan, ScanPlan, plan_scan, standard_tables, token_scan
from dnjpeg.codec.entropy.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.entropy.tokens import CODED_BYTES, code_tokens
from dnjpeg.codec.format.coding import Coding, Restart
from dnjpeg.codec.format.frame import Component, Frame, sampling_factors
from dnjpeg.codec.format.headers import EOI_MARKER, Headers
from dnjpeg.codec.format.layout import coefficient_arrays
from dnjpeg.codec.format.script import ScriptScan
from dnjpeg.codec.format.syntax import DEFAULT_JFIF, Jfif, Metadata
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.forward import MCU_COLS, MCU_ROWS, ForwardPlan, forward_mcu_row, forward_rows, plan_forward
from dnjpeg.codec.pixels.quantize import reciprocals
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
    flat = _checked(pixels).reshape(-1)
    key = tuple(_steps_key(table) for table in tables)
    job = _job(pixels.shape, key, subsampling, coding, jfif, metadata)
    if job.frame.progressive or job.frame.arithmetic or coding.script is not None:
        strip = plan_forward(job.frame)
        coefficients = scratch("coefficients", strip.coefficients, np.int16)
        forward_rows(flat, strip.sizes, strip.layout, job.factors, scratch("strip", strip.samples), coefficients)
        return write_scans(job.headers, coefficients, job.coding)
    return _encode_optimal(flat, job) if coding.optimize else _encode_standard(flat, job)


@dataclass(frozen=True)
class _Job:
    """All that encoding needs to know and that does not depend on the pixels."""

    coding: Coding
    headers: Headers
    factors: npt.NDArray[np.uint16]

    @property
    def frame(self) -> Frame:
        return self.headers.frame

    @cached_property
    def scan(self) -> ScriptScan:
        """The only scan of a sequential file."""
        (scan,) = self.coding.scans(self.frame, self.headers.color)
        return scan

    @cached_property
    def plan(self) -> ScanPlan:
        return plan_scan(self.frame, self.headers.color, self.scan.components, kept_rows=1)

    @cached_property
    def strip(self) -> ForwardPlan:
        return plan_forward(self.frame, kept_rows=1)

    @cached_property
    def interval(self) -> int:
        return self.headers.restart.interval(self.plan.mcu_cols)

    @cached_property
    def standard_start(self) -> bytes:
        """All before the entropy-coded data, if the Huffman tables are the standard ones."""
        huffman, _ = standard_tables(self.plan.slots_of(self.scan))
        return assemble(self.headers, [CodedScan(self.scan, self.plan, huffman, b"")]).removesuffix(EOI_MARKER)


def _steps_key(table: npt.NDArray[np.uint16]) -> bytes:
    if table.shape != (8, 8) or table.dtype != np.uint16:
        raise ValueError("an encoder needs (8, 8) tables of steps from 1 to 65535")
    return table.tobytes()


@lru_cache(64)
def _job(
    shape: tuple[int, ...],
    tables: tuple[bytes, ...],
    subsampling: str,
    coding: Coding,
    jfif: Jfif | None,
    metadata: tuple[Metadata, ...],
) -> _Job:
    frame = _frame(shape, subsampling, len(tables))
    slots = [component.table for component in frame.components]
    used = tuple(np.frombuffer(tables[slot], np.uint16).reshape(8, 8) for slot in slots)
    coding = coding.following(frame, 0)
    frame = replace(frame, process=coding.process(used))
    color = "YCbCr" if len(shape) == 3 else "grayscale"
    factors = np.concatenate([_reciprocals(tables[slot]) for slot in slots])
    return _Job(coding, Headers(frame, color, used, coding.restart or Restart(), jfif, metadata), factors)


@lru_cache(256)
def _reciprocals(table: bytes) -> npt.NDArray[np.uint16]:
    steps = np.frombuffer(table, np.uint16).reshape(8, 8)
    if steps.min() < 1:
        raise ValueError("an encoder needs (8, 8) tables of steps from 1 to 65535")
    return reciprocals(steps)


def _encode_optimal(pixels: Pixels, job: _Job) -> bytes:
    """Sequential, with Huffman tables made for the image."""
    strip, plan = job.strip, job.plan
    tokens = scratch("tokens", plan.mcu_rows * plan.row_tokens, np.int32)
    count = _tokenize_pixels(
        pixels,
        strip.sizes,
        strip.layout,
        job.factors,
        scratch("strip", strip.samples),
        scratch("coefficients", strip.coefficients, np.int16),
        scratch("masks", strip.coefficients >> 6, np.int64),
        start_scan(job.interval),
        plan.scan,
        tokens,
    )
    return assemble(job.headers, [token_scan(job.headers, job.scan, plan, tokens[:count], optimize=True)])


def _encode_standard(pixels: Pixels, job: _Job) -> bytes:
    """Sequential, with the standard Huffman tables: a row of MCUs at a time to the last byte."""
    strip, plan = job.strip, job.plan
    _, codes = standard_tables(plan.slots_of(job.scan))
    tokenizing, coding = start_scan(job.interval), start_scan(0)
    samples, coefficients = scratch("strip", strip.samples), scratch("coefficients", strip.coefficients, np.int16)
    masks = scratch("masks", strip.coefficients >> 6, np.int64)
    tokens, coded = scratch("tokens", plan.row_tokens, np.int32), scratch("coded", CODED_BYTES)
    out = scratch("file", max(1 << 16, job.frame.height * job.frame.width // 2) + 2 * plan.row_room)
    row = written = 0
    while True:
        row, written = _stream_rows(
            pixels,
            strip.sizes,
            strip.layout,
            job.factors,
            samples,
            coefficients,
            masks,
            tokenizing,
            plan.scan,
            tokens,
            coding,
            codes,
            coded,
            out,
            plan.row_room,
            written,
            row,
        )
        if row == plan.mcu_rows:
            return b"".join([job.standard_start, out[:written].data, EOI_MARKER])
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
    frame = _frame(pixels.shape, subsampling, 1)
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
    height, width = pixels.shape[:2]
    if not (1 <= height <= 65535 and 1 <= width <= 65535):
        raise ValueError(f"pixels of shape {pixels.shape}: a JPEG image has 1 to 65535 pixels a side")
    flat = np.ascontiguousarray(pixels).view()
    flat.flags.writeable = False  # one type for kernels, whatever the array
    return flat


def _frame(shape: tuple[int, ...], subsampling: str, tables: int) -> Frame:
    height, width = shape[:2]
    horizontal, vertical = sampling_factors(subsampling)
    if len(shape) == 2:
        return Frame(height, width, (Component(1, 1, 1, 0),))
    if not 1 <= tables <= 3:
        raise ValueError(f"{tables} quantization tables, must be 1 to 3")
    luma = Component(1, horizontal, vertical, 0)
    return Frame(height, width, (luma, Component(2, 1, 1, min(1, tables - 1)), Component(3, 1, 1, min(2, tables - 1))))


@kernel
def _tokenize_pixels(pixels, sizes, layout, factors, strip, coefficients, masks, state, scan, tokens):
    """Make tokens of all rows of MCUs; coefficients of one row are kept at a time. Returns their number."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, state, scan, tokens = span(strip), span(coefficients), span(state), span(scan), span(tokens)
    masks = span(masks)
    count = 0
    for row in range(sizes[MCU_ROWS]):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(state, scan, row, row, sizes[MCU_COLS], coefficients, masks, tokens, count)
    return count


@kernel
def _stream_rows(
    pixels,
    sizes,
    layout,
    factors,
    strip,
    coefficients,
    masks,
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
    masks = span(masks)
    while row < sizes[MCU_ROWS] and written + room <= len(out):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(tokenizing, scan, row, row, sizes[MCU_COLS], coefficients, masks, tokens, 0)
        written = code_tokens(coding, tokens, count, codes, coded, out, written)
        row += 1
    if row == sizes[MCU_ROWS]:
        written = end_interval(coding, coded, out, written)
    return row, written
