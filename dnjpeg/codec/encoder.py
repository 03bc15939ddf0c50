"""Pixels to bytes: colour, sampling, DCT, quantization (`forward`), then entropy coding (`writer`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.bands import divisible, encode_bands
from dnjpeg.codec.encoding_plan import (
    EncodingPlan,
    channels_of,
    checked_pixels,
    plan_encoding,
    planned_frame,
    resolved_color,
    steps_in_order,
    steps_key,
)
from dnjpeg.codec.entropy.gathering import list_spans
from dnjpeg.codec.entropy.scan import end_interval, start_scan
from dnjpeg.codec.entropy.scan_writer import Tokens, standard_tables, token_scan
from dnjpeg.codec.entropy.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.entropy.tokens import CODED_BYTES, CODES, COUNTS, RAW, SYMBOLS, code_tokens, count_symbols
from dnjpeg.codec.format.application import DEFAULT_JFIF, Jfif, Metadata
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.headers import EOI_MARKER
from dnjpeg.codec.format.layout import coefficient_arrays
from dnjpeg.codec.format.subsampling import Subsampling
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.forward import MCU_COLS, MCU_ROWS, forward_mcu_row, forward_rows, plan_forward
from dnjpeg.codec.pixels.quantize import quantize
from dnjpeg.codec.trellis.choice import RateDistortion
from dnjpeg.codec.trellis.search import choose_levels
from dnjpeg.codec.writer import assemble, write_scans

__all__ = ["encode", "symbol_frequencies", "transform"]

Pixels = npt.NDArray[np.uint8]

FORWARD_SCALE = 8  # coefficients of the forward DCT are so many times the orthonormal ones


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
    rdo: RateDistortion | None = None,
    threads: int = 1,
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
    rdo : RateDistortion or None
        None: each coefficient is rounded to the nearest level.
    threads : int
        How many may work on the image.
    """
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads is a whole number from 1 on, not {threads!r}")
    pixels = checked_pixels(pixels)
    flat = pixels.reshape(-1)
    if coding_tables is not None:
        coding_tables.check()
    shared = None if coding_tables is None else coding_tables.as_key()
    key = tuple(steps_key(table) for table in (steps_in_order(coding_tables) if tables is None else tables))
    job = plan_encoding(pixels.shape, key, subsampling, color, coding, jfif, metadata, shared)
    if rdo is not None:
        return _encode_optimized(flat, job, rdo)
    if threads > 1 and divisible(job):
        return assemble(job.headers, [encode_bands(flat, job, threads)])
    if not job.streamed:
        strip = plan_forward(job.frame, job.headers.color, job.channels)
        coefficients = scratch("coefficients", strip.coefficients, np.int16)
        forward_rows(flat, strip.sizes, strip.layout, job.factors, scratch("strip", strip.samples), coefficients)
        return write_scans(job.headers, coefficients, job.coding)
    made = coding.optimize or shared is not None
    return _encode_made(flat, job) if made else _encode_standard(flat, job)


def _encode_made(pixels: Pixels, job: EncodingPlan) -> bytes:
    """Sequential, with Huffman tables made for the image, or shared ones."""
    tokens = _tokens(pixels, job)
    return assemble(job.headers, [token_scan(job.headers, job.scan, job.plan, tokens, optimize=job.coding.optimize)])


def _encode_optimized(pixels: Pixels, job: EncodingPlan, rdo: RateDistortion) -> bytes:
    """Keep the coefficients of the whole image, and choose among their levels."""
    strip = plan_forward(job.frame, job.headers.color, job.channels)
    coefficients = scratch("coefficients", strip.coefficients, np.int16)
    no_factors = np.empty(0, np.uint16)
    forward_rows(pixels, strip.sizes, strip.layout, no_factors, scratch("strip", strip.samples), coefficients)
    rounded = np.empty_like(coefficients)
    quantize(coefficients, strip.layout, job.factors, rounded)
    made = job.coding.optimize or job.frame.progressive or job.frame.arithmetic
    levels = choose_levels(job.headers, coefficients, FORWARD_SCALE, rounded, rdo, made=made)
    return write_scans(job.headers, levels, job.coding)


def _tokens(pixels: Pixels, job: EncodingPlan) -> Tokens:
    """Tokens of the only scan."""
    strip, plan = job.strip, job.plan
    tokens = scratch("tokens", plan.token_room(plan.mcu_rows), np.int32)
    counts = np.empty(COUNTS, np.int64)
    count = _tokenize_pixels(
        pixels,
        strip.sizes,
        strip.layout,
        job.factors,
        scratch("strip", strip.samples),
        scratch("coefficients", strip.coefficients, np.int16),
        plan.lists(),
        start_scan(job.interval),
        plan.scan,
        tokens,
        counts,
    )
    return Tokens(tokens[:count], counts[:CODES])


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
    pixels = checked_pixels(pixels)
    gray = pixels.ndim == 2 or color == "grayscale"
    key = tuple(steps_key(table) for table in tables)
    job = plan_encoding(pixels.shape, key, "4:4:4" if gray else subsampling, color, coding, None, (), None)
    return _tokens(pixels.reshape(-1), job).frequencies[:RAW].reshape(2, 2, SYMBOLS)


def _encode_standard(pixels: Pixels, job: EncodingPlan) -> bytes:
    """Sequential, with the standard Huffman tables: a row of MCUs at a time to the last byte."""
    strip, plan = job.strip, job.plan
    _, codes = standard_tables(plan.slots_of(job.scan))
    tokenizing, coding = start_scan(job.interval), start_scan(0)
    samples, coefficients = scratch("strip", strip.samples), scratch("coefficients", strip.coefficients, np.int16)
    lists = plan.lists()
    tokens, coded = scratch("tokens", plan.token_room(1), np.int32), scratch("coded", CODED_BYTES)
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
            lists,
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
    pixels = checked_pixels(pixels)
    channels = channels_of(pixels.shape)
    color = resolved_color(channels, None)
    frame = planned_frame(pixels.shape, subsampling, color, 1)
    strip = plan_forward(frame, color, channels)
    coefficients = np.empty(strip.coefficients, np.int16)
    no_factors = np.empty(0, np.uint16)
    forward_rows(
        pixels.reshape(-1), strip.sizes, strip.layout, no_factors, scratch("strip", strip.samples), coefficients
    )
    return coefficient_arrays(coefficients, strip.layout)


@kernel
def _tokenize_pixels(pixels, sizes, layout, factors, strip, coefficients, lists, state, scan, tokens, counts):
    """Make and count the tokens of all rows of MCUs, one of which is kept at a time; returns their number."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, state, scan, tokens = span(strip), span(coefficients), span(state), span(scan), span(tokens)
    lists = list_spans(lists)
    count = 0
    for row in range(sizes[MCU_ROWS]):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(state, scan, row, row, sizes[MCU_COLS], coefficients, lists, tokens, count)
    count_symbols(tokens, count, span(counts))
    return count


@kernel
def _stream_rows(
    pixels,
    sizes,
    layout,
    factors,
    strip,
    coefficients,
    lists,
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
    lists = list_spans(lists)
    while row < sizes[MCU_ROWS] and written + room <= len(out):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(tokenizing, scan, row, row, sizes[MCU_COLS], coefficients, lists, tokens, 0)
        written = code_tokens(coding, tokens, count, codes, coded, out, written)
        row += 1
    if row == sizes[MCU_ROWS]:
        written = end_interval(coding, coded, out, written)
    return row, written
