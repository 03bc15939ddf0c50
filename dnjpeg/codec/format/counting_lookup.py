"""Huffman decoding by lookup for counting: entries say where coefficients are counted, and nothing needs a branch.

The table is by the next LANE_BITS, and is made of that which `lane_lookup` describes. An int64 entry is

    bits 0..5    bits to drop
    bits 8..15   what to add to the position of the next coefficient for that of the last one, AGAIN and ENDS among it
    bits 16..23  so many of the bits to drop, the last ones, are not in the table: they belong to the last value
    bits 32..47  from where a zero of the last position is counted to where the first coefficient is: the value of that
                 times 64, less the positions between; 0 if there is only one
    bits 48..63  what those bits are to be added to for the last value

AGAIN tells, too, that nothing is known of the sign of the last value, or that there are more than MOST_BITS to drop:
the code has to be decoded by itself.
"""

from __future__ import annotations

from dnjpeg.codec.format.lane_lookup import AGAIN, LANE_BITS, NO_FIRST, SINGLES
from dnjpeg.codec.kernels.jit import inlined

__all__ = ["COUNTING_ENTRIES", "fill_counting_lookup"]

COUNTING_ENTRIES = 1 << LANE_BITS
MOST_BITS = 18  # that an entry drops: of three `counting_decoder` takes no more than the 56 that there are


@inlined
def fill_counting_lookup(lookup, first, entries, base):
    """Fill in COUNTING_ENTRIES of a lookup, from `first` on, by what `fill_lane_lookup` has made from `base` on."""
    for bits in range(COUNTING_ENTRIES):
        entry = _counting(entries[base + bits], bits)
        if entry == AGAIN << 8:
            entry = _counting(entries[base + SINGLES + bits], bits)
        lookup[first + bits] = entry


@inlined
def _counting(entry, bits):
    length, size, back = (entry >> 6) & 31, (entry >> 11) & 15, (entry >> 15) & 15
    first, skipped = ((entry >> 19) & 31) - NO_FIRST, (entry >> 24) & 255
    known, lacking = size, 0
    if length + size > LANE_BITS:
        known = LANE_BITS - length
        lacking = size - known
    if entry & 63 > MOST_BITS or skipped & AGAIN != 0 or (size > 0 and known <= 0):
        return AGAIN << 8
    value = ((bits >> (LANE_BITS - length - known)) & ((1 << known) - 1)) << lacking
    if size > 0 and value >> (size - 1) == 0:  # EXTEND (figure F.12)
        value -= (1 << size) - 1
    return (entry & 63) | skipped << 8 | lacking << 16 | (((first << 6) - back) & 0xFFFF) << 32 | value << 48
