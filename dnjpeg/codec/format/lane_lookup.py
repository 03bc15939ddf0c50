"""Huffman decoding by lookup for the lanes of vectors: up to two coefficients an entry, and no branch for most.

The table that a lookup has for lanes (`decoding_lookup`) is of 32-bit entries. The first ones are by the next
LANE_BITS; from SINGLES on there are others by the same bits, for one coefficient each; and from LONG on by the next 16
bits, if these are at least FIRST_LONG, for codes of any length: canonical codes that are long are large. An entry is

    bits 0..5    bits to drop; UNKNOWN if the code is none of these: `slow_decode` must find out
    bits 6..10   how many of them are before the value of the last coefficient
    bits 11..14  how many that value has; it may lie beyond the bits that were looked up
    bits 15..18  positions from the first coefficient to the last; 0 if there is one
    bits 19..23  value of the first one + NO_FIRST; NO_FIRST: there is only the last one
    bits 24..31  what to add to the position: coefficients to skip; AGAIN: those of SINGLES or LONG are to be taken;
                 ENDS: the code or the one behind it ends the block

Where a pair, or an end of the block with it, reaches beyond the block, they are of different blocks: there SINGLES are
to be taken too.
"""

from __future__ import annotations

from dnjpeg.codec.kernels.jit import inlined

__all__ = [
    "AGAIN",
    "ENDS",
    "FIRST_LONG",
    "LANE_BITS",
    "LANE_ENTRIES",
    "LONG",
    "NO_FIRST",
    "SINGLES",
    "UNKNOWN",
    "fill_lane_lookup",
]

LANE_BITS = 10  # with more, tables leave the first-level cache, and take longer to make than they gain
SINGLES = 1 << LANE_BITS
LONG = 2 * SINGLES
FIRST_LONG = (1 << 16) - 2048
LANE_ENTRIES = LONG + (1 << 16) - FIRST_LONG

UNKNOWN = 63
NO_FIRST = 16
AGAIN = 64
ENDS = 128
LARGEST_SIZE = 11  # of 8-bit samples values have no more bits; lists have no room for larger ones
MOST_RUN = 14  # of the last coefficient of a pair
NOTHING = UNKNOWN | NO_FIRST << 19


@inlined
def fill_lane_lookup(entries, base, tables, first_count, first_symbol, ac):
    """Fill in a table.

    Parameters
    ----------
    entries : span, int32
        From the index `base` on, LANE_ENTRIES.
    tables : span, uint8
        Counts and values as `HuffmanTable` has them, from these indices on.
    ac : bool
    """
    for index in range(base, base + LANE_ENTRIES):
        entries[index] = NOTHING
    singles = base + SINGLES
    _fill_singles(entries, base, tables, first_count, first_symbol, ac)
    for bits in range(SINGLES):
        entries[base + bits] = _joined(entries, singles, bits) if ac else _again(entries[singles + bits])


@inlined
def _fill_singles(entries, base, tables, first_count, symbol_at, ac):
    code = 0
    for length in range(1, 17):
        for _ in range(tables[first_count + length - 1]):
            symbol = tables[symbol_at]
            size, run, last = symbol & 15, symbol >> 4, 0
            if not ac:
                size, run = symbol, 0
            elif size == 0 and run == 0:
                last = ENDS
            entry = NOTHING
            if size <= LARGEST_SIZE and (not ac or size > 0 or run % 15 == 0):
                entry = (length + size) | length << 6 | size << 11 | NO_FIRST << 19 | (run | last) << 24
            if length <= LANE_BITS:
                first = base + SINGLES + (code << (LANE_BITS - length))
                for at in range(first, first + (1 << (LANE_BITS - length))):
                    entries[at] = entry
            first = LONG - FIRST_LONG + (code << (16 - length))
            for at in range(max(first, LONG), first + (1 << (16 - length))):
                entries[base + at] = entry
            code += 1
            symbol_at += 1
        code <<= 1


@inlined
def _again(entry):
    return entry if entry & 63 != UNKNOWN else AGAIN << 24


@inlined
def _joined(entries, singles, bits):
    """Entry with what follows the coefficient of the one of SINGLES, as far as the same bits tell."""
    entry = entries[singles + bits]
    drop, size, skipped = entry & 63, (entry >> 11) & 15, entry >> 24
    if drop > LANE_BITS or skipped < 0:
        return _again(entry)
    second = entries[singles + ((bits << drop) & (SINGLES - 1))]
    length = drop + ((second >> 6) & 31)
    if second & 63 == UNKNOWN or length > LANE_BITS:
        return entry
    run = second >> 24
    if run < 0:
        return entry + ((second & 63) | ENDS << 24)
    if not 0 < size < 5 or run > MOST_RUN:
        return entry
    value = (bits >> (LANE_BITS - drop)) & ((1 << size) - 1)
    if value < 1 << (size - 1):  # EXTEND (figure F.12)
        value -= (1 << size) - 1
    drop += second & 63
    return (
        drop
        | length << 6
        | (second & (15 << 11))
        | (run + 1) << 15
        | (value + NO_FIRST) << 19
        | (skipped + 1 + run) << 24
    )
