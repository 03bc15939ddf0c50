"""Tables for Huffman decoding by several coefficients, against decoding bit by bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnjpeg.codec.format.decoding_lookup import (
    COUNTED,
    COUNTING,
    LANES,
    SEQUENTIAL,
    decoding_lookup,
    give_back_lookups,
    joined_lookups,
)
from dnjpeg.codec.format.huffman import STANDARD, HuffmanTable
from dnjpeg.codec.format.lane_lookup import (
    AGAIN,
    ENDS,
    FIRST_LONG,
    LANE_BITS,
    LONG,
    NO_FIRST,
    SINGLES,
    UNKNOWN,
)

LARGEST = 11  # bits of a value that the tables know


@st.composite
def huffman_tables(draw):
    """Prefix codes of any lengths for any symbols."""
    counts, room = [], 1
    for _ in range(16):
        room *= 2
        counts.append(draw(st.integers(0, min(room - 1, 40))))
        room -= counts[-1]
    symbols = draw(st.permutations(range(256)))
    total = min(sum(counts), 256)
    while sum(counts) > total:
        counts[max(i for i in range(16) if counts[i])] -= 1
    return HuffmanTable(bytes(counts), bytes(symbols[:total]))


def symbol_at(codes, bits):
    """Symbol and length of the code that a string of bits begins with; None if there is none, or too few bits."""
    return next(((symbol, len(code)) for code, symbol in codes.items() if bits.startswith(code)), None)


def extended(bits):
    """EXTEND (figure F.12)."""
    return int(bits or "0", 2) - (0 if bits.startswith("1") or not bits else (1 << len(bits)) - 1)


def walked(codes, bits, ac):
    """Coefficients (zeros before, value) that bits stand for, one by one, each with how many bits are used till then.

    The value is None, and it is the last one, if an end of block or an unknown code comes: ``END`` or ``None``.
    """
    used = 0
    while True:
        found = symbol_at(codes, bits[used:])
        if found is None:
            return
        symbol, length = found
        run, size = (symbol >> 4, symbol & 15) if ac else (0, symbol)
        if ac and symbol == 0:
            yield "end", 0, used + length
            return
        if size > LARGEST or (ac and size == 0 and run != 15):
            return
        value = bits[used + length : used + length + size]
        yield run, extended(value), used + length + size
        if not ac:
            return
        used += length + size


def lane_entry(lookup, index):
    return int(lookup[LANES:COUNTED].view(np.uint32)[index])


def said_by_lanes(entry, bits):
    """(skipped, value) of each coefficient, the bits used, and whether the block ends, as an entry has it."""
    length, size = (entry >> 6) & 31, (entry >> 11) & 15
    back, first, skipped = (entry >> 15) & 15, ((entry >> 19) & 31) - NO_FIRST, entry >> 24
    last = extended(bits[length : length + size])
    run = skipped & 63
    said = [(run - back, first), (back - 1, last)] if back else [(run, last)]
    return said, entry & 63, bool(skipped & ENDS)


def said_by_counting(entry, bits):
    drop, skipped, lacking = entry & 63, (entry >> 8) & 255, (entry >> 16) & 255
    offset = (entry >> 32 & 0xFFFF ^ 0x8000) - 0x8000
    last = (entry >> 48) + int(bits[drop - lacking : drop] or "0", 2)
    back = -offset & 63
    run = skipped & 63
    said = [(run - back, (offset + back) >> 6), (back - 1, last)] if back else [(run, last)]
    return said, drop, bool(skipped & ENDS)


def check_said(said, drop, ends, expected, bits):
    """Compare with the coefficients that there are; a lone end of the block is no coefficient."""
    steps = list(expected)
    known = [step for step in steps if step[0] != "end"]
    if ends and drop == steps[0][2] and steps[0][0] == "end":
        assert said == [(0, 0)]
        return
    assert [step[:2] for step in known[: len(said)]] == said
    if ends:
        assert steps[len(said)][0] == "end"
        assert drop == steps[len(said)][2]
    else:
        assert drop == steps[len(said) - 1][2]
    assert drop <= len(bits)


@settings(deadline=None, max_examples=30)
@given(st.one_of(huffman_tables(), st.sampled_from([STANDARD[1, 0], STANDARD[1, 1]])), st.integers(0, 2**32 - 1))
def test_ac_entries_say_what_codes_say(table, seed):
    check_table(table, seed, ac=True)


@pytest.mark.parametrize("slot", [0, 1])
def test_dc_entries_say_what_codes_say(slot):
    check_table(STANDARD[0, slot], 1, ac=False)


def check_table(table, seed, *, ac):
    codes = {f"{code:0{length}b}": symbol for symbol, code, length in table.codes()}
    lookup = decoding_lookup(table, ac, COUNTING)
    random = np.random.default_rng(seed)
    for prefix in random.integers(0, 1 << 16, 200):
        bits = f"{prefix:016b}" + "".join(random.choice(["0", "1"], 48))
        steps = list(walked(codes, bits, ac))
        short = int(prefix) >> (16 - LANE_BITS)
        single = lane_entry(lookup, prefix - FIRST_LONG + LONG if prefix >= FIRST_LONG else SINGLES + short)
        if single & 63 == UNKNOWN:
            length = next((len(code) for code in codes if bits.startswith(code)), 17)
            assert not steps or length > LANE_BITS
        else:
            said, drop, ends = said_by_lanes(single, bits)
            assert len(said) == 1
            check_said(said, drop, ends, steps[:1], bits)
        for entry, told in (
            (lane_entry(lookup, short), said_by_lanes),
            (int(lookup[COUNTED + short]), said_by_counting),
        ):
            skipped = entry >> 24 if told is said_by_lanes else (entry >> 8) & 255
            if skipped & AGAIN == 0:
                check_said(*told(entry, bits), steps, bits)


def test_most_entries_hold_two_coefficients():
    """With the standard table for luminance, of random bits: those of photos are of shorter codes."""
    entries = decoding_lookup(STANDARD[1, 0], True, COUNTING)[LANES:COUNTED].view(np.uint32)[: 1 << LANE_BITS]
    two = (entries >> 15) & 15 > 0
    ends = entries >> 31 == 1
    assert np.mean(two) > 0.4
    assert np.mean(two | ends) > 0.5


def test_memory_of_lookups_is_used_again_when_it_was_given_back():
    """And only then: each of two scans under way has its own."""
    tables = [
        ((HuffmanTable(bytes([0, 3] + [0] * 14), bytes([1, 2, 16 * run + 3])), True, SEQUENTIAL),) for run in range(6)
    ]
    first, lent = joined_lookups(tables[0])
    expected = first.copy()
    second, other = joined_lookups(tables[1])
    assert not np.shares_memory(first, second)
    assert np.array_equal(first, expected)
    give_back_lookups(other)
    third, again = joined_lookups(tables[2])
    assert again is other
    assert np.array_equal(third, decoding_lookup(*tables[2][0]))
    assert np.array_equal(first, expected)
    kept, none = joined_lookups(tables[0])  # for the second time
    assert none is None
    assert np.array_equal(kept, expected)
    assert lent is not again
