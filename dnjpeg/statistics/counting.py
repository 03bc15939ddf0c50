"""The kernel that counts coefficients, band by band."""

from __future__ import annotations

import numpy as np
from numba import types

from dnjpeg.codec.entropy.counts import LEVELS, MIDDLE, PLANE_ITEMS
from dnjpeg.codec.format.zigzag import NATURAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import Memory, Scalar, operation, span, trailing_zeros

__all__ = ["REACH", "SMALL_LEVELS", "add_blocks", "add_counts", "count_tokens", "largest_counts"]

REACH = 2048
"""Bins on each side of the one around zero. 8-bit samples give at most 1024, 2 x 1024 half-wide bins."""

PIECE = 4096  # tokens that stay near the processor

SMALL = 16  # values from -16 to 15 are counted by value first
SMALL_LEVELS = 64 * 2 * SMALL


@operation(types.uint64)
def nonzero_bands(coefficients: Memory, block: Scalar) -> Scalar:
    """Bit k is set where the k-th coefficient, in natural order, is not zero."""
    return coefficients.load(block, 64).nonzero_lanes().where_nonzero()


@inlined
def count_tokens(tokens, number, weight, counts):
    """Add `weight` for each of what `list_ahead` lists that is not of a zero; what is listed is lost."""
    for first in range(0, number, PIECE):
        behind = first
        for at in range(first, min(first + PIECE, number), 16):
            behind += _squeeze(tokens, at, behind)
        for i in range(first, behind - 1, 2):
            pair = _pair(tokens, i)
            for index in (np.int64(pair & np.uint64(0xFFFFFFFF)), np.int64(pair >> np.uint64(32))):
                counts[index] = counts[index] + weight
        if (behind - first) & 1 != 0:
            counts[tokens[behind - 1]] = counts[tokens[behind - 1]] + weight


@operation(types.int64)
def _squeeze(tokens: Memory, at: Scalar, target: Scalar) -> Scalar:
    """Move those of 16 tokens together that are not of a zero; returns how many there are."""
    some = tokens.load(at, 16)
    found = (some.shift_right(6) & (LEVELS - 1)).equals(MIDDLE) ^ 1
    tokens.store(target, some.compressed(found.ones()))
    return found.ones().count_ones()


@operation(types.uint64)
def _pair(tokens: Memory, at: Scalar) -> Scalar:
    return tokens.load_word(at)


@inlined
def largest_counts(counts, components):
    """How often the largest value was counted, or what has no place among the values, in whatever band."""
    total = 0
    for c in range(components):
        for band in range(64):
            total += counts[(c + 1) * PLANE_ITEMS - 64 + band]
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
    counts : ndarray, int32, (PLANE_ITEMS,)
        As `codec.entropy.counts` has them; they are set to zero. The bands of a value lie side by side: values near
        zero, which are most, then share few places of the cache.
    blocks : int
        How many blocks they are of.
    steps, histogram
        As for `add_blocks`.
    sums : ndarray, int64, (4 * 64,)
        As for `add_blocks`, and how many coefficients are not zero; zeros before.
    """
    counts, steps, sums, histogram = span(counts), span(steps), span(sums), span(histogram)
    natural = span(NATURAL)
    for value in range(-MIDDLE, MIDDLE):
        first = 64 * (value + MIDDLE)
        found = _nonzero_counts(counts, first)
        while found:
            k = trailing_zeros(found)
            found &= found - np.uint64(1)
            count, band = counts[first + k], natural[k]
            counts[first + k] = 0
            if value != 0:
                sums[192 + band] += count
                _add(count, value, band, steps, sums, histogram)
    for band in range(64):
        _add(blocks - sums[192 + band], 0, band, steps, sums, histogram)
