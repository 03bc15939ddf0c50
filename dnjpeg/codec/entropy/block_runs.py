"""Runs of blocks decoded from any bit of a scan, before it is known which blocks of the picture they are.

Huffman codes fall into step with themselves (Ferguson and Rabinowitz, "Self-synchronizing Huffman codes", 1984; for
JPEG: Klein and Wiseman, "Parallel Huffman decoding with applications to JPEG files", 2003). Who takes any bit for the
first of an MCU reads nonsense for some blocks, here some ten mostly, and then begins a block where there is one, of the
right component. That this is so is known when another run, which begins where a block does for certain, comes to the
same bit: from there on both would read the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.ahead import (
    SHORT,
    blocks_ahead,
    decode_ahead,
    mcus_ahead,
    next_bit,
    note_alone,
    take_as_they_are,
)
from dnjpeg.codec.entropy.lane_memory import lane_spans
from dnjpeg.codec.entropy.scan import ALONE, END, FILLED, INTERVALS, POSITION, PREDICTIONS, go_to_bit, next_interval
from dnjpeg.codec.entropy.sequential_decoder import decode_block
from dnjpeg.codec.format.layout import BLOCK_COLS, BLOCK_ROWS, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import clear, copy, load_big_endian, span

__all__ = [
    "add_differences",
    "bit_of",
    "decode_run",
    "go_back",
    "meets",
    "open_interval",
    "place_mcus",
    "sum_up",
]

DOUBTFUL = 512  # first blocks of a run: they may be nonsense, and the other run is to meet it among them


@kernel
def open_interval(state, data, coded):
    """Unstuff the scan's data, which have no restarts; see `scan.next_interval`."""
    next_interval(span(state), span(data), span(coded))


def bit_of(state: npt.NDArray[np.int64]) -> int:
    """Where the scan goes on, in bits of the unstuffed data; `state` is from `start_scan`."""
    return 8 * int(state[POSITION]) - int(state[FILLED])


@inlined
def _begin(coded, bit):
    """``position, word, filled`` as `refill` takes them."""
    word = load_big_endian(coded, bit >> 3) >> np.uint64(8) << np.uint64(8 + (bit & 7))
    return (bit >> 3) + 7, word, 56 - (bit & 7)


@inlined
def _decode_run(state, scan, tables, begin, end, mcus, data, coded, lookups, ahead, blocks, places, starts, sums):
    """`decode_run` with spans."""
    slots, room = len(tables), len(starts)
    sound, known, mcu, bit = 0, -1, 0, begin
    state[INTERVALS] = 1
    while bit < end and slots * (mcu + 1) <= room:
        if ahead is not None and slots * mcu >= DOUBTFUL and state[ALONE] == 0 and end - bit >= SHORT:
            go_to_bit(state, coded, bit)
            if decode_ahead(state, scan, mcus - mcu, data, coded, lookups, ahead, end - bit):
                if known < 0:
                    known = slots * mcu
                if slots * mcu + blocks_ahead(ahead) > room:
                    break
                count = mcus_ahead(state, ahead)
                while count > 0:
                    take_as_they_are(state, count, ahead, blocks, mcu, places, sums)
                    mcu += count
                    count = mcus_ahead(state, ahead)
                bit = next_bit(state)
                continue
        position, word, filled = _begin(coded, bit)
        wrong = False
        for slot in range(slots):
            index, block = slots * mcu + slot, places[slot, 0] + mcu * places[slot, 1]
            starts[index] = 8 * position - filled
            clear(blocks, block, 64)
            position, word, filled, difference, fault = decode_block(
                position, word, filled, coded, lookups, tables[slot, 0], tables[slot, 1], blocks, block
            )
            blocks[block] = difference
            if fault != 0 and index < DOUBTFUL:
                sound = index + 1
            elif fault != 0:
                wrong = True
        if wrong or 8 * position - filled > 8 * state[END]:
            break
        for slot in range(slots):
            sums[slot] += blocks[places[slot, 0] + mcu * places[slot, 1]]
        bit, mcu = 8 * position - filled, mcu + 1
        if ahead is not None:
            note_alone(state, 1)
    return sound, slots * mcu if known < 0 else known, slots * mcu, bit


