"""Decoding of quantized blocks by the arithmetic procedures, sequential (T.81 F.2.4) and progressive (G.2.3).

Both do the same with a block: its DC coefficient if the scan's band has it, then the rest of the band. The band of a
sequential scan is all of it.
"""

from __future__ import annotations

from dnjpeg.codec.entropy.arithmetic import (
    AC_MAGNITUDE_HIGH,
    AC_MAGNITUDE_LOW,
    CONTEXTS,
    DC_MAGNITUDE,
    FIXED_BIN,
    KX,
    MAGNITUDE_BITS,
    SIZE,
    begin_decoding,
    classify_difference,
    decode_decision,
)
from dnjpeg.codec.entropy.scan import (
    BEGIN,
    END,
    FAULT,
    FILLED,
    INTERVALS,
    OUT_OF_DATA,
    PAST_BLOCK,
    POSITION,
    PREDICTIONS,
    SOURCE,
    TOO_LARGE,
    begin_mcu,
    note_fault,
    stopped,
)
from dnjpeg.codec.format.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.format.zigzag import NATURAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import span

__all__ = ["decode_arithmetic_rows"]

LARGEST = 1 << 15


@inlined
def _decode_magnitude(state, coded, bins, at, leading):
    """Rest of a magnitude category and its bits (figures F.23, F.24): at most 13 bins on, and as many from 14 on.

    Parameters
    ----------
    at : int
        Bin of the next decision about the category.
    leading : int
        Highest bit of the category so far, 1 or 2.

    Returns
    -------
    int
        The magnitude minus 1; -1 if it has too many bits.
    """
    while decode_decision(state, coded, bins, at):
        leading <<= 1
        if leading == LARGEST:
            return -1
        at += 1
    value = leading
    at += MAGNITUDE_BITS
    while leading > 1:
        leading >>= 1
        if decode_decision(state, coded, bins, at):
            value |= leading
    return value


@inlined
def _decode_dc(state, c, coded, bins, table, limits, coefficients, block, low):
    """DC difference (figures F.19, F.21, F.22), of the value shifted right by Al. Returns 0 or what went wrong."""
    at = table + state[CONTEXTS + c]
    if not decode_decision(state, coded, bins, at):
        state[CONTEXTS + c] = 0
    else:
        negative = decode_decision(state, coded, bins, at + 1)
        rest = decode_decision(state, coded, bins, at + 2 + negative)
        if rest:
            rest = _decode_magnitude(state, coded, bins, table + DC_MAGNITUDE, 1)
            if rest < 0:
                return TOO_LARGE
        classify_difference(state, c, limits, negative, rest)
        state[PREDICTIONS + c] += -(rest + 1) if negative else rest + 1
    coefficients[block] = state[PREDICTIONS + c] << low
    return 0


@inlined
def _decode_ac(state, coded, bins, table, kx, coefficients, block, start, end, low):
    """Coefficients of one band, shifted right by Al (figures F.20 to F.22). Returns 0 or what went wrong."""
    k = start
    while k <= end:
        at = table + 3 * (k - 1)
        if decode_decision(state, coded, bins, at):  # end of block
            break
        while not decode_decision(state, coded, bins, at + 1):
            at += 3
            k += 1
            if k > end:
                return PAST_BLOCK
        negative = decode_decision(state, coded, bins, FIXED_BIN)
        rest = decode_decision(state, coded, bins, at + 2)
        if rest and decode_decision(state, coded, bins, at + 2):
            magnitude = AC_MAGNITUDE_LOW if k <= kx else AC_MAGNITUDE_HIGH
            rest = _decode_magnitude(state, coded, bins, table + magnitude, 2)
            if rest < 0:
                return TOO_LARGE
        coefficients[block + span(NATURAL)[k]] = (-(rest + 1) if negative else rest + 1) << low
        k += 1
    return 0


