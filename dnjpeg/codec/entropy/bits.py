"""Bits in bytes: packing and unpacking, and the zero byte stuffed after each 0xFF of entropy-coded data (T.81 B.1.1.5).

The bit loops never see a stuffed byte: coded data lies unstuffed in scratch memory, and is stuffed or unstuffed in
passes of 64 bytes of their own.
"""

from __future__ import annotations

import numpy as np
from numba import types

from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import (
    COMPRESSES,
    Memory,
    Scalar,
    count_ones,
    load_big_endian,
    mostly_zero,
    operation,
    span,
    store_big_endian,
    trailing_zeros,
)

__all__ = ["MOST_BITS", "PADDING", "put_bits", "refill", "stuff", "stuff_shifted", "stuffed_length", "unstuff"]

MOST_BITS = 56  # appended at once
PADDING = 64  # bytes that must be there beyond what is written


@inlined
def put_bits(out, position, word, used, bits, count):
    """Append the low `count` bits (at most `MOST_BITS`) of `bits`, whose higher bits are zero.

    `word` holds the `used` < 8 bits that do not fill a byte yet, at its upper end. Returns the new
    ``position, word, used``.
    """
    word |= np.uint64(bits) << np.uint64(64 - used - count)
    used += count
    store_big_endian(out, position, word)
    return position + (used >> 3), word << np.uint64(used & 56), used & 7


@inlined
def refill(data, position, word, filled):
    """Top `word` up to at least 56 bits; `filled` are valid at its upper end. Returns ``position, word, filled``.

    Of `filled` only the lowest six bits are looked at.
    """
    word |= load_big_endian(data, position) >> np.uint64(filled & 63)
    return position + ((~filled & 63) >> 3), word, filled | 56


@operation(types.uint64)
def _copy_and_find_ff(source: Memory, index: Scalar, target: Memory, at: Scalar) -> Scalar:
    """Copy 64 bytes; bit i of the result is set where byte i is 0xFF."""
    block = source.load(index, 64)
    target.store(at, block)
    return block.where_equal(-1)


@operation(types.uint64)
def _shift_and_find_ff(
    source: Memory, index: Scalar, target: Memory, at: Scalar, right: Scalar, left: Scalar
) -> Scalar:
    """Copy 64 bytes as if all bits lay `right` = 7 - `left` further on, else as `_copy_and_find_ff`."""
    before, block = source.load(index + -1, 64), source.load(index, 64)
    block = ((before << 1) << left.splat(64, 8)) | block.shift_right(right.splat(64, 8))
    target.store(at, block)
    return block.where_equal(-1)


@inlined
def stuff(source, start, end, target, at, shift=None):
    """Copy bytes and insert a zero after each 0xFF; returns the position after the last byte written.

    Both arrays must have `PADDING` bytes beyond the end; up to twice as many bytes are written. If there is a `shift`,
    0..7, all bits move so much towards the end, and those of the byte before `start` into the first one.
    """
    while start < end:
        if shift is None:
            found = _copy_and_find_ff(source, start, target, at)
        else:
            found = _shift_and_find_ff(source, start, target, at, shift, 7 - shift)
        left = end - start
        if left < 64:
            found &= (np.uint64(1) << np.uint64(left)) - np.uint64(1)
        if found == 0:
            step = min(left, 64)
            start += step
            at += step
        else:
            step = trailing_zeros(found) + 1
            start += step
            at += step
            target[at] = 0
            at += 1
    return at


@operation(types.uint64)
def _where_ff(source: Memory, index: Scalar) -> Scalar:
    """Bit i is set where byte i of 64 is 0xFF."""
    return source.load(index, 64).where_equal(-1)


@operation(types.uint64)
def _where_zero(source: Memory, index: Scalar) -> Scalar:
    """Bit i is set where byte i of 64 is zero."""
    return source.load(index, 64).where_equal(0)


@operation()
def _copy_chosen(source: Memory, index: Scalar, chosen: Scalar, target: Memory, at: Scalar) -> None:
    """Copy those of 64 bytes whose bits are set; what else is written behind them means nothing."""
    target.store(at, source.load(index, 64).compressed(chosen))


@inlined
def _unstuff_at_once(source, start, end, target, at):
    """Do what `unstuff` does, 64 bytes at a time, up to those in which anything else than a zero stands behind 0xFF."""
    carried = np.uint64(0)  # 1 if the byte before is 0xFF
    while start + 64 < end:
        found = _where_ff(source, start)
        behind, zeros = found << np.uint64(1) | carried, _where_zero(source, start)
        if mostly_zero(np.int64(behind & ~zeros)):
            break
        kept = ~(behind & zeros)
        _copy_chosen(source, start, kept, target, at)
        carried = found >> np.uint64(63)
        start += 64
        at += count_ones(kept)
    return start - np.int64(carried), at - np.int64(carried)


@inlined
def unstuff(source, start, end, target, at):
    """Copy entropy-coded data up to the next marker and drop the zero after each 0xFF.

    Returns the position of the marker's 0xFF (or `end`, if there is none) and the position after the last byte written.
    `target` must have `PADDING` bytes beyond the end; `source` need not.
    """
    if COMPRESSES:
        start, at = _unstuff_at_once(source, start, end, target, at)
    while start < end:
        if start + 64 < end:
            found = _copy_and_find_ff(source, start, target, at)
            if found == 0:
                start += 64
                at += 64
                continue
            step = trailing_zeros(found)
            start += step
            at += step
        elif source[start] != 0xFF:
            target[at] = source[start]
            start += 1
            at += 1
            continue
        following = start + 1
        while following < end and source[following] == 0xFF:  # fill bytes (B.1.1.2)
            following += 1
        if following >= end or source[following] != 0:
            break
        target[at] = 0xFF
        at += 1
        start = following + 1
    return start, at


@kernel
def stuff_shifted(source, start, end, target, shift):
    """Stuff bytes that are moved by some bits; returns how many there are then. See `stuff`."""
    return stuff(span(source), start, end, span(target), 0, shift)


@kernel
def stuffed_length(data, begin, unstuffed):
    """Length in the file of the first `unstuffed` bytes of the entropy-coded data that begin at `begin`.

    Parameters
    ----------
    data : ndarray, uint8
        The whole file.
    begin, unstuffed : int
    """
    data = span(data)
    position = begin
    while unstuffed > 0 and position < len(data):
        unstuffed -= 1
        position += 1
        if data[position - 1] == 0xFF and position < len(data) and data[position] == 0:
            position += 1
    return position - begin
