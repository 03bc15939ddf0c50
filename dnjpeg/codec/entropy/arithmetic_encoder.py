"""Coding of quantized blocks by the arithmetic procedures, sequential (T.81 F.1.4) and progressive (G.1.3).

Both do the same with a block: its DC coefficient if the scan's band has it, then the rest of the band. The band of a
sequential scan is all of it. Blocks that only fill up the last MCUs repeat the DC coefficient before and have no others
(A.2.4 leaves their content open; this is libjpeg's).
"""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.arithmetic import (
    AC_MAGNITUDE_HIGH,
    AC_MAGNITUDE_LOW,
    CONTEXTS,
    DC_MAGNITUDE,
    FIXED_BIN,
    KX,
    MAGNITUDE_BITS,
    STACKED,
    ZEROS,
    begin_encoding,
    classify_difference,
    encode_decision,
    end_encoding,
)
from dnjpeg.codec.entropy.scan import FAULT, INTERVAL, INTERVALS, LEFT, POSITION, PREDICTIONS, TOO_LARGE, reset_interval
from dnjpeg.codec.entropy.zigzag_masks import band_mask, reaching_zigzag
from dnjpeg.codec.format.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.format.zigzag import NATURAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import span, trailing_zeros

__all__ = ["code_arithmetic_mcus"]

