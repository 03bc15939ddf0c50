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

from dnjpeg.codec.entropy.scan import FILLED, POSITION, go_to_bit, next_interval
from dnjpeg.codec.entropy.sequential_decoder import decode_block
from dnjpeg.codec.format.layout import BLOCK_COLS, BLOCK_ROWS, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import clear, copy, load_big_endian, span

__all__ = ["bit_of", "decode_run", "go_to", "open_interval", "place_rows"]


@kernel
def open_interval(state, data, coded):
    """Unstuff the scan's data, which have no restarts; see `scan.next_interval`."""
    next_interval(span(state), span(data), span(coded))


def bit_of(state: npt.NDArray[np.int64]) -> int:
    """Where the scan goes on, in bits of the unstuffed data; `state` is from `start_scan`."""
    return 8 * int(state[POSITION]) - int(state[FILLED])


@kernel
def go_to(state, coded, bit):
    """Let the scan go on at a bit; see `scan.go_to_bit`."""
    go_to_bit(span(state), span(coded), bit)


@inlined
def _begin(coded, bit):
    """``position, word, filled`` as `refill` takes them."""
    word = load_big_endian(coded, bit >> 3) >> np.uint64(8) << np.uint64(8 + (bit & 7))
    return (bit >> 3) + 7, word, 56 - (bit & 7)


@kernel
def decode_run(coded, lookups, tables, first, last, begin, end, blocks, starts, others, phases, doubtful):
    """Decode block after block, until a bit, a number of blocks, a fault, or a block of another run.

    Parameters
    ----------
    coded : ndarray, uint8
        The unstuffed data, and `OVERRUN` zeros.
    lookups : ndarray, int64
        `joined_lookups`.
    tables : ndarray, int64, (blocks an MCU, 2)
        Where in them the DC and AC tables of each block of an MCU begin.
    first, last : int
        Index of the first block, which decides whose tables it has, and of the last but one.
    begin, end : int
        Bits: where the first block begins, and where none does any more.
    blocks : ndarray, int16
        Where the blocks go, natural order, DC as a difference.
    starts : ndarray, int64
        Where the bit goes at which each block begins, and that behind the last.
    others : ndarray, int64
        The same of another run, in ascending order, at whose blocks this one ends; empty if there is none.
    phases : int
        The index of such a block differs from that in the other run by a multiple of this.
    doubtful : int
        In blocks before this index a fault does not end the run: it may still be reading nonsense.

    Returns
    -------
    index : int
        Of the block behind the last that was decoded.
    met : int
        Index of that block in the other run, or -1.
    wrong : bool
        Whether it ended with a fault; that block does not count.
    sound : int
        Index behind the last block with a fault that did not end it.
    """
    coded, lookups, tables, blocks = span(coded), span(lookups), span(tables), span(blocks)
    starts, others = span(starts), span(others)
    position, word, filled = _begin(coded, begin)
    index, slot, other, sound = first, first % len(tables), 0, first
    while True:
        bit = 8 * position - filled
        starts[index] = bit
        while other < len(others) and others[other] < bit:
            other += 1
        if other < len(others) and others[other] == bit and (index - other) % phases == 0:
            return index, other, False, sound
        if index >= last or bit >= end:
            return index, -1, False, sound
        clear(blocks, 64 * index, 64)
        position, word, filled, difference, fault = decode_block(
            position, word, filled, coded, lookups, tables[slot, 0], tables[slot, 1], blocks, 64 * index
        )
        if fault != 0:
            if index >= doubtful:
                return index, -1, True, sound
            sound = index + 1
        blocks[64 * index] = difference
        index += 1
        slot += 1
        if slot == len(tables):
            slot = 0


@kernel
def place_rows(blocks, seam, others, then, first, last, mcu_cols, scan, predictions, coefficients, filler):
    """Put the blocks of some rows of MCUs in their places, with their DC.

    Parameters
    ----------
    blocks, others : ndarray, int16
        From `decode_run`: those before the index `seam` of the first, and from `then` on those of the second.
    seam, then : int
    first, last : int
        The first row of MCUs, with which `coefficients` begins, and that behind the last.
    mcu_cols : int
    scan : ndarray, int64
        As in `sequential_decoder.decode_mcu_row`.
    predictions : ndarray, int64
        DC of the last block of each component; carried from call to call.
    coefficients : ndarray, int16
    filler : int
        Index of a block in `coefficients` for what has no place.
    """
    blocks, others, scan, predictions = span(blocks), span(others), span(scan), span(predictions)
    coefficients = span(coefficients)
    index = 0
    for row in range(first, last):
        for col in range(mcu_cols):
            for c in range(len(scan)):
                horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
                prediction = predictions[c]
                for y in range(row * vertical, (row + 1) * vertical):
                    line = scan[c, FIRST] + 64 * (y - first * vertical) * cols
                    for x in range(col * horizontal, (col + 1) * horizontal):
                        block = line + 64 * x if y < scan[c, BLOCK_ROWS] and x < cols else filler
                        if index < seam:
                            prediction += blocks[64 * index]
                            copy(blocks, 64 * index, coefficients, block, 64)
                        else:
                            at = 64 * (index - seam + then)
                            prediction += others[at]
                            copy(others, at, coefficients, block, 64)
                        coefficients[block] = prediction
                        index += 1
                predictions[c] = prediction
