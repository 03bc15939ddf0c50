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
from dnjpeg.codec.entropy.tokens import CODED_BYTES, RAW, SYMBOLS, code_tokens, count_symbols
from dnjpeg.codec.format.coding import Coding, Restart
from dnjpeg.codec.format.coding_tables import CodingTables, TablesKey
from dnjpeg.codec.format.color import COLORS, quantization_slots
from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.codec.format.headers import EOI_MARKER, Headers
from dnjpeg.codec.format.layout import coefficient_arrays
from dnjpeg.codec.format.script import ScriptScan, check_mcu
from dnjpeg.codec.format.subsampling import Subsampling, component_factors
from dnjpeg.codec.format.syntax import DEFAULT_JFIF, Jfif, Metadata
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.forward import MCU_COLS, MCU_ROWS, ForwardPlan, forward_mcu_row, forward_rows, plan_forward
from dnjpeg.codec.pixels.planes import CONVERSIONS
from dnjpeg.codec.pixels.quantize import reciprocals
from dnjpeg.codec.writer import assemble, write_scans

__all__ = ["encode", "symbol_frequencies", "transform"]

Pixels = npt.NDArray[np.uint8]


def encode(
    pixels: Pixels,
    tables: Sequence[npt.NDArray[np.uint16]] | None,
    *,
    subsampling: Subsampling = "4:2:0",
    color: str | None = None,
    coding: Coding,
    jfif: Jfif | None = DEFAULT_JFIF,
    metadata: tuple[Metadata, ...] = (),
    coding_tables: CodingTables | None = None,
) -> bytes:
    """Encode pixels as a file; see `dnjpeg.encode`.

    Parameters
    ----------
    tables : sequence of ndarray, uint16, (8, 8), or None
        One for all components, one for luma and one for chroma, or one a component; natural order, 1..65535. None:
        those of `coding_tables`.
    subsampling : str or tuple
        From `resolve_subsampling`.
    color : str or None
        None: "grayscale", "YCbCr" or "CMYK", as the pixels are.
    coding : Coding
        What is None in it is false.
    jfif : Jfif or None
        None: no JFIF segment.
    metadata : tuple of Metadata
        Segments behind it.
    coding_tables : CodingTables or None
        What decoders have already and the file leaves out.
    """
    pixels = _checked(pixels)
    flat = pixels.reshape(-1)
    if coding_tables is not None:
        coding_tables.check()
    shared = None if coding_tables is None else coding_tables.as_key()
    key = tuple(_steps_key(table) for table in (_in_order(coding_tables) if tables is None else tables))
    job = _job(pixels.shape, key, subsampling, color, coding, jfif, metadata, shared)
    if not job.streamed:
        strip = plan_forward(job.frame, job.headers.color, job.channels)
        coefficients = scratch("coefficients", strip.coefficients, np.int16)
        forward_rows(flat, strip.sizes, strip.layout, job.factors, scratch("strip", strip.samples), coefficients)
        return write_scans(job.headers, coefficients, job.coding)
    made = coding.optimize or shared is not None
    return _encode_made(flat, job) if made else _encode_standard(flat, job)


@dataclass(frozen=True)
class _Job:
    """All that encoding needs to know and that does not depend on the pixels."""

    coding: Coding
    headers: Headers
    factors: npt.NDArray[np.uint16]
    channels: int

    @property
    def frame(self) -> Frame:
        return self.headers.frame

    @cached_property
    def streamed(self) -> bool:
        """Whether one scan takes the coefficients a row of MCUs at a time as they come from the pixels."""
        frame = self.frame
        if frame.progressive or frame.arithmetic or self.coding.script is not None:
            return False
        return len(frame.components) > 1 or frame.max_horizontal == frame.max_vertical == 1  # a block is its MCU

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
        return plan_forward(self.frame, self.headers.color, self.channels, kept_rows=1)

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


def _in_order(coding_tables: CodingTables | None) -> list[npt.NDArray[np.uint16]]:
    slots = {} if coding_tables is None else coding_tables.quantization
    if sorted(slots) != list(range(len(slots))) or not slots:
        raise ValueError(f"coding tables with quantization tables in the slots {sorted(slots)}, must be 0, or 0 to n")
    return [slots[slot] for slot in range(len(slots))]


@lru_cache(64)
def _job(
    shape: tuple[int, ...],
    tables: tuple[bytes, ...],
    subsampling: Subsampling,
    color: str | None,
    coding: Coding,
    jfif: Jfif | None,
    metadata: tuple[Metadata, ...],
    shared: TablesKey | None,
) -> _Job:
    channels = _channels(shape)
    color = _color(channels, color)
    frame = _frame(shape, subsampling, color, len(tables))
    slots = [component.table for component in frame.components]
    used = tuple(np.frombuffer(tables[slot], np.uint16).reshape(8, 8) for slot in slots)
    coding = coding.following(frame, 0)
    frame = replace(frame, process=coding.process(used))
    factors = np.concatenate([_reciprocals(tables[slot]) for slot in slots])
    left_out = None if shared is None else CodingTables.from_key(shared)
    headers = Headers(frame, color, used, coding.restart or Restart(), jfif, metadata, left_out)
    job = _Job(coding, headers, factors, channels)
    if job.streamed:
        check_mcu(job.scan, frame)
    return job


