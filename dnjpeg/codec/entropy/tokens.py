"""Tokens: the Huffman symbols of a scan, each with the bits that follow its code.

The blocks of a scan are looked at once, to make tokens of them. Then its symbols are counted, if tables are to be made
for them, and coded, in loops that have nothing else to do and hardly a branch. A token is an int32:

    bits 0..15     the bits that follow the code
    bits 16..30    index of the code: a symbol of one of the scan's tables, `RAW` + n for n bits without a code, or
                   `RESTART`

More than `JOINED_BITS` bits, as only 12-bit samples can have, follow in a `RAW` token of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.bits import PADDING, put_bits
from dnjpeg.codec.entropy.scan import FILLED, POSITION, WORD, end_interval, flush, write_restart
from dnjpeg.codec.format.huffman import HuffmanTable, encoding_lookup
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import span

__all__ = ["CODED_BYTES", "RAW", "RESTART", "SYMBOLS", "code_all", "code_tokens", "codes_of", "count_symbols"]

SYMBOLS = 256  # of a table; the tables are: DC of slot 0, DC of slot 1, AC of slot 0, AC of slot 1
RAW = 4 * SYMBOLS
RESTART = RAW + 17
CODES = RESTART + 1

CHUNK = 4096  # tokens coded before their bytes are stuffed
TOKEN_BYTES = 4  # at most: a code of 16 bits and 11 more
CODED_BYTES = CHUNK * TOKEN_BYTES + PADDING  # flushed after each chunk; `put_bits` and `stuff` reach into the padding


def codes_of(huffman: Mapping[tuple[int, int], HuffmanTable]) -> npt.NDArray[np.int64]:
    """Codes by the index in a token, as `encoding_lookup` has them.

    Parameters
    ----------
    huffman : dict
        Tables by class (0 DC, 1 AC) and slot.
    """
    codes = np.zeros(CODES, np.int64)
    for (table_class, slot), table in huffman.items():
        first = (2 * table_class + slot) * SYMBOLS
        codes[first : first + SYMBOLS] = encoding_lookup(table)
    codes[RAW:RESTART] = range(RESTART - RAW)
    return codes


def count_symbols(tokens: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Count how often each code is used; int64, by index."""
    frequencies = np.zeros(LANES * CODES, np.int64)
    _count(tokens, frequencies)
    return frequencies.reshape(LANES, CODES).sum(axis=0)


LANES = 4  # counts kept apart: to add to one that was added to just before takes long


@kernel
def _count(tokens, frequencies):
    tokens, frequencies = span(tokens), span(frequencies)
    whole = len(tokens) & -LANES
    for first in range(0, whole, LANES):
        for lane in range(LANES):
            index = lane * CODES + (tokens[first + lane] >> 16)
            frequencies[index] = frequencies[index] + 1
    for last in range(whole, len(tokens)):
        index = tokens[last] >> 16
        frequencies[index] = frequencies[index] + 1


@inlined
def _code(codes, token):
    """Bits of a token, code and what follows it, and their number."""
    entry = codes[token >> 16]
    return (entry >> 8) | (token & 0xFFFF), entry & 255


@inlined
def code_tokens(state, tokens, count, codes, coded, out, written):
    """Code the first `count` tokens.

    Parameters
    ----------
    state : span, int64, (STATE,)
        From `start_scan`; carries bits from call to call.
    tokens : span, int32
    count : int
    codes : span, int64
        From `codes_of`.
    coded : span, uint8
        Scratch of `CODED_BYTES`.
    out : span, uint8
        Output, with room for all bytes stuffed.
    written : int
        Where to write.

    Returns
    -------
    int
        The new `written`.
    """
    first = 0
    while first < count:
        last = min(first + CHUNK, count)
        position, word, used = state[POSITION], np.uint64(state[WORD]), state[FILLED]
        while first < last:
            token = tokens[first]
            first += 1
            if token >= RESTART << 16:
                state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used
                written = write_restart(state, coded, out, written)
                position, word, used = 0, np.uint64(0), 0
                continue
            bits, size = _code(codes, token)
            if first < last and tokens[first] < RESTART << 16:  # two at once: they have at most 27 + 26 bits
                following, length = _code(codes, tokens[first])
                bits, size = bits << length | following, size + length
                first += 1
            position, word, used = put_bits(coded, position, word, used, bits, size)
        state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used
        written = flush(state, coded, out, written)
    return written


@kernel
def code_all(state, tokens, codes, coded, out):
    """Code the tokens of a whole scan; returns how much was written. See `code_tokens`."""
    state, tokens, codes, coded, out = span(state), span(tokens), span(codes), span(coded), span(out)
    return end_interval(state, coded, out, code_tokens(state, tokens, len(tokens), codes, coded, out, 0))
