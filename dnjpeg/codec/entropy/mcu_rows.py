"""Rows of MCUs of a sequential scan: what was decoded ahead, and else what is decoded symbol by symbol."""

from __future__ import annotations

from dnjpeg.codec.entropy.ahead import decode_ahead, mcus_ahead, note_alone, take_mcus
from dnjpeg.codec.entropy.sequential_decoder import decode_mcus
from dnjpeg.codec.format.layout import BLOCK_COLS, BLOCK_ROWS, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import clear

__all__ = ["clear_mcus", "decode_mcu_row"]


@inlined
def clear_mcus(scan, row, first_row, col, coefficients):
    """Set the coefficients of the MCUs of a row to zero, from a column on; see `decode_mcu_row`."""
    for c in range(len(scan)):
        vertical, cols = scan[c, VERTICAL], scan[c, BLOCK_COLS]
        begin = min(col * scan[c, HORIZONTAL], cols)
        for y in range(row * vertical, min((row + 1) * vertical, scan[c, BLOCK_ROWS])):
            line = scan[c, FIRST] + 64 * (y - first_row * vertical) * cols
            clear(coefficients, line + 64 * begin, 64 * (cols - begin))


@inlined
def decode_mcu_row(state, scan, row, first_row, mcu_cols, data, coded, lookups, coefficients, filler, ahead, keeps):
    """Decode one row of MCUs (figure E.9).

    Where the data of an interval end too early, the MCU is completed from zero bits and the rest of the interval is
    left as it is, as libjpeg does.

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
        From `start_scan`; carries everything from row to row. `FAULT` tells the first thing that went wrong.
    scan : ndarray, int64, (components, COLUMNS)
        From `scan_layout`; `DC_TABLE` and `AC_TABLE` are indices into `lookups`.
    row, first_row : int
        This row of MCUs, and the one with which `coefficients` begins.
    mcu_cols : int
        MCUs in a row.
    data : ndarray, uint8
        The whole file.
    coded : ndarray, uint8
        Scratch for the unstuffed bytes of an interval: room for all of `data`, and `OVERRUN` zeros.
    lookups : ndarray, int64
        `joined_lookups`.
    coefficients : ndarray, int16
        Where the blocks go, natural order.
    filler : int
        Index of a block in `coefficients` for what has no place.
    ahead : tuple of span, or None
        `lane_spans`.
    keeps : bool
        Where there are no data for blocks, their coefficients stay what they were, all but DC zero; else they become
        zero.
    """
    col = 0
    if ahead is not None:
        while col < mcu_cols:
            count = mcus_ahead(state, ahead)
            if count == 0:
                mcu_rows = -(-scan[0, BLOCK_ROWS] // scan[0, VERTICAL])
                mcus = (mcu_rows - row) * mcu_cols - col
                if not decode_ahead(state, scan, mcus, data, coded, lookups, ahead, 1 << 31):
                    break
                count = mcus_ahead(state, ahead)
            behind = min(col + count, mcu_cols)
            take_mcus(state, scan, row, first_row, col, behind, ahead, coefficients, filler)
            col = behind
    if col < mcu_cols and not keeps:
        clear_mcus(scan, row, first_row, col, coefficients)
    decode_mcus(state, scan, row, first_row, col, mcu_cols, data, coded, lookups, coefficients, filler)
    note_alone(state, mcu_cols - col)
