"""Tokens to bytes with the best Huffman tables for them: one kernel, or the end of one that makes the tokens too.

The latter writes the tables as well: the less the interpreter does for an image, the less threads wait for each other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.bits import PADDING
from dnjpeg.codec.entropy.scan import begin_scan, end_interval, start_scan
from dnjpeg.codec.entropy.tokens import CODED_BYTES, CODES, RAW, RESTART, SYMBOLS, code_tokens
from dnjpeg.codec.format.huffman import (
    TABLE_BYTES,
    HuffmanTable,
    assign_codes,
    choose_tables,
    made_tables,
    work_memory,
)
from dnjpeg.codec.format.table_segments import HUFFMAN_BYTES, write_made_tables
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.scratch import made_once, scratch
from dnjpeg.codec.kernels.vector import clear, copy, span

__all__ = ["Coder", "begin_coder", "code_best", "code_with_best_tables", "coder_spans"]

TABLES = RAW // SYMBOLS
IMPOSSIBLE = -1
LEAST_ROOM = 1 << 16  # of output: in small images the tables weigh more than the pixels
USUAL_BYTES = 2  # of output a token, with room to stuff them all

Numbers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

Start = tuple[Numbers, bool, Bytes]
"""What is written before the data: which tables, by the first index of their codes / 256; whether in one segment; and
all that follows them."""

NO_START: Start = np.empty(0, np.int64), False, np.empty(0, np.uint8)

Coder = tuple[Start, Numbers, Numbers, Bytes, Numbers, Numbers, Bytes, Bytes]
"""What `code_best` works with: start, impossible codes, work memory, tables, codes, state, coded bytes, output."""


def begin_coder(start: Start, impossible: Numbers, room: int) -> Coder:
    """Return what `code_best` works with; of these tables, codes and output are in scratch memory.

    Parameters
    ----------
    start : Start
    impossible : ndarray, int64, (RAW,)
        Not zero for codes that must not occur.
    room : int
        Bytes of output that should do, if half of them come from stuffing; small images have more.
    """
    work, made, codes = made_once("coder", _table_memory)
    coded, out = scratch("coded", CODED_BYTES), scratch("file", max(room, LEAST_ROOM))
    return start, impossible, work, made, codes, start_scan(0), coded, out


def _table_memory() -> tuple[Numbers, Bytes, Numbers]:
    return work_memory(), scratch("best tables", TABLES * TABLE_BYTES), scratch("best codes", CODES, np.int64)


@inlined
def coder_spans(coder):
    """Spans over a `Coder`."""
    (order, joined, header), impossible, work, made, codes, state, coded, out = coder
    start = span(order), joined, span(header)
    return start, span(impossible), span(work), span(made), span(codes), span(state), span(coded), span(out)


@inlined
def code_best(tokens, count, frequencies, coder):
    """Make the best Huffman tables for the first `count` tokens; write the start of the scan, and code them.

    Parameters
    ----------
    tokens : span, int32
    count : int
    frequencies : span, int64, (CODES,)
        From `join_counts`.
    coder
        From `coder_spans`.

    Returns
    -------
    int
        How many bytes were written; or `IMPOSSIBLE`; or, as a negative number, the room that is needed.
    """
    (order, joined, header), impossible, work, made, codes, state, coded, out = coder
    for index in range(RAW):
        if impossible[index] != 0 and frequencies[index] != 0:
            return IMPOSSIBLE
    choose_tables(frequencies, TABLES, work, made)
    clear(codes, 0, CODES)
    for table in range(TABLES):
        assign_codes(made, table * TABLE_BYTES, codes, table * SYMBOLS)
    for size in range(RESTART - RAW):
        codes[RAW + size] = size
    room = _room(frequencies, codes) + len(order) * HUFFMAN_BYTES + len(header)
    if room > len(out):
        return -room
    begin_scan(state, 0)
    written = write_made_tables(made, order, joined, out)
    copy(header, 0, out, written, len(header))
    written = code_tokens(state, tokens, count, codes, coded, out, written + len(header))
    return end_interval(state, coded, out, written)


@inlined
def _room(frequencies, codes):
    """Bytes for all bits and restart markers at most, if each is stuffed."""
    bits = 0
    for index in range(CODES):
        bits += frequencies[index] * (codes[index] & 255)
    restarts = frequencies[RESTART]
    return 2 * ((bits >> 3) + 1 + 2 * restarts + PADDING)


def code_with_best_tables(
    tokens: npt.NDArray[np.int32], frequencies: Numbers, impossible: Numbers
) -> tuple[list[HuffmanTable | None], memoryview] | None:
    """Make the best Huffman tables for the tokens of a scan, and code it: `code_best` by itself.

    Returns
    -------
    tables : list of HuffmanTable or None
        By the first index of their codes; None where there are no symbols.
    data : memoryview
        Entropy-coded data, in scratch memory.

    None if there is an impossible code.
    """
    room = USUAL_BYTES * len(tokens) + 2 * PADDING
    while True:
        coder = begin_coder(NO_START, impossible, room)
        written = _code_best(tokens, frequencies, coder)
        if written == IMPOSSIBLE:
            return None
        if written > 0:
            _, _, _, made, *_, out = coder
            return made_tables(made), out[:written].data
        room = -written


@kernel
def _code_best(tokens, frequencies, coder):
    tokens = span(tokens)
    return code_best(tokens, len(tokens), span(frequencies), coder_spans(coder))
