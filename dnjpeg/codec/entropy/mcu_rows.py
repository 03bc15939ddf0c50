"""Rows of MCUs of a sequential scan: what was decoded ahead, and else what is decoded symbol by symbol."""

from __future__ import annotations

from dnjpeg.codec.entropy.ahead import decode_ahead, mcus_ahead, take_mcus
from dnjpeg.codec.entropy.sequential_decoder import decode_mcus
from dnjpeg.codec.format.layout import BLOCK_ROWS, VERTICAL
from dnjpeg.codec.kernels.jit import inlined

__all__ = ["decode_mcu_row"]


@inlined
def decode_mcu_row(state, scan, row, first_row, mcu_cols, data, coded, lookups, coefficients, filler, ahead):
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
        Where the blocks go, natural order; zero before.
    filler : int
        Index of a block in `coefficients` for what has no place.
    ahead : tuple of span, or None
        `lane_spans`.
    """
    col = 0
    if ahead is not None:
        while col < mcu_cols:
            count = mcus_ahead(state, ahead)
            if count == 0:
                mcu_rows = -(-scan[0, BLOCK_ROWS] // scan[0, VERTICAL])
                if not decode_ahead(state, scan, (mcu_rows - row) * mcu_cols - col, data, coded, lookups, ahead):
                    break
                count = mcus_ahead(state, ahead)
            behind = min(col + count, mcu_cols)
            take_mcus(state, scan, row, first_row, col, behind, ahead, coefficients, filler)
            col = behind
    decode_mcus(state, scan, row, first_row, col, mcu_cols, data, coded, lookups, coefficients, filler)
