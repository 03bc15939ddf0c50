"""Stretches of a scan that are decoded before they are asked for, by `lanes`, and what is taken of them."""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.lane_memory import (
    ALL_LANES,
    BEGIN,
    BEHIND,
    COUNT,
    FIRST_MCU,
    MCUS,
    SLOTS,
    LaneMemory,
    lane_memory,
)
from dnjpeg.codec.entropy.lanes import accept_blocks, put_blocks, put_lanes, put_slots, run_lanes
from dnjpeg.codec.entropy.scan import (
    ALONE,
    END,
    FAULT,
    FILLED,
    INTERVAL,
    INTERVALS,
    LANES_LEFT,
    LATELY,
    PAUSE,
    PAUSED_AT,
    POSITION,
    PREDICTIONS,
    go_to_bit,
    next_interval,
)
from dnjpeg.codec.format.layout import BLOCK_COLS, BLOCK_ROWS, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.codec.kernels.jit import called, inlined
from dnjpeg.codec.kernels.vector import GATHERS, Memory, Scalar, operation

__all__ = [
    "SHORT",
    "ahead_memory",
    "begin_stretch",
    "blocks_ahead",
    "decode_ahead",
    "end_stretch",
    "mcus_ahead",
    "next_bit",
    "note_alone",
    "take_as_they_are",
    "take_mcus",
    "try_ahead",
]

STRETCH = 8192  # blocks that are decoded at once, about
LEAST = 600  # blocks; fewer are not worth while, ...
LEAST_MCUS = 220  # nor are fewer of these
LEAST_BITS = 1 << 12  # nor these
SHORT = 1 << 13  # nor are these bits in front of one at which a stretch must end
ENOUGH = 2  # if not more than one in so many MCUs that lanes decode is accepted, symbol by symbol takes less time
FIRST_PAUSE = STRETCH  # blocks that are then decoded so, and twice as many if the next stretch is no better ...
LONGEST_PAUSE = 16 * STRETCH  # but not more
PROBE = 4  # the next stretch then has this part of others' MCUs, if they are like those of the pause ...
GROWTH = 2  # and none has so many times as many bits as if it were like the last one, wherever the rest may have more
NEVER = 1 << 62  # MCUs that are decoded symbol by symbol, if nothing is to be decoded ahead any more


def ahead_memory() -> LaneMemory | None:
    """Scratch memory for what is decoded ahead; None where the CPU has nothing to decode it with."""
    return lane_memory() if GATHERS else None


