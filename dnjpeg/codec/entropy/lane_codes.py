"""A look-up of each lane at once, by vectors; what becomes of the coefficients `lane_targets` tells."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import types

from dnjpeg.codec.entropy.lane_memory import (
    AC,
    ACTIVE,
    BIT,
    BLOCK,
    COUNT,
    DC,
    FAULTY,
    HEAD_AT,
    KEPT,
    LAST_BYTE,
    LIMIT,
    MCUS,
    MOST_NOTES,
    NOTED,
    NOTES,
    PLACE,
    SLOT,
    SLOTS,
    SLOW,
    STOP,
    load_row,
    store_row,
)
from dnjpeg.codec.entropy.lane_targets import Codes, put_one, target_of
from dnjpeg.codec.entropy.sequential_decoder import receive_extend
from dnjpeg.codec.format.decoding_lookup import END_OF_BLOCK, LANES, LOOKUP_BITS, slow_decode
from dnjpeg.codec.format.lane_lookup import AGAIN, ENDS, FIRST_LONG, LANE_BITS, LONG, NO_FIRST, SINGLES
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import (
    Memory,
    Scalar,
    Vector,
    if_any,
    load_big_endian,
    operation,
    repeated_until,
    with_any,
)

__all__ = ["decode_slowly", "keep_heads", "run"]


class _Lanes(NamedTuple):
    """What changes of the lanes from look-up to look-up: those of `KEPT_ROWS`, and what follows from them.

    A lane that does not decode keeps all as it is. One that has ended is looked up all the same: its table must be one.
    """

    bit: Vector
    place: Vector
    slot: Vector
    mcus: Vector
    faulty: Vector
    word: Vector  # the 32 bits from `bit` on
    table: Vector  # where the table for them begins: by `slot`, that for DC if `place` is 0
    entry: Vector  # what it says of them


KEPT_ROWS = (BIT, PLACE, SLOT, MCUS, FAULTY)


class _Outcome(NamedTuple):
    """What came of a look-up of each lane."""

    lanes: _Lanes
    target: list[Any]  # the state of the target
    unknown: Vector  # where it could not be decoded
    stopped: Vector  # where a lane has come to its stop
    running: Vector  # where it goes on
    drop: Vector  # bits that were dropped
    complete: Vector  # where an MCU has come to its end


class _Decoder:
    """Decodes codes of all lanes.

    What all wait for is the way from one look-up to the next. So what that needs is at hand as early as can be: the
    next 32 bits, into which others are shifted that were asked for before the look-up, and both tables of which the
    next will be one.
    """

    def __init__(self, lanes: Memory, heads: Memory, coded: Memory, lookups: Memory, out: Memory) -> None:
        def number(index: int) -> Vector:
            return lanes.load_scalar(lanes.constant(index)).splat(COUNT, 32)

        self._lanes, self._heads, self._coded, self._lookups = lanes, heads, coded, lookups
        self.target = target_of(lanes, out)
        self._dc, self._ac, self._stop, self._head_at = (load_row(lanes, row) for row in (DC, AC, STOP, HEAD_AT))
        self._active = load_row(lanes, ACTIVE).equals(-1)
        self._heads_kept, self._slots, self._last_byte = number(KEPT), number(SLOTS), number(LAST_BYTE)

    def start(self, lanes: Memory) -> _Lanes:
        """Load what was kept."""
        bit, place, slot, mcus, faulty = (load_row(lanes, row) for row in KEPT_ROWS)
        word = self._bits(bit, 0).shifted_in(self._bits(bit, 4), bit & 7)
        table = self._dc.chosen(slot).where(place.equals(0), self._ac.chosen(slot))
        return _Lanes(bit, place, slot, mcus, faulty, word, table, self._entry(table, word))

    def _entry(self, table: Vector, word: Vector) -> Vector:
        return self._lookups.gather(table + _index(word, 0), 4)

    def _bits(self, bit: Vector, first: int) -> Vector:
        """32 bits from the byte on that has a bit, or a later one."""
        place = bit.shift_right(3).at_most(self._last_byte) + first
        return self._coded.gather(place, 1).bytes_swapped()

    def step(self, lanes: _Lanes, target: list[Any]) -> tuple[_Lanes, list[Any], Scalar]:
        """Look up once or twice for each lane; returns also what `run` keeps at `SLOW` and `STOPPED`.

        What the second look-up could not decode may only lack bits, which there are in the next step: that is no event.
        """
        skewed = lanes.bit & 7
        behind = self._bits(lanes.bit, 4) << skewed  # what follows the next 32 bits
        left = skewed.filled_with(32) - skewed  # how many these are: mostly those of two look-ups
        keeps_heads = self._active & lanes.mcus.below(self._heads_kept)
        first = self._look_up(lanes, target, self._active, behind, left)
        behind, left = behind << first.drop, left - first.drop
        second = self._look_up(first.lanes, first.target, first.running, behind, left)
        if_any(keeps_heads, partial(self._keep_heads, first, second))
        events = first.unknown.ones() | (first.stopped | second.stopped).ones() << 32
        return second.lanes, second.target, events

    def _keep_heads(self, first: _Outcome, second: _Outcome) -> None:
        """Note the bits at which MCUs begin, at once for both look-ups: but MCUs of one block may end at each."""
        if_any(first.complete & second.complete, partial(self._keep_head, first, first.complete, first.lanes.bit))
        bit = first.lanes.bit.where(first.complete & (second.complete ^ 1), second.lanes.bit)
        self._keep_head(second, first.complete | second.complete, bit)

    def _keep_head(self, outcome: _Outcome, complete: Vector, bit: Vector) -> None:
        """Append to a list what `keep_heads` does: to store each at its place would take longer, for they are few."""
        mcus, noted = outcome.lanes.mcus, self._lanes.load_scalar(self._lanes.constant(NOTED))
        some = (complete & mcus.below(self._heads_kept)).ones()
        self._heads.store(noted + NOTES, (self._head_at + mcus).compressed(some))
        self._heads.store(noted + (NOTES + MOST_NOTES), bit.compressed(some))
        self._lanes.store_scalar(self._lanes.constant(NOTED), noted + some.count_ones())

    def _look_up(self, lanes: _Lanes, target: list[Any], active: Vector, behind: Vector, left: Vector) -> _Outcome:
        """Decode one or two codes of each active lane where that can be done.

        The bits that are `behind` the next 32 are shifted in: no more may be dropped than there are `left` of them.
        """
        bit, place, slot, mcus, faulty, word, table, entry = lanes
        here = place + entry.shift_right(24)
        again = active & ((here & AGAIN).equals(AGAIN) | here.equals(63 + ENDS))
        entry, here, faulty = with_any(again, [entry, here, faulty], partial(self._single, lanes))
        zero = place.filled_with(0)
        last = (slot + 1).equals(self._slots)
        slot_behind = zero.where(last, slot + 1)
        ac, dc_behind = self._ac.chosen(slot), self._dc.chosen(slot_behind)
        drop, place_behind = entry & 63, here + 1
        running = active & (left.below(drop) ^ 1)
        ends = running & (place_behind.below(64) ^ 1)
        drop = drop.where(running, 0)
        next_bit, next_word = bit + drop, word.shifted_in(behind, drop)
        next_place = zero.where(ends, place_behind.where(running, place))
        next_table = dc_behind.where(ends, ac.where(running, table))
        # The next entry is asked for first: stores are many instructions, and a CPU looks only so far ahead.
        next_entry = self._entry(next_table, next_word)
        target = self.target.put(target, self._said(running, lanes, entry, here, ends))
        next_slot, complete = slot_behind.where(ends, slot), ends & last
        next_mcus = (mcus + 1).where(complete, mcus)
        stopped = self.target.stops(target, complete, next_bit.below(self._stop))
        lanes = _Lanes(next_bit, next_place, next_slot, next_mcus, faulty, next_word, next_table, next_entry)
        return _Outcome(lanes, target, active & (running ^ 1), stopped, running & (stopped ^ 1), drop, complete)

    def _said(self, running: Vector, lanes: _Lanes, entry: Vector, here: Vector, ends: Vector) -> Codes:
        """Coefficients of an entry for each lane."""
        length, spare = (entry >> 6) & 31, ((entry >> 11) & 15) ^ 31
        last = _extended(lanes.word << length, spare)
        back, first = (entry >> 15) & 15, ((entry >> 19) & 31) - NO_FIRST
        return Codes(running, lanes.place.equals(0), lanes.slot, here & 63, last, back, first, ends)

    def _single(self, lanes: _Lanes, some: Vector, values: list[Vector]) -> list[Vector]:
        """Look up the codes of some lanes one by one, of whatever length."""
        entry, here, faulty = values
        entry = self._lookups.gather(lanes.table + _index(lanes.word, SINGLES), 4).where(some, entry)
        here = (lanes.place + entry.shift_right(24)).where(some, here)
        return [entry, here, lanes.mcus.where(some & (here & (AGAIN | ENDS)).equals(AGAIN), faulty)]


@operation(types.int64)
def run(lanes: Memory, heads: Memory, coded: Memory, lookups: Memory, out: Memory) -> Scalar:
    """Let all lanes decode until something is to be done for one of them.

    `SLOW` then has a bit for each lane that needs `decode_slowly`, `STOPPED` for each that has come to where it was to
    stop. Returns 1 if there is no room left in lists, else 0.
    """
    decoder = _Decoder(lanes, heads, coded, lookups, out)
    target, count = decoder.target, len(_Lanes._fields)

    def body(values: list[Any]) -> tuple[list[Any], Scalar]:
        at, state, events = decoder.step(_Lanes(*values[:count]), values[count:-1])
        return [*at, *state, events], events | target.is_full(state)

    values, _ = repeated_until([*decoder.start(lanes), *target.start(), lanes.constant(0)], body)
    for row, vector in zip(KEPT_ROWS, values[: len(KEPT_ROWS)], strict=True):
        store_row(lanes, row, vector)
    target.finish(values[count:-1])
    lanes.store_word(lanes.constant(SLOW), values[-1])
    return target.is_full(values[count:-1])


def _index(word: Vector, first: int) -> Vector:
    """Index of the entry for the next bits, short codes from `first` on."""
    prefix = word.shift_right(16)
    return (word.shift_right(32 - LANE_BITS) + first).where(prefix.below(FIRST_LONG), prefix + (LONG - FIRST_LONG))


def _extended(word: Vector, spare: Vector) -> Vector:
    """EXTEND (figure F.12) of the upper 31 - `spare` bits of each lane."""
    positive = word >> 31
    ones = word.filled_with(0x7FFFFFFF).shift_right(spare)
    return word.shift_right(1).shift_right(spare) - (ones & (positive ^ -1))


@inlined
def keep_heads(lanes, heads):
    """Keep the bits at which MCUs begin that `run` has noted."""
    for note in range(NOTES, NOTES + lanes[NOTED]):
        heads[heads[note]] = heads[note + MOST_NOTES]
    lanes[NOTED] = 0


@inlined
def decode_slowly(lanes, lane, heads, coded, lookups, out):
    """Decode the next symbol of a lane, whatever it is; returns whether the lane is then where it was to stop."""
    bit, place, slot = lanes[COUNT * BIT + lane], lanes[COUNT * PLACE + lane], lanes[COUNT * SLOT + lane]
    word = load_big_endian(coded, min(bit >> 3, lanes[LAST_BYTE])) << np.uint64(bit & 7)
    table = (lanes[COUNT * (DC if place == 0 else AC) + slot] >> 1) - LANES
    entry = lookups[table + np.int64(word >> np.uint64(64 - LOOKUP_BITS))]
    symbol, length = slow_decode(lookups, table, np.int64(word >> np.uint64(48)), entry)
    size, value = symbol & 15, 0
    direct, ends = place == 0, length > 16 or (place > 0 and size == 0 and symbol != 0xF0)
    if ends:
        if length > 16:
            lanes[COUNT * FAULTY + lane] = lanes[COUNT * MCUS + lane]
        place = END_OF_BLOCK
    else:
        place += symbol >> 4
        if place > 63:
            lanes[COUNT * FAULTY + lane] = lanes[COUNT * MCUS + lane]
        elif size > 0:
            value = receive_extend(word << np.uint64(length), size)
            length += size
    if direct or value != 0:
        put_one(lanes, lane, slot, 0 if direct else place, value, out)
    place += 1
    lanes[COUNT * BIT + lane] = bit + length
    if place < 64:
        lanes[COUNT * PLACE + lane] = place
        return False
    lanes[COUNT * PLACE + lane] = 0
    block = lanes[COUNT * BLOCK + lane] + 64
    lanes[COUNT * BLOCK + lane] = block
    slot += 1
    if slot < lanes[SLOTS]:
        lanes[COUNT * SLOT + lane] = slot
        return False
    lanes[COUNT * SLOT + lane] = 0
    mcu = lanes[COUNT * MCUS + lane] + 1
    lanes[COUNT * MCUS + lane] = mcu
    heads[lanes[COUNT * HEAD_AT + lane] + min(mcu, lanes[KEPT])] = bit + length
    return bit + length >= lanes[COUNT * STOP + lane] or block >= lanes[COUNT * LIMIT + lane]
