"""The kernel that counts coefficients, band by band."""

from __future__ import annotations

import numpy as np
from numba import types

from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import COMPRESSES, Memory, Scalar, count_ones, operation, span, trailing_zeros

__all__ = [
    "LARGEST",
    "LEVELS",
    "MARGIN",
    "REACH",
    "VALUES",
    "add_blocks",
    "add_counts",
    "count_blocks",
    "count_tokens",
    "largest_counts",
]

REACH = 2048
"""Bins on each side of the one around zero. 8-bit samples give at most 1024, 2 x 1024 half-wide bins."""

SMALL = 16  # values from -16 to 15 are counted by value first
LEVELS = 64 * 2 * SMALL

LARGEST = 2048  # counts by value are of values from -2048 to 2047: those of 8-bit samples, and a few more
VALUES = 2 * LARGEST


@operation(types.uint64)
def nonzero_bands(coefficients: Memory, block: Scalar) -> Scalar:
    """Bit k is set where the k-th coefficient, in natural order, is not zero."""
    return coefficients.load(block, 64).nonzero_lanes().where_nonzero()


MARGIN = 64  # items of a list that may be written beyond its end
BATCH = 32


@operation()
def _compress(
    coefficients: Memory, block: Scalar, low: Scalar, high: Scalar, values: Memory, at: Scalar, middle: Scalar
) -> None:
    values.store(at, coefficients.load(block, 32).compressed(low))
    values.store(middle, coefficients.load(block + 32, 32).compressed(high))


@operation()
def _compress_bands(mask: Scalar, bands: Memory, at: Scalar) -> None:
    bands.store(at, mask.splat(64, 8).filled_with(range(64)).compressed(mask))


@inlined
def _list_nonzero(coefficients, block, values, bands, at):
    """Append the coefficients that are not zero, and their bands, to lists; returns the new length."""
    mask = nonzero_bands(coefficients, block)
    if COMPRESSES:  # no loop whose end cannot be foreseen
        low = mask & np.uint64(0xFFFFFFFF)
        _compress(coefficients, block, low, mask >> np.uint64(32), values, at, at + count_ones(low))
        _compress_bands(mask, bands, at)
        return at + count_ones(mask)
    while mask:
        band = trailing_zeros(mask)
        mask &= mask - np.uint64(1)
        values[at] = coefficients[block + band]
        bands[at] = band
        at += 1
    return at


@operation(types.uint64)
def _indices(values: Memory, bands: Memory, at: Scalar, out: Memory) -> Scalar:
    """Find the indices of `BATCH` coefficients in the counts; returns where one has none, and gets another's."""
    level = values.load(at, BATCH).signed(32) + LARGEST
    out.store(at, ((level & (VALUES - 1)) << 6) + bands.load(at, BATCH).unsigned(32))
    return (level & -VALUES).where_nonzero()


@inlined
def count_blocks(coefficients, first, last, weight, lists, counts, start):
    """Count the coefficients that are not zero by band and value.

    Parameters
    ----------
    coefficients : span, int16
    first, last : int
        Where the blocks begin and end.
    weight : int
        What to add for each of them.
    lists : tuple of span
        int16, uint8 and int32: scratch for all of the coefficients, and `MARGIN` items more.
    counts : span, int32
    start : int
        Index of its first item, of `VALUES` times 64: see `add_counts`.

    Returns
    -------
    bool
        Whether there was a value out of range: the counts are then wrong, in a way that the same blocks with the
        opposite weight undo.
    """
    values, bands, indices = lists
    length = 0
    for block in range(first, last, 64):
        length = _list_nonzero(coefficients, block, values, bands, length)
    outside = np.uint64(0)
    for at in range(0, length, BATCH):
        wrong = _indices(values, bands, at, indices)
        if length - at < BATCH:
            wrong &= (np.uint64(1) << np.uint64(length - at)) - np.uint64(1)
        outside |= wrong
    for at in range(length):
        index = start + indices[at]
        counts[index] = counts[index] + weight
    return outside != 0


