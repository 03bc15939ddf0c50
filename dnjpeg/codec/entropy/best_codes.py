"""Tokens to bytes with the best Huffman tables for them: one kernel, so that threads wait for each other but once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.bits import PADDING
from dnjpeg.codec.entropy.scan import end_interval, start_scan
from dnjpeg.codec.entropy.tokens import CODED_BYTES, CODES, RAW, RESTART, SYMBOLS, code_tokens
from dnjpeg.codec.format.huffman import (
    TABLE_BYTES,
    HuffmanTable,
    assign_codes,
    choose_tables,
    made_tables,
    work_memory,
)
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import clear, span

__all__ = ["code_with_best_tables"]

TABLES = RAW // SYMBOLS
IMPOSSIBLE = -1
USUAL_BYTES = 2  # of output a token, with room to stuff them all


def code_with_best_tables(
    tokens: npt.NDArray[np.int32], frequencies: npt.NDArray[np.int64], impossible: npt.NDArray[np.int64]
) -> tuple[list[HuffmanTable | None], memoryview] | None:
    """Make the best Huffman tables for the tokens of a scan, and code it.

    Parameters
    ----------
    tokens : ndarray, int32
    frequencies : ndarray, int64, (CODES,)
        From `join_counts`.
    impossible : ndarray, int64, (RAW,)
        Not zero for codes that must not occur.

    Returns
    -------
    tables : list of HuffmanTable or None
        By the first index of their codes; None where there are no symbols.
    data : memoryview
        Entropy-coded data, in scratch memory.

    None if there is an impossible code.
    """
    made, codes = scratch("best tables", TABLES * TABLE_BYTES), scratch("best codes", CODES, np.int64)
    coded, room = scratch("coded", CODED_BYTES), USUAL_BYTES * len(tokens) + 2 * PADDING
    while True:
        out = scratch("file", room)
        written = _code_best(tokens, frequencies, impossible, work_memory(), made, codes, start_scan(0), coded, out)
        if written == IMPOSSIBLE:
            return None
        if written > 0:
            return made_tables(made), out[:written].data
        room = -written


@kernel
def _code_best(tokens, frequencies, impossible, work, made, codes, state, coded, out):
    """Return how many bytes were written; or `IMPOSSIBLE`; or, as a negative number, the room that is needed."""
    tokens, frequencies, impossible, work = span(tokens), span(frequencies), span(impossible), span(work)
    made, codes, state, coded, out = span(made), span(codes), span(state), span(coded), span(out)
    for index in range(RAW):
        if impossible[index] != 0 and frequencies[index] != 0:
            return IMPOSSIBLE
    choose_tables(frequencies, TABLES, work, made)
    clear(codes, 0, CODES)
    for table in range(TABLES):
        assign_codes(made, table * TABLE_BYTES, codes, table * SYMBOLS)
    for size in range(RESTART - RAW):
        codes[RAW + size] = size
    room = _room(frequencies, codes)
    if room > len(out):
        return -room
    return end_interval(state, coded, out, code_tokens(state, tokens, len(tokens), codes, coded, out, 0))


@inlined
def _room(frequencies, codes):
    """Bytes for all bits and restart markers at most, if each is stuffed."""
    bits = 0
    for index in range(CODES):
        bits += frequencies[index] * (codes[index] & 255)
    restarts = frequencies[RESTART]
    return 2 * ((bits >> 3) + 1 + 2 * restarts + PADDING)
