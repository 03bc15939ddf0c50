"""Huffman tables (T.81 Annex C, F.1.2, K.2, K.3): the standard ones, the best for an image, their codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.kernels.jit import brief_kernel, inlined
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import clear, span
from dnjpeg.errors import FormatError

__all__ = [
    "JOINED_BITS",
    "STANDARD",
    "TABLE_BYTES",
    "HuffmanTable",
    "assign_codes",
    "choose_tables",
    "encoding_lookups",
    "made_tables",
    "optimal_table",
    "optimal_tables",
    "work_memory",
]


SHARES = tuple(1 << (16 - length) for length in range(1, 17))  # of all strings of 16 bits that begin with a code


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
        if sum(map(mul, self.counts, SHARES)) > 1 << 16:  # Kraft's inequality
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


JOINED_BITS = 11  # that follow a code at most to be coded with it; 8-bit samples need no more


def encoding_lookups(tables: Sequence[HuffmanTable], starts: Sequence[int], lookup: npt.NDArray[np.int64]) -> None:
    """Fill in lookups by symbol: ``(code << size) << 8 | length + size``.

    The size = symbol & 15 is how many bits follow the code; if these are more than `JOINED_BITS`, they count as none.

    Parameters
    ----------
    tables : sequence of HuffmanTable
    starts : sequence of int
        Where the 256 items of each table's begin.
    lookup : ndarray, int64
        They stay as they are for symbols that have no code.
    """
    parts = b"".join([part for table in tables for part in (table.counts, table.values)])
    _fill_codes(np.frombuffer(parts, np.uint8), np.array(starts, np.int64), lookup)


@brief_kernel
def _fill_codes(tables, starts, lookup):
    tables, starts, lookup = span(tables), span(starts), span(lookup)
    counts = 0
    for i in range(len(starts)):
        counts = assign_codes(tables, counts, lookup, starts[i])


@inlined
def assign_codes(tables, counts, lookup, start):
    """Fill in the lookup of one table as `encoding_lookups` does, from `start` on.

    Its numbers of codes by length begin at `counts` in `tables`, its symbols behind them. Returns where these end.
    """
    code = 0
    index = counts + 16
    for length in range(1, 17):
        for _ in range(tables[counts + length - 1]):
            symbol = tables[index]
            size = symbol & 15
            size = size if size <= JOINED_BITS else 0
            lookup[start + symbol] = code << size << 8 | (length + size)
            code += 1
            index += 1
        code <<= 1
    return index


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
    (table,) = optimal_tables(frequencies)
    if table is None:
        raise ValueError("no symbols to make a Huffman table for")
    return table


def optimal_tables(frequencies: npt.NDArray[np.int64]) -> list[HuffmanTable | None]:
    """Make the best tables for several times 256 frequencies at once; None where all are zero."""
    tables = len(frequencies) // 256
    made = np.empty(tables * TABLE_BYTES, np.uint8)
    _choose_all(frequencies, work_memory(), made)
    return made_tables(made)


def work_memory() -> npt.NDArray[np.int64]:
    """Scratch memory for `choose_tables`."""
    return scratch("huffman", WORK_ROWS * WORK_COLS, np.int64).reshape(WORK_ROWS, WORK_COLS)


def made_tables(made: npt.NDArray[np.uint8]) -> list[HuffmanTable | None]:
    """Return what `choose_tables` made."""
    parts = made.tobytes()
    tables: list[HuffmanTable | None] = []
    for first in range(0, len(parts), TABLE_BYTES):
        counts = parts[first : first + 16]
        symbols = sum(counts)
        tables.append(_unchecked(counts, parts[first + 16 : first + 16 + symbols]) if symbols else None)
    return tables


def _unchecked(counts: bytes, values: bytes) -> HuffmanTable:
    """Return a table that needs no check, for one is made for each image."""
    table = object.__new__(HuffmanTable)
    table.__dict__.update(counts=counts, values=values)
    return table


TABLE_BYTES = 16 + 256  # numbers of codes by length, and the symbols

NODES = 257  # leaves of the tree: the symbols, and one more, for no code may be all ones
# Rows of the memory to work in. A node of the tree is a leaf, or has a number from `NODES` on.
KEYS = 0  # trees that wait to be joined, sorted
TREES = 1  # by symbol: the node that it stands for
PARENTS = 2  # by node
DEPTHS = 3  # by node
NUMBERS = 4  # by length: how many codes
PLACES = 5  # by length: where the next symbol goes
WORK_ROWS, WORK_COLS = 6, 2 * NODES


@brief_kernel
def _choose_all(frequencies, work, made):
    frequencies = span(frequencies)
    choose_tables(frequencies, len(frequencies) >> 8, span(work), span(made))


@inlined
def choose_tables(frequencies, tables, work, made):
    """Make the best tables for so many times 256 frequencies.

    Parameters
    ----------
    frequencies : span, int64
    tables : int
    work : span, int64
        `work_memory`.
    made : span, uint8
        `TABLE_BYTES` for each: how many codes each length 1..16 has, and the symbols; no codes where all are zero.
    """
    clear(made, 0, tables * TABLE_BYTES)
    for index in range(tables):
        _choose_codes(frequencies, index << 8, work, made, index * TABLE_BYTES)


@inlined
def _choose_codes(frequencies, first, work, made, at):
    """Fill in how many codes each length has, and the symbols, for the frequencies from `first` on."""
    if not _find_lengths(frequencies, first, work):
        return
    for length in range(NODES + 1):
        work[NUMBERS, length] = 0
    deepest = 0
    for symbol in range(NODES):
        length = work[DEPTHS, symbol]
        work[NUMBERS, length] = work[NUMBERS, length] + 1
        deepest = max(deepest, length)
    work[NUMBERS, 0] = 0
    place = 0
    for length in range(1, deepest + 1):
        work[PLACES, length] = place
        place += work[NUMBERS, length] - (1 if length == work[DEPTHS, NODES - 1] else 0)
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
        made[at + length - 1] = work[NUMBERS, length]
    for symbol in range(NODES - 1):  # figure K.4: by length before the adjustment, then by value
        length = work[DEPTHS, symbol]
        if length > 0:
            place = work[PLACES, length]
            made[at + 16 + place] = symbol
            work[PLACES, length] = place + 1


@inlined
def _find_lengths(frequencies, first, work):
    """Code size of each symbol, its depth in the tree, by Huffman's procedure (figure K.1); returns if there is any.

    Of equal frequencies the larger symbol goes first; a pair that was joined counts as its first symbol. So the order
    is that of the numbers ``frequency << 9 | 511 - symbol``, kept sorted.
    """
    head = NODES
    for symbol in range(NODES):
        work[TREES, symbol] = symbol
        frequency = frequencies[first + symbol] if symbol < NODES - 1 else 1
        if frequency > 0:
            head -= 1
            _place(work, head, frequency << 9 | (511 - symbol))
    if head == NODES - 1:
        return False
    for node in range(2 * NODES):
        work[PARENTS, node] = -1
        work[DEPTHS, node] = 0
    node = NODES
    while head + 1 < NODES:
        low, high = work[KEYS, head], work[KEYS, head + 1]
        one, other = 511 - (low & 511), 511 - (high & 511)
        work[PARENTS, work[TREES, one]] = node
        work[PARENTS, work[TREES, other]] = node
        work[TREES, one] = node
        node += 1
        head += 1
        _place(work, head, ((low >> 9) + (high >> 9)) << 9 | (511 - one))
    for index in range(node - 2, -1, -1):  # parents have larger numbers than their children
        if work[PARENTS, index] >= 0:
            work[DEPTHS, index] = work[DEPTHS, work[PARENTS, index]] + 1
    return True


@inlined
def _place(work, head, key):
    """Put a key where it belongs among the sorted ones behind `head`, moving the smaller ones forward."""
    while head + 1 < NODES and work[KEYS, head + 1] < key:
        work[KEYS, head] = work[KEYS, head + 1]
        head += 1
    work[KEYS, head] = key