@kernel
def decode_run(state, scan, tables, begin, end, mcus, data, coded, lookups, ahead, blocks, places, starts, sums):
    """Decode block after block from a bit on, until another bit, a fault, or the end of the memory.

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
        From `start_scan`, for this run; of the interval, whose data are unstuffed, it takes `END`.
    scan, data, coded, lookups, ahead
        As in `mcu_rows.decode_mcu_row`.
    tables : ndarray, int64, (blocks an MCU, 2)
        Where in the lookups the DC and AC tables of each block of an MCU begin.
    begin, end : int
        Bits: that with which the first block begins, which is taken for the first one of an MCU; and from which on no
        MCU begins any more.
    mcus : int
        How many there are up to the end of the scan, about.
    blocks : ndarray, int16
        Where the blocks go, natural order, DC as a difference.
    places : ndarray, int64, (blocks an MCU, 2)
        Where they go: the indices of the blocks of the first MCU, and how far each lies before that of the next MCU.
    starts : ndarray, int64
        Where the bits go at which blocks begin.
    sums : ndarray, int64, (blocks an MCU,)
        Where the sum of the differences goes of all first, all second ... blocks of an MCU.

    Returns
    -------
    sound : int
        Index behind the last block with a fault that did not end the run, for before it may have been nonsense.
    known : int
        Blocks from the first one on of which `starts` tells where they begin.
    size : int
        All blocks: whole MCUs, without one that has a fault.
    bit : int
        That behind them.
    """
    return _decode_run(
        span(state),
        span(scan),
        span(tables),
        begin,
        end,
        mcus,
        span(data),
        span(coded),
        span(lookups),
        lane_spans(ahead),
        span(blocks),
        span(places),
        span(starts),
        span(sums),
    )


@inlined
def meets(starts, other, size, phases, bit):
    """Look for the block of a run that begins at a bit, from the index `other` on.

    Returns its index, or the first one behind the bit, and whether it may begin an MCU: its index is a multiple of
    `phases`.
    """
    while other < size and starts[other] < bit:
        other += 1
    return other, other < size and starts[other] == bit and other % phases == 0


@inlined
def block_of(places, index):
    """Index of the first coefficient of a run's block with an index; see `decode_run`."""
    slots = len(places)
    return places[index % slots, 0] + index // slots * places[index % slots, 1]


@inlined
def add_differences(blocks, places, first, last, size, sums, scan, state):
    """Add the differences of a run's blocks from an index to before another to `PREDICTIONS`: whole MCUs.

    Parameters
    ----------
    blocks, places, sums : span
        From `decode_run`.
    first, last, size : int
        `size` is that of the run.
    scan : span, int64
        As in `mcu_rows.decode_mcu_row`.
    state : span, int64
    """
    slots = len(sums)
    slot = first % slots
    for c in range(len(scan)):
        for _ in range(scan[c, HORIZONTAL] * scan[c, VERTICAL]):
            total = sums[slot]
            for index in range(slot, first, slots):
                total -= blocks[block_of(places, index)]
            for index in range(last + (slot - last) % slots, size, slots):
                total -= blocks[block_of(places, index)]
            state[PREDICTIONS + c] += total
            slot = slot + 1 if slot + 1 < slots else 0


@inlined
def go_back(blocks, places, index, mcus, scan, state):
    """Take the differences of MCUs before the block with an index from `PREDICTIONS`; returns the first one's index."""
    for _ in range(mcus):
        for c in range(len(scan) - 1, -1, -1):
            for _ in range(scan[c, HORIZONTAL] * scan[c, VERTICAL]):
                index -= 1
                state[PREDICTIONS + c] -= blocks[block_of(places, index)]
    return index


@inlined
def place_mcus(blocks, places, index, scan, row, first_row, col, behind, state, coefficients, filler):
    """Put the blocks of MCUs from a column to before another in their places, with their DC.

    Parameters
    ----------
    blocks, places : span
        From `decode_run`.
    index : int
        Of the first block.
    scan, row, first_row, coefficients, filler
        As in `mcu_rows.decode_mcu_row`.
    col, behind : int
    state : span, int64
        Its `PREDICTIONS` are carried on.

    Returns
    -------
    int
        Index behind the last block.
    """
    for column in range(col, behind):
        for c in range(len(scan)):
            horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
            prediction = state[PREDICTIONS + c]
            for y in range(row * vertical, (row + 1) * vertical):
                line = scan[c, FIRST] + 64 * (y - first_row * vertical) * cols
                for x in range(column * horizontal, (column + 1) * horizontal):
                    block = line + 64 * x if y < scan[c, BLOCK_ROWS] and x < cols else filler
                    place = block_of(places, index)
                    prediction += blocks[place]
                    copy(blocks, place, coefficients, block, 64)
                    coefficients[block] = prediction
                    index += 1
            state[PREDICTIONS + c] = prediction
    return index


@inlined
def sum_up(blocks, places, mcu, mcus, scan, state):
    """Turn the DC differences of MCUs from one on to DC, where they are.

    Parameters
    ----------
    blocks, places : span
        From `decode_run`.
    mcu, mcus : int
        Index of the first one in the run, and how many.
    scan : span, int64
        As in `mcu_rows.decode_mcu_row`.
    state : span, int64
        Its `PREDICTIONS` are carried on.
    """
    first = 0
    for c in range(len(scan)):
        count = scan[c, HORIZONTAL] * scan[c, VERTICAL]
        prediction = state[PREDICTIONS + c]
        for index in range(mcu, mcu + mcus):
            for slot in range(first, first + count):
                block = places[slot, 0] + index * places[slot, 1]
                prediction += blocks[block]
                blocks[block] = prediction
        state[PREDICTIONS + c] = prediction
        first += count
