"""Quantized blocks to tokens by the sequential Huffman procedures (T.81 F.1.2), a row of MCUs at a time.

Blocks are in natural order. Blocks that only fill up the last MCUs have no memory: they are coded as a zero difference
and an end of block (A.2.4 leaves their content open; this is libjpeg's).
"""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.scan import INTERVAL, LEFT, PREDICTIONS, reset_interval
from dnjpeg.codec.entropy.tokens import RAW, RESTART
from dnjpeg.codec.entropy.zigzag_masks import nonzero_zigzag
from dnjpeg.codec.format.huffman import JOINED_BITS
from dnjpeg.codec.format.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.format.zigzag import NATURAL
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import bit_length, mostly_zero, span, trailing_zeros

__all__ = ["magnitude_bits", "put_value", "tokenize_mcu_row"]


@inlined
def magnitude_bits(value):
    """Size category SSSS and the bits that follow its code (F.1.2.1.1, F.1.2.2.1)."""
    sign = value >> 63
    size = bit_length(np.uint64((value ^ sign) - sign))
    return size, (value + sign) & ((1 << size) - 1)


@inlined
def put_value(tokens, count, code, value, wide):
    """Append a coefficient or DC difference of any size; returns the number of tokens.

    Parameters
    ----------
    code : int
        Index of the code of size category 0 with its run.
    wide : bool
        Large values have a second token; otherwise they are out of range, which is noticed by their category.
    """
    size, bits = magnitude_bits(value)
    size = min(size, 15)
    apart = wide and size > JOINED_BITS
    tokens[count] = (code + size) << 16 | (0 if apart else bits & 0xFFFF)
    count += 1
    if apart:
        tokens[count] = (RAW + size) << 16 | (bits & 0xFFFF)
        count += 1
    return count


# Size category and bits of a coefficient or DC difference as a token has them, by its value + REACH. The last entry is
# for whatever no baseline file can hold (tables F.1, F.2): a category that is noticed when the symbols are counted.
REACH = 2048
_values = np.arange(-REACH, REACH)
_sizes = np.frexp(np.abs(_values))[1]
MAGNITUDES = np.append(_sizes << 16 | ((_values - (_values < 0)) & ((1 << _sizes) - 1)), 15 << 16).astype(np.int32)


@inlined
def _magnitude(value):
    return span(MAGNITUDES)[np.int64(min(np.uint64(value + REACH), np.uint64(2 * REACH)))]


@inlined
def _put(tokens, count, code, value, wide):
    if wide is not None:
        return put_value(tokens, count, code, value, True)
    tokens[count] = (code << 16) + _magnitude(value)
    return count + 1


@inlined
def _tokenize_block(coefficients, block, nonzero, difference, tokens, count, dc, ac, wide):
    """Figures F.1 to F.3: DC difference, then runs of zeros and coefficients, then the end of the block.

    `nonzero` is the mask of its coefficients. Returns the new number of tokens.
    """
    count = _put(tokens, count, dc, difference, wide)
    nonzero &= ~np.uint64(1)
    previous = 0
    while nonzero:
        k = trailing_zeros(nonzero)
        nonzero &= nonzero - np.uint64(1)
        run = k - previous - 1
        previous = k
        if mostly_zero(run >> 4):
            for _ in range(run >> 4):
                tokens[count] = (ac + 0xF0) << 16
                count += 1
            run &= 15
        count = _put(tokens, count, ac + (run << 4), coefficients[block + span(NATURAL)[k]], wide)
    tokens[count] = ac << 16  # overwritten by what follows if the block needs no end
    return count + (1 if previous < 63 else 0)


@inlined
def _find_nonzero(scan, row, first_row, coefficients, masks):
    """Set the masks of all blocks of one row of MCUs.

    How many coefficients a block has cannot be foreseen, and what comes after it waits for its mask: that should be
    there before.
    """
    for c in range(len(scan)):
        vertical, cols = scan[c, VERTICAL], scan[c, BLOCK_COLS]
        lines = min(vertical, scan[c, BLOCK_ROWS] - row * vertical)
        first = scan[c, FIRST] + 64 * (row - first_row) * vertical * cols
        for index in range(first >> 6, (first >> 6) + lines * cols):
            masks[index] = np.int64(nonzero_zigzag(coefficients, 64 * index))


@inlined
def tokenize_mcu_row(state, scan, row, first_row, mcu_cols, coefficients, masks, tokens, count, wide=None):
    """Make tokens of one row of MCUs (figure E.4).

    Parameters
    ----------
    state : span, int64, (STATE,)
        From `start_scan`; carries predictions from row to row.
    scan : span, int64, (components, COLUMNS)
        From `scan_layout`; `DC_TABLE` and `AC_TABLE` are indices of codes.
    row, first_row : int
        This row of MCUs, and the one with which `coefficients` begins.
    mcu_cols : int
        MCUs in a row.
    coefficients : span, int16
        Quantized blocks, natural order.
    masks : span, int64
        Scratch: one for each block of `coefficients`.
    tokens : span, int32
        Where they go, with `ScanPlan.token_room`.
    count : int
        How many are there already.
    wide : bool or None
        True if samples have 12 bits; otherwise None, and kernels are compiled for that.

    Returns
    -------
    int
        The new `count`.
    """
    _find_nonzero(scan, row, first_row, coefficients, masks)
    for col in range(mcu_cols):
        if state[INTERVAL] > 0:
            if state[LEFT] == 0:
                tokens[count] = RESTART << 16
                count += 1
                reset_interval(state)
            state[LEFT] -= 1
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
                        nonzero, difference = np.uint64(masks[block >> 6]), value - prediction
                        count = _tokenize_block(coefficients, block, nonzero, difference, tokens, count, dc, ac, wide)
                        prediction = value
                    else:
                        tokens[count] = dc << 16
                        tokens[count + 1] = ac << 16
                        count += 2
            state[PREDICTIONS + c] = prediction
    return count
