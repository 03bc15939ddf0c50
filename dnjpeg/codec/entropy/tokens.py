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

from dnjpeg.codec.entropy.bits import MOST_BITS, PADDING, put_bits
from dnjpeg.codec.entropy.scan import FILLED, POSITION, WORD, end_interval, flush, write_restart
from dnjpeg.codec.format.huffman import HuffmanTable, encoding_lookups
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import span

__all__ = [
    "AC_CODES",
    "BATCH",
    "CODED_BYTES",
    "CODES",
    "COUNTS",
    "RAW",
    "RESTART",
    "SYMBOLS",
    "code_all",
    "code_part",
    "code_tokens",
    "codes_of",
    "count_symbols",
    "join_counts",
]

SYMBOLS = 256  # of a table; the tables are: DC of slot 0, DC of slot 1, AC of slot 0, AC of slot 1
AC_CODES = 2 * SYMBOLS  # index of the first one
RAW = 4 * SYMBOLS
RESTART = RAW + 17
CODES = RESTART + 1
RAW_CODES = np.arange(RESTART - RAW)

BATCH = 32  # tokens made at once: so many may be written beyond the last

CHUNK = 4096  # tokens coded before their bytes are stuffed
TOKEN_BYTES = 4  # at most: a code of 16 bits and 11 more
CODED_BYTES = CHUNK * TOKEN_BYTES + PADDING  # flushed after each chunk; `put_bits` and `stuff` reach into the padding


def codes_of(huffman: Mapping[tuple[int, int], HuffmanTable]) -> npt.NDArray[np.int64]:
    """Codes by the index in a token, as `encoding_lookups` has them.

    Parameters
    ----------
    huffman : dict
        Tables by class (0 DC, 1 AC) and slot.
    """
    codes = np.zeros(CODES, np.int64)
    starts = [(2 * table_class + slot) * SYMBOLS for table_class, slot in huffman]
    encoding_lookups(list(huffman.values()), starts, codes)
    codes[RAW:RESTART] = RAW_CODES
    return codes


LANES = 4  # counts kept apart: to add to one that was added to just before takes long
COUNTS = LANES * CODES


@inlined
def count_symbols(tokens, first, last, counts):
    """Count how often each code is used by the tokens from `first` to before `last`.

    Parameters
    ----------
    tokens : span, int32
    first, last : int
    counts : span, int64, (COUNTS,)
        Cleared before the first ones; `join_counts` makes frequencies of them when all are counted.
    """
    whole = first + ((last - first) & -LANES)
    for at in range(first, whole, LANES):
        for lane in range(LANES):
            index = lane * CODES + (tokens[at + lane] >> 16)
            counts[index] = counts[index] + 1
    for at in range(whole, last):
        index = tokens[at] >> 16
        counts[index] = counts[index] + 1


@inlined
def join_counts(counts):
    """Turn counts into frequencies, by index; what lies behind index `CODES` means nothing any more."""
    for index in range(CODES):
        for lane in range(1, LANES):
            counts[index] = counts[index] + counts[lane * CODES + index]


@inlined
def _code(codes, token):
    """Bits of a token, code and what follows it, and their number."""
    entry = codes[token >> 16]
    return (entry >> 8) | (token & 0xFFFF), entry & 255


@inlined
def _joined(first, second):
    """Bits of two pieces, one behind the other, and their number."""
    (bits, size), (following, length) = first, second
    return bits << length | following, size + length


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
        Scratch of `CODED_BYTES`; or, if `out` is empty, with room for all bytes, which stay there and are not stuffed.
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
            if first + 4 <= last:
                a, b, c, d = tokens[first], tokens[first + 1], tokens[first + 2], tokens[first + 3]
                if (a | b | c | d) < RAW << 16:  # symbols, of at most 27 bits each
                    first += 4
                    before, length = _joined(_code(codes, a), _code(codes, b))
                    bits, size = _joined(_code(codes, c), _code(codes, d))
                    if length + size > MOST_BITS:
                        position, word, used = put_bits(coded, position, word, used, before, length)
                    else:
                        bits, size = _joined((before, length), (bits, size))
                    position, word, used = put_bits(coded, position, word, used, bits, size)
                    continue
            token = tokens[first]
            first += 1
            if token >= RESTART << 16:
                state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used
                written = write_restart(state, coded, out, written)
                position, word, used = 0, np.uint64(0), 0
                continue
            bits, size = _code(codes, token)
            position, word, used = put_bits(coded, position, word, used, bits, size)
        state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used
        if len(out) > 0:
            written = flush(state, coded, out, written)
    return written


@inlined
def _last_bits(tokens, codes, used):
    """Return the last `used` < 8 bits of these tokens, at the upper end of a word; a token has one bit at least."""
    bits = 0
    for index in range(max(0, len(tokens) - 8), len(tokens)):
        following, length = _code(codes, tokens[index])
        bits = bits << length | following  # what is shifted out does not matter
    return (np.uint64(bits) << np.uint64(63 - used)) << np.uint64(1)


@kernel
def code_part(state, before, tokens, last, codes, coded, out):
    """Code a part of the tokens of a scan without restarts; returns how much was written.

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
        From `start_scan`, with `FILLED`: how many bits of the tokens before it fill no byte.
    before : ndarray, int32
        These tokens.
    tokens : ndarray, int32
    last : bool
        Whether the scan ends with them; otherwise the bits of a last byte that is not full are left to the next part.
    codes, coded, out
        As for `code_tokens`.
    """
    state, before, tokens, codes = span(state), span(before), span(tokens), span(codes)
    coded, out = span(coded), span(out)
    state[WORD] = np.int64(_last_bits(before, codes, state[FILLED]))
    written = code_tokens(state, tokens, len(tokens), codes, coded, out, 0)
    return end_interval(state, coded, out, written) if last else written


@kernel
def code_all(state, tokens, codes, coded, out):
    """Code the tokens of a whole scan; returns how much was written. See `code_tokens`."""
    state, tokens, codes, coded, out = span(state), span(tokens), span(codes), span(coded), span(out)
    return end_interval(state, coded, out, code_tokens(state, tokens, len(tokens), codes, coded, out, 0))
