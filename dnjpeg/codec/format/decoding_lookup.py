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

From LANES on a sequential lookup has, where the CPU `GATHERS`, the table of `lane_lookup`, two entries an int64. One
for counting has that in any case, and from COUNTED on that of `counting_lookup`; no other entry is complete.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.counting_lookup import COUNTING_ENTRIES, fill_counting_lookup
from dnjpeg.codec.format.huffman import HuffmanTable
from dnjpeg.codec.format.keeping import kept_from_second_time
from dnjpeg.codec.format.lane_lookup import LANE_ENTRIES, fill_lane_lookup
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.scratch import give_back, lend
from dnjpeg.codec.kernels.vector import GATHERS, clear, span
from dnjpeg.errors import FormatError

__all__ = [
    "COUNTED",
    "COUNTING",
    "END_OF_BLOCK",
    "INCOMPLETE",
    "LANES",
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
    "give_back_lookups",
    "joined_lookups",
    "lookup_size",
    "placed_lookups",
    "slow_decode",
]

# Kinds of scans. COUNTING: a sequential one that is only counted.
SEQUENTIAL, PROGRESSIVE, REFINING, COUNTING = range(4)

LOOKUP_BITS = 10
END_OF_BLOCK = 96
INCOMPLETE = 0x80
LIMITS = 1 << LOOKUP_BITS
OFFSETS = LIMITS + 20
SYMBOLS = OFFSETS + 20
LANES = SYMBOLS + 256
COUNTED = LANES + LANE_ENTRIES // 2
LOOKUP_SIZE = COUNTED if GATHERS else LANES
NO_LOOKUPS = np.empty(0, np.int64)
NO_LOOKUPS.flags.writeable = False
REMEMBERED = 32  # joined lookups, some 100 KB each
FIRST = 0x3F_FFFF_FF00  # bits of an entry that are about its first coefficient


def lookup_size(kind: int) -> int:
    """Items of a lookup of a kind."""
    if kind == COUNTING:
        return COUNTED + COUNTING_ENTRIES
    return LOOKUP_SIZE if kind == SEQUENTIAL else LANES


LookupKey = tuple[HuffmanTable, bool, int]
"""Table, whether it is for AC coefficients, and kind of scans."""


def decoding_lookup(table: HuffmanTable, ac: bool, kind: int = SEQUENTIAL) -> npt.NDArray[np.int64]:
    """Lookup by the next bits; the layout is told above.

    Parameters
    ----------
    table : HuffmanTable
    ac : bool
        For AC coefficients, not DC differences.
    kind : {SEQUENTIAL, PROGRESSIVE, REFINING, COUNTING}
        For what scans: those of progressive files take one coefficient at a time, so that none are joined; in one that
        refines known coefficients one bit follows each code, whatever size its symbol tells (G.1.2.3). COUNTING is for
        sequential ones that are only counted.

    Returns
    -------
    ndarray, int64, (lookup_size(kind),)
        Read-only.

    Raises
    ------
    FormatError
        If a DC table has a size above 15.
    """
    return _filled(((table, ac, kind),), np.empty(lookup_size(kind), np.int64))


def joined_lookups(tables: tuple[LookupKey, ...]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64] | None]:
    """Join the lookups of tables of one kind.

    Parameters
    ----------
    tables : tuple of LookupKey
        As `decoding_lookup` takes them.

    Returns
    -------
    lookups : ndarray, int64
        `lookup_size` items each; read-only.
    lent : ndarray, int64, or None
        Memory that holds them, if they are for the caller alone, as those of an image with tables of its own are. To
        give it back makes the next ones faster, for it is in the CPU's cache.
    """
    if not tables:
        return NO_LOOKUPS, None
    kept = _kept_lookups(tables)
    if kept is not None:
        return kept, None
    lent = lend("lookups", len(tables) * lookup_size(tables[0][-1]), np.int64)
    return _filled(tables, lent), lent


def give_back_lookups(lent: npt.NDArray[np.int64]) -> None:
    """Let others have the memory of lookups, once, when nobody looks into it any more."""
    give_back("lookups", lent)


