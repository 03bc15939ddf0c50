"""Decoding of quantized blocks by the progressive Huffman procedures (T.81 Annex G), scan by scan."""

from __future__ import annotations

import numpy as np

from dnjpeg.codec.entropy.bits import refill
from dnjpeg.codec.entropy.following_scans import BAND, COMPONENTS, MCU_COLS, MCU_ROWS, follow, following_spans
from dnjpeg.codec.entropy.scan import (
    BAD_CODE,
    END,
    EOB_RUN,
    FAULT,
    FILLED,
    GOOD_ROW,
    PAST_BLOCK,
    POSITION,
    PREDICTIONS,
    WORD,
    begin_mcu,
    begin_mcus,
    end_mcu,
    stopped,
)
from dnjpeg.codec.entropy.sequential_decoder import receive_extend
from dnjpeg.codec.entropy.zigzag_masks import band_mask, can_refine, nonzero_zigzag, nth_one, refine_known
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
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import count_ones, mostly_zero, span, trailing_zeros

__all__ = ["decode_progressive_scans"]


@inlined
def _decode_symbol(word, filled, lookups, table):
    """Return ``word, filled, entry, symbol, fault``; a complete entry needs no symbol, which is then -1."""
    entry = lookups[table + np.int64(word >> np.uint64(64 - LOOKUP_BITS))]
    if entry & INCOMPLETE == 0:
        drop = first_drop(entry)
        return word << np.uint64(drop), filled - drop, entry, -1, 0
    symbol, length = slow_decode(lookups, table, np.int64(word >> np.uint64(48)), entry)
    return word << np.uint64(length), filled - length, entry, symbol, BAD_CODE if length > 16 else 0


@inlined
def _decode_dc_first(position, word, filled, coded, lookups, table):
    """Difference as in sequential coding, of the value shifted right by Al (G.1.2.1)."""
    position, word, filled = refill(coded, position, word, filled)
    word, filled, entry, size, fault = _decode_symbol(word, filled, lookups, table)
    difference = first_value(entry)
    if size >= 0:
        difference = 0
        if size > 0:
            difference = receive_extend(word, size)
            word <<= np.uint64(size)
            filled -= size
    return position, word, filled, difference, fault


@inlined
def _end_of_band_run(word, filled, size):
    """EOBn: the run is ``2**n`` and the next n bits more (G.1.2.2). Returns ``word, filled, run``."""
    if size == 0:
        return word, filled, 1
    run = (1 << size) + np.int64(word >> np.uint64(64 - size))
    return word << np.uint64(size), filled - size, run


@inlined
def _decode_ac_first(position, word, filled, coded, lookups, table, coefficients, block, start, end, low):
    """Decode runs and values of one band, shifted right by Al (figures G.3 to G.5).

    Returns the new ``position, word, filled``, for how many blocks behind this one the band has ended, and the fault.
    """
    fault = 0
    ended = 0
    k = start
    while k <= end:
        position, word, filled = refill(coded, position, word, filled)
        word, filled, entry, symbol, wrong = _decode_symbol(word, filled, lookups, table)
        if wrong != 0:
            fault = wrong
        if symbol < 0:
            run = (entry >> 8) & 127
            if run == END_OF_BLOCK:
                break
            k += run
            value = first_value(entry)
            if value != 0:  # sixteen zeros may leave what an earlier scan has sent
                coefficients[block + span(NATURAL)[k]] = value << low
            k += 1
            continue
        run, size = symbol >> 4, symbol & 15
        if size > 0:
            k += run
            coefficients[block + span(NATURAL)[k]] = receive_extend(word, size) << low
            word <<= np.uint64(size)
            filled -= size
            k += 1
        elif run == 15:
            k += 16
        else:
            word, filled, run = _end_of_band_run(word, filled, run)
            ended = run - 1
            break
    if k > 64:
        fault = PAST_BLOCK
    return position, word, filled, ended, fault


@inlined
def _pass_zeros(zeros, run):
    """Leave out the lowest `run` <= 15 bits that are set. Most runs are short, and how short is hard to foresee."""
    if mostly_zero(run >> 2):
        for _ in range(run & ~3):
            zeros &= zeros - np.uint64(1)
    two = zeros & (zeros - np.uint64(1))
    two &= two - np.uint64(1)
    zeros = two if run & 2 else zeros
    return zeros & (zeros - np.uint64(run & 1))


@inlined
def _place_behind(coefficients, zeros, run):
    """Bit of the coefficient behind `run` zeros, alone; 0 if there are no more."""
    if can_refine(coefficients):
        return nth_one(coefficients, run, zeros)
    zeros = _pass_zeros(zeros, run)
    return zeros & (~zeros + np.uint64(1))


