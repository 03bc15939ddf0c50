"""Quantized blocks to tokens by the progressive Huffman procedures (T.81 Annex G), scan by scan.

Where the standard leaves a choice (when a run of ended bands or the correction bits in waiting are written out), it is
libjpeg's.
"""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.scan import EOB_RUN, INTERVAL, LEFT, PENDING, PREDICTIONS, reset_interval
from dnjpeg.codec.entropy.sequential_encoder import put_value
from dnjpeg.codec.entropy.tokens import COUNTS, RAW, RESTART, count_symbols, join_counts
from dnjpeg.codec.entropy.zigzag_masks import band_mask, reaching_zigzag
from dnjpeg.codec.format.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.format.zigzag import NATURAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import bit_length, clear, span, trailing_zeros

__all__ = ["CORRECTIONS", "tokenize_progressive"]

LONGEST_RUN = 0x7FFF  # of ended bands
MOST_PENDING = 1000 - 63  # correction bits that may wait when a block ends, so that one more block's fit
CORRECTIONS = 1024  # never more than MOST_PENDING + 63 wait


@inlined
def _put(tokens, count, code, bits):
    """Append a token; returns their number."""
    tokens[count] = code << 16 | bits
    return count + 1


@inlined
def _put_corrections(tokens, count, corrections, first, waiting):
    """Append the correction bits that were kept back, sixteen at a time."""
    last = first + waiting
    while first < last:
        size = min(last - first, 16)
        bits = 0
        for i in range(first, first + size):
            bits = bits << 1 | corrections[i]
        count = _put(tokens, count, RAW + size, bits)
        first += size
    return count


@inlined
def _put_run(state, tokens, count, table, corrections):
    """Append the run of ended bands, if there is one, and the correction bits of its blocks (figure G.4)."""
    run = state[EOB_RUN]
    if run == 0:
        return count
    size = bit_length(np.uint64(run)) - 1
    count = _put(tokens, count, table + (size << 4), 0)
    if size > 0:
        count = _put(tokens, count, RAW + size, run & ((1 << size) - 1))
    count = _put_corrections(tokens, count, corrections, 0, state[PENDING])
    state[EOB_RUN], state[PENDING] = 0, 0
    return count


@inlined
def _tokenize_dc(state, scan, row, col, coefficients, tokens, count, high, low, wide):
    """All blocks of one MCU of a DC scan (G.1.2.1); a block that only fills it up repeats the one before."""
    for c in range(len(scan)):
        horizontal, vertical, cols = scan[c, HORIZONTAL], scan[c, VERTICAL], scan[c, BLOCK_COLS]
        value = 0
        for y in range(row * vertical, (row + 1) * vertical):
            for x in range(col * horizontal, (col + 1) * horizontal):
                if y < scan[c, BLOCK_ROWS] and x < cols:
                    value = coefficients[scan[c, FIRST] + 64 * (y * cols + x)] >> low
                if high != 0:
                    count = _put(tokens, count, RAW + 1, value & 1)
                    continue
                count = put_value(tokens, count, scan[c, DC_TABLE], value - state[PREDICTIONS + c], wide)
                state[PREDICTIONS + c] = value
    return count


@inlined
def _tokenize_ac_first(state, coefficients, block, tokens, count, table, corrections, start, end, low, wide):
    """One band of one block, shifted right by Al (figure G.3)."""
    nonzero = reaching_zigzag(coefficients, block, low) & band_mask(start, end)
    if nonzero == 0:
        state[EOB_RUN] += 1
        if state[EOB_RUN] < LONGEST_RUN:
            return count
    count = _put_run(state, tokens, count, table, corrections)
    previous = start - 1
    while nonzero:
        k = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        run = k - previous - 1
        previous = k
        while run > 15:
            count = _put(tokens, count, table + 0xF0, 0)
            run -= 16
        value = coefficients[block + span(NATURAL)[k]]
        shifted = value >> low if value >= 0 else -((-value) >> low)
        count = put_value(tokens, count, table + (run << 4), shifted, wide)
    if start <= previous < end:
        state[EOB_RUN] = 1
    return count


