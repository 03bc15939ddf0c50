"""One image on several threads: bands of rows of MCUs become tokens, and tokens bits, each by itself.

What a band must know of those before it is little: the last DC of each component, for which the row of MCUs above it is
transformed a second time; and how many bits they have, of which the Huffman symbols' frequencies tell. The bytes are
the same as on one thread.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.encoding_plan import EncodingPlan
from dnjpeg.codec.entropy.bits import PADDING
from dnjpeg.codec.entropy.gathering import list_spans
from dnjpeg.codec.entropy.scan import FILLED, PREDICTIONS, start_scan
from dnjpeg.codec.entropy.scan_writer import CodedScan, Tokens, choose_codes
from dnjpeg.codec.entropy.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.entropy.tokens import CODED_BYTES, CODES, COUNTS, code_part, count_symbols
from dnjpeg.codec.format.layout import BLOCK_COLS, FIRST, VERTICAL
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.forward import MCU_COLS, forward_mcu_row

__all__ = ["divisible", "encode_bands"]

LEAST_ROWS = 8  # of MCUs in a band: one more is transformed for it
BANDS = 4  # a thread, for some are more work than others


def divisible(job: EncodingPlan) -> bool:
    """Tell whether an image can be encoded in bands: a restart marker would begin a byte wherever it is."""
    return job.streamed and job.interval == 0 and job.plan.mcu_rows >= 2 * LEAST_ROWS


def encode_bands(pixels: npt.NDArray[np.uint8], job: EncodingPlan, threads: int) -> CodedScan:
    """Encode the only scan of an image.

    Parameters
    ----------
    pixels : ndarray, uint8
        Line by line.
    job : EncodingPlan
        `divisible`.
    threads : int
    """
    count = min(BANDS * threads, job.plan.mcu_rows // LEAST_ROWS)
    limits = np.linspace(0, job.plan.mcu_rows, count + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads, thread_name_prefix="dnjpeg") as executor:
        bands = list(executor.map(lambda rows: _tokenize(pixels, job, *rows), pairwise(limits)))
        frequencies = np.sum([band.frequencies for band in bands], axis=0)
        huffman, codes = choose_codes(job.headers, job.scan, job.plan, frequencies, optimize=job.coding.optimize)
        bits = [band.bits(codes) for band in bands]
        parts = zip(accumulate(bits, initial=0), bits, [None, *bands], bands, strict=False)
        coded = executor.map(lambda part: _code(codes, *part, last=part[3] is bands[-1]), parts)
        return CodedScan(job.scan, job.plan, huffman, b"".join(coded))


def _tokenize(pixels: npt.NDArray[np.uint8], job: EncodingPlan, first: int, last: int) -> Tokens:
    """Tokens of the rows of MCUs from `first` to before `last`."""
    strip, plan = job.strip, job.plan
    tokens = np.empty(plan.token_room(last - first), np.int32)
    counts = np.empty(COUNTS, np.int64)
    length = _tokenize_band(
        pixels,
        strip.sizes,
        strip.layout,
        job.factors,
        scratch("strip", strip.samples),
        scratch("coefficients", strip.coefficients, np.int16),
        plan.lists(),
        start_scan(0),
        plan.scan,
        tokens,
        counts,
        first,
        last,
    )
    return Tokens(tokens[:length], counts[:CODES])


def _code(
    codes: npt.NDArray[np.int64], begin: int, bits: int, before: Tokens | None, band: Tokens, *, last: bool
) -> bytes:
    """Code a band whose first bit is the `begin`-th of the scan: the bytes that end in it."""
    state = start_scan(0)
    state[FILLED] = begin & 7
    out = np.empty(2 * ((bits >> 3) + 2 + PADDING), np.uint8)
    tokens_before = band.tokens[:0] if before is None else before.tokens
    written = code_part(state, tokens_before, band.tokens, last, codes, scratch("coded", CODED_BYTES), out)
    return out[:written].tobytes()


@kernel
def _tokenize_band(
    pixels, sizes, layout, factors, strip, coefficients, lists, state, scan, tokens, counts, first, last
):
    """Make and count the tokens of some rows of MCUs; returns their number."""
    pixels, sizes, layout, factors = span(pixels), span(sizes), span(layout), span(factors)
    strip, coefficients, state, scan, tokens = span(strip), span(coefficients), span(state), span(scan), span(tokens)
    lists = list_spans(lists)
    count = 0
    if first > 0:
        forward_mcu_row(pixels, sizes, layout, first - 1, first - 1, strip, factors, coefficients)
        for c in range(len(scan)):
            block = scan[c, VERTICAL] * scan[c, BLOCK_COLS] - 1  # the last one of the row
            state[PREDICTIONS + c] = coefficients[scan[c, FIRST] + 64 * block]
    for row in range(first, last):
        forward_mcu_row(pixels, sizes, layout, row, row, strip, factors, coefficients)
        count = tokenize_mcu_row(state, scan, row, row, sizes[MCU_COLS], coefficients, lists, tokens, count)
    count_symbols(tokens, count, span(counts))
    return count