@inlined
def _keep_corrections(position, word, filled, coded, corrections, count):
    """Append the next `count` < 64 bits to `corrections`."""
    if mostly_zero(count > min(filled, 32)):
        position, word, filled = refill(coded, position, word, filled)
        if count > 32:
            corrections = corrections << np.uint64(32) | word >> np.uint64(32)
            position, word, filled = refill(coded, position, word << np.uint64(32), filled - 32)
            count -= 32
    corrections = corrections << np.uint64(count) | (word >> np.uint64(1)) >> np.uint64(63 - count)
    return position, word << np.uint64(count), filled - count, corrections


@inlined
def _correct(coefficients, block, known, corrections, bit):
    """Add a bit to coefficients that are known already, where their correction bits are ones (figure G.7).

    `corrections` has one for each set bit of `known`, the first one highest. Half of them are ones, so that a branch on
    them would go wrong as often as not.
    """
    if can_refine(coefficients):
        refine_known(coefficients, block, known, corrections, bit)
        return
    corrections <<= np.uint64(64 - count_ones(known)) & np.uint64(63)
    while known:
        index = block + span(NATURAL)[trailing_zeros(known)]
        known &= known - np.uint64(1)
        value = coefficients[index]
        sign = value >> 63
        lacking = ((value & bit) - 1) >> 63  # all ones, unless the coefficient has the bit already
        change = bit & lacking & (np.int64(corrections) >> 63)
        coefficients[index] = value + ((change ^ sign) - sign)
        corrections <<= np.uint64(1)


@inlined
def _decode_ac_refine(
    position, word, filled, ended, known, coded, lookups, table, coefficients, block, start, end, low
):
    """One more bit of known coefficients, and new ones of magnitude ``2**Al`` between them (figure G.7).

    The correction bits of a whole block are kept until all are there. `ended` is for how many blocks, with this one,
    the band has; returns as `_decode_ac_first`.
    """
    fault = 0
    bit = 1 << low
    left = band_mask(start, end)  # what was not passed yet
    corrections = np.uint64(0)
    beyond = 0
    while left != 0 and ended == 0:
        position, word, filled = refill(coded, position, word, filled)
        word, filled, entry, symbol, wrong = _decode_symbol(word, filled, lookups, table)
        if wrong != 0:
            fault = wrong
        run, value = (entry >> 8) & 127, first_value(entry)
        if symbol >= 0:
            run, size = symbol >> 4, symbol & 15
            value = 0
            if size > 0:
                if size > 1:
                    fault = BAD_CODE
                value = 1 if word >> np.uint64(63) else -1
                word <<= np.uint64(1)
                filled -= 1
            elif run < 15:
                word, filled, ended = _end_of_band_run(word, filled, run)
                break
        elif run == END_OF_BLOCK:
            ended = 1
            break
        place = _place_behind(coefficients, left & ~known, run)
        passed = left & (place - np.uint64(1))  # all, if there is no place left
        position, word, filled, corrections = _keep_corrections(
            position, word, filled, coded, corrections, count_ones(known & passed)
        )
        left &= ~(passed | place)
        if value != 0:
            if place == 0:
                beyond = value
            else:
                coefficients[block + span(NATURAL)[trailing_zeros(place)]] = bit if value > 0 else -bit
    if ended > 0:
        position, word, filled, corrections = _keep_corrections(
            position, word, filled, coded, corrections, count_ones(known & left)
        )
        ended -= 1
    if known != 0:
        _correct(coefficients, block, known, corrections, bit)
    if beyond != 0:  # as libjpeg has it, after all corrections
        coefficients[block + span(NATURAL)[end + 1]] = bit if beyond > 0 else -bit
        fault = PAST_BLOCK
    return position, word, filled, ended, fault


@inlined
def _decode_ac_blocks(state, coded, lookups, table, coefficients, block, last, start, end, high, low):
    """Blocks of one component, side by side and of one interval, as long as there are bits.

    What is carried from block to block stays in registers.
    """
    position, word, filled = state[POSITION], np.uint64(state[WORD]), state[FILLED]
    ended, limit = state[EOB_RUN], state[END]
    while block < last and position - (filled >> 3) <= limit:
        fault = 0
        if high == 0:
            if ended > 0:
                passed = min(ended, (last - block) >> 6)
                ended -= passed
                block += 64 * passed
                continue
            position, word, filled, ended, fault = _decode_ac_first(
                position, word, filled, coded, lookups, table, coefficients, block, start, end, low
            )
        else:
            known = nonzero_zigzag(coefficients, block) & band_mask(start, end)
            if known == 0 and ended > 0:
                ended -= 1
            else:
                position, word, filled, ended, fault = _decode_ac_refine(
                    position, word, filled, ended, known, coded, lookups, table, coefficients, block, start, end, low
                )
        block += 64
        if fault != 0 or position - (filled >> 3) > limit:
            state[POSITION], state[FILLED] = position, filled
            end_mcu(state, fault)
            if stopped(state):
                break
    state[POSITION], state[WORD], state[FILLED], state[EOB_RUN] = position, np.int64(word), filled, ended


