"""What is known of each of the lanes of `lanes`, as numbers, and the memory that they decode to."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.scan import APART
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.scratch import made_once, scratch
from dnjpeg.codec.kernels.vector import Memory, Vector, span

__all__ = [
    "ALL_LANES",
    "BEGIN",
    "BEHIND",
    "COUNT",
    "MOST_NOTES",
    "NOTED",
    "NOTES",
    "SLOTS",
    "SPARE",
    "LaneMemory",
    "lane_memory",
    "lane_numbers",
    "lane_spans",
    "load_row",
    "store_row",
]

COUNT = 16  # lanes
ALL_LANES = (1 << COUNT) - 1
MOST = 3000  # blocks of a lane, about
ROOM = MOST + 34  # the same, with those of its last MCU; lanes that are as far do not share places of the cache
SPARE = 64 * ROOM * COUNT + 16  # what is put up to 15 places before this is of no use
HEAD = 128  # blocks of a lane among which the one before must find one that it meets, and some MCUs
HEADS = HEAD + 16  # MCUs of a lane whose first bits are kept, at most

# Rows of COUNT numbers of 32 bits, one a lane.
BIT = 0  # where it is in the unstuffed data
PLACE = 1  # position in the zigzag sequence of what comes next
BLOCK = 2  # in blocks: index of its block's first coefficient
SLOT = 3  # which block of an MCU it is
MCUS = 4  # that are complete
FAULTY = 5  # the last MCU in which something was wrong, or -1
STOP = 6  # from this bit on no MCU is begun without being asked
LIMIT = 7  # in blocks: nor from this index of a coefficient on
ACTIVE = 8  # -1, or 0 when it has ended
HEAD_AT = 9  # index of the bits at which its first MCUs began
DC = 10  # by slot: where its tables begin, in numbers of 32 bits
AC = 11
NEXT = 12  # the first MCU of the lane behind that it has not passed
MET = 13  # the MCU of the lane behind at which both are, or -1
FIRST_MCU = 14  # the first one that is accepted
BEGIN = 15  # in blocks: indices of the first that is not taken yet, and behind the last; others are zero
BEHIND = 16
PLANE = 17  # in lists, by slot: where its counts begin
AT = 18  # in lists: where its own next DC difference goes
NUMBERS = 19 * COUNT
KEPT = NUMBERS  # how many heads are kept: fewer than HEADS; what is put at this index is of no use
SLOTS = NUMBERS + 1  # blocks an MCU
LAST_BYTE = NUMBERS + 2  # from which may be loaded
ITEM = NUMBERS + 3  # in lists: where the next coefficients go
ENTRY = NUMBERS + 4  # in lists: where the next DC difference of any lane goes
SLOW = NUMBERS + 5  # lanes of which a code is to be decoded by itself, a bit each
STOPPED = NUMBERS + 6  # lanes that have come to where they were to stop

NOTED = NUMBERS + 7  # heads that are noted: in the memory of heads, from NOTES on their places, then their bits
NOTES = COUNT * HEADS
MOST_NOTES = COUNT * HEADS + COUNT  # fewer than KEPT of each lane, and room for a vector, which is stored to note one

LaneMemory = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int16]]
"""The lanes, the bits at which their first MCUs begin, and their blocks, in zigzag order, DC as a difference."""


def lane_numbers(name: str = "") -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Scratch memory for lanes, and the bits at which their first MCUs begin."""
    return (
        scratch(f"lanes{name}", NUMBERS + COUNT + 4 * APART, np.int32, zeros=True)[2 * APART : -2 * APART],
        scratch(f"heads{name}", NOTES + 2 * MOST_NOTES + 4 * APART, np.int32)[2 * APART : -2 * APART],
    )


def lane_memory(name: str = "") -> LaneMemory:
    """Scratch memory for lanes that decode to blocks."""
    return made_once(f"lanes to blocks{name}", partial(_make_lane_memory, name))


def _make_lane_memory(name: str) -> LaneMemory:
    return *lane_numbers(name), scratch(f"blocks of lanes{name}", SPARE + 2, np.int16, zeros=True)


@inlined
def lane_spans(memory):
    """Spans over `LaneMemory`, or what is like it; None for None."""
    if memory is None:
        return None
    lanes, heads, out = memory
    return span(lanes), span(heads), span(out)


def load_row(lanes: Memory, number: int) -> Vector:
    """Load the numbers of all lanes."""
    return lanes.load(lanes.constant(COUNT * number), COUNT)


def store_row(lanes: Memory, number: int, row: Vector) -> None:
    """Store the numbers of all lanes."""
    lanes.store(lanes.constant(COUNT * number), row)