@kept_from_second_time(REMEMBERED)
def _kept_lookups(tables: tuple[LookupKey, ...]) -> npt.NDArray[np.int64]:
    return _filled(tables, np.empty(sum(lookup_size(kind) for _, _, kind in tables), np.int64))


def _filled(tables: tuple[LookupKey, ...], memory: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    if any(not ac and max(table.values, default=0) > 15 for table, ac, _ in tables):
        raise FormatError("DC Huffman table with a size above 15")
    records = b"".join([table.counts + table.values.ljust(RECORD - 16, b"\0") for table, _, _ in tables])
    places = [(index * RECORD, ac) for index, (_, ac, _) in enumerate(tables)]
    return _filled_from(np.frombuffer(records, np.uint8), places, tables[0][-1], memory)


RECORD = 16 + 256  # bytes of a table: counts and values


def placed_lookups(
    data: npt.NDArray[np.uint8], places: Sequence[tuple[int, bool]], kind: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return `joined_lookups` of tables that are read where they stand, and that nothing is wrong with.

    Parameters
    ----------
    data : ndarray, uint8
        Read-only.
    places : sequence of (int, bool)
        Where the counts of each are, which its values follow; and whether it is for AC coefficients.
    kind : int
    """
    lent = lend("lookups", len(places) * lookup_size(kind), np.int64)
    return _filled_from(data, places, kind, lent), lent


def _filled_from(
    data: npt.NDArray[np.uint8], places: Sequence[tuple[int, bool]], kind: int, memory: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Fill in the lookups of all tables by one kernel: many images have tables of their own."""
    size = lookup_size(kind)
    lookups = memory[: len(places) * size]
    entries = lookups.view(np.int32)
    _fill_lookups(data, np.array(places, np.int64).reshape(-1), kind, size, lookups, entries)
    if kind == COUNTING:
        _fill_counting(size, lookups, entries)
    lookups.flags.writeable = False
    return lookups


@kernel
def _fill_lookups(data, places, kind, size, lookup, entries):
    """Fill in the lookups of tables, of so many items each; `entries` are the same memory as numbers of 32 bits."""
    data, places, lookup, entries = span(data), span(places), span(lookup), span(entries)
    for table in range(len(places) // 2):
        counts, ac, base = places[2 * table], places[2 * table + 1] != 0, table * size
        values = counts + 16
        clear(lookup, base + LIMITS, LANES - LIMITS)  # of these not all are filled in
        fill_lookup(data, counts, data, values, ac, kind, lookup, base)
        if kind == SEQUENTIAL and ac:
            for bits in range(1 << LOOKUP_BITS):
                lookup[base + bits] = _joined(lookup, base, bits)
        if kind == COUNTING or (GATHERS and kind == SEQUENTIAL):
            fill_lane_lookup(entries, 2 * (base + LANES), data, counts, values, ac)


@kernel
def _fill_counting(size, lookup, entries):
    """Fill in what only counting needs: a first use of decoding need not compile it."""
    lookup, entries = span(lookup), span(entries)
    for base in range(0, len(lookup), size):
        fill_counting_lookup(lookup, base + COUNTED, entries, 2 * (base + LANES))


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
                _fill_code(lookup, bits, symbol, length, ac, kind)
            code += 1
            index += 1
        lookup[base + LIMITS + length] = code << (16 - length)
        code <<= 1


@inlined
def _joined(lookup, base, bits):
    """Entry with the coefficient behind its own, which is the first one of what the table has for the bits there."""
    entry = lookup[base + bits]
    drop = first_drop(entry)
    second = lookup[base + ((bits << drop) & (LIMITS - 1))]
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
def _fill_code(lookup, first, symbol, length, ac, kind):
    """Set the entries, from `first` on, of a code of `length` bits."""
    size = symbol & 15
    run = symbol >> 4
    left = LOOKUP_BITS - length - size
    unusual = (ac and size == 0 and 0 < run < 15) or (not ac and run != 0) or (kind == REFINING and size > 1)
    if left < 0 or unusual or kind == COUNTING:  # what is counted has a table of its own
        for index in range(first, first + (1 << (LOOKUP_BITS - length))):
            lookup[index] = length | INCOMPLETE | symbol << 8
        return
    if ac and size == 0 and run == 0:
        run = END_OF_BLOCK
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
