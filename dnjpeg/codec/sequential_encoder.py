"""Coding of quantized blocks by the sequential Huffman procedures (T.81 F.1.2), a row of MCUs at a time.

Blocks are in natural order. Blocks that only fill up the last MCUs have no memory: they are coded as a zero difference
and an end of block (A.2.4 leaves their content open; this is libjpeg's).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.bits import PADDING, put_bits
from dnjpeg.codec.jit import inlined, kernel
from dnjpeg.codec.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.scan import FILLED, INTERVAL, LEFT, POSITION, PREDICTIONS, WORD, encode_restart, flush, reset_interval
from dnjpeg.codec.vector import Memory, Scalar, bit_length, operation, span, trailing_zeros
from dnjpeg.codec.zigzag import NATURAL, ZIGZAG

__all__ = ["count_symbols", "encode_mcu_row", "magnitude_bits", "row_bytes", "row_room"]

# A block takes at most 63 AC coefficients of 16 + 10 bits and one DC of 16 + 11.
BLOCK_BYTES = 210


def row_bytes(scan: npt.NDArray[np.int64], mcu_cols: int) -> int:
    """Bytes that a row of MCUs needs at most, unstuffed and with room to write past its end."""
    blocks = int((scan[:, HORIZONTAL] * scan[:, VERTICAL]).sum())
    return mcu_cols * blocks * BLOCK_BYTES + 2 * PADDING


@inlined
def row_room(coded, mcu_cols):
    """Bytes of output for a row of MCUs at most: all its `coded` bytes stuffed, and a restart marker an MCU."""
    return 2 * coded + 3 * mcu_cols


@operation(types.uint64)
def _nonzero_zigzag(coefficients: Memory, block: Scalar) -> Scalar:
    """Bit k is set where the k-th coefficient of the zigzag sequence is not zero."""
    return coefficients.load(block, 64).nonzero_lanes().select(ZIGZAG).where_nonzero()


@inlined
def magnitude_bits(value):
    """Size category SSSS and the bits that follow its code (F.1.2.1.1, F.1.2.2.1)."""
    sign = value >> 63
    size = bit_length(np.uint64((value ^ sign) - sign))
    return size, (value + sign) & ((1 << size) - 1)


@inlined
def _encode_block(position, word, used, out, coefficients, block, difference, codes, dc, ac):
    """Figures F.1 to F.3: DC difference, then runs of zeros and coefficients, then the end of the block."""
    size, bits = magnitude_bits(difference)
    entry = codes[dc + size]
    position, word, used = put_bits(out, position, word, used, (entry >> 8) | bits, entry & 255)
    nonzero = _nonzero_zigzag(coefficients, block) & ~np.uint64(1)
    previous = 0
    while nonzero:
        k = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        run = k - previous - 1
        previous = k
        while run > 15:
            entry = codes[ac + 0xF0]
            position, word, used = put_bits(out, position, word, used, entry >> 8, entry & 255)
            run -= 16
        size, bits = magnitude_bits(coefficients[block + span(NATURAL)[k]])
        entry = codes[ac + (run << 4) + size]
        position, word, used = put_bits(out, position, word, used, (entry >> 8) | bits, entry & 255)
    if previous < 63:
        entry = codes[ac]
        position, word, used = put_bits(out, position, word, used, entry >> 8, entry & 255)
    return position, word, used


@inlined
def _encode_filler(position, word, used, out, codes, dc, ac):
    for table in (dc, ac):
        entry = codes[table]
        position, word, used = put_bits(out, position, word, used, entry >> 8, entry & 255)
    return position, word, used


@inlined
def _encode_mcus(state, scan, row, first_row, start, stop, coefficients, codes, coded):
    """MCUs `start` to `stop` of a row, appended to the unstuffed bytes in `coded`."""
    position, word, used = state[POSITION], np.uint64(state[WORD]), state[FILLED]
    for col in range(start, stop):
        for c in range(len(scan)):
            horizontal, vertical = scan[c, HORIZONTAL], scan[c, VERTICAL]
            cols = scan[c, BLOCK_COLS]
            dc, ac = scan[c, DC_TABLE], scan[c, AC_TABLE]
            prediction = state[PREDICTIONS + c]
            for y in range(row * vertical, (row + 1) * vertical):
                line = scan[c, FIRST] + 64 * (y - first_row * vertical) * cols
                for x in range(col * horizontal, (col + 1) * horizontal):
                    if y < scan[c, BLOCK_ROWS] and x < cols:
                        block = line + 64 * x
                        value = coefficients[block]
                        position, word, used = _encode_block(
                            position, word, used, coded, coefficients, block, value - prediction, codes, dc, ac
                        )
                        prediction = value
                    else:
                        position, word, used = _encode_filler(position, word, used, coded, codes, dc, ac)
            state[PREDICTIONS + c] = prediction
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), used


@inlined
def encode_mcu_row(state, scan, row, first_row, mcu_cols, coefficients, codes, coded, out, written):
    """Code one row of MCUs (figure E.4).

    Parameters
    ----------
    state : ndarray, int64, (STATE,)
        From `start_scan`; carries bits and predictions from row to row.
    scan : ndarray, int64, (components, COLUMNS)
        From `scan_layout`; `DC_TABLE` and `AC_TABLE` are indices into `codes`.
    row, first_row : int
        This row of MCUs, and the one with which `coefficients` begins.
    mcu_cols : int
        MCUs in a row.
    coefficients : ndarray, int16
        Quantized blocks, natural order.
    codes : ndarray, int64
        One or more `encoding_lookup`.
    coded : ndarray, uint8
        Scratch of `row_bytes`.
    out : ndarray, uint8
        Output, with `row_room`.
    written : int
        Where to write.

    Returns
    -------
    int
        The new `written`.
    """
    col = 0
    while col < mcu_cols:
        stop = mcu_cols
        if state[INTERVAL] > 0:
            if state[LEFT] == 0:
                written = encode_restart(state, coded, out, written)
            stop = min(mcu_cols, col + state[LEFT])
            state[LEFT] -= stop - col
        _encode_mcus(state, scan, row, first_row, col, stop, coefficients, codes, coded)
        col = stop
    return flush(state, coded, out, written)


@inlined
def _count(frequencies, table, symbol):
    frequencies[table + symbol] = frequencies[table + symbol] + 1


@inlined
def _count_block(coefficients, block, difference, frequencies, dc, ac):
    _count(frequencies, dc, magnitude_bits(difference)[0])
    nonzero = _nonzero_zigzag(coefficients, block) & ~np.uint64(1)
    previous = 0
    while nonzero:
        k = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        run = k - previous - 1
        previous = k
        while run > 15:
            _count(frequencies, ac, 0xF0)
            run -= 16
        size = min(magnitude_bits(coefficients[block + span(NATURAL)[k]])[0], 15)
        _count(frequencies, ac, (run << 4) + size)
    if previous < 63:
        _count(frequencies, ac, 0)


@kernel
def count_symbols(state, scan, mcu_rows, mcu_cols, coefficients, frequencies):
    """Count the symbols that `encode_mcu_row` would code in all rows of MCUs.

    Parameters
    ----------
    state, scan, mcu_cols, coefficients
        As there; `DC_TABLE` and `AC_TABLE` are indices into `frequencies`.
    mcu_rows : int
        Number of rows.
    frequencies : ndarray, int64
        256 a table; what was there is added to.
    """
    state, scan, coefficients, frequencies = span(state), span(scan), span(coefficients), span(frequencies)
    for row in range(mcu_rows):
        for col in range(mcu_cols):
            if state[INTERVAL] > 0:
                if state[LEFT] == 0:
                    reset_interval(state)
                state[LEFT] -= 1
            for c in range(len(scan)):
                horizontal, vertical = scan[c, HORIZONTAL], scan[c, VERTICAL]
                cols = scan[c, BLOCK_COLS]
                dc, ac = scan[c, DC_TABLE], scan[c, AC_TABLE]
                prediction = state[PREDICTIONS + c]
                for y in range(row * vertical, (row + 1) * vertical):
                    line = scan[c, FIRST] + 64 * y * cols
                    for x in range(col * horizontal, (col + 1) * horizontal):
                        if y < scan[c, BLOCK_ROWS] and x < cols:
                            block = line + 64 * x
                            value = coefficients[block]
                            _count_block(coefficients, block, value - prediction, frequencies, dc, ac)
                            prediction = value
                        else:
                            _count(frequencies, dc, 0)
                            _count(frequencies, ac, 0)
                state[PREDICTIONS + c] = prediction
