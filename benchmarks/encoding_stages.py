"""The stages of encoding, kernel by kernel."""

from __future__ import annotations

import numba
import numpy as np

import dnjpeg
from benchmarks.photos import Pixels
from benchmarks.timing import Stage, Stages
from dnjpeg.codec.encoding_plan import Encoding, plan_encoding
from dnjpeg.codec.entropy.gathering import list_spans
from dnjpeg.codec.entropy.scan import start_scan
from dnjpeg.codec.entropy.scan_writer import standard_tables
from dnjpeg.codec.entropy.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.entropy.tokens import CODED_BYTES, CODES, COUNTS, RAW, code_all, codes_of, count_symbols, join_counts
from dnjpeg.codec.format.application import DEFAULT_JFIF
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.coding_tables import steps_key
from dnjpeg.codec.format.huffman import optimal_tables
from dnjpeg.codec.format.layout import FIRST
from dnjpeg.codec.kernels.vector import clear, span
from dnjpeg.codec.pixels.forward import MCU_ROWS, forward_mcu_row, forward_rows, plan_forward
from dnjpeg.tables import resolve

kernel = numba.njit(nogil=True, error_model="numpy")  # not kept on disk: the codec's cache does not know this file


@kernel
def _forward(pixels, sizes, layout, factors, strip, coefficients):
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients = span(strip), span(coefficients)
    for row in range(sizes[MCU_ROWS]):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)


@kernel
def _tokenize(scan, mcu_rows, mcu_cols, coefficients, lists, state, tokens):
    scan, coefficients, lists, state, tokens = (
        span(scan),
        span(coefficients),
        list_spans(lists),
        span(state),
        span(tokens),
    )
    count = 0
    for row in range(mcu_rows):
        count = tokenize_mcu_row(state, scan, row, 0, mcu_cols, coefficients, lists, tokens, count)
    return count


@kernel
def _count(tokens, counts):
    tokens, counts = span(tokens), span(counts)
    clear(counts, 0, COUNTS)
    count_symbols(tokens, 0, len(tokens), counts)
    join_counts(counts)


def encoding_stages(pixels: Pixels, quality: int, subsampling: str) -> Stages:
    """Stages of encoding one photo, and the whole."""
    key = tuple(steps_key(table) for table in resolve(quality).arrays_for_baseline())
    job = plan_encoding(pixels.shape, Encoding(key, subsampling, None, Coding(optimize=True), DEFAULT_JFIF))
    whole = plan_forward(job.frame, job.headers.color, job.channels)
    flat = pixels.reshape(-1)
    samples = np.empty(whole.samples, np.uint8)
    coefficients, strip = np.empty(whole.coefficients, np.int16), np.empty(job.strip.coefficients, np.int16)
    forward_rows(flat, whole.sizes, whole.layout, job.factors, samples, coefficients)
    scan = job.plan.scan.copy()
    scan[:, FIRST] = whole.layout[list(job.scan.components), FIRST]
    lists = tuple(part.copy() for part in job.plan.lists())
    lists = (*lists[:2], np.empty(len(coefficients) >> 6, np.int64))
    tokens = np.empty(job.plan.token_room(job.plan.mcu_rows), np.int32)
    size = (job.plan.mcu_rows, job.plan.mcu_cols)
    count = _tokenize(scan, *size, coefficients, lists, start_scan(0), tokens)
    counts = np.empty(COUNTS, np.int64)
    _count(tokens[:count], counts)
    _, codes = standard_tables(job.plan.slots_of(job.scan))
    coded, out = np.empty(CODED_BYTES, np.uint8), np.empty(4 * len(flat) + (1 << 16), np.uint8)

    def make_tables() -> None:
        made = optimal_tables(counts[:RAW])
        codes_of({(index >> 1, index & 1): table for index, table in enumerate(made) if table is not None})

    assert len(counts[:CODES]) == len(codes)
    calls = {
        "colour, downsampling, DCT, quantization": lambda: _forward(
            flat, job.strip.sizes, job.strip.layout, job.factors, samples, strip
        ),
        "tokens": lambda: _tokenize(scan, *size, coefficients, lists, start_scan(0), tokens),
        "Huffman coding of tokens": lambda: code_all(start_scan(0), tokens[:count], codes, coded, out),
        "counting of symbols": lambda: _count(tokens[:count], counts),
        "making Huffman tables": make_tables,
        "encode, standard tables, all": lambda: dnjpeg.encode(
            pixels, quality=quality, subsampling=subsampling, optimize=False
        ),
        "encode, optimal tables, all": lambda: dnjpeg.encode(pixels, quality=quality, subsampling=subsampling),
    }
    return {name: Stage(call) for name, call in calls.items()}
