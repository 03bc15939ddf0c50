"""Quantized blocks to tokens by the sequential Huffman procedures (T.81 F.1.2), a row of MCUs at a time.

Blocks are in natural order. Blocks that only fill up the last MCUs have no memory: they are coded as a zero difference
and an end of block (A.2.4 leaves their content open; this is libjpeg's).
"""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.gathering import END, MARGIN, begin_lists, gather_block, gather_empty, slot_bit
from dnjpeg.codec.entropy.mcu_blocks import MCUS, PREDICTION, START, STEP, TABLES, list_blocks, listed
from dnjpeg.codec.entropy.scan import INTERVAL, LEFT, reset_interval
from dnjpeg.codec.entropy.tokens import AC_CODES, BATCH, RAW, RESTART
from dnjpeg.codec.format.huffman import JOINED_BITS
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Memory, Scalar, bit_length, interleave, operation

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


@operation()
def _make_tokens(values: Memory, places: Memory, at: Scalar, tokens: Memory, count: Scalar) -> None:
    """Tokens of `BATCH` entries: what `put_value` does to each, not wide. The category tells what is out of range."""
    value, place = values.load(at, BATCH), places.load(at, BATCH)
    below = value.magnitude().bits_below()
    bits = (value + (value >> 15)) & below
    size = below.count_ones().at_most(15)
    k = place & 127
    run = (k - (places.load(at + -1, BATCH) & 127) - 1).zero_where(k, END)
    slot = (place & 128).unsigned(16) << 1
    code = ((run.unsigned(16) << 4) + AC_CODES).zero_where(k.unsigned(16), 0) + slot + size
    tokens.store(count, interleave(bits, code).reinterpreted(32))


@inlined
def _put_entry(values, places, at, tokens, count):
    """Append one entry of 12-bit samples."""
    k = places[at] & 127
    code = (places[at] & 128) << 1
    if k > 0:
        code += AC_CODES
    if 0 < k < END:
        code += (k - (places[at - 1] & 127) - 1) << 4
    return put_value(tokens, count, code, values[at], True)


@inlined
def _put_lists(lists, last, tokens, count, wide):
    """Append the tokens of all entries up to before `last`; returns the number of tokens."""
    values, places, _ = lists
    if wide is not None:
        for at in range(MARGIN, last):
            count = _put_entry(values, places, at, tokens, count)
        return count
    for at in range(MARGIN, last, BATCH):
        _make_tokens(values, places, at, tokens, count + (at - MARGIN))
    return count + (last - MARGIN)


@inlined
def tokenize_mcu_row(state, scan, row, first_row, mcu_cols, coefficients, lists, tokens, count, wide=None):
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
    lists : tuple of span
        `list_spans` of `ScanPlan.lists`: scratch.
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
    mcu_blocks = list_blocks(state, scan, row, first_row)
    at = begin_lists(scan, row, first_row, coefficients, lists)
    for col in range(mcu_cols):
        if state[INTERVAL] > 0:
            if state[LEFT] == 0:
                count = _put_lists(lists, at, tokens, count, wide)
                at = MARGIN
                tokens[count] = RESTART << 16
                count += 1
                reset_interval(state)
            state[LEFT] -= 1
        for index in range(mcu_blocks):
            fields = listed(index)
            slot, predicted = slot_bit(state[fields + TABLES]), state[fields + PREDICTION]
            if col < state[fields + MCUS]:
                block = state[fields + START] + col * state[fields + STEP]
                value = coefficients[block]
                at = gather_block(coefficients, block, value - state[predicted], slot, lists, at)
                state[predicted] = value
            else:
                at = gather_empty(slot, lists, at)
    return _put_lists(lists, at, tokens, count, wide)