# A block takes at most 63 AC coefficients of 31 decisions and a DC difference of 32 (those of 8-bit samples 23 and 24),
# each shifts at most 15 bits out, and all bytes may need stuffing.
BLOCK_BYTES = 2 * (64 * 32 * 15 // 8)
MCU_BYTES = 10 * BLOCK_BYTES + 16  # and the end of the interval, and a marker


@inlined
def _encode_magnitude(state, out, bins, at, rest, leading):
    """Rest of a magnitude category and its bits (figures F.8, F.9).

    Parameters
    ----------
    at : int
        Bin of the next decision about the category.
    rest : int
        The magnitude minus 1, at least `leading`.
    leading : int
        Highest bit of the category so far, 1 or 2.
    """
    while rest >= 2 * leading:
        encode_decision(state, out, bins, at, 1)
        leading <<= 1
        at += 1
    encode_decision(state, out, bins, at, 0)
    at += MAGNITUDE_BITS
    while leading > 1:
        leading >>= 1
        encode_decision(state, out, bins, at, 1 if rest & leading else 0)


@inlined
def _encode_dc(state, c, out, bins, table, limits, largest, value):
    """Difference to the DC value before (figures F.4, F.6, F.7)."""
    difference = value - state[PREDICTIONS + c]
    state[PREDICTIONS + c] = value
    if abs(difference) > largest:
        state[FAULT] = TOO_LARGE
        return
    at = table + state[CONTEXTS + c]
    encode_decision(state, out, bins, at, 1 if difference != 0 else 0)
    if difference == 0:
        state[CONTEXTS + c] = 0
        return
    negative = 1 if difference < 0 else 0
    encode_decision(state, out, bins, at + 1, negative)
    rest = abs(difference) - 1
    encode_decision(state, out, bins, at + 2 + negative, 1 if rest > 0 else 0)
    if rest > 0:
        _encode_magnitude(state, out, bins, table + DC_MAGNITUDE, rest, 1)
    classify_difference(state, c, limits, negative, rest)


@inlined
def _encode_zeros(state, out, bins, at, count):
    """Coefficients that stay zero, from the one with bins `at` on; returns the bins behind them."""
    for _ in range(count):
        encode_decision(state, out, bins, at + 1, 0)
        at += 3
    return at


@inlined
def _encode_ac(state, out, bins, table, kx, largest, coefficients, block, nonzero, start, end, low):
    """Coefficients of one band, shifted right by Al (figures F.5 to F.7); bit k of `nonzero` tells of the k-th."""
    k = start
    while nonzero:
        following = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        at = table + 3 * (k - 1)
        encode_decision(state, out, bins, at, 0)  # not the end of the block
        at = _encode_zeros(state, out, bins, at, following - k)
        k = following
        encode_decision(state, out, bins, at + 1, 1)
        value = coefficients[block + span(NATURAL)[k]]
        encode_decision(state, out, bins, FIXED_BIN, 1 if value < 0 else 0)
        rest = (abs(value) >> low) - 1
        if rest >= largest:
            state[FAULT] = TOO_LARGE
            return
        encode_decision(state, out, bins, at + 2, 1 if rest > 0 else 0)
        if rest > 0:
            encode_decision(state, out, bins, at + 2, 1 if rest > 1 else 0)
        if rest > 1:
            magnitude = AC_MAGNITUDE_LOW if k <= kx else AC_MAGNITUDE_HIGH
            _encode_magnitude(state, out, bins, table + magnitude, rest, 2)
        k += 1
    if k <= end:
        encode_decision(state, out, bins, table + 3 * (k - 1), 1)


@inlined
def _refine_ac(state, out, bins, table, coefficients, block, nonzero, known, start, end, low):
    """One more bit of the `known` coefficients, and new ones between them (figure G.10)."""
    k = start
    while nonzero:
        following = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        at = table + 3 * (k - 1)
        if known >> np.uint64(k) == 0:
            encode_decision(state, out, bins, at, 0)
        at = _encode_zeros(state, out, bins, at, following - k)
        k = following
        value = coefficients[block + span(NATURAL)[k]]
        if (known >> np.uint64(k)) & np.uint64(1):
            encode_decision(state, out, bins, at + 2, (abs(value) >> low) & 1)
        else:
            encode_decision(state, out, bins, at + 1, 1)
            encode_decision(state, out, bins, FIXED_BIN, 1 if value < 0 else 0)
        k += 1
    if k <= end:
        encode_decision(state, out, bins, table + 3 * (k - 1), 1)


@inlined
def _encode_mcu(state, scan, row, col, out, bins, limits, largest, coefficients, band):
    """All blocks of one MCU; one that only fills it up repeats the DC coefficient before and has no others."""
    start, end, high, low = band
    first = max(start, 1)
    for c in range(len(scan)):
        horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
        table = scan[c, AC_TABLE]
        dc = 0
        for y in range(row * vertical, (row + 1) * vertical):
            for x in range(col * horizontal, (col + 1) * horizontal):
                inside = y < scan[c, BLOCK_ROWS] and x < cols
                block = scan[c, FIRST] + 64 * (y * cols + x)
                if start == 0:
                    dc = coefficients[block] >> low if inside else dc
                    if high == 0:
                        _encode_dc(state, c, out, bins, scan[c, DC_TABLE], limits, largest[0], dc)
                    else:
                        encode_decision(state, out, bins, FIXED_BIN, dc & 1)
                if end == 0:
                    continue
                mask = band_mask(first, end) if inside else np.uint64(0)
                block = block if inside else 0
                nonzero = reaching_zigzag(coefficients, block, low) & mask
                if high == 0:
                    kx = limits[c, KX]
                    _encode_ac(state, out, bins, table, kx, largest[1], coefficients, block, nonzero, first, end, low)
                else:
                    known = reaching_zigzag(coefficients, block, high) & mask
                    _refine_ac(state, out, bins, table, coefficients, block, nonzero, known, first, end, low)


@inlined
def _encode_restart(state, out, bins):
    """End an interval with RSTm and begin the next (E.1.4)."""
    end_encoding(state, out)
    position = state[POSITION]
    out[position] = 0xFF
    out[position + 1] = 0xD0 + (state[INTERVALS] & 7)
    state[POSITION] = position + 2
    state[INTERVALS] += 1
    reset_interval(state)
    begin_encoding(state, bins)


@kernel
def code_arithmetic_mcus(state, scan, mcu_rows, mcu_cols, coefficients, band, limits, largest, bins, out, mcu):
    """Code MCUs of one scan from number `mcu` on while there is room, and its end.

    Parameters
    ----------
    state : ndarray, int64, (ARITHMETIC_STATE,)
        From `start_arithmetic_scan`; carries everything from call to call, `POSITION` where to write. `FAULT` is set
        if a coefficient is out of range.
    scan : ndarray, int64, (components, COLUMNS)
        From `with_bins`.
    mcu_rows, mcu_cols : int
        Of the scan.
    coefficients : ndarray, int16
        Of the whole image.
    band : tuple of int
        Ss, Se, Ah, Al.
    limits : ndarray, int64, (components, 3)
        From `conditioning`.
    largest : tuple of int
        The largest DC difference and AC coefficient.
    bins : ndarray, uint8, (BINS,)
        Keeps the statistics from call to call.
    out : ndarray, uint8
        Output.
    mcu : int
        How many MCUs are coded already.

    Returns
    -------
    int
        How many MCUs are coded now; all if there was a fault.
    """
    state, scan, coefficients, limits = span(state), span(scan), span(coefficients), span(limits)
    bins, out = span(bins), span(out)
    if mcu == 0:
        begin_encoding(state, bins)
    count = mcu_rows * mcu_cols
    while mcu < count and state[POSITION] + state[ZEROS] + 2 * state[STACKED] + MCU_BYTES <= len(out):
        if state[INTERVAL] > 0:
            if state[LEFT] == 0:
                _encode_restart(state, out, bins)
            state[LEFT] -= 1
        _encode_mcu(state, scan, mcu // mcu_cols, mcu % mcu_cols, out, bins, limits, largest, coefficients, band)
        mcu += 1
        if state[FAULT] != 0:
            return count
        if mcu == count:
            end_encoding(state, out)
    return mcu
