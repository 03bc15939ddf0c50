"""Huffman decoding by lookup: the next bits of the data are the index of what they mean.

They index a table whose entry tells how many of them a code takes and, where it fits into the same bits, what follows
the code. Most codes are short: AC entries hold two coefficients where both fit. An int64 entry is

    bits 0..5    bits to drop: code and value, of both coefficients
    bit 7        INCOMPLETE: the value did not fit, and bits 8..15 hold the symbol; or, if no bits are to be dropped,
                 the code is longer than LOOKUP_BITS
    bits 8..14   coefficients to skip: run, or END_OF_BLOCK
    bits 16..31  value of the coefficient
    bits 32..37  bits to drop if only this one is taken
    bits 40..46  position of a second one behind it, run + 1 or END_OF_BLOCK + 1; 0: there is none
    bits 48..63  its value; that of the first again if there is none

Behind the entries come, for long codes, from index LIMITS one number a length: the first 16-bit prefix beyond the codes
of this length; from OFFSETS: index of its symbol minus its code; from SYMBOLS: the symbols.

Where the CPU `GATHERS`, from LANES on there are entries of 32 bits for lanes of vectors, two an int64. Each is about
one coefficient, whose value may be longer:

    bits 0..4    bits to drop: code and value
    bit 6        AND_LAST: the code behind it ends the block, and is among the bits to drop
    bits 8..12   bits of the code
    bits 16..20  31 - bits of the value
    bits 24..30  coefficients to skip: run, or END_OF_BLOCK
    bit 31       none of this: the code is longer, or `slow_decode` must find the symbol

From LONG on there are entries of the same kind by the next 16 bits, if these are at least FIRST_LONG, for codes longer
than LOOKUP_BITS: canonical codes that are long are large.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.huffman import HuffmanTable
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import GATHERS, Memory, Scalar, operation, span
from dnjpeg.errors import FormatError

__all__ = [
    "AND_LAST",
    "END_OF_BLOCK",
    "FIRST_LONG",
    "INCOMPLETE",
    "LANES",
    "LONG",
    "LOOKUP_BITS",
    "LOOKUP_SIZE",
    "PROGRESSIVE",
    "REFINING",
    "SEQUENTIAL",
    "LookupKey",
    "decoding_lookup",
    "fill_lookup",
    "first_drop",
    "first_value",
    "joined_lookups",
    "lookup_size",
    "slow_decode",
]

SEQUENTIAL, PROGRESSIVE, REFINING = range(3)  # kinds of scans

LOOKUP_BITS = 10
END_OF_BLOCK = 96
INCOMPLETE = 0x80
LIMITS = 1 << LOOKUP_BITS
OFFSETS = LIMITS + 20
SYMBOLS = OFFSETS + 20
LANES = SYMBOLS + 256
LONG = LANES + LIMITS // 2
FIRST_LONG = (1 << 16) - 2048
LOOKUP_SIZE = LONG + 1024 if GATHERS else LANES
AND_LAST = 0x40
NEITHER = -0x7FFFFFFF_80000000  # two entries with nothing but bit 31
FIRST = 0x3F_FFFF_FF00  # bits of an entry that are about its first coefficient


def lookup_size(kind: int) -> int:
    """Items of a lookup: `LOOKUP_SIZE` of a sequential one; lanes decode no others."""
    return LOOKUP_SIZE if kind == SEQUENTIAL else LANES


@lru_cache(64)
def decoding_lookup(table: HuffmanTable, ac: bool, kind: int = SEQUENTIAL) -> npt.NDArray[np.int64]:
    """Lookup by the next bits; the layout is told above.

    Parameters
    ----------
    table : HuffmanTable
    ac : bool
        For AC coefficients, not DC differences.
    kind : {SEQUENTIAL, PROGRESSIVE, REFINING}
        For what scans: those of progressive files take one coefficient at a time, so that none are joined; in one that
        refines known coefficients one bit follows each code, whatever size its symbol tells (G.1.2.3).

    Returns
    -------
    ndarray, int64, (lookup_size(kind),)
        Read-only.

    Raises
    ------
    FormatError
        If a DC table has a size above 15.
    """
    if not ac and max(table.values, default=0) > 15:
        raise FormatError("DC Huffman table with a size above 15")
    lookup = np.zeros(lookup_size(kind), np.int64)
    _fill_lookup(np.frombuffer(table.counts, np.uint8), np.frombuffer(table.values, np.uint8), ac, kind, lookup)
    lookup.flags.writeable = False
    return lookup


LookupKey = tuple[HuffmanTable, bool, int]
"""What `decoding_lookup` takes."""


@lru_cache(16)
def joined_lookups(tables: tuple[LookupKey, ...]) -> npt.NDArray[np.int64]:
    """Join the lookups of tables, given as `decoding_lookup` takes them: `lookup_size` items each; read-only."""
    lookups = [decoding_lookup(*table) for table in tables]
    if len(lookups) == 1:
        return lookups[0]
    joined = np.concatenate(lookups or [np.empty(0, np.int64)])
    joined.flags.writeable = False
    return joined


@kernel
def _fill_lookup(counts, values, ac, kind, lookup):
    counts, values, lookup = span(counts), span(values), span(lookup)
    fill_lookup(counts, 0, values, 0, ac, kind, lookup, 0)
    if GATHERS and kind == SEQUENTIAL:
        for first in range(0, 1 << LOOKUP_BITS, 16):
            _fill_lanes(lookup, first, LANES + first // 2)
        _fill_long(lookup, counts, values, ac)
        if ac:
            for first in range(0, 1 << LOOKUP_BITS, 16):
                _find_ends(lookup, first, LANES + first // 2)
    if ac and kind == SEQUENTIAL:
        for bits in range(1 << LOOKUP_BITS):
            lookup[bits] = _joined(lookup, bits)


@inlined
def fill_lookup(counts, first_count, values, first_symbol, ac, kind, lookup, base):
    """Fill in a lookup, from the index `base` on, but for joined coefficients and what is for lanes.

    Counts and values are those of `HuffmanTable`, from indices on.
    """
    for bits in range(1 << LOOKUP_BITS):
        lookup[base + bits] = INCOMPLETE
    code = 0
    index = 0
    for length in range(1, 17):
        lookup[base + OFFSETS + length] = index - code
        for _ in range(counts[first_count + length - 1]):
            symbol = values[first_symbol + index]
            lookup[base + SYMBOLS + index] = symbol
            if length <= LOOKUP_BITS:
                bits = base + (code << (LOOKUP_BITS - length))
                _fill_code(lookup, bits, symbol, length, ac, kind == REFINING)
            code += 1
            index += 1
        lookup[base + LIMITS + length] = code << (16 - length)
        code <<= 1


@operation()
def _fill_lanes(lookup: Memory, first: Scalar, target: Scalar) -> None:
    """Set 16 entries for lanes out of those for one coefficient each."""
    entry = lookup.load(first, 16).truncated(32)
    drop = entry & 63
    value = entry >> 16
    size = (((value >> 31) ^ value) - (value >> 31)).bit_lengths()
    whole = drop | (drop - size) << 8 | (size ^ 31) << 16 | (entry & 0x7F00) << 16
    symbol_size, run = (entry >> 8) & 15, (entry >> 12) & 15
    length = drop
    partial = (length + symbol_size) | length << 8 | (symbol_size ^ 31) << 16 | run << 24
    unknown = (entry & INCOMPLETE).equals(INCOMPLETE) & (length.equals(0) | symbol_size.equals(0))
    lanes = partial.where((entry & INCOMPLETE).equals(INCOMPLETE), whole)
    lookup.store(target, lanes.filled_with(-1 << 31).where(unknown, lanes).seen_as(64))


@inlined
def _fill_long(lookup, counts, values, ac):
    """Set the entries for lanes of codes that are longer than `LOOKUP_BITS`."""
    for pair in range(LONG, LOOKUP_SIZE):
        lookup[pair] = NEITHER
    index = 0
    for length in range(1, LOOKUP_BITS + 1):
        index += counts[length - 1]
    for length in range(LOOKUP_BITS + 1, 17):
        for _ in range(counts[length - 1]):
            symbol = values[index]
            code = index - lookup[OFFSETS + length]
            index += 1
            size, run = symbol & 15, symbol >> 4
            if ac and size == 0:
                if run not in (0, 15):
                    continue
                run = END_OF_BLOCK if run == 0 else run
            entry = (length + size) | length << 8 | (31 - size) << 16 | run << 24
            first = code << (16 - length)
            for prefix in range(max(first, FIRST_LONG), first + (1 << (16 - length))):
                at, half = LONG + (prefix - FIRST_LONG) // 2, 32 * (prefix & 1)
                lookup[at] = (lookup[at] & ~(0xFFFFFFFF << half)) | entry << half


@operation()
def _find_ends(lookup: Memory, first: Scalar, target: Scalar) -> None:
    """Let 16 entries for lanes take the end of the block along where it fits into the same bits."""
    entries = lookup.load(target, 8).seen_as(32)
    drop, skipped = entries & 31, entries.shift_right(24)
    bits = first.splat(16, 32) + list(range(16))
    behind = lookup.gather(((bits << drop) & (LIMITS - 1)) + 2 * LANES, 4)
    total = drop + (behind & 31)
    ends = skipped.below(END_OF_BLOCK) & behind.shift_right(24).equals(END_OF_BLOCK) & total.below(LOOKUP_BITS + 1)
    lookup.store(target, ((entries ^ drop) | total | AND_LAST).where(ends, entries).seen_as(64))


@inlined
def _joined(lookup, bits):
    """Entry with the coefficient behind its own, which is the first one of what the table has for the bits there."""
    entry = lookup[bits]
    drop = first_drop(entry)
    second = lookup[(bits << drop) & (LIMITS - 1)]
    total = drop + first_drop(second)
    if (entry | second) & INCOMPLETE != 0 or (entry >> 8) & 127 == END_OF_BLOCK or total > LOOKUP_BITS:
        return entry
    return total | (entry & FIRST) | (((second >> 8) & 127) + 1) << 40 | first_value(second) << 48


@inlined
def first_drop(entry):
    """Bits of the first coefficient of a complete entry."""
    return (entry >> 32) & 63


@inlined
def first_value(entry):
    """Value of the first coefficient of a complete entry."""
    return entry << 32 >> 48


@inlined
def _fill_code(lookup, first, symbol, length, ac, refining):
    """Set the entries, from `first` on, of a code of `length` bits."""
    size = symbol & 15
    run = symbol >> 4
    left = LOOKUP_BITS - length - size
    if ac and size == 0 and run == 0:
        run = END_OF_BLOCK
    elif left < 0 or (ac and size == 0 and run != 15) or (not ac and run != 0) or (refining and size > 1):
        for index in range(first, first + (1 << (LOOKUP_BITS - length))):
            lookup[index] = length | INCOMPLETE | symbol << 8
        return
    drop = length + size
    for bits in range(1 << size):
        value = bits
        if size != 0 and bits < 1 << (size - 1):  # EXTEND (figure F.12)
            value -= (1 << size) - 1
        entry = drop | run << 8 | (value & 0xFFFF) << 16 | drop << 32 | value << 48
        for index in range(first, first + (1 << left)):
            lookup[index] = entry
        first += 1 << left


@inlined
def slow_decode(lookup, table, prefix, entry):
    """DECODE (figure F.16) for what the lookup cannot do at once.

    Parameters
    ----------
    lookup : span, int64
        One or more lookups.
    table : int
        Where this one begins.
    prefix : int
        The next 16 bits.
    entry : int
        What the lookup had for them, incomplete.

    Returns
    -------
    symbol, length : int
        ``0, 17`` if no code begins like this.
    """
    length = entry & 63
    if length != 0:
        return (entry >> 8) & 255, length
    length = LOOKUP_BITS + 1
    while length <= 16 and prefix >= lookup[table + LIMITS + length]:
        length += 1
    if length > 16:
        return 0, 17  # libjpeg has by then taken one bit more
    index = (prefix >> (16 - length)) + lookup[table + OFFSETS + length]
    return lookup[table + SYMBOLS + index], length