@lru_cache(256)
def _reciprocals(table: bytes) -> npt.NDArray[np.uint16]:
    steps = np.frombuffer(table, np.uint16).reshape(8, 8)
    if steps.min() < 1:
        raise ValueError("an encoder needs (8, 8) tables of steps from 1 to 65535")
    return reciprocals(steps)


def _encode_made(pixels: Pixels, job: _Job) -> bytes:
    """Sequential, with Huffman tables made for the image, or shared ones."""
    tokens = _tokens(pixels, job)
    return assemble(job.headers, [token_scan(job.headers, job.scan, job.plan, tokens, optimize=job.coding.optimize)])


def _tokens(pixels: Pixels, job: _Job) -> npt.NDArray[np.int32]:
    """Tokens of the only scan."""
    strip, plan = job.strip, job.plan
    tokens = scratch("tokens", plan.mcu_rows * plan.row_tokens, np.int32)
    count = _tokenize_pixels(
        pixels,
        strip.sizes,
        strip.layout,
        job.factors,
        scratch("strip", strip.samples),
        scratch("coefficients", strip.coefficients, np.int16),
        start_scan(job.interval),
        plan.scan,
        tokens,
    )
    return tokens[:count]


def symbol_frequencies(
    pixels: Pixels,
    tables: Sequence[npt.NDArray[np.uint16]],
    *,
    subsampling: Subsampling,
    color: str | None,
    coding: Coding,
) -> npt.NDArray[np.int64]:
    """Count the Huffman symbols of an image as a sequential file, by class (0 DC, 1 AC), slot and symbol.

    Parameters are those of `encode`.

    Returns
    -------
    ndarray, int64, (2, 2, 256)
    """
    pixels = _checked(pixels)
    gray = pixels.ndim == 2 or color == "grayscale"
    key = tuple(_steps_key(table) for table in tables)
    job = _job(pixels.shape, key, "4:4:4" if gray else subsampling, color, coding, None, (), None)
    return count_symbols(_tokens(pixels.reshape(-1), job))[:RAW].reshape(2, 2, SYMBOLS)


def _encode_standard(pixels: Pixels, job: _Job) -> bytes:
    """Sequential, with the standard Huffman tables: a row of MCUs at a time to the last byte."""
    strip, plan = job.strip, job.plan
    _, codes = standard_tables(plan.slots_of(job.scan))
    tokenizing, coding = start_scan(job.interval), start_scan(0)
    samples, coefficients = scratch("strip", strip.samples), scratch("coefficients", strip.coefficients, np.int16)
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


def transform(pixels: Pixels, *, subsampling: Subsampling = "4:2:0") -> tuple[npt.NDArray[np.int16], ...]:
    """Transform pixels to coefficients that are not quantized.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3), (H, W) or (H, W, 4)
        RGB, gray or CMYK.
    subsampling : str or tuple
        From `resolve_subsampling`.

    Returns
    -------
    tuple of ndarray, int16, (block_rows, block_cols, 8, 8)
        One a component, natural order: 8 times the orthonormal DCT of the level-shifted samples as they are coded,
        rounded to integers by the accurate integer method (T.81 A.3.3).
    """
    pixels = _checked(pixels)
    channels = _channels(pixels.shape)
    color = _color(channels, None)
    frame = _frame(pixels.shape, subsampling, color, 1)
    strip = plan_forward(frame, color, channels)
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
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise ValueError(f"pixels must be (H, W, 3) RGB, (H, W) gray or (H, W, 4) CMYK, not {pixels.shape}")
    height, width = pixels.shape[:2]
    if not (1 <= height <= 65535 and 1 <= width <= 65535):
        raise ValueError(f"pixels of shape {pixels.shape}: a JPEG image has 1 to 65535 pixels a side")
    flat = np.ascontiguousarray(pixels).view()
    flat.flags.writeable = False  # one type for kernels, whatever the array
    return flat


def _channels(shape: tuple[int, ...]) -> int:
    return shape[2] if len(shape) == 3 else 1


def _color(channels: int, color: str | None) -> str:
    """Return what the components are to mean; by default what pixels of so many channels usually become."""
    choices = [name for count, name in CONVERSIONS if count == channels]
    if color is None:
        return {1: "grayscale", 3: "YCbCr", 4: "CMYK"}[channels]
    if color not in choices:
        kind = {1: "gray", 3: "RGB", 4: "CMYK"}[channels]
        raise ValueError(f"{kind} pixels as {color!r}: choose from {', '.join(choices)}")
    return color


def _frame(shape: tuple[int, ...], subsampling: Subsampling, color: str, tables: int) -> Frame:
    height, width = shape[:2]
    model = COLORS[color]
    count = len(model.identifiers)
    allowed = {1, 2, count} | ({3} if model.chroma else set())
    if count > 1 and tables not in allowed:
        raise ValueError(f"{tables} quantization tables, must be {' or '.join(map(str, sorted(allowed)))} for {color}")
    parts = zip(
        model.identifiers,
        component_factors(subsampling, color),
        quantization_slots(color, count, range(tables)),
        strict=True,
    )
    return Frame(height, width, tuple(Component(identifier, *factors, slot) for identifier, factors, slot in parts))


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
