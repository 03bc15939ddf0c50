"""Pixels to bytes: colour, sampling, DCT, quantization (`forward`), then entropy coding (`writer`)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.bands import divisible, encode_bands, encode_standard_bands
from dnjpeg.codec.encoding_plan import (
    Encoding,
    EncodingPlan,
    channels_of,
    check_pixels,
    checked_pixels,
    contiguous,
    plan_encoding,
    planned_frame,
    resolved_color,
)
from dnjpeg.codec.entropy.scan import start_scan
from dnjpeg.codec.entropy.scan_writer import Tokens, makes_tables, token_scan
from dnjpeg.codec.entropy.tokens import CODED_BYTES, RAW, SYMBOLS
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.coding_tables import steps_key
from dnjpeg.codec.format.headers import EOI_MARKER
from dnjpeg.codec.format.layout import coefficient_arrays, coefficient_places
from dnjpeg.codec.format.subsampling import Subsampling
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.pixel_rows import code_made, code_standard, tokenize
from dnjpeg.codec.pixels.forward import forward_rows, plan_forward
from dnjpeg.codec.pixels.quantize import quantize
from dnjpeg.codec.trellis.choice import RateDistortion
from dnjpeg.codec.trellis.search import choose_levels
from dnjpeg.codec.writer import assemble_only, write_scans
from dnjpeg.steps import Steps

__all__ = ["encode", "symbol_frequencies", "transform"]

Pixels = npt.NDArray[np.uint8]

FORWARD_SCALE = 8  # coefficients of the forward DCT are so many times the orthonormal ones


def encode(pixels: Pixels, to: Encoding, *, rdo: RateDistortion | None = None, threads: int = 1) -> Steps[bytes]:
    """Encode pixels as a file; see `dnjpeg.encode`.

    Parameters
    ----------
    rdo : RateDistortion or None
        None: each coefficient is rounded to the nearest level.
    threads : int
        How many may work on the image.
    """
    check_pixels(pixels)
    job = plan_encoding(pixels.shape, to)
    yield
    flat = contiguous(pixels).reshape(-1)
    if rdo is not None:
        return _encode_optimized(flat, job, rdo)
    made = to.coding.optimize or to.shared is not None
    if threads > 1 and divisible(job):
        return (encode_bands if made else encode_standard_bands)(flat, job, threads)
    if not job.streamed:
        strip = plan_forward(job.frame, job.headers.color, job.channels)
        coefficients = scratch("coefficients", strip.coefficients, np.int16)
        forward_rows(flat, strip.sizes, strip.layout, job.factors, scratch("strip", strip.samples), coefficients)
        return write_scans(job.headers, coefficients, job.coding)
    return _encode_made(flat, job) if made else _encode_standard(flat, job)


def _encode_made(pixels: Pixels, job: EncodingPlan) -> bytes:
    """Sequential, with Huffman tables made for the image, or shared ones."""
    if makes_tables(job.headers, job.plan, optimize=job.coding.optimize):
        return code_made(pixels, job)
    tokens = _tokens(pixels, job)
    return assemble_only(job.headers, token_scan(job.headers, job.scan, job.plan, tokens, optimize=job.coding.optimize))


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
    rows = job.plan.mcu_rows
    tokens = scratch("tokens", job.plan.token_room(rows), np.int32)
    return tokenize(pixels, job, start_scan(job.interval), tokens, (0, rows))


def symbol_frequencies(
    pixels: Pixels,
    tables: Sequence[npt.NDArray[np.uint16]],
    *,
    subsampling: Subsampling,
    color: str | None,
    coding: Coding,
) -> npt.NDArray[np.int64]:
    """Count the Huffman symbols of an image as a sequential file, by class (0 DC, 1 AC), slot and symbol.

    Parameters
    ----------
    tables : sequence of ndarray, uint16, (8, 8)
    subsampling, color, coding
        As in `Encoding`.

    Returns
    -------
    ndarray, int64, (2, 2, 256)
    """
    pixels = checked_pixels(pixels)
    gray = pixels.ndim == 2 or color == "grayscale"
    key = tuple(steps_key(table) for table in tables)
    job = plan_encoding(pixels.shape, Encoding(key, "4:4:4" if gray else subsampling, color, coding))
    return _tokens(pixels.reshape(-1), job).frequencies[:RAW].reshape(2, 2, SYMBOLS)


def _encode_standard(pixels: Pixels, job: EncodingPlan) -> bytes:
    """Sequential, with the standard Huffman tables: a row of MCUs at a time to the last byte."""
    rows = job.plan.mcu_rows
    tokenizing, coding = start_scan(job.interval), start_scan(0)
    out = scratch("file", max(1 << 16, job.frame.height * job.frame.width) + 2 * job.plan.row_room)
    row = written = 0
    while True:
        coded = scratch("coded", CODED_BYTES)
        row, written = code_standard(pixels, job, tokenizing, coding, coded, out, written, (row, rows))
        if row == rows:
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
    return coefficient_arrays(coefficients, coefficient_places(strip.layout))
