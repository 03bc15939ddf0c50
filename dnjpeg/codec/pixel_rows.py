"""Rows of MCUs of an image from pixels to tokens, or to coded bytes; the coefficients of one row are kept at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.encoding_plan import EncodingPlan
from dnjpeg.codec.entropy.best_codes import Coder, code_best, coder_spans
from dnjpeg.codec.entropy.gathering import list_spans
from dnjpeg.codec.entropy.scan import POSITION, begin_scan, end_interval, start_scan
from dnjpeg.codec.entropy.scan_writer import Tokens, begin_best_scan, token_scan
from dnjpeg.codec.entropy.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.entropy.tokens import CODES, COUNTS, code_tokens, count_symbols, join_counts
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.scratch import made_for, scratch
from dnjpeg.codec.kernels.vector import clear, span
from dnjpeg.codec.pixels.forward import MCU_COLS, MCU_ROWS, forward_mcu_row
from dnjpeg.codec.writer import assemble_made, assemble_only

__all__ = ["code_made", "code_standard", "tokenize"]

Pixels = npt.NDArray[np.uint8]
State = npt.NDArray[np.int64]


def tokenize(
    pixels: Pixels, job: EncodingPlan, state: State, tokens: npt.NDArray[np.int32], rows: tuple[int, int]
) -> Tokens:
    """Make tokens of rows of MCUs, and count their symbols.

    Parameters
    ----------
    pixels : ndarray, uint8
        Of the whole image, line by line.
    job : EncodingPlan
    state : ndarray, int64
        From `start_scan`, with the predictions that stand before these rows.
    tokens : ndarray, int32
        Where they go, with `ScanPlan.token_room`.
    rows : (int, int)
        The first one, and the first that is not taken.
    """
    counts = np.empty(COUNTS, np.int64)
    count = _tokenize_rows(
        pixels,
        *_transforming(job),
        state,
        job.plan.scan,
        tokens,
        counts,
        *rows,
    )
    return Tokens(tokens[:count], counts[:CODES])


def _transforming(job: EncodingPlan) -> tuple[Any, ...]:
    """Return what every kernel over rows takes first, behind the pixels: where a row is transformed and gathered."""
    strip = job.strip
    samples, coefficients = scratch("strip", strip.samples), scratch("coefficients", strip.coefficients, np.int16)
    return strip.sizes, strip.layout, job.factors, samples, coefficients, job.plan.lists()


def code_made(pixels: Pixels, job: EncodingPlan) -> bytes:
    """Code all rows of MCUs with Huffman tables made for them, to a whole file.

    Parameters
    ----------
    pixels : ndarray, uint8
        Of the whole image, line by line.
    job : EncodingPlan
    """
    plan = job.plan
    transforming, state, tokens, counts, coder = made_for("encoding", job, plan.token_bytes, _room)
    count, written = _code_rows(
        pixels, *transforming, state, job.interval, plan.scan, tokens, counts, coder, plan.mcu_rows
    )
    if written > 0:
        return assemble_made(job.headers, coder, written)
    made = Tokens(tokens[:count], counts[:CODES])
    return assemble_only(job.headers, token_scan(job.headers, job.scan, plan, made, optimize=True))


def _room(job: EncodingPlan) -> tuple[tuple[Any, ...], State, npt.NDArray[np.int32], npt.NDArray[np.int64], Coder]:
    """Return where all rows are coded: `_transforming`, a state, tokens, counts, and what codes them."""
    tokens = scratch("tokens", job.plan.token_room(job.plan.mcu_rows), np.int32)
    counts = scratch("counts", COUNTS, np.int64)
    coder = begin_best_scan(job.headers, job.best_start, job.frame.height * job.frame.width * job.channels)
    return _transforming(job), start_scan(0), tokens, counts, coder


def code_standard(
    pixels: Pixels,
    job: EncodingPlan,
    tokenizing: State,
    coding: State,
    coded: npt.NDArray[np.uint8],
    out: npt.NDArray[np.uint8],
    written: int,
    rows: tuple[int, int],
) -> tuple[int, int]:
    """Code rows of MCUs with the standard Huffman tables, without counting anything before, while there is room.

    Parameters
    ----------
    pixels : ndarray, uint8
        Of the whole image, line by line.
    job : EncodingPlan
    tokenizing, coding : ndarray, int64
        From `start_scan`; they carry what the next call goes on from. `tokenizing` has the predictions that stand
        before these rows.
    coded : ndarray, uint8
        Scratch of `CODED_BYTES`; or, if `out` is empty, where the bytes go, not stuffed.
    out : ndarray, uint8
        Where stuffed bytes go.
    written : int
        How many are there already.
    rows : (int, int)
        The first one, and the first that is not taken. Where bytes are stuffed, the last one is filled up behind the
        last row of the image.

    Returns
    -------
    row : int
        The first one that is not coded.
    written : int
    """
    plan = job.plan
    row, written = _stream_rows(
        pixels,
        *_transforming(job),
        tokenizing,
        plan.scan,
        scratch("tokens", plan.token_room(1), np.int32),
        coding,
        job.standard_codes,
        coded,
        out,
        plan.row_room,
        written,
        *rows,
    )
    return row, written


@kernel
def _tokenize_rows(
    pixels, sizes, layout, factors, strip, coefficients, lists, state, scan, tokens, counts, first, last
):
    """Make and count the tokens of some rows of MCUs; returns their number."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, state, scan, tokens = span(strip), span(coefficients), span(state), span(scan), span(tokens)
    lists, counts = list_spans(lists), span(counts)
    return _tokens_of_rows(
        pixels, sizes, layout, factors, strip, coefficients, lists, state, scan, tokens, counts, first, last
    )


@kernel
def _code_rows(
    pixels, sizes, layout, factors, strip, coefficients, lists, state, interval, scan, tokens, counts, coder, rows
):
    """Make, count and code the tokens of all rows of MCUs; returns their number, and what `code_best` does."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, state, scan, tokens = span(strip), span(coefficients), span(state), span(scan), span(tokens)
    lists, counts = list_spans(lists), span(counts)
    begin_scan(state, interval)
    count = _tokens_of_rows(
        pixels, sizes, layout, factors, strip, coefficients, lists, state, scan, tokens, counts, 0, rows
    )
    return count, code_best(tokens, count, counts, coder_spans(coder))


@inlined
def _tokens_of_rows(
    pixels, sizes, layout, factors, strip, coefficients, lists, state, scan, tokens, counts, first, last
):
    """Make and count the tokens of rows from `first` to before `last`; returns their number."""
    count = 0
    clear(counts, 0, COUNTS)
    for row in range(first, last):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        begin = count
        count = tokenize_mcu_row(state, scan, row, row, sizes[MCU_COLS], coefficients, lists, tokens, count)
        count_symbols(tokens, begin, count, counts)
    join_counts(counts)
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
    last,
):
    """Rows of MCUs from `row` to before `last` to coded bytes, while there is `room`; see `code_standard`."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, tokenizing, codes = span(strip), span(coefficients), span(tokenizing), span(codes)
    scan, tokens, coding, coded, out = span(scan), span(tokens), span(coding), span(coded), span(out)
    lists = list_spans(lists)
    stuffed = len(out) > 0
    while row < last and room <= (len(out) - written if stuffed else len(coded) - coding[POSITION]):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(tokenizing, scan, row, row, sizes[MCU_COLS], coefficients, lists, tokens, 0)
        written = code_tokens(coding, tokens, count, codes, coded, out, written)
        row += 1
    if stuffed and row == sizes[MCU_ROWS]:
        written = end_interval(coding, coded, out, written)
    return row, written