@inlined
def _longer_pause(pause, slots):
    """MCUs to decode symbol by symbol before the next stretch, if they were `pause` last time; 0: there was none."""
    return min(max(2 * pause, FIRST_PAUSE // slots), LONGEST_PAUSE // slots)


@inlined
def begin_stretch(state, scan, mcus, data, coded, lanes, heads, most_bits):
    """Put lanes in their places for the next stretch, of which `mcus` are left, and of `most_bits` at most.

    Returns whether it is worth while.
    """
    if state[INTERVAL] != 0 or state[FAULT] != 0:
        state[ALONE] = NEVER
    if state[ALONE] != 0:
        return False
    if state[INTERVALS] == 0:
        next_interval(state, data, coded)
    slots = put_slots(scan, lanes)
    begin, size = next_bit(state), state[END]
    length, stretch = 8 * size - 7 - begin, STRETCH // slots
    if mcus * slots < LEAST or mcus < LEAST_MCUS or length < LEAST_BITS or 8 * size >= 1 << 31:
        state[ALONE] = NEVER
        return False
    if mcus > stretch + stretch // 2:
        length = length // mcus * stretch
    if state[PAUSED_AT] != 0:
        length = min(length, (begin - state[PAUSED_AT]) // state[PAUSE] * (stretch // PROBE))
    elif state[LATELY] != 0:
        length = min(length, GROWTH * state[LATELY])
    put_lanes(begin, begin + min(length, most_bits), size, lanes, heads)
    return True


@inlined
def end_stretch(state, coded, lanes, accepted, bit, faulty):
    """Let the scan go on where lanes have come to; see `accept`."""
    bits, found = bit - next_bit(state), _found_mcus(lanes, accepted)
    go_to_bit(state, coded, bit)
    if faulty:
        state[ALONE] = NEVER
    elif ENOUGH * found <= _tried_mcus(lanes):  # also if there are none
        state[PAUSE] = state[ALONE] = _longer_pause(state[PAUSE], lanes[SLOTS])
        state[PAUSED_AT] = bit
    else:
        state[PAUSED_AT], state[PAUSE] = 0, state[PAUSE] >> 1
        state[LATELY] = bits // max(found, 1) * (STRETCH // lanes[SLOTS])


@inlined
def _found_mcus(lanes, accepted):
    """MCUs that are accepted, of so many lanes."""
    count = 0
    for lane in range(accepted):
        count += lanes[COUNT * MCUS + lane] - lanes[COUNT * FIRST_MCU + lane]
    return count


@inlined
def _tried_mcus(lanes):
    """MCUs that lanes have decoded, nonsense among them."""
    count = 0
    for lane in range(COUNT):
        count += lanes[COUNT * MCUS + lane]
    return count


@inlined
def next_bit(state):
    """Bit of the unstuffed data with which the scan goes on."""
    return 8 * state[POSITION] - (state[FILLED] & 63)


@inlined
def try_ahead(state):
    """Do not wait any longer to decode a stretch, where the scan goes on elsewhere."""
    if state[ALONE] < NEVER:
        state[ALONE], state[PAUSE], state[PAUSED_AT] = 0, 0, 0


@inlined
def note_alone(state, mcus):
    """Note that so many MCUs were decoded symbol by symbol."""
    state[ALONE] = max(state[ALONE] - mcus, 0)


@called
def decode_ahead(state, scan, mcus, data, coded, lookups, ahead, most_bits):
    """Decode a stretch of the scan, if there is nothing ahead; returns whether there is something now.

    Parameters
    ----------
    state, scan, data, coded, lookups
        As in `decode_mcu_row`.
    mcus : int
        How many are left.
    ahead : tuple of span
        `lane_spans`.
    most_bits : int
        Of the stretch.
    """
    lanes, heads, blocks = ahead
    if not begin_stretch(state, scan, mcus, data, coded, lanes, heads, most_bits):
        return False
    put_blocks(lanes, blocks)
    run_lanes(ALL_LANES, lanes, heads, coded, lookups, blocks)
    accepted, bit, faulty = accept_blocks(0, state[END], lanes, heads, blocks)
    end_stretch(state, coded, lanes, accepted, bit, faulty)
    state[LANES_LEFT] = COUNT
    return accepted > 0


@inlined
def mcus_ahead(state, ahead):
    """MCUs that may be taken at once; 0 if all is taken that was decoded ahead."""
    lanes, _, _ = ahead
    lane = COUNT - state[LANES_LEFT]
    while lane < COUNT and lanes[COUNT * BEGIN + lane] == lanes[COUNT * BEHIND + lane]:
        lane += 1
    state[LANES_LEFT] = COUNT - lane
    if lane == COUNT:
        return 0
    return (lanes[COUNT * BEHIND + lane] - lanes[COUNT * BEGIN + lane]) // (64 * lanes[SLOTS])


@inlined
def blocks_ahead(ahead):
    """All blocks that may be taken."""
    lanes, _, _ = ahead
    count = 0
    for lane in range(COUNT):
        count += (lanes[COUNT * BEHIND + lane] - lanes[COUNT * BEGIN + lane]) // 64
    return count


_INVERSE = np.argsort(ZIGZAG).tolist()


@operation()
def _take(blocks: Memory, start: Scalar, coefficients: Memory, block: Scalar) -> None:
    """Move a block to where it belongs, in natural order, and leave zeros."""
    zigzag = blocks.load(start, 64)
    coefficients.store(block, zigzag.select(_INVERSE))
    blocks.store(start, zigzag.filled_with(0))


@inlined
def _take_differences(blocks, start, step, mcus, count, prediction):
    """Replace the DC differences of a component by DC; returns the last one.

    `step` lies between the first of its `count` blocks in one MCU, from `start` on, and the first in the next.
    """
    for _ in range(mcus):
        for block in range(start, start + 64 * count, 64):
            prediction += blocks[block]
            blocks[block] = prediction
        start += step
    return prediction


@inlined
def take_mcus(state, scan, row, first_row, col, behind, ahead, coefficients, filler):
    """Take the MCUs from a column to before another out of what `mcus_ahead`; see `decode_mcu_row`."""
    lanes, _, blocks = ahead
    lane, step = COUNT - state[LANES_LEFT], 64 * lanes[SLOTS]
    slot = lanes[COUNT * BEGIN + lane]
    lanes[COUNT * BEGIN + lane] = slot + step * (behind - col)
    for c in range(len(scan)):
        horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
        state[PREDICTIONS + c] = _take_differences(
            blocks, slot, step, behind - col, horizontal * vertical, state[PREDICTIONS + c]
        )
        for y in range(row * vertical, (row + 1) * vertical):
            line = scan[c, FIRST] + 64 * (y - first_row * vertical) * cols
            for x in range(horizontal):
                place = slot
                for at in range(col * horizontal + x, behind * horizontal + x, horizontal):
                    block = line + 64 * at if y < scan[c, BLOCK_ROWS] and at < cols else filler
                    _take(blocks, place, coefficients, block)
                    place += step
                slot += 64


@inlined
def take_as_they_are(state, count, ahead, target, mcu, places, sums):
    """Take as many MCUs out of what `mcus_ahead`, with their DC differences.

    Parameters
    ----------
    state, ahead
        As in `take_mcus`.
    count : int
    target : span, int16
        Where the blocks go, natural order.
    mcu : int
        Index of the first one there.
    places : span, int64, (blocks an MCU, 2)
        As in `block_runs.decode_run`.
    sums : span, int64, (blocks an MCU,)
        To which the differences of all first, all second ... blocks of an MCU are added.
    """
    lanes, _, blocks = ahead
    lane = COUNT - state[LANES_LEFT]
    place = lanes[COUNT * BEGIN + lane]
    for index in range(mcu, mcu + count):
        for slot in range(lanes[SLOTS]):
            sums[slot] += blocks[place]
            _take(blocks, place, target, places[slot, 0] + index * places[slot, 1])
            place += 64
    lanes[COUNT * BEGIN + lane] = place