@inlined
def _refine_ac(state, coded, bins, table, coefficients, block, start, end, low):
    """One more bit of known coefficients, and new ones between them (figure G.11). Returns 0 or what went wrong."""
    bit = 1 << low
    known = end  # up to here the block cannot end
    while known >= start and coefficients[block + span(NATURAL)[known]] == 0:
        known -= 1
    k = start
    while k <= end:
        at = table + 3 * (k - 1)
        if k > known and decode_decision(state, coded, bins, at):
            break
        index = block + span(NATURAL)[k]
        while coefficients[index] == 0 and not decode_decision(state, coded, bins, at + 1):
            at += 3
            k += 1
            if k > end:
                return PAST_BLOCK
            index = block + span(NATURAL)[k]
        if coefficients[index] == 0:
            coefficients[index] = -bit if decode_decision(state, coded, bins, FIXED_BIN) else bit
        elif decode_decision(state, coded, bins, at + 2):
            coefficients[index] += -bit if coefficients[index] < 0 else bit
        k += 1
    return 0


@inlined
def _decode_block(state, c, coded, bins, scan, limits, coefficients, block, band):
    start, end, high, low = band
    fault = 0
    if start == 0 and high == 0:
        fault = _decode_dc(state, c, coded, bins, scan[c, DC_TABLE], limits, coefficients, block, low)
    elif start == 0:
        coefficients[block] |= decode_decision(state, coded, bins, FIXED_BIN) << low
    if end == 0 or fault != 0:
        return fault
    table, first = scan[c, AC_TABLE], max(start, 1)
    if high == 0:
        return _decode_ac(state, coded, bins, table, limits[c, KX], coefficients, block, first, end, low)
    return _refine_ac(state, coded, bins, table, coefficients, block, first, end, low)


@inlined
def _decode_mcu(state, scan, row, col, coded, bins, limits, coefficients, filler, band):
    """All blocks of one MCU; those that only fill it up go to `filler`. Returns 0 or what went wrong."""
    for c in range(len(scan)):
        horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
        for y in range(row * vertical, (row + 1) * vertical):
            for x in range(col * horizontal, (col + 1) * horizontal):
                inside = y < scan[c, BLOCK_ROWS] and x < cols
                block = scan[c, FIRST] + 64 * (y * cols + x) if inside else filler
                fault = _decode_block(state, c, coded, bins, scan, limits, coefficients, block, band)
                if fault != 0:
                    return fault
    return 0


@kernel
def decode_arithmetic_rows(state, scan, mcu_rows, mcu_cols, band, limits, bins, data, coded, coefficients, filler):
    """Decode one scan.

    Data that end early go on as zeros, for zeros at the end of an interval may be left out (D.1.8): only a marker tells
    that they were complete, and it is a fault if there is none. After a fault of another kind, the rest of its interval
    is left as it is.

    Parameters
    ----------
    state : ndarray, int64, (ARITHMETIC_STATE,)
        From `start_arithmetic_scan`.
    scan : ndarray, int64, (components, COLUMNS)
        From `with_bins`.
    mcu_rows, mcu_cols : int
        Of the scan.
    band : tuple of int
        Ss, Se, Ah, Al; 0, 63, 0, 0 for a sequential scan.
    limits : ndarray, int64, (components, 3)
        From `conditioning`.
    bins : ndarray, uint8, (BINS,)
        Scratch.
    data, coded, filler
        As in `sequential_decoder.decode_mcu_row`.
    coefficients : ndarray, int16
        Of the whole image; they hold what earlier scans gave.
    """
    state, scan, limits, bins = span(state), span(scan), span(limits), span(bins)
    data, coded, coefficients = span(data), span(coded), span(coefficients)
    for row in range(mcu_rows):
        for col in range(mcu_cols):
            intervals = state[INTERVALS]
            begin_mcu(state, data, coded)
            if state[INTERVALS] != intervals:
                begin_decoding(state, coded, bins)
                if state[SOURCE] + 1 >= len(data) and state[FAULT] == 0:
                    note_fault(state, OUT_OF_DATA, state[BEGIN], state[END])
            if state[SIZE] == 0:
                continue
            fault = _decode_mcu(state, scan, row, col, coded, bins, limits, coefficients, filler, band)
            if fault != 0:
                state[SIZE] = 0
            if fault != 0 and state[FAULT] == 0:
                note_fault(state, fault, state[BEGIN], min(state[POSITION] - (state[FILLED] >> 3), state[END]))
            if stopped(state):
                return