@inlined
def count_tokens(tokens, number, weight, counts):
    """Count what `list_ahead` lists: the tokens are indices into the counts.

    What has no place among the values is counted with the largest one: see `largest_counts`.
    """
    for i in range(0, number - 1, 2):
        pair = _pair(tokens, i)
        for index in (np.int64(pair & np.uint64(0xFFFFFFFF)), np.int64(pair >> np.uint64(32))):
            counts[index] = counts[index] + weight
    if number & 1 != 0:
        counts[tokens[number - 1]] = counts[tokens[number - 1]] + weight


@operation(types.uint64)
def _pair(tokens: Memory, at: Scalar) -> Scalar:
    return tokens.load_word(at)


@inlined
def largest_counts(counts, components):
    """How often the largest value was counted, in whatever band."""
    total = 0
    for c in range(components):
        for band in range(64):
            total += counts[(c + 1) * 64 * VALUES - 64 + band]
    return total


@inlined
def _add(count, c, band, steps, sums, histogram):
    """Take in so many coefficients of one value."""
    magnitude = abs(c)
    sums[band] += count * c
    sums[64 + band] += count * magnitude
    sums[128 + band] += count * c * c
    distance = min((magnitude * steps[band]) >> 2, REACH)  # half-wide bins: 4 units
    histogram[64 * (REACH + (distance if c >= 0 else -distance)) + band] += count


@kernel
def add_blocks(coefficients, steps, levels, sums, histogram):
    """Add a component's coefficients to (3, 64) sums of c, abs(c) and c squared, and to the counts.

    Most are zero, and most others small: these are counted by their value first, in (64, 2 `SMALL`) zeros that stay
    near the processor.
    """
    coefficients, steps, levels = span(coefficients), span(steps), span(levels)
    sums, histogram = span(sums), span(histogram)
    for block in range(0, len(coefficients), 64):
        bands = nonzero_bands(coefficients, block)
        while bands:
            band = trailing_zeros(bands)
            bands &= bands - np.uint64(1)
            c = coefficients[block + band]
            if -SMALL <= c < SMALL:
                levels[2 * SMALL * band + SMALL + c] += 1
            else:
                _add(1, c, band, steps, sums, histogram)
                levels[2 * SMALL * band + SMALL] -= 1
    for band in range(64):
        levels[2 * SMALL * band + SMALL] += len(coefficients) >> 6
        for c in range(-SMALL, SMALL):
            count = levels[2 * SMALL * band + SMALL + c]
            if c != 0:
                levels[2 * SMALL * band + SMALL] -= count
                _add(count, c, band, steps, sums, histogram)
        _add(levels[2 * SMALL * band + SMALL], 0, band, steps, sums, histogram)


@operation(types.uint64)
def _nonzero_counts(counts: Memory, index: Scalar) -> Scalar:
    """Bit i is set where the i-th of 64 counts is not zero."""
    return counts.load(index, 64).where_nonzero()


@kernel
def add_counts(counts, blocks, steps, sums, histogram):
    """Add coefficients that were counted by value, as `add_blocks` adds them one by one.

    Parameters
    ----------
    counts : ndarray, int32, (64 * VALUES,)
        Of each band, by value + LARGEST; that of zero does not matter. They are set to zero. The bands of a value lie
        side by side: values near zero, which are most, then share few places of the cache.
    blocks : int
        How many blocks they are of.
    steps, histogram
        As for `add_blocks`.
    sums : ndarray, int64, (4 * 64,)
        As for `add_blocks`, and how many coefficients are not zero; zeros before.
    """
    counts, steps, sums, histogram = span(counts), span(steps), span(sums), span(histogram)
    for value in range(-LARGEST, LARGEST):
        first = 64 * (value + LARGEST)
        found = _nonzero_counts(counts, first)
        while found:
            band = trailing_zeros(found)
            found &= found - np.uint64(1)
            count = counts[first + band]
            counts[first + band] = 0
            if value != 0:
                sums[192 + band] += count
                _add(count, value, band, steps, sums, histogram)
    for band in range(64):
        _add(blocks - sums[192 + band], 0, band, steps, sums, histogram)
