"""Sixteen places of a scan decoded at once, by the lanes of vectors.

Where a code begins is known when the one before is decoded; to wait for that, and for wrong guesses of what comes, is
what decoding by one symbol at a time costs. But Huffman codes fall into step with themselves (see `block_runs`). So a
stretch of the scan is cut into sixteen pieces of as many bits, and each lane takes the first bit of one for that of an
MCU. When it has come to the end of its piece it goes on into the next one until it begins an MCU at a bit at which that
lane has begun one too: what that lane decoded from there on is what there is, and what it decoded before is nonsense.

A lane that meets nobody ends the stretch. From the first fault on nothing is accepted, for it may be nonsense as well:
there `sequential_decoder` has to decode.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.entropy.scan import APART, OVERRUN
from dnjpeg.codec.entropy.sequential_decoder import receive_extend
from dnjpeg.codec.format.decoding_lookup import AND_LAST, END_OF_BLOCK, LANES, LOOKUP_BITS, slow_decode
from dnjpeg.codec.format.layout import AC_TABLE, DC_TABLE, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import (
    Memory,
    Scalar,
    Vector,
    clear,
    load_big_endian,
    operation,
    repeated_until,
    span,
    trailing_zeros,
)

__all__ = [
    "ALL_LANES",
    "BEGIN",
    "BEHIND",
    "COUNT",
    "SLOTS",
    "LaneMemory",
    "accept",
    "forget",
    "lane_memory",
    "lane_spans",
    "meet",
    "put_lanes",
    "put_slots",
    "run_lanes",
]

COUNT = 16  # lanes
MOST = 1600  # blocks of a lane, about
ROOM = MOST + 34  # the same, with those of its last MCU; lanes that are as far do not share places of the cache
HEAD = 160  # blocks of a lane among which the one before must find one that it meets, about
HEADS = HEAD + 16  # MCUs of a lane whose first bits are kept, at most

# Rows of 16 numbers of 32 bits, one a lane.
BIT = 0  # where it is in the unstuffed data
PLACE = 1  # position in the zigzag sequence of what comes next
BLOCK = 2  # index of its block's first coefficient
SLOT = 3  # which block of an MCU it is
MCUS = 4  # that are complete
FAULTY = 5  # the last MCU in which something was wrong, or -1
STOP = 6  # from this bit on no MCU is begun without being asked
LIMIT = 7  # nor from this index of a coefficient on
ACTIVE = 8  # -1, or 0 when it has ended
HEAD_AT = 9  # index of the bits at which its first MCUs began
DC = 10  # by slot: where its tables begin, in numbers of 32 bits
AC = 11
NEXT = 12  # the first MCU of the lane behind that it has not passed
MET = 13  # the MCU of the lane behind at which both are, or -1
BEGIN = 14  # indices in the blocks: of the first that is not taken yet, and behind the last; others are zero
BEHIND = 15
NUMBERS = 16 * COUNT  # how many heads are kept, blocks an MCU, last byte from which may be loaded, ...
KEPT, SLOTS, LAST_BYTE = NUMBERS, NUMBERS + 1, NUMBERS + 2
BEHIND_HEADS = (
    NUMBERS + 3
)  # MCUs that begin behind the last lane at a bit that is known, as if there were one more lane

ALL_LANES = (1 << COUNT) - 1

LaneMemory = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int16]]
"""The lanes, the bits at which their first MCUs begin, and their blocks, in zigzag order, DC as a difference."""


def lane_memory(name: str = "") -> LaneMemory:
    """Scratch memory for lanes."""
    return (
        scratch(f"lanes{name}", NUMBERS + COUNT + 4 * APART, np.int32, zeros=True)[2 * APART : -2 * APART],
        scratch(f"heads{name}", (COUNT + 1) * HEADS + 4 * APART, np.int32)[2 * APART : -2 * APART],
        scratch(f"blocks of lanes{name}", 64 * ROOM * COUNT, np.int16, zeros=True),
    )


@inlined
def lane_spans(memory):
    """Spans over `LaneMemory`; None for None."""
    if memory is None:
        return None
    lanes, heads, blocks = memory
    return span(lanes), span(heads), span(blocks)


def _runner(keeps_heads: bool) -> Any:
    """Make `_run` or `_run_keeping_heads`."""

    def run(lanes: Memory, heads: Memory, coded: Memory, lookups: Memory, blocks: Memory) -> Scalar:
        def row(number: int) -> Vector:
            return lanes.load(lanes.constant(COUNT * number), COUNT)

        def number(index: int) -> Vector:
            return lanes.load_scalar(lanes.constant(index)).splat(COUNT, 32)

        stop, limit, dc, ac, head_at, active = row(STOP), row(LIMIT), row(DC), row(AC), row(HEAD_AT), row(ACTIVE)
        active = active.equals(-1)
        kept, slots, last_byte = number(KEPT), number(SLOTS), number(LAST_BYTE)

        def body(vectors: list[Vector]) -> tuple[list[Vector], Scalar]:
            bit, place, block, slot, mcus, faulty = vectors
            zero = bit.filled_with(0)
            skewed = bit & 7
            word = coded.gather(bit.shift_right(3).at_most(last_byte), 1).bytes_swapped() << skewed
            left = skewed.filled_with(32) - skewed  # bits of the word
            running = active
            slow = stopped = active ^ active
            for again in (False, True):  # a word has the bits of two codes, mostly
                table = dc.chosen(slot).where(place.equals(0), ac.chosen(slot))
                entry = lookups.gather(table + word.shift_right(32 - LOOKUP_BITS), 4)
                length, spare = (entry >> 8) & 31, (entry >> 16) & 31
                here = place + (entry.shift_right(24) & 127)
                whole = (entry & AND_LAST).where(here.below(63), 0)  # behind the last there is no end
                drop = (entry & 31).where(here.equals(63) ^ 1, length + 31 - spare)
                unknown = entry.below(0) | left.below(drop)
                slow = slow if again else running & unknown
                running = running & (unknown ^ 1)
                bit = (bit + drop).where(running, bit)
                value = _extended(word << length, spare)
                blocks.scatter(block + here, value & 0xFFFF, running & here.below(64), 2)
                faulty = mcus.where(running & here.shift_right(5).equals(64 >> 5), faulty)
                here = here + whole + 1
                ends = running & (here.below(64) ^ 1)
                place = zero.where(ends, here.where(running, place))
                block = (block + 64).where(ends, block)
                slot = (slot + 1).where(ends, slot)
                complete = slot.equals(slots)
                slot = zero.where(complete, slot)
                mcus = (mcus + 1).where(complete, mcus)
                if keeps_heads:
                    heads.scatter(head_at + mcus.at_most(kept), bit, complete, 4)
                stops = complete & ((bit.below(stop) & block.below(limit)) ^ 1)
                stopped = stopped | stops
                if not again:
                    running = running & (stops ^ 1)
                    word, left = word << drop, left - drop
            event = slow.ones() | stopped.ones() << COUNT
            if keeps_heads:
                event = event | (active & mcus.below(kept)).ones().is_zero() << (2 * COUNT)
            return [bit, place, block, slot, mcus, faulty], event

        changing = (BIT, PLACE, BLOCK, SLOT, MCUS, FAULTY)
        vectors, event = repeated_until([row(number) for number in changing], body)
        for number_, vector in zip(changing, vectors, strict=True):
            lanes.store(lanes.constant(COUNT * number_), vector)
        return event

    run.__name__ = "_run_keeping_heads" if keeps_heads else "_run"
    run.__doc__ = """Let all lanes decode until something is to be done for one of them.

    Bit i of the result: lane i needs `_decode_slowly`; bit 16 + i: it has come to where it was to stop; bit 32: all
    have kept as many heads as they are to keep, if they keep any.
    """
    return operation(types.int64)(run)


_run, _run_keeping_heads = _runner(False), _runner(True)


def _extended(word: Vector, spare: Vector) -> Vector:
    """EXTEND (figure F.12) of the upper 31 - `spare` bits of each lane."""
    positive = word >> 31
    ones = word.filled_with(0x7FFFFFFF).shift_right(spare)
    return word.shift_right(1).shift_right(spare) - (ones & (positive ^ -1))


@inlined
def _decode_slowly(lanes, lane, heads, coded, lookups, blocks):
    """Decode the next symbol of a lane, whatever it is; returns whether the lane is then where it was to stop."""
    bit, place, block = lanes[COUNT * BIT + lane], lanes[COUNT * PLACE + lane], lanes[COUNT * BLOCK + lane]
    slot = lanes[COUNT * SLOT + lane]
    word = load_big_endian(coded, min(bit >> 3, lanes[LAST_BYTE])) << np.uint64(bit & 7)
    table = (lanes[COUNT * (DC if place == 0 else AC) + slot] >> 1) - LANES
    entry = lookups[table + np.int64(word >> np.uint64(64 - LOOKUP_BITS))]
    symbol, length = slow_decode(lookups, table, np.int64(word >> np.uint64(48)), entry)
    size = symbol & 15
    if length > 16 or (place > 0 and size == 0 and symbol != 0xF0):
        if length > 16:
            lanes[COUNT * FAULTY + lane] = lanes[COUNT * MCUS + lane]
        place = END_OF_BLOCK
    else:
        place += symbol >> 4
        if place > 63:
            lanes[COUNT * FAULTY + lane] = lanes[COUNT * MCUS + lane]
        elif size > 0:
            blocks[block + place] = receive_extend(word << np.uint64(length), size)
            length += size
        place += 1
    lanes[COUNT * BIT + lane] = bit + length
    if place < 64:
        lanes[COUNT * PLACE + lane] = place
        return False
    lanes[COUNT * PLACE + lane] = 0
    lanes[COUNT * BLOCK + lane] = block + 64
    slot += 1
    if slot < lanes[SLOTS]:
        lanes[COUNT * SLOT + lane] = slot
        return False
    lanes[COUNT * SLOT + lane] = 0
    mcu = lanes[COUNT * MCUS + lane] + 1
    lanes[COUNT * MCUS + lane] = mcu
    heads[lanes[COUNT * HEAD_AT + lane] + min(mcu, lanes[KEPT])] = bit + length
    return bit + length >= lanes[COUNT * STOP + lane] or block + 64 >= lanes[COUNT * LIMIT + lane]


@inlined
def _goes_on(lanes, lane, heads):
    """Tell whether a lane at its stop goes on: it has not met the lane behind, but may yet do so. Set its next stop."""
    behind = lane + 1
    if lanes[COUNT * BLOCK + lane] >= lanes[COUNT * LIMIT + lane]:
        return False
    bit, mcu, first = lanes[COUNT * BIT + lane], lanes[COUNT * NEXT + lane], HEADS * behind
    last = min(lanes[COUNT * MCUS + behind], lanes[KEPT] - 1) if behind < COUNT else lanes[BEHIND_HEADS] - 1
    while mcu <= last and heads[first + mcu] < bit:
        mcu += 1
    lanes[COUNT * NEXT + lane] = mcu
    if mcu > last:
        return False
    lanes[COUNT * STOP + lane] = heads[first + mcu]
    if heads[first + mcu] > bit:
        return True
    lanes[COUNT * MET + lane] = mcu
    return False


@inlined
def put_slots(scan, lanes):
    """Note the tables of each block of an MCU; returns how many there are."""
    slots = 0
    for c in range(len(scan)):
        for _ in range(scan[c, HORIZONTAL] * scan[c, VERTICAL]):
            lanes[COUNT * DC + slots] = 2 * (scan[c, DC_TABLE] + LANES)
            lanes[COUNT * AC + slots] = 2 * (scan[c, AC_TABLE] + LANES)
            slots += 1
    lanes[SLOTS] = slots
    return slots


@inlined
def put_lanes(begin, end, size, lanes, heads, blocks):
    """Put the lanes in their places for a stretch of bits, of `size` unstuffed bytes in all; see `put_slots`.

    What blocks are left of an earlier stretch are cleared.
    """
    lanes[KEPT], lanes[LAST_BYTE], lanes[BEHIND_HEADS] = HEAD // lanes[SLOTS] + 8, size + OVERRUN - 8, 0
    for lane in range(COUNT):
        clear(blocks, lanes[COUNT * BEGIN + lane], lanes[COUNT * BEHIND + lane] - lanes[COUNT * BEGIN + lane])
        first = 64 * ROOM * lane
        lanes[COUNT * BEGIN + lane], lanes[COUNT * BEHIND + lane] = first, first + 64 * ROOM
        lanes[COUNT * BLOCK + lane], lanes[COUNT * LIMIT + lane] = first, first + 64 * MOST
        lanes[COUNT * BIT + lane] = begin + (end - begin) * lane // COUNT
        lanes[COUNT * STOP + lane] = begin + (end - begin) * (lane + 1) // COUNT
        lanes[COUNT * PLACE + lane], lanes[COUNT * SLOT + lane], lanes[COUNT * MCUS + lane] = 0, 0, 0
        lanes[COUNT * NEXT + lane], lanes[COUNT * MET + lane] = 0, -1
        lanes[COUNT * FAULTY + lane], lanes[COUNT * ACTIVE + lane] = -1, -1
        lanes[COUNT * HEAD_AT + lane] = HEADS * lane
        heads[HEADS * lane] = lanes[COUNT * BIT + lane]


@inlined
def run_lanes(active, lanes, heads, coded, lookups, blocks):
    """Let the lanes whose bits are set decode until each has met the one behind or has come to an end."""
    keeps = True
    for lane in range(COUNT):
        lanes[COUNT * ACTIVE + lane] = -((active >> lane) & 1)
    while active != 0:
        if keeps:
            event = _run_keeping_heads(lanes, heads, coded, lookups, blocks)
            keeps = event >> (2 * COUNT) == 0
        else:
            event = _run(lanes, heads, coded, lookups, blocks)
        stopped = (event >> COUNT) & ((1 << COUNT) - 1)
        slow = event & ((1 << COUNT) - 1)
        while slow != 0:
            lane = trailing_zeros(slow)
            slow &= slow - 1
            if _decode_slowly(lanes, lane, heads, coded, lookups, blocks):
                stopped |= 1 << lane
        while stopped != 0:
            lane = trailing_zeros(stopped)
            stopped &= stopped - 1
            if not _goes_on(lanes, lane, heads):
                lanes[COUNT * ACTIVE + lane] = 0
                active &= ~(1 << lane)


@inlined
def meet(lanes, heads, coded, lookups, blocks, others, other_heads):
    """Let the last lane go on until it meets the first lane of other ones; returns in which MCU of that, or -1."""
    last, known = COUNT - 1, min(others[COUNT * MCUS] + 1, others[KEPT])
    for mcu in range(known):
        heads[HEADS * COUNT + mcu] = other_heads[mcu]
    lanes[BEHIND_HEADS] = known
    if _goes_on(lanes, last, heads):
        run_lanes(1 << last, lanes, heads, coded, lookups, blocks)
    return lanes[COUNT * MET + last]


@inlined
def accept(first, size, lanes, heads, blocks):
    """Find out which blocks are those of the scan, if those of the first lane are from its MCU `first` on.

    Others become zero. `size` unstuffed bytes are there.

    Returns
    -------
    lanes : int
        How many are accepted.
    bit : int
        Where the scan goes on behind them.
    faulty : bool
        Whether there is a fault.
    """
    for lane in range(COUNT):
        faulty = lanes[COUNT * FAULTY + lane] >= first or lanes[COUNT * BIT + lane] > 8 * size
        if faulty:
            forget(lane, lanes, blocks)
            return lane, heads[lanes[COUNT * HEAD_AT + lane] + first], True
        begin = 64 * (ROOM * lane + lanes[SLOTS] * first)
        clear(blocks, 64 * ROOM * lane, begin - 64 * ROOM * lane)
        lanes[COUNT * BEGIN + lane], lanes[COUNT * BEHIND + lane] = begin, lanes[COUNT * BLOCK + lane]
        first = lanes[COUNT * MET + lane]
        if first < 0 or lane == COUNT - 1:
            forget(lane + 1, lanes, blocks)
            return lane + 1, lanes[COUNT * BIT + lane], False
    return COUNT, 0, False  # not reached


@inlined
def forget(first, lanes, blocks):
    """Clear the blocks of lanes from one on."""
    for lane in range(first, COUNT):
        clear(blocks, 64 * ROOM * lane, lanes[COUNT * BLOCK + lane] - 64 * ROOM * lane)
        lanes[COUNT * BEHIND + lane] = lanes[COUNT * BEGIN + lane]
