"""Decoding of quantized blocks by the sequential Huffman procedures (T.81 F.2.2) symbol by symbol."""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.bits import refill
from dnjpeg.codec.entropy.scan import (
    BAD_CODE,
    FILLED,
    PAST_BLOCK,
    POSITION,
    PREDICTIONS,
    WORD,
    begin_mcu,
    end_mcu,
    stopped,
)
from dnjpeg.codec.format.decoding_lookup import (
    END_OF_BLOCK,
    INCOMPLETE,
    LOOKUP_BITS,
    first_drop,
    first_value,
    slow_decode,
)
from dnjpeg.codec.format.layout import AC_TABLE, BLOCK_COLS, BLOCK_ROWS, DC_TABLE, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.format.zigzag import NATURAL
from dnjpeg.codec.kernels.jit import called, inlined
from dnjpeg.codec.kernels.vector import span

__all__ = ["decode_block", "decode_mcu", "decode_mcus", "drop_bits", "extended", "receive_extend"]


@inlined
def receive_extend(word, size):
    """RECEIVE and EXTEND (figures F.17, F.12) of the next `size` > 0 bits."""
    value = np.int64(word >> np.uint64(64 - size))
    if value < 1 << (size - 1):
        value -= (1 << size) - 1
    return value


@inlined
def extended(word, size):
    """`receive_extend` without a branch, also of no bits."""
    value = np.int64((word >> np.uint64(1)) >> np.uint64(63 - size))
    return value - (~(np.int64(word) >> 63) & ((1 << size) - 1))


@inlined
def _look_up(lookups, table, word):
    """Entry for the next bits."""
    return lookups[table + np.int64(word >> np.uint64(64 - LOOKUP_BITS))]


@inlined
def drop_bits(word, filled, bits):
    """Drop as many bits as the lowest six of `bits` tell.

    The others are not masked away, for that would be one more instruction on the path that all decoding waits for: of
    `filled`, too, only the lowest six bits mean something within a block.
    """
    return word << np.uint64(bits & 63), filled - bits


# Below this position the first coefficient of a pair cannot be the block's last, whatever its run.
PAIRS = 63 - 15


@inlined
def _put_pair(coefficients, block, k, entry):
    """Put the coefficients of a complete entry where they belong; returns the position behind them."""
    k += (entry >> 8) & 127
    coefficients[block + span(NATURAL)[k]] = first_value(entry)
    k += (entry >> 40) & 127
    coefficients[block + span(NATURAL)[k]] = entry >> 48  # the first one again if there is none
    return k + 1


@inlined
def decode_block(position, word, filled, coded, lookups, dc, ac, coefficients, block):
    """Figures F.13 to F.15: decode the block that begins at an index; all of it must be zero before.

    In bounds: a code and its value take at most 31 of the 56 bits that a refill leaves; k is at most 63 before it grows
    by a run of 15, or by `END_OF_BLOCK`, which `NATURAL` is long enough for.

    Returns the new ``position, word, filled``, the DC difference, and 0 or what went wrong.
    """
    fault = 0
    difference = 0
    position, word, filled = refill(coded, position, word, filled)
    entry = _look_up(lookups, dc, word)
    if entry & INCOMPLETE == 0:
        word, filled = drop_bits(word, filled, entry)
        difference = first_value(entry)
    else:
        size, length = slow_decode(lookups, dc, np.int64(word >> np.uint64(48)), entry)
        if length > 16:
            fault = BAD_CODE
        word, filled = drop_bits(word, filled, length)
        if size > 0:
            difference = receive_extend(word, size)
            word, filled = drop_bits(word, filled, size)
    k = 1
    while k < 64:
        position, word, filled = refill(coded, position, word, filled)
        entry = _look_up(lookups, ac, word)
        if k < PAIRS and entry & INCOMPLETE == 0:
            word, filled = drop_bits(word, filled, entry)
            pair, entry = entry, _look_up(lookups, ac, word)  # the next one, for which all waits, before this is put
            k = _put_pair(coefficients, block, k, pair)
            if k < PAIRS and entry & INCOMPLETE == 0:
                word, filled = drop_bits(word, filled, entry)
                k = _put_pair(coefficients, block, k, entry)
                continue
            if k >= 64:
                break
        # Even behind a pair there are 46 bits, enough for what now comes: one coefficient.
        if entry & INCOMPLETE == 0:
            word, filled = drop_bits(word, filled, first_drop(entry))
            k += (entry >> 8) & 127
            coefficients[block + span(NATURAL)[k]] = first_value(entry)
            k += 1
            continue
        symbol, length = slow_decode(lookups, ac, np.int64(word >> np.uint64(48)), entry)
        if length > 16:
            fault = BAD_CODE
        word, filled = drop_bits(word, filled, length)
        size = symbol & 15
        if size == 0 and symbol != 0xF0:
            k += END_OF_BLOCK + 1
            break
        k += symbol >> 4
        if size > 0:
            coefficients[block + span(NATURAL)[k]] = receive_extend(word, size)
            word, filled = drop_bits(word, filled, size)
        k += 1
    filled &= 63
    if 64 < k < END_OF_BLOCK:
        fault = PAST_BLOCK
    return position, word, filled, difference, fault


@inlined
def decode_mcu(state, scan, row, first_row, col, coded, lookups, coefficients, filler):
    """All blocks of one MCU (figure E.10); those that only fill it up go to `filler`."""
    position, word, filled = state[POSITION], np.uint64(state[WORD]), state[FILLED]
    fault = 0
    for c in range(len(scan)):
        horizontal, vertical = scan[c, HORIZONTAL], scan[c, VERTICAL]
        cols = scan[c, BLOCK_COLS]
        prediction = state[PREDICTIONS + c]
        for y in range(row * vertical, (row + 1) * vertical):
            line = scan[c, FIRST] + 64 * (y - first_row * vertical) * cols
            for x in range(col * horizontal, (col + 1) * horizontal):
                block = line + 64 * x if y < scan[c, BLOCK_ROWS] and x < cols else filler
                position, word, filled, difference, wrong = decode_block(
                    position, word, filled, coded, lookups, scan[c, DC_TABLE], scan[c, AC_TABLE], coefficients, block
                )
                if wrong != 0:
                    fault = wrong
                prediction += difference
                coefficients[block] = prediction
        state[PREDICTIONS + c] = prediction
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), filled
    return fault


@called
def decode_mcus(state, scan, row, first_row, col, mcu_cols, data, coded, lookups, coefficients, filler):
    """Decode the MCUs of a row from a column on (figure E.9); see `mcu_rows.decode_mcu_row`."""
    for column in range(col, mcu_cols):
        if begin_mcu(state, data, coded):
            fault = decode_mcu(state, scan, row, first_row, column, coded, lookups, coefficients, filler)
            end_mcu(state, fault)
        if stopped(state):
            return
