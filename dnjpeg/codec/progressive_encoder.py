"""Coding of quantized blocks by the progressive Huffman procedures (T.81 Annex G), scan by scan.

Where the standard leaves a choice (when a run of ended bands or the correction bits in waiting are written out), it is
libjpeg's. Each scan is gone through twice: once to count its symbols, once to code them.
"""

from __future__ import annotations

import numpy as np
from numba import types

from dnjpeg.codec.bits import put_bits
from dnjpeg.codec.jit import inlined, kernel
from dnjpeg.codec.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.scan import (
    EOB_RUN,
    FILLED,
    INTERVAL,
    LEFT,
    PENDING,
    POSITION,
    PREDICTIONS,
    WORD,
    encode_restart,
    end_interval,
    flush,
    reset_interval,
)
from dnjpeg.codec.sequential_encoder import magnitude_bits, row_room
from dnjpeg.codec.vector import Memory, Scalar, bit_length, operation, span, trailing_zeros
from dnjpeg.codec.zigzag import NATURAL, ZIGZAG

__all__ = ["CORRECTIONS", "band_mask", "code_progressive_rows", "count_progressive_symbols", "nonzero_zigzag"]

LONGEST_RUN = 0x7FFF  # of ended bands
MOST_PENDING = 1000 - 63  # correction bits that may wait when a block ends, so that one more block's fit
CORRECTIONS = 1024


@operation(types.uint64)
def nonzero_zigzag(coefficients: Memory, block: Scalar, low: Scalar) -> Scalar:
    """Bit k is set where the k-th coefficient of the zigzag sequence has a magnitude of ``2**low`` and more."""
    values = coefficients.load(block, 64)
    sign = values >> 15
    kept = ((values ^ sign) - sign) & low.all_above().splat(64, 16)
    return kept.nonzero_lanes().select(ZIGZAG).where_nonzero()


@inlined
def band_mask(start, end):
    """Bits `start` to `end`."""
    return (~np.uint64(0) >> np.uint64(63 - end)) & (~np.uint64(0) << np.uint64(start))


@inlined
def _emit(position, word, used, out, tables, table, symbol, bits, counting):
    """Count a symbol, or code it and the bits that belong to it. Returns the new ``position, word, used``."""
    if counting:
        tables[table + symbol] += 1
        return position, word, used
    entry = tables[table + symbol]
    return put_bits(out, position, word, used, (entry >> 8) | bits, entry & 255)


@inlined
def _emit_corrections(position, word, used, out, corrections, first, count, counting):
    """Code the correction bits that were kept back."""
    if not counting:
        for i in range(first, first + count):
            position, word, used = put_bits(out, position, word, used, corrections[i], 1)
    return position, word, used


@inlined
def _emit_run(state, position, word, used, out, tables, table, corrections, counting):
    """Code the run of ended bands, if there is one, and the correction bits of its blocks (figure G.4)."""
    run = state[EOB_RUN]
    if run > 0:
        size = bit_length(np.uint64(run)) - 1
        position, word, used = _emit(position, word, used, out, tables, table, size << 4, 0, counting)
        if not counting and size > 0:
            position, word, used = put_bits(out, position, word, used, run & ((1 << size) - 1), size)
        state[EOB_RUN] = 0
        position, word, used = _emit_corrections(position, word, used, out, corrections, 0, state[PENDING], counting)
        state[PENDING] = 0
    return position, word, used


@inlined
def _code_dc(state, scan, row, col, coefficients, out, tables, high, low, counting):
    """All blocks of one MCU of a DC scan (G.1.2.1); a block that only fills it up repeats the one before."""
    position, word, used = state[POSITION], np.uint64(state[WORD]), state[FILLED]
    for c in range(len(scan)):
        horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
        value = 0
        for y in range(row * vertical, (row + 1) * vertical):
            for x in range(col * horizontal, (col + 1) * horizontal):
                if y < scan[c, BLOCK_ROWS] and x < cols:
                    value = coefficients[scan[c, FIRST] + 64 * (y * cols + x)] >> low
                if high != 0:
                    if not counting:
                        position, word, used = put_bits(out, position, word, used, value & 1, 1)
                    continue
                size, bits = magnitude_bits(value - state[PREDICTIONS + c])
                state[PREDICTIONS + c] = value
                position, word, used = _emit(position, word, used, out, tables, scan[c, DC_TABLE], size, bits, counting)
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used


@inlined
def _code_ac_first(state, coefficients, block, out, tables, table, corrections, start, end, low, counting):
    """One band of one block, shifted right by Al (figure G.3)."""
    nonzero = nonzero_zigzag(coefficients, block, low) & band_mask(start, end)
    if nonzero == 0:
        state[EOB_RUN] += 1
        if state[EOB_RUN] < LONGEST_RUN:
            return
    position, word, used = state[POSITION], np.uint64(state[WORD]), state[FILLED]
    position, word, used = _emit_run(state, position, word, used, out, tables, table, corrections, counting)
    previous = start - 1
    while nonzero:
        k = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        run = k - previous - 1
        previous = k
        while run > 15:
            position, word, used = _emit(position, word, used, out, tables, table, 0xF0, 0, counting)
            run -= 16
        value = coefficients[block + span(NATURAL)[k]]
        size, bits = magnitude_bits(value >> low if value >= 0 else -((-value) >> low))
        symbol = (run << 4) + min(size, 15)
        position, word, used = _emit(position, word, used, out, tables, table, symbol, bits, counting)
    if start <= previous < end:
        state[EOB_RUN] = 1
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used


