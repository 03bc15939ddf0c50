"""Decoding by the sequential Huffman procedures (T.81 F.2.2) for whoever only counts: there are no blocks.

It ends at the first fault, and what is told of that is of no use: whoever wants to know decodes in another way.
"""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.bits import refill
from dnjpeg.codec.entropy.counts import AC, COLS, COMPONENT, DC, FIRST_COUNT, MIDDLE, ROWS, count_any
from dnjpeg.codec.entropy.scan import (
    BAD_CODE,
    FILLED,
    PAST_BLOCK,
    POSITION,
    PREDICTIONS,
    WEIGHT,
    WORD,
    begin_mcu,
    end_mcu,
    stopped,
)
from dnjpeg.codec.entropy.sequential_decoder import drop_bits, extended
from dnjpeg.codec.format.decoding_lookup import COUNTED, LANES, LOOKUP_BITS, slow_decode
from dnjpeg.codec.format.lane_lookup import AGAIN, ENDS, FIRST_LONG, LANE_BITS, LONG, SINGLES, UNKNOWN
from dnjpeg.codec.kernels.jit import inlined

__all__ = ["count_mcus"]

ZERO = MIDDLE << 6  # where zeros are counted


@inlined
def _look_up(lookups, table, word):
    return lookups[table + COUNTED + np.int64(word >> np.uint64(64 - LANE_BITS))]


@inlined
def _skipped(entry):
    return (entry >> 8) & 255


@inlined
def _last(word, entry):
    """Value of the last coefficient of an entry."""
    dropped = np.int64(word >> np.uint64(-entry & 63))
    return (entry >> 48) + (dropped & ((1 << ((entry >> 16) & 255)) - 1))


@inlined
def _count(counts, place, word, entry, weight):
    """Count the coefficients of an entry, of which the last one's zeros are counted at `place`."""
    first, last = place + (entry << 16 >> 48), place + (_last(word, entry) << 6)
    counts[first] = counts[first] + weight
    counts[last] = counts[last] + weight


@inlined
def _decode_one(word, lookups, table):
    """DECODE (figure F.16) of a code by itself; returns its run, size and length, as `slow_decode` tells them."""
    prefix = np.int64(word >> np.uint64(48))
    index = prefix - FIRST_LONG + LONG if prefix >= FIRST_LONG else SINGLES + (prefix >> (16 - LANE_BITS))
    entry = lookups[table + LANES + (index >> 1)] >> (32 * (index & 1))
    if entry & 63 != UNKNOWN:
        return (entry >> 24) & 255, (entry >> 11) & 15, (entry >> 6) & 31
    entry = lookups[table + np.int64(word >> np.uint64(64 - LOOKUP_BITS))]
    symbol, length = slow_decode(lookups, table, prefix, entry)
    return symbol >> 4, symbol & 15, length


@inlined
def _count_block(position, word, filled, coded, lookups, dc, ac, counts, plane, weight):
    """Figures F.13 to F.15; returns the new ``position, word, filled``, the DC difference, and 0 or what went wrong.

    Each entry is counted when the next one is asked for, which is what all waits for.

    In bounds: three entries, which drop at most MOST_BITS each, do not drop more than the 56 bits that a refill leaves;
    a code and its value by themselves take at most 31.
    """
    fault = 0
    position, word, filled = refill(coded, position, word, filled)
    entry = _look_up(lookups, dc, word)
    if _skipped(entry) == 0:
        difference = _last(word, entry)
        word, filled = drop_bits(word, filled, entry)
    else:
        _, size, length = _decode_one(word, lookups, dc)
        word, filled = drop_bits(word, filled, length)
        difference = extended(word, size)
        word, filled = drop_bits(word, filled, size)
        position, word, filled = refill(coded, position, word, filled)
        if length > 16:
            fault = BAD_CODE
    zeros = plane + ZERO
    k = 1
    entry = _look_up(lookups, ac, word)
    while k < 64:
        k += _skipped(entry)
        if k < 63:
            before, counted = word, entry
            word, filled = drop_bits(word, filled, counted)
            entry = _look_up(lookups, ac, word)
            _count(counts, zeros + k, before, counted, weight)
            k += 1 + _skipped(entry)
            if k < 63:
                before, counted = word, entry
                word, filled = drop_bits(word, filled, counted)
                position, word, filled = refill(coded, position, word, filled)
                entry = _look_up(lookups, ac, word)
                _count(counts, zeros + k, before, counted, weight)
                k += 1 + _skipped(entry)
                if k < 63:
                    before, counted = word, entry
                    word, filled = drop_bits(word, filled, counted)
                    entry = _look_up(lookups, ac, word)
                    _count(counts, zeros + k, before, counted, weight)
                    k += 1
                    continue
        if k & AGAIN == 0 and k != 63 + ENDS:
            _count(counts, zeros + (k & 63), word, entry, weight)
            word, filled = drop_bits(word, filled, entry)
            break
        position, word, filled = refill(coded, position, word, filled)
        run, size, length = _decode_one(word, lookups, ac)
        word, filled = drop_bits(word, filled, length)
        if length > 16:
            fault = BAD_CODE
        if size == 0 and run != 15:
            break
        k += run - _skipped(entry)
        if k > 63:
            fault = PAST_BLOCK
            break
        count_any(counts, plane, k, extended(word, size), weight)
        word, filled = drop_bits(word, filled, size)
        position, word, filled = refill(coded, position, word, filled)
        entry = _look_up(lookups, ac, word)
        k += 1
    return position, word, filled & 63, difference, fault


@inlined
def _count_mcu(state, slots, row, col, coded, lookups, counts, useless):
    """All blocks of one MCU (figure E.10); those that only fill it up are counted where it is of no use."""
    position, word, filled = state[POSITION], np.uint64(state[WORD]), state[FILLED]
    fault, weight = 0, state[WEIGHT]
    for slot in range(len(slots)):
        plane = slots[slot, FIRST_COUNT] if row < slots[slot, ROWS] and col < slots[slot, COLS] else useless
        position, word, filled, difference, wrong = _count_block(
            position, word, filled, coded, lookups, slots[slot, DC], slots[slot, AC], counts, plane, weight
        )
        if wrong != 0:
            fault = wrong
        prediction = state[PREDICTIONS + slots[slot, COMPONENT]] + difference
        state[PREDICTIONS + slots[slot, COMPONENT]] = prediction
        count_any(counts, plane, 0, prediction, weight)
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), filled
    return fault


@inlined
def count_mcus(state, slots, row, col, mcu_cols, data, coded, lookups, counts, useless):
    """Count the MCUs of a row from a column on (figure E.9).

    Parameters
    ----------
    state, data, coded
        As in `decode_mcu_row`. `WEIGHT` is what to add.
    slots : span, int64
        From `mcu_slots`.
    row, col, mcu_cols : int
    lookups : span, int64
        Of the kind COUNTING.
    counts : span, int32
        See `counts`.
    useless : int
        Index of the first of PLANE_ITEMS counts that are of no use.
    """
    for column in range(col, mcu_cols):
        if begin_mcu(state, data, coded):
            end_mcu(state, _count_mcu(state, slots, row, column, coded, lookups, counts, useless))
        if stopped(state):
            return
