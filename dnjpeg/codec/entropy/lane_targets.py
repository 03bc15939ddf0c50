"""What becomes of the coefficients that lanes decode.

They go to blocks (memory of 16 bits an item), each to its place, or to lists (32 bits an item), as they come: without
their blocks, for whoever only counts them; see `lane_lists`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types

from dnjpeg.codec.entropy.counts import MIDDLE, level_of
from dnjpeg.codec.entropy.lane_memory import BLOCK, COUNT, ENTRY, ITEM, LIMIT, PLANE, SPARE, load_row, store_row
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Memory, Scalar, Vector, operation

__all__ = [
    "ENTRIES",
    "ENTRY_ITEMS",
    "ITEMS",
    "MOST_ENTRIES",
    "TOKENS",
    "ZERO",
    "Codes",
    "put_one",
    "target_of",
]

# In lists a token is a coefficient that is not DC, as an index into `counts`; PLANE tells where those of a slot begin.
# Each look-up leaves two, those of zeros where there is nothing.
ITEMS = 1 << 19  # tokens that there is room for
TOKENS = 2 * COUNT  # those of one look-up of each lane
MOST_ENTRIES = ITEMS // 4 + 4 * COUNT  # a block has two look-ups at least
ENTRIES = ITEMS  # from here on: DC differences, from bit 16 on, and the lanes they are of
ENTRY_ITEMS = ENTRIES + MOST_ENTRIES  # from here on: index of the first lane's token when each of them came
ZERO = MIDDLE << 6  # a token that stands for nothing


class Codes(NamedTuple):
    """What a look-up of each lane says."""

    running: Vector  # whether it says anything
    direct: Vector  # whether it is of DC
    slot: Vector
    place: Vector  # position of the last coefficient in the zigzag sequence
    value: Vector  # of that; zero if there is none
    back: Vector  # so many positions before it is the first one; zero if there is none
    first: Vector  # its value; zero if there is none
    ends: Vector  # whether its block ends


class _Blocks:
    """Coefficients go to their places in blocks; the state is a vector: where each lane's block is."""

    def __init__(self, lanes: Memory, out: Memory) -> None:
        self._lanes, self._out, self._limit = lanes, out, load_row(lanes, LIMIT)

    def start(self) -> list[Any]:
        return [load_row(self._lanes, BLOCK)]

    def put(self, state: list[Any], codes: Codes) -> list[Any]:
        (block,) = state
        # In this order: a first one that there is not is a zero where the last one is stored then. What is behind both
        # is zero so far. What lanes store that say nothing is of no use.
        place = (block + codes.place).where(codes.running, SPARE)
        self._out.store_halves(place - codes.back, codes.first)
        self._out.store_halves(place, codes.value)
        return [(block + 64).where(codes.ends, block)]

    def stops(self, state: list[Any], complete: Vector, before_stop: Vector) -> Vector:
        """Where an MCU is complete and no other one is to be begun."""
        return complete & ((before_stop & state[0].below(self._limit)) ^ 1)

    def is_full(self, _state: list[Any]) -> Scalar:
        return self._lanes.constant(0)

    def finish(self, state: list[Any]) -> None:
        store_row(self._lanes, BLOCK, state[0])


class _Lists:
    """Coefficients become tokens, two vectors a look-up, DC differences entries; the state is where the next go."""

    def __init__(self, lanes: Memory, out: Memory) -> None:
        self._lanes, self._out, self._zeros = lanes, out, load_row(lanes, PLANE) + ZERO

    def start(self) -> list[Any]:
        return [self._lanes.load_scalar(self._lanes.constant(number)) for number in (ITEM, ENTRY)]

    def put(self, state: list[Any], codes: Codes) -> list[Any]:
        item, entry = state
        place, counted = self._zeros.chosen(codes.slot) + codes.place, codes.running & (codes.direct ^ 1)
        self._out.store(item, (place - codes.back + (codes.first << 6)).where(counted, ZERO))
        self._out.store(item + COUNT, (place + (codes.value << 6)).where(counted, ZERO))
        direct = (codes.running & codes.direct).ones()
        self._out.store(entry, (codes.value << 16 | place.filled_with(range(COUNT))).compressed(direct))
        self._out.store(entry + MOST_ENTRIES, item.splat(COUNT, 32))
        return [item + TOKENS, entry + direct.count_ones()]

    def stops(self, _state: list[Any], complete: Vector, before_stop: Vector) -> Vector:
        return complete & (before_stop ^ 1)

    def is_full(self, state: list[Any]) -> Scalar:
        return state[0].at_least(ITEMS - TOKENS)

    def finish(self, state: list[Any]) -> None:
        for number, scalar in zip((ITEM, ENTRY), state, strict=True):
            self._lanes.store_scalar(self._lanes.constant(number), scalar)


def target_of(lanes: Memory, out: Memory) -> _Blocks | _Lists:
    """Target for the coefficients, by the width of its items."""
    return (_Blocks if out.bits == 16 else _Lists)(lanes, out)


@operation(types.int64)
def _lists(out: Memory) -> Scalar:
    """Whether these are lists; known when the kernel is compiled."""
    return out.constant(int(out.bits == 32))


@inlined
def put_one(lanes, lane, slot, place, value, out):
    """Put a coefficient of one lane where it belongs."""
    if _lists(out) == 0:
        out[lanes[COUNT * BLOCK + lane] + place] = value
        return
    item = lanes[ITEM] - 2 * TOKENS  # the lane has left zeros there
    if place == 0:
        entry = lanes[ENTRY]
        out[entry] = value << 16 | lane
        out[entry + MOST_ENTRIES] = item
        lanes[ENTRY] = entry + 1
    else:
        out[item + lane] = lanes[COUNT * PLANE + slot] | level_of(value) << 6 | place
