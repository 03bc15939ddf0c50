"""The blocks of an MCU, for a row of MCUs: a table that encoding goes through, whatever components and sampling are.

Four loops, one in the other, take as many instructions a block as to gather its coefficients. Decoding symbol by symbol
is not faster with the table.
"""

from __future__ import annotations

from dnjpeg.codec.entropy.scan import BLOCK_FIELDS, MCU_BLOCKS, PREDICTIONS
from dnjpeg.codec.format.layout import BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined

__all__ = ["MCUS", "PREDICTION", "START", "STEP", "TABLES", "list_blocks", "listed"]

# Fields of a block.
PREDICTION = 0  # index in the state
TABLES = 1  # `DC_TABLE` of its component
START = 2  # index of its first coefficient in the first MCU
STEP = 3  # from one MCU to the next
MCUS = 4  # how many MCUs have it; in the others it only fills up, and has no memory


@inlined
def list_blocks(state, scan, row, first_row):
    """Make the table for a row of MCUs, blocks in the order of A.2.3; returns their number.

    Parameters
    ----------
    state : span, int64, (STATE,)
    scan : span, int64, (components, COLUMNS)
        From `scan_layout`.
    row, first_row : int
        This row of MCUs, and the one with which the coefficients begin.
    """
    count = 0
    for c in range(len(scan)):
        horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
        for y in range(row * vertical, (row + 1) * vertical):
            line = scan[c, FIRST] + 64 * (y - first_row * vertical) * cols
            for x in range(horizontal):
                block = listed(count)
                state[block + PREDICTION] = PREDICTIONS + c
                state[block + TABLES] = scan[c, DC_TABLE]
                state[block + START], state[block + STEP] = line + 64 * x, 64 * horizontal
                state[block + MCUS] = -((x - cols) // horizontal) if y < scan[c, BLOCK_ROWS] else 0
                count += 1
    return count


@inlined
def listed(index):
    """Where the fields of a block of the MCU are in the state."""
    return MCU_BLOCKS + BLOCK_FIELDS * index
