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

from dnjpeg.codec.entropy.lane_codes import decode_slowly, keep_heads, run
from dnjpeg.codec.entropy.lane_memory import (
    AC,
    ACTIVE,
    ALL_LANES,
    BEGIN,
    BEHIND,
    BIT,
    BLOCK,
    COUNT,
    DC,
    FAULTY,
    FIRST_MCU,
    HEAD,
    HEAD_AT,
    HEADS,
    KEPT,
    LAST_BYTE,
    LIMIT,
    MCUS,
    MET,
    MOST,
    NEXT,
    NOTED,
    PLACE,
    ROOM,
    SLOT,
    SLOTS,
    SLOW,
    STOP,
    STOPPED,
)
from dnjpeg.codec.entropy.scan import OVERRUN
from dnjpeg.codec.format.decoding_lookup import LANES
from dnjpeg.codec.format.layout import AC_TABLE, DC_TABLE, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import clear, trailing_zeros

__all__ = ["accept", "accept_blocks", "put_blocks", "put_lanes", "put_slots", "run_lanes"]


@inlined
def _goes_on(lanes, lane, heads):
    """Tell whether a lane at its stop goes on: it has not met the lane behind, but may yet do so. Set its next stop."""
    behind = lane + 1
    if behind == COUNT or lanes[COUNT * BLOCK + lane] >= lanes[COUNT * LIMIT + lane]:
        return False
    bit, mcu, first = lanes[COUNT * BIT + lane], lanes[COUNT * NEXT + lane], HEADS * behind
    last = min(lanes[COUNT * MCUS + behind], lanes[KEPT] - 1)
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
def put_lanes(begin, end, size, lanes, heads):
    """Put the lanes in their places for a stretch of bits, of `size` unstuffed bytes in all; see `put_slots`."""
    lanes[KEPT], lanes[LAST_BYTE] = HEAD // lanes[SLOTS] + 12, size + OVERRUN - 8
    lanes[NOTED] = 0
    for lane in range(COUNT):
        lanes[COUNT * BIT + lane] = begin + (end - begin) * lane // COUNT
        lanes[COUNT * STOP + lane] = begin + (end - begin) * (lane + 1) // COUNT
        lanes[COUNT * PLACE + lane], lanes[COUNT * SLOT + lane], lanes[COUNT * MCUS + lane] = 0, 0, 0
        lanes[COUNT * BLOCK + lane], lanes[COUNT * LIMIT + lane] = 0, (1 << 31) - 1
        lanes[COUNT * NEXT + lane], lanes[COUNT * MET + lane] = 0, -1
        lanes[COUNT * FAULTY + lane], lanes[COUNT * ACTIVE + lane] = -1, -1
        lanes[COUNT * HEAD_AT + lane] = HEADS * lane
        heads[HEADS * lane] = lanes[COUNT * BIT + lane]


@inlined
def put_blocks(lanes, blocks):
    """Let lanes that were put in their places decode to blocks; what is left of an earlier stretch is cleared."""
    for lane in range(COUNT):
        clear(blocks, lanes[COUNT * BEGIN + lane], lanes[COUNT * BEHIND + lane] - lanes[COUNT * BEGIN + lane])
        first = 64 * ROOM * lane
        lanes[COUNT * BEGIN + lane], lanes[COUNT * BEHIND + lane] = first, first + 64 * ROOM
        lanes[COUNT * BLOCK + lane], lanes[COUNT * LIMIT + lane] = first, first + 64 * MOST


@inlined
def run_lanes(active, lanes, heads, coded, lookups, out):
    """Let the lanes whose bits are set decode until each has met the one behind or has come to an end.

    It ends at once if there is no room left in lists.
    """
    full = False
    for lane in range(COUNT):
        lanes[COUNT * ACTIVE + lane] = -((active >> lane) & 1)
    while active != 0 and not full:
        full = run(lanes, heads, coded, lookups, out) != 0
        keep_heads(lanes, heads)
        slow, stopped = lanes[SLOW] & ALL_LANES, lanes[STOPPED] & ALL_LANES
        while slow != 0:
            lane = trailing_zeros(slow)
            slow &= slow - 1
            if decode_slowly(lanes, lane, heads, coded, lookups, out):
                stopped |= 1 << lane
        while stopped != 0:
            lane = trailing_zeros(stopped)
            stopped &= stopped - 1
            if not _goes_on(lanes, lane, heads):
                lanes[COUNT * ACTIVE + lane] = 0
                active &= ~(1 << lane)


@inlined
def accept(first, size, lanes, heads):
    """Find out what of the lanes is of the scan, if the MCUs of the first one are from its MCU `first` on.

    `FIRST_MCU` then tells the same of the others that are accepted. `size` unstuffed bytes are there.

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
        if lanes[COUNT * FAULTY + lane] >= first or lanes[COUNT * BIT + lane] > 8 * size:
            return lane, heads[lanes[COUNT * HEAD_AT + lane] + first], True
        lanes[COUNT * FIRST_MCU + lane] = first
        first = lanes[COUNT * MET + lane]
        if first < 0 or lane == COUNT - 1:
            return lane + 1, lanes[COUNT * BIT + lane], False
    return COUNT, 0, False  # not reached


@inlined
def accept_blocks(first, size, lanes, heads, blocks):
    """`accept` for lanes that decode to blocks: those that are not of the scan become zero."""
    accepted, bit, faulty = accept(first, size, lanes, heads)
    for lane in range(accepted):
        begin = 64 * (ROOM * lane + lanes[SLOTS] * lanes[COUNT * FIRST_MCU + lane])
        clear(blocks, 64 * ROOM * lane, begin - 64 * ROOM * lane)
        lanes[COUNT * BEGIN + lane], lanes[COUNT * BEHIND + lane] = begin, lanes[COUNT * BLOCK + lane]
    for lane in range(accepted, COUNT):
        clear(blocks, 64 * ROOM * lane, lanes[COUNT * BLOCK + lane] - 64 * ROOM * lane)
        lanes[COUNT * BEHIND + lane] = lanes[COUNT * BEGIN + lane]
    return accepted, bit, faulty
