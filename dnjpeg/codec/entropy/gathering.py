"""What is coded of a row of MCUs, gathered in lists.

How many coefficients a block has cannot be foreseen: a loop over them guesses its end wrong once a block. So whatever
has to be done for each is left to a loop of its own, which goes over the lists without regard to blocks; and where the
CPU has instructions that move chosen lanes together, gathering needs no loop either. An entry of the lists is

    value    a coefficient or DC difference; 0 for 16 zeros before a coefficient, and for the end of a block
    place    bits 0..6: position in the zigzag sequence, 0 for DC, `END` for the end of a block
             bit 7: slot of the Huffman tables

The first one has the index `MARGIN`; what lies before and behind may be written and read, and means nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.zigzag_masks import nonzero_zigzag
from dnjpeg.codec.format.layout import BLOCK_COLS, BLOCK_ROWS, FIRST, VERTICAL
from dnjpeg.codec.format.zigzag import NATURAL, ZIGZAG
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import (
    COMPRESSES,
    Memory,
    Scalar,
    count_ones,
    leading_zeros,
    mostly_zero,
    operation,
    span,
    trailing_zeros,
)

__all__ = [
    "END",
    "MARGIN",
    "Lists",
    "begin_lists",
    "gather_block",
    "gather_empty",
    "list_memory",
    "list_spans",
    "slot_bit",
]

END = 64
MARGIN = 64
AT_ONCE = 4  # entries: those beyond the last one mean nothing

Lists = tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8], npt.NDArray[np.int64]]
"""Values, places, and masks of nonzero coefficients by block."""


def list_memory(entries: int, blocks: int) -> Lists:
    """Scratch memory for so many entries, and for the masks of `blocks`."""
    size = entries + 2 * MARGIN
    return scratch("values", size, np.int16), scratch("places", size, np.uint8), scratch("masks", blocks, np.int64)


@inlined
def list_spans(lists):
    """Spans over `Lists`."""
    values, places, masks = lists
    return span(values), span(places), span(masks)


@inlined
def slot_bit(tables):
    """Slot of a component's tables, given its `DC_TABLE`, as the places have it."""
    return tables >> 1


@inlined
def begin_lists(scan, row, first_row, coefficients, lists):
    """Prepare for one row of MCUs; returns the index of the first entry.

    A loop over the coefficients of a block waits for their mask: that should be there before, so those of all blocks
    are found at once.
    """
    if not COMPRESSES:
        _, _, masks = lists
        for c in range(len(scan)):
            vertical, cols = scan[c, VERTICAL], scan[c, BLOCK_COLS]
            lines = min(vertical, scan[c, BLOCK_ROWS] - row * vertical)
            first = scan[c, FIRST] + 64 * (row - first_row) * vertical * cols
            for index in range(first >> 6, (first >> 6) + lines * cols):
                masks[index] = np.int64(nonzero_zigzag(coefficients, 64 * index))
    return MARGIN


@inlined
def _nonzero(coefficients, block, lists):
    if COMPRESSES:
        return nonzero_zigzag(coefficients, block)
    _, _, masks = lists
    return np.uint64(masks[block >> 6])


@inlined
def _gaps(mask):
    """Positions, below the last coefficient, that lie more than 15 behind the one before them."""
    reached = mask | mask << np.uint64(1)
    reached |= reached << np.uint64(2)
    reached |= reached << np.uint64(4)
    reached |= reached << np.uint64(8)
    return ~reached & (~np.uint64(0) >> np.uint64(leading_zeros(mask)))


@inlined
def _with_long_runs(mask):
    """Add every sixteenth zero before a coefficient: ZRL is the symbol of a zero behind 15 zeros (F.1.2.2.1)."""
    gaps = _gaps(mask)
    while mostly_zero(np.int64(gaps)):
        mask |= gaps & ~(gaps << np.uint64(1))
        gaps = _gaps(mask)
    return mask


@operation()
def _compress(
    coefficients: Memory, block: Scalar, low: Scalar, high: Scalar, values: Memory, at: Scalar, middle: Scalar
) -> None:
    zigzag = coefficients.load(block, 64).select(ZIGZAG)
    values.store(at, zigzag.part(0, 32).compressed(low))
    values.store(middle, zigzag.part(32, 32).compressed(high))


@operation()
def _compress_places(mask: Scalar, slot: Scalar, places: Memory, at: Scalar) -> None:
    places.store(at, (slot.splat(64, 8) + list(range(64))).compressed(mask))


@inlined
def _gather_at_once(coefficients, block, mask, slot, values, places, at):
    low = mask & np.uint64(0xFFFFFFFF)
    _compress(coefficients, block, low, mask >> np.uint64(32), values, at, at + count_ones(low))
    _compress_places(mask, slot, places, at)
    return at + count_ones(mask)


@inlined
def _gather_some_at_once(coefficients, block, mask, slot, values, places, at):
    end = at + count_ones(mask)
    while at < end:
        for i in range(AT_ONCE):
            k = trailing_zeros(mask)
            mask &= mask - np.uint64(1)
            values[at + i] = coefficients[block + span(NATURAL)[k]]
            places[at + i] = k + slot
        at += AT_ONCE
    return end


_gather = _gather_at_once if COMPRESSES else _gather_some_at_once


@inlined
def gather_block(coefficients, block, difference, slot, lists, at):
    """Append a block: DC difference, coefficients with ZRL between them, and its end if the last one is zero.

    Parameters
    ----------
    coefficients : span, int16
    block : int
        Index of its first coefficient.
    difference : int
        What does not fit 16 bits is no baseline file's, and becomes a value that is not either.
    slot : int
        `slot_bit`.
    lists : tuple of span
        `list_spans`.
    at : int
        How far the lists are filled.

    Returns
    -------
    int
        The new `at`.
    """
    values, places, _ = lists
    mask = _with_long_runs(_nonzero(coefficients, block, lists) | np.uint64(1))
    end = _gather(coefficients, block, mask, slot, values, places, at)
    values[at] = min(max(difference, -32768), 32767)
    values[end] = 0
    places[end] = END + slot
    return end + (1 - np.int64(mask >> np.uint64(63)))


@inlined
def gather_empty(slot, lists, at):
    """Append a block that only fills up an MCU: a difference of 0 and the end."""
    values, places, _ = lists
    values[at] = 0
    values[at + 1] = 0
    places[at] = slot
    places[at + 1] = END + slot
    return at + 2