@inlined
def _tokenize_ac_refine(state, coefficients, block, tokens, count, table, corrections, start, end, low):
    """One more bit of known coefficients, and new ones between them (figures G.7 to G.9)."""
    nonzero = reaching_zigzag(coefficients, block, low) & band_mask(start, end)
    new = nonzero & ~reaching_zigzag(coefficients, block, low + 1)
    first, waiting = state[PENDING], 0  # this block's correction bits lie behind those of the run before it
    previous = start - 1
    run = 0
    while nonzero:
        k = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        run += k - previous - 1
        previous = k
        while run > 15 and (new >> np.uint64(k)) != 0:  # runs beyond the last new coefficient are left to the end
            count = _put_run(state, tokens, count, table, corrections)
            count = _put(tokens, count, table + 0xF0, 0)
            run -= 16
            count = _put_corrections(tokens, count, corrections, first, waiting)
            first, waiting = 0, 0
        value = coefficients[block + span(NATURAL)[k]]
        if (new >> np.uint64(k)) & np.uint64(1) == 0:
            corrections[first + waiting] = (abs(value) >> low) & 1
            waiting += 1
            continue
        count = _put_run(state, tokens, count, table, corrections)
        count = _put(tokens, count, table + (run << 4) + 1, 1 if value > 0 else 0)
        count = _put_corrections(tokens, count, corrections, first, waiting)
        first, waiting, run = 0, 0, 0
    if run > 0 or previous < end or waiting > 0:
        state[EOB_RUN] += 1
        state[PENDING] = first + waiting
        if state[EOB_RUN] == LONGEST_RUN or state[PENDING] > MOST_PENDING:
            count = _put_run(state, tokens, count, table, corrections)
    return count


@inlined
def _tokenize_mcu(state, scan, row, col, coefficients, tokens, count, corrections, band, wide):
    start, end, high, low = band
    if start == 0:
        return _tokenize_dc(state, scan, row, col, coefficients, tokens, count, high, low, wide)
    block = scan[0, FIRST] + 64 * (row * scan[0, BLOCK_COLS] + col)
    table = scan[0, AC_TABLE]
    if high == 0:
        return _tokenize_ac_first(state, coefficients, block, tokens, count, table, corrections, start, end, low, wide)
    return _tokenize_ac_refine(state, coefficients, block, tokens, count, table, corrections, start, end, low)


@kernel
def tokenize_progressive(state, scan, mcu_rows, mcu_cols, coefficients, band, tokens, counts, corrections, wide):
    """Make and count the tokens of one scan.

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
        From `start_scan`.
    scan : ndarray, int64, (components, COLUMNS)
        From `scan_layout`; `DC_TABLE` and `AC_TABLE` are indices of codes.
    mcu_rows, mcu_cols : int
        Of the scan.
    coefficients : ndarray, int16
        Of the whole image.
    band : tuple of int
        Ss, Se, Ah, Al: 0, 0 for DC, else a band of one component.
    tokens : ndarray, int32
        Where they go, with `ScanPlan.token_room`.
    counts : ndarray, int64, (COUNTS,)
        As `join_counts` leaves them.
    corrections : ndarray, uint8, (CORRECTIONS,)
        Scratch.
    wide : bool
        Whether samples have 12 bits.

    Returns
    -------
    int
        Their number.
    """
    state, scan, coefficients = span(state), span(scan), span(coefficients)
    tokens, corrections = span(tokens), span(corrections)
    count = 0
    for row in range(mcu_rows):
        for col in range(mcu_cols):
            if state[INTERVAL] > 0:
                if state[LEFT] == 0:
                    count = _put_run(state, tokens, count, scan[0, AC_TABLE], corrections)
                    count = _put(tokens, count, RESTART, 0)
                    reset_interval(state)
                state[LEFT] -= 1
            count = _tokenize_mcu(state, scan, row, col, coefficients, tokens, count, corrections, band, wide)
    count = _put_run(state, tokens, count, scan[0, AC_TABLE], corrections)
    counts = span(counts)
    clear(counts, 0, COUNTS)
    count_symbols(tokens, 0, count, counts)
    join_counts(counts)
    return count
