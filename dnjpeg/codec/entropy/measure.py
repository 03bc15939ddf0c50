"""Where the bits of a scan go: how many each component spends on DC and on AC, by walking its codes."""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.bits import refill
from dnjpeg.codec.entropy.scan import BAD_CODE, END, FAULT, FILLED, PAST_BLOCK, POSITION, WORD, begin_mcu, end_mcu
from dnjpeg.codec.format.decoding_lookup import END_OF_BLOCK, INCOMPLETE, LOOKUP_BITS, first_drop, slow_decode
from dnjpeg.codec.format.layout import AC_TABLE, DC_TABLE, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import span

__all__ = ["measure_scan"]


@inlined
def _skip_code(state, coded, lookups, table, dc):
    """Pass over one code and the bits that belong to it.

    Returns their number as far as there are data, the coefficients that the code skips (`END_OF_BLOCK` for the rest),
    and 0 or what is wrong.
    """
    position, word, filled = refill(coded, state[POSITION], np.uint64(state[WORD]), state[FILLED])
    left = 8 * (state[END] - position) + filled
    entry = lookups[table + np.int64(word >> np.uint64(64 - LOOKUP_BITS))]
    fault = 0
    if entry & INCOMPLETE == 0:
        count, run = first_drop(entry), (entry >> 8) & 127
    else:
        symbol, count = slow_decode(lookups, table, np.int64(word >> np.uint64(48)), entry)
        if count > 16:
            fault = BAD_CODE
        size, run = symbol & 15, symbol >> 4
        count += size
        if not dc and size == 0 and run < 15:
            run = END_OF_BLOCK
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word << np.uint64(count)), filled - count
    return min(count, max(left, 0)), run, fault


@inlined
def _measure_block(state, coded, lookups, dc_table, ac_table, dc_only, bits, index):
    """Add the bits of one block to `bits`, its DC at `index` and its AC behind (figures F.13, F.14)."""
    count, run, fault = _skip_code(state, coded, lookups, dc_table, True)
    bits[index] += count
    if dc_only:
        return fault
    k = 1
    while k < 64:
        count, run, wrong = _skip_code(state, coded, lookups, ac_table, False)
        bits[index + 1] += count
        if wrong != 0:
            fault = wrong
        k += run + 1
    if 64 < k < END_OF_BLOCK:
        fault = PAST_BLOCK
    return fault


@kernel
def measure_scan(state, scan, mcu_rows, mcu_cols, data, coded, lookups, dc_only, bits):
    """Count the bits of one scan up to the first fault, without the values that they stand for.

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
        From `start_scan`; `FAULT` tells whether and why it ended early.
    scan : ndarray, int64, (components, COLUMNS)
        From `scan_layout`; `DC_TABLE` and `AC_TABLE` are indices into `lookups`.
    mcu_rows, mcu_cols : int
        Of the scan.
    data : ndarray, uint8
        The whole file.
    coded : ndarray, uint8
        Scratch for the unstuffed bytes of an interval: room for all of `data`, and `OVERRUN` zeros.
    lookups : ndarray, int64
        One or more `decoding_lookup`.
    dc_only : bool
        A progressive scan of DC coefficients, the first (G.1.2.1); otherwise a sequential scan.
    bits : ndarray, int64, (2 * components,)
        DC and AC of each component; what was there is added to.
    """
    state, scan, data, coded = span(state), span(scan), span(data), span(coded)
    lookups, bits = span(lookups), span(bits)
    for _ in range(mcu_rows * mcu_cols):
        if begin_mcu(state, data, coded):
            fault = 0
            for c in range(len(scan)):
                for _ in range(scan[c, HORIZONTAL] * scan[c, VERTICAL]):
                    wrong = _measure_block(
                        state, coded, lookups, scan[c, DC_TABLE], scan[c, AC_TABLE], dc_only, bits, 2 * c
                    )
                    if wrong != 0:
                        fault = wrong
            end_mcu(state, fault)
        if state[FAULT] != 0:
            return
