"""What becomes of the coefficients that lanes decode.

They go to blocks (memory of 16 bits an item), each to its place, or to lists (32 bits an item), as they come: without
their blocks, for whoever only counts them; see `lane_lists`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from dnjpeg.codec.entropy.lane_memory import BLOCK, COUNT, ENTRY, ITEM, LIMIT, PLANE, load_row, store_row
from dnjpeg.codec.entropy.targets import LEVELS, MIDDLE, block_items, level_of
from dnjpeg.codec.format.zigzag import NATURAL, ZIGZAG
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Memory, Scalar, Vector, span

__all__ = [
    "ENTRIES",
    "ENTRY_ITEMS",
    "ITEMS",
    "MOST_ENTRIES",
    "Codes",
    "put_one",
    "target_of",
]

# In lists a token is a coefficient that is not DC, as an index into counts (`targets`); PLANE tells where those of a
# slot begin. Each code leaves one: that of a zero if it has none.
ITEMS = 1 << 19  # tokens that there is room for
MOST_ENTRIES = ITEMS // 2 + 4 * COUNT  # a block has two codes at least
ENTRIES = ITEMS + MOST_ENTRIES  # from here on: DC differences, from bit 16 on, and the lanes they are of
ENTRY_ITEMS = ENTRIES + MOST_ENTRIES  # from here on: index of the first lane's token when each of them came


class Codes(NamedTuple):
    """What one code of each lane says."""

    running: Vector  # whether there is one
    direct: Vector  # whether it is of DC
    slot: Vector
    place: Vector  # position of the coefficient in the zigzag sequence
    value: Vector
    ends: Vector  # whether its block ends


class _Blocks:
    """Coefficients go to their places in blocks; the state is a vector: where each lane's block is."""

    def __init__(self, lanes: Memory, out: Memory) -> None:
        self._lanes, self._out, self._limit = lanes, out, load_row(lanes, LIMIT)

    def start(self) -> list[Any]:
        return [load_row(self._lanes, BLOCK)]

    def put(self, state: list[Any], codes: Codes) -> list[Any]:
        (block,) = state
        # Two coefficients a lane: the other one is behind, and zero so far.
        self._out.scatter(block + codes.place, codes.value & 0xFFFF, codes.running & codes.place.below(64), 2)
        return [(block + 64).where(codes.ends, block)]

    def stops(self, state: list[Any], complete: Vector, before_stop: Vector) -> Vector:
        """Where an MCU is complete and no other one is to be begun."""
        return complete & ((before_stop & state[0].below(self._limit)) ^ 1)

    def is_full(self, _state: list[Any]) -> Scalar:
        return self._lanes.constant(0)

    def finish(self, state: list[Any]) -> None:
        store_row(self._lanes, BLOCK, state[0])


class _Lists:
    """Coefficients become tokens, a vector a code, and DC differences entries; the state is where the next ones go."""

    def __init__(self, lanes: Memory, out: Memory) -> None:
        self._lanes, self._out, self._planes = lanes, out, load_row(lanes, PLANE)

    def start(self) -> list[Any]:
        return [self._lanes.load_scalar(self._lanes.constant(number)) for number in (ITEM, ENTRY)]

    def put(self, state: list[Any], codes: Codes) -> list[Any]:
        item, entry = state
        value = codes.value.where(codes.running & (codes.direct ^ 1), 0)
        natural = value.seen_as(8).filled_with(ZIGZAG).chosen(codes.place.seen_as(8)).seen_as(32)
        level = (value + MIDDLE).at_most(LEVELS - 1)
        self._out.store(item, self._planes.chosen(codes.slot) | level << 6 | natural)
        direct = (codes.running & codes.direct).ones()
        self._out.store(entry, (codes.value << 16 | value.filled_with(range(COUNT))).compressed(direct))
        self._out.store(entry + MOST_ENTRIES, item.splat(COUNT, 32))
        return [item + COUNT, entry + direct.count_ones()]

    def stops(self, _state: list[Any], complete: Vector, before_stop: Vector) -> Vector:
        return complete & (before_stop ^ 1)

    def is_full(self, state: list[Any]) -> Scalar:
        return state[0].at_least(ITEMS - COUNT)

    def finish(self, state: list[Any]) -> None:
        for number, scalar in zip((ITEM, ENTRY), state, strict=True):
            self._lanes.store_scalar(self._lanes.constant(number), scalar)


def target_of(lanes: Memory, out: Memory) -> _Blocks | _Lists:
    """Target for the coefficients, by the width of its items."""
    return (_Blocks if out.bits == 16 else _Lists)(lanes, out)


@inlined
def put_one(lanes, lane, slot, place, value, out):
    """Put a coefficient of one lane where it belongs."""
    if block_items(out) != 0:
        out[lanes[COUNT * BLOCK + lane] + place] = value
        return
    item = lanes[ITEM] - 2 * COUNT  # the lane has left two zeros there
    if place == 0:
        entry = lanes[ENTRY]
        out[entry] = value << 16 | lane
        out[entry + MOST_ENTRIES] = item
        lanes[ENTRY] = entry + 1
    else:
        out[item + lane] = lanes[COUNT * PLANE + slot] | level_of(value) << 6 | span(NATURAL)[place]
