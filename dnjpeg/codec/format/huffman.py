"""Huffman tables (T.81 Annex C, F.1.2, K.2, K.3): the standard ones, the best for an image, and their lookup forms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.errors import FormatError

__all__ = [
    "LOOKUP_BITS",
    "LOOKUP_SIZE",
    "STANDARD",
    "HuffmanTable",
    "decoding_lookup",
    "encoding_lookup",
    "optimal_table",
    "slow_decode",
]


@dataclass(frozen=True)
class HuffmanTable:
    """One table of a DHT segment (T.81 B.2.4.2).

    Parameters
    ----------
    counts : bytes
        Li, the number of codes of each length 1..16.
    values : bytes
        Vij, the symbols in the order of their codes.

    Raises
    ------
    FormatError
        If the lengths are no prefix code or do not fit the number of symbols.
    """

    counts: bytes
    values: bytes

    def __post_init__(self) -> None:
        if len(self.counts) != 16 or sum(self.counts) != len(self.values) or len(self.values) > 256:
            raise FormatError("code lengths do not fit the symbols", marker="DHT")
        room = 1
        for count in self.counts:
            room = 2 * room - count
            if room < 0:
                raise FormatError("more codes than their lengths allow", marker="DHT")

    def codes(self) -> list[tuple[int, int, int]]:
        """``(symbol, code, length)`` of all symbols, in the order of their codes (C.2)."""
        lengths = [length for length, count in enumerate(self.counts, 1) for _ in range(count)]
        result, code, previous = [], 0, 0
        for symbol, length in zip(self.values, lengths, strict=True):
            code <<= length - previous
            result.append((symbol, code, length))
            code, previous = code + 1, length
        return result


def _runs_and_sizes(*rows: str) -> bytes:
    return bytes.fromhex("".join(rows))


# The typical tables of K.3.3; keys are (class, slot): class 0 DC, 1 AC; slot 0 luminance, 1 chrominance.
STANDARD = {
    (0, 0): HuffmanTable(bytes([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]), bytes(range(12))),
    (0, 1): HuffmanTable(bytes([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]), bytes(range(12))),
    (1, 0): HuffmanTable(
        bytes([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125]),
        _runs_and_sizes(
            "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a",
            "3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a929394",
            "95969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8",
            "e9eaf1f2f3f4f5f6f7f8f9fa",
        ),
    ),
    (1, 1): HuffmanTable(
        bytes([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119]),
        _runs_and_sizes(
            "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728",
            "292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92",
            "939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7",
            "e8e9eaf2f3f4f5f6f7f8f9fa",
        ),
    ),
}


@lru_cache(64)
def encoding_lookup(table: HuffmanTable) -> npt.NDArray[np.int64]:
    """Lookup by symbol: ``(code << size) << 8 | length + size``, where size = symbol & 15 bits follow the code.

    Returns
    -------
    ndarray, int64, (256,)
        0 for symbols that have no code.
    """
    lookup = np.zeros(256, np.int64)
    _fill_codes(np.frombuffer(table.counts, np.uint8), np.frombuffer(table.values, np.uint8), lookup)
    return lookup


@kernel
def _fill_codes(counts, values, lookup):
    counts, values, lookup = span(counts), span(values), span(lookup)
    code = 0
    index = 0
    for length in range(1, 17):
        for _ in range(counts[length - 1]):
            symbol = values[index]
            size = symbol & 15
            lookup[symbol] = code << size << 8 | (length + size)
            code += 1
            index += 1
        code <<= 1


# Decoding: the next LOOKUP_BITS bits index a table whose entry tells the code's length and, where they fit into the
# same bits, also what follows the code. An int32 entry is
#   bits 0..5    bits to drop: length of the code and of the value after it
#   bit 7        the value did not fit (bits 8..15 hold the symbol)
#   bits 8..15   coefficients to skip: run, or END_OF_BLOCK
#   bits 16..31  value of the coefficient
# and 0 for codes longer than LOOKUP_BITS. Behind the entries come, for these, from index LIMITS one int32 a length: the
# first 16-bit prefix beyond the codes of this length; from OFFSETS: index of its symbol minus its code; from SYMBOLS:
# the symbols.
LOOKUP_BITS = 11
END_OF_BLOCK = 96
INCOMPLETE = 0x80
LIMITS = 1 << LOOKUP_BITS
OFFSETS = LIMITS + 20
SYMBOLS = OFFSETS + 20
LOOKUP_SIZE = SYMBOLS + 256


@lru_cache(64)
def decoding_lookup(table: HuffmanTable, ac: bool, refining: bool = False) -> npt.NDArray[np.int32]:
    """Lookup by the next bits; the layout is told above.

    Parameters
    ----------
    table : HuffmanTable
    ac : bool
        For AC coefficients, not DC differences.
    refining : bool
        For a scan that refines known coefficients: one bit follows each code, whatever size its symbol tells (G.1.2.3).

    Returns
    -------
    ndarray, int32, (LOOKUP_SIZE,)

    Raises
    ------
    FormatError
        If a DC table has a size above 15.
    """
    if not ac and max(table.values, default=0) > 15:
        raise FormatError("DC Huffman table with a size above 15")
    lookup = np.zeros(LOOKUP_SIZE, np.int32)
    _fill_lookup(np.frombuffer(table.counts, np.uint8), np.frombuffer(table.values, np.uint8), ac, refining, lookup)
    return lookup


@kernel
def _fill_lookup(counts, values, ac, refining, lookup):
    counts, values, lookup = span(counts), span(values), span(lookup)
    code = 0
    index = 0
    for length in range(1, 17):
        lookup[OFFSETS + length] = index - code
        for _ in range(counts[length - 1]):
            symbol = values[index]
            lookup[SYMBOLS + index] = symbol
            if length <= LOOKUP_BITS:
                first = code << (LOOKUP_BITS - length)
                for rest in range(1 << (LOOKUP_BITS - length)):
                    lookup[first + rest] = _entry(symbol, length, rest, ac, refining)
            code += 1
            index += 1
        lookup[LIMITS + length] = code << (16 - length)
        code <<= 1


@inlined
def _entry(symbol, length, rest, ac, refining):
    """Entry for a code of `length` bits followed by the bits `rest`."""
    size = symbol & 15
    run = symbol >> 4
    if ac and size == 0:
        if run == 0:
            return length | END_OF_BLOCK << 8
        if run == 15:
            return length | 15 << 8
        return length | INCOMPLETE | symbol << 8
    left = LOOKUP_BITS - length - size
    if left < 0 or (not ac and run != 0) or (refining and size > 1):
        return length | INCOMPLETE | symbol << 8
    value = (rest >> left) & ((1 << size) - 1)
    if size != 0 and value < 1 << (size - 1):  # EXTEND (figure F.12)
        value -= (1 << size) - 1
    return (length + size) | run << 8 | value << 16


@inlined
def slow_decode(lookup, table, prefix, entry):
    """DECODE (figure F.16) for what the lookup cannot do at once.

    Parameters
    ----------
    lookup : span, int32
        One or more lookups.
    table : int
        Where this one begins.
    prefix : int
        The next 16 bits.
    entry : int
        What the lookup had for them.

    Returns
    -------
    symbol, length : int
        ``0, 17`` if no code begins like this.
    """
    if entry != 0:
        return (entry >> 8) & 255, entry & 63
    length = LOOKUP_BITS + 1
    while length <= 16 and prefix >= lookup[table + LIMITS + length]:
        length += 1
    if length > 16:
        return 0, 17  # libjpeg has by then taken one bit more
    index = (prefix >> (16 - length)) + lookup[table + OFFSETS + length]
    return lookup[table + SYMBOLS + index], length


def optimal_table(frequencies: npt.NDArray[np.int64]) -> HuffmanTable:
    """Make the best table for symbols that occur this often (T.81 K.2), as libjpeg breaks its ties.

    Parameters
    ----------
    frequencies : ndarray, int64, (256,)

    Raises
    ------
    ValueError
        If all frequencies are zero.
    """
    counts = np.zeros(16, np.uint8)
    symbols = np.empty(256, np.uint8)
    work = scratch("huffman", WORK_ROWS * WORK_COLS, np.int64).reshape(WORK_ROWS, WORK_COLS)
    count = _choose_codes(frequencies, work, counts, symbols)
    if count == 0:
        raise ValueError("no symbols to make a Huffman table for")
    return HuffmanTable(counts.tobytes(), symbols[:count].tobytes())


NODES = 257  # leaves of the tree: the symbols, and one more, for no code may be all ones
# Rows of the memory to work in. A node of the tree is a leaf, or has a number from `NODES` on.
KEYS = 0  # trees that wait to be joined, sorted
TREES = 1  # by symbol: the node that it stands for
PARENTS = 2  # by node
DEPTHS = 3  # by node
NUMBERS = 4  # by length: how many codes
WORK_ROWS, WORK_COLS = 5, 2 * NODES


@kernel
def _choose_codes(frequencies, work, counts, symbols):
    """Fill in the number of codes of each length and the symbols in order; returns the number of symbols."""
    frequencies, work, counts, symbols = span(frequencies), span(work), span(counts), span(symbols)
    _find_lengths(frequencies, work)
    for length in range(NODES + 1):
        work[NUMBERS, length] = 0
    deepest = 0
    for symbol in range(NODES):
        length = work[DEPTHS, symbol]
        work[NUMBERS, length] = work[NUMBERS, length] + 1
        deepest = max(deepest, length)
    work[NUMBERS, 0] = 0
    for length in range(deepest, 16, -1):  # figure K.3: no code longer than 16 bits
        while work[NUMBERS, length] > 0:
            shorter = length - 2
            while work[NUMBERS, shorter] == 0:
                shorter -= 1
            work[NUMBERS, length] = work[NUMBERS, length] - 2
            work[NUMBERS, length - 1] = work[NUMBERS, length - 1] + 1
            work[NUMBERS, shorter + 1] = work[NUMBERS, shorter + 1] + 2
            work[NUMBERS, shorter] = work[NUMBERS, shorter] - 1
    longest = 16
    while longest > 0 and work[NUMBERS, longest] == 0:
        longest -= 1
    work[NUMBERS, longest] = work[NUMBERS, longest] - 1  # take the reserved code point out
    for length in range(1, 17):
        counts[length - 1] = work[NUMBERS, length]
    count = 0
    for length in range(1, deepest + 1):  # figure K.4: by length before the adjustment, then by value
        for symbol in range(NODES - 1):
            if work[DEPTHS, symbol] == length:
                symbols[count] = symbol
                count += 1
    return count


@inlined
def _find_lengths(frequencies, work):
    """Code size of each symbol, its depth in the tree, by Huffman's procedure (figure K.1).

    Of equal frequencies the larger symbol goes first; a pair that was joined counts as its first symbol. So the order
    is that of the numbers ``frequency << 9 | 511 - symbol``, kept sorted.
    """
    head = NODES
    for symbol in range(NODES):
        work[TREES, symbol] = symbol
        frequency = frequencies[symbol] if symbol < NODES - 1 else 1
        if frequency > 0:
            head -= 1
            _place(work, head, frequency << 9 | (511 - symbol))
    for node in range(2 * NODES):
        work[PARENTS, node] = -1
        work[DEPTHS, node] = 0
    node = NODES
    while head + 1 < NODES:
        low, high = work[KEYS, head], work[KEYS, head + 1]
        first, second = 511 - (low & 511), 511 - (high & 511)
        work[PARENTS, work[TREES, first]] = node
        work[PARENTS, work[TREES, second]] = node
        work[TREES, first] = node
        node += 1
        head += 1
        _place(work, head, ((low >> 9) + (high >> 9)) << 9 | (511 - first))
    for index in range(node - 2, -1, -1):  # parents have larger numbers than their children
        if work[PARENTS, index] >= 0:
            work[DEPTHS, index] = work[DEPTHS, work[PARENTS, index]] + 1


@inlined
def _place(work, head, key):
    """Put a key where it belongs among the sorted ones behind `head`, moving the smaller ones forward."""
    while head + 1 < NODES and work[KEYS, head + 1] < key:
        work[KEYS, head] = work[KEYS, head + 1]
        head += 1
    work[KEYS, head] = key