@inlined
def _decode_dc_mcu(state, scan, components, row, col, coded, lookups, coefficients, filler, high, low):
    """DC of an MCU, or one more bit of it (G.1.2.1)."""
    position, word, filled = refill(coded, state[POSITION], np.uint64(state[WORD]), state[FILLED])
    fault = 0
    for c in range(components):
        horizontal, vertical = scan[c, HORIZONTAL], scan[c, VERTICAL]
        rows, cols = scan[c, BLOCK_ROWS], scan[c, BLOCK_COLS]
        prediction = state[PREDICTIONS + c]
        for y in range(row * vertical, (row + 1) * vertical):
            for x in range(col * horizontal, (col + 1) * horizontal):
                block = scan[c, FIRST] + 64 * (y * cols + x) if y < rows and x < cols else filler
                if high == 0:
                    position, word, filled, difference, wrong = _decode_dc_first(
                        position, word, filled, coded, lookups, scan[c, DC_TABLE]
                    )
                    if wrong != 0:
                        fault = wrong
                    prediction += difference
                    coefficients[block] = prediction << low
                else:  # a bit each of at most ten blocks, which are there
                    coefficients[block] |= np.int64(word >> np.uint64(63)) << low
                    word, filled = word << np.uint64(1), filled - 1
        state[PREDICTIONS + c] = prediction
    state[POSITION], state[WORD], state[FILLED] = position, np.int64(word), filled
    return fault


@inlined
def _decode_scan(
    state, scan, components, mcu_rows, mcu_cols, start, end, high, low, data, coded, lookups, coefficients, filler
):
    """Decode one scan (figure E.8)."""
    for row in range(mcu_rows):
        col = 0
        while col < mcu_cols:
            if start == 0:
                if begin_mcu(state, data, coded):
                    state[GOOD_ROW] = row
                    fault = _decode_dc_mcu(
                        state, scan, components, row, col, coded, lookups, coefficients, filler, high, low
                    )
                    end_mcu(state, fault)
                col += 1
            else:
                count, has_bits = begin_mcus(state, data, coded, mcu_cols - col)
                if has_bits:
                    state[GOOD_ROW] = row
                    block = scan[0, FIRST] + 64 * (row * scan[0, BLOCK_COLS] + col)
                    table, last = scan[0, AC_TABLE], block + 64 * count
                    _decode_ac_blocks(state, coded, lookups, table, coefficients, block, last, start, end, high, low)
                col += count
            if stopped(state):
                return


@kernel
def decode_progressive_scans(
    state, scan, mcu_rows, mcu_cols, start, end, high, low, data, coded, lookups, coefficients, filler, following
):
    """Decode a scan, and those that follow, up to a fault or what `follow` stops at.

    Parameters
    ----------
    state, scan, mcu_cols, data, coded, lookups, coefficients, filler
        As in `mcu_rows.decode_mcu_row`, but arrays; the coefficients are of the whole image and hold what earlier scans
        gave. The state is then that of the last scan.
    mcu_rows : int
        Rows of MCUs in the scan.
    start, end, high, low : int
        Ss, Se, Ah, Al of the scan header: 0, 0 for DC, else a band of one component.
    following : Following
    """
    state, scan, data, coded = span(state), span(scan), span(data), span(coded)
    lookups, coefficients, following = span(lookups), span(coefficients), following_spans(following)
    numbers, _, _, next_scan, next_lookups = following
    components = len(scan)
    while True:
        _decode_scan(
            state,
            scan,
            components,
            mcu_rows,
            mcu_cols,
            start,
            end,
            high,
            low,
            data,
            coded,
            lookups,
            coefficients,
            filler,
        )
        if state[FAULT] != 0 or not follow(state, data, following):
            return
        scan, lookups, components = next_scan, next_lookups, numbers[COMPONENTS]
        mcu_rows, mcu_cols = numbers[MCU_ROWS], numbers[MCU_COLS]
        start, end, high, low = numbers[BAND], numbers[BAND + 1], numbers[BAND + 2], numbers[BAND + 3]