@inlined
def _code_ac_refine(state, coefficients, block, out, tables, table, corrections, start, end, low, counting):
    """One more bit of known coefficients, and new ones between them (figures G.7 to G.9)."""
    position, word, used = state[POSITION], np.uint64(state[WORD]), state[FILLED]
    nonzero = nonzero_zigzag(coefficients, block, low) & band_mask(start, end)
    new = nonzero & ~nonzero_zigzag(coefficients, block, low + 1)
    first, waiting = state[PENDING], 0  # this block's correction bits lie behind those of the run before it
    previous = start - 1
    run = 0
    while nonzero:
        k = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        run += k - previous - 1
        previous = k
        while run > 15 and (new >> np.uint64(k)) != 0:  # runs beyond the last new coefficient are left to the end
            position, word, used = _emit_run(state, position, word, used, out, tables, table, corrections, counting)
            position, word, used = _emit(position, word, used, out, tables, table, 0xF0, 0, counting)
            run -= 16
            position, word, used = _emit_corrections(position, word, used, out, corrections, first, waiting, counting)
            first, waiting = 0, 0
        value = coefficients[block + span(NATURAL)[k]]
        if (new >> np.uint64(k)) & np.uint64(1) == 0:
            corrections[first + waiting] = (abs(value) >> low) & 1
            waiting += 1
            continue
        position, word, used = _emit_run(state, position, word, used, out, tables, table, corrections, counting)
        sign = 1 if value > 0 else 0
        position, word, used = _emit(position, word, used, out, tables, table, (run << 4) + 1, sign, counting)
        position, word, used = _emit_corrections(position, word, used, out, corrections, first, waiting, counting)
        first, waiting, run = 0, 0, 0
    if run > 0 or previous < end or waiting > 0:
        state[EOB_RUN] += 1
        state[PENDING] = first + waiting
        if state[EOB_RUN] == LONGEST_RUN or state[PENDING] > MOST_PENDING:
            position, word, used = _emit_run(state, position, word, used, out, tables, table, corrections, counting)
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used


@inlined
def _end_run(state, scan, out, tables, corrections, counting):
    """Write out what waits at the end of an interval or scan."""
    position, word, used = _emit_run(
        state,
        state[POSITION],
        np.uint64(state[WORD]),
        state[FILLED],
        out,
        tables,
        scan[0, AC_TABLE],
        corrections,
        counting,
    )
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used


@inlined
def _code_mcu(state, scan, row, col, coefficients, out, tables, corrections, band, counting):
    start, end, high, low = band
    block = scan[0, FIRST] + 64 * (row * scan[0, BLOCK_COLS] + col)
    table = scan[0, AC_TABLE]
    if start == 0:
        _code_dc(state, scan, row, col, coefficients, out, tables, high, low, counting)
    elif high == 0:
        _code_ac_first(state, coefficients, block, out, tables, table, corrections, start, end, low, counting)
    else:
        _code_ac_refine(state, coefficients, block, out, tables, table, corrections, start, end, low, counting)


@kernel
def count_progressive_symbols(state, scan, mcu_rows, mcu_cols, coefficients, band, frequencies, corrections):
    """Count the symbols of one scan.

    Parameters
    ----------
    state, scan, mcu_rows, mcu_cols, coefficients
        As in `code_progressive_rows`; `DC_TABLE` and `AC_TABLE` are indices into `frequencies`.
    band : tuple of int
        Ss, Se, Ah, Al.
    frequencies : ndarray, int64
        256 a table; what was there is added to.
    corrections : ndarray, uint8, (CORRECTIONS,)
        Scratch.
    """
    state, scan, coefficients = span(state), span(scan), span(coefficients)
    frequencies, corrections = span(frequencies), span(corrections)
    for row in range(mcu_rows):
        for col in range(mcu_cols):
            if state[INTERVAL] > 0:
                if state[LEFT] == 0:
                    _end_run(state, scan, corrections, frequencies, corrections, True)
                    reset_interval(state)
                state[LEFT] -= 1
            _code_mcu(state, scan, row, col, coefficients, corrections, frequencies, corrections, band, True)
    _end_run(state, scan, corrections, frequencies, corrections, True)


@kernel
def code_progressive_rows(
    state, scan, mcu_rows, mcu_cols, coefficients, band, codes, corrections, coded, out, written, row
):
    """Code rows of MCUs of one scan from `row` on while there is room, and its end.

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
        From `start_scan`; carries everything from call to call.
    scan : ndarray, int64, (components, COLUMNS)
        From `scan_layout`; `DC_TABLE` and `AC_TABLE` are indices into `codes`.
    mcu_rows, mcu_cols : int
        Of the scan.
    coefficients : ndarray, int16
        Of the whole image.
    band : tuple of int
        Ss, Se, Ah, Al: 0, 0 for DC, else a band of one component.
    codes : ndarray, int64
        One or more `encoding_lookup`.
    corrections : ndarray, uint8, (CORRECTIONS,)
        Keeps correction bits from call to call.
    coded, out, written
        As in `sequential_encoder.encode_mcu_row`.

    Returns
    -------
    row, written : int
        The row to go on with, and where to write.
    """
    state, scan, coefficients, codes = span(state), span(scan), span(coefficients), span(codes)
    corrections, coded, out = span(corrections), span(coded), span(out)
    while row < mcu_rows and written + row_room(len(coded), mcu_cols) <= len(out):
        for col in range(mcu_cols):
            if state[INTERVAL] > 0:
                if state[LEFT] == 0:
                    _end_run(state, scan, coded, codes, corrections, False)
                    written = encode_restart(state, coded, out, written)
                state[LEFT] -= 1
            _code_mcu(state, scan, row, col, coefficients, coded, codes, corrections, band, False)
        row += 1
        if row == mcu_rows:
            _end_run(state, scan, coded, codes, corrections, False)
            written = end_interval(state, coded, out, written)
        else:
            written = flush(state, coded, out, written)
    return row, written
