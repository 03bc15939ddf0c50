"""Stretches of a scan as lists of coefficients without their blocks, for whoever only counts them.

Lanes write what they find one after the other (`lane_targets`), nonsense and blocks that only fill MCUs among it. When
it is known what is of the scan, the rest become zeros where they stand, for that is little; and DC differences, which
stand in a list of their own, are added up and counted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.ahead import NEVER, begin_stretch, end_stretch
from dnjpeg.codec.entropy.counts import COLS, COMPONENT, FIRST_COUNT, ROWS, count_any
from dnjpeg.codec.entropy.lane_memory import (
    ALL_LANES,
    AT,
    COUNT,
    ENTRY,
    FIRST_MCU,
    ITEM,
    MCUS,
    PLANE,
    SLOTS,
    lane_numbers,
)
from dnjpeg.codec.entropy.lane_targets import ENTRIES, ENTRY_ITEMS, ITEMS, MOST_ENTRIES, ZERO
from dnjpeg.codec.entropy.lanes import accept, run_lanes
from dnjpeg.codec.entropy.scan import ALONE, END, PREDICTIONS, WEIGHT
from dnjpeg.codec.format.layout import BLOCK_ROWS, VERTICAL
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.scratch import made_once, scratch
from dnjpeg.codec.kernels.vector import GATHERS

__all__ = ["ListMemory", "list_ahead", "list_memory"]

MOST_BITS = 3 * ITEMS  # of a stretch: a look-up, of which there are two tokens, drops more but in very noisy photos
SORTED = ENTRY_ITEMS + MOST_ENTRIES  # from here on: the DC differences lane by lane, then what ENTRY_ITEMS has
LENGTH = SORTED + 2 * MOST_ENTRIES

ListMemory = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]
"""The lanes, the bits at which their first MCUs begin, and the lists."""


def list_memory() -> ListMemory | None:
    """Scratch memory for lists; None where the CPU has nothing to make them with. Use `lane_spans`."""
    return made_once("lanes to lists", _make_list_memory) if GATHERS else None


def _make_list_memory() -> ListMemory:
    return *lane_numbers(), scratch("lists of lanes", LENGTH, np.int32)


@inlined
def list_ahead(state, scan, slots, position, mcu_cols, data, coded, lookups, memory, counts):
    """List the coefficients of a stretch of the scan, and some zeros, at the beginning of lists; DC is counted at once.

    Tokens are indices into counts; see `counts`.

    Parameters
    ----------
    state, slots, mcu_cols, data, coded, lookups, counts
        As in `count_mcus`.
    scan : span, int64
        From `scan_layout`.
    position : int
        MCUs that were decoded before.
    memory : tuple of span
        `lane_spans` of `list_memory`.

    Returns
    -------
    mcus : int
        How many they are of; 0 if lanes are not worth while: the next ones have to be decoded in another way.
    tokens : int
        A multiple of 16.
    """
    lanes, heads, lists = memory
    mcus = -(-scan[0, BLOCK_ROWS] // scan[0, VERTICAL]) * mcu_cols - position
    if not begin_stretch(state, scan, mcus, data, coded, lanes, heads, MOST_BITS):
        return 0, 0
    for slot in range(len(slots)):
        lanes[COUNT * PLANE + slot] = slots[slot, FIRST_COUNT]
    lanes[ITEM], lanes[ENTRY] = 0, ENTRIES
    run_lanes(ALL_LANES, lanes, heads, coded, lookups, lists)
    if lanes[ITEM] >= ITEMS:  # no room
        state[ALONE] = NEVER
        return 0, 0
    accepted, bit, faulty = accept(0, state[END], lanes, heads)
    end_stretch(state, coded, lanes, accepted, bit, faulty)
    _sort_entries(lanes, lists)
    return _arrange(state, slots, position, mcu_cols, accepted, lanes, lists, counts), lanes[ITEM]


@inlined
def _sort_entries(lanes, lists):
    """Put the DC differences of each lane together."""
    begin = SORTED
    for lane in range(COUNT):
        lanes[COUNT * AT + lane] = begin
        begin += lanes[SLOTS] * lanes[COUNT * MCUS + lane]
    for entry in range(ENTRIES, lanes[ENTRY]):
        lane = lists[entry] & (COUNT - 1)
        at = lanes[COUNT * AT + lane]
        lists[at], lists[at + MOST_ENTRIES] = lists[entry], lists[entry + MOST_ENTRIES]
        lanes[COUNT * AT + lane] = at + 1


@inlined
def _arrange(state, slots, position, mcu_cols, accepted, lanes, lists, counts):
    """Count DC, and let those tokens be zeros that are not of the scan's blocks; returns how many MCUs there are."""
    row, col = position // mcu_cols, position % mcu_cols
    items, weight = lanes[ITEM], state[WEIGHT]
    begin, mcus = SORTED, 0
    for lane in range(COUNT):
        at, behind = begin, lanes[COUNT * AT + lane]
        begin = behind
        if lane >= accepted:
            _forget(lists, 0, items, lane)
            continue
        mcus += lanes[COUNT * MCUS + lane] - lanes[COUNT * FIRST_MCU + lane]
        at += lanes[SLOTS] * lanes[COUNT * FIRST_MCU + lane]
        _forget(lists, 0, lists[at + MOST_ENTRIES] if at < behind else items, lane)
        while at < behind:
            for slot in range(len(slots)):
                c = slots[slot, COMPONENT]
                prediction = state[PREDICTIONS + c] + (lists[at] >> 16)
                state[PREDICTIONS + c] = prediction
                if row < slots[slot, ROWS] and col < slots[slot, COLS]:
                    count_any(counts, lanes[COUNT * PLANE + slot], 0, prediction, weight)
                else:
                    until = lists[at + 1 + MOST_ENTRIES] if at + 1 < behind else items
                    _forget(lists, lists[at + MOST_ENTRIES], until, lane)
                at += 1
            col += 1
            if col == mcu_cols:
                row, col = row + 1, 0
    return mcus


@inlined
def _forget(lists, first, last, lane):
    """Let the tokens of a lane be zeros, from those of one look-up of all lanes to before those of another."""
    for item in range(first, last, COUNT):
        lists[item + lane] = ZERO
