"""The AC coefficients of each block: the cheapest of all levels between zero and the rounded ones.

The trellis goes over the coefficients of a block that plain rounding keeps. A node is one of them as the last that is
not zero so far; what leads to it is the one before. Of all levels with one size category the nearest is the best, so a
coefficient of level k has as many candidates besides zero as k has bits; and a node need not be looked at if even the
least costs so far would not do with the shortest code. So the search finds the optimum.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.zigzag_masks import nonzero_zigzag
from dnjpeg.codec.format.zigzag import NATURAL
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import bit_length, span, trailing_zeros
from dnjpeg.codec.trellis.rates import END_OF_BLOCK, SIZES, SMALLEST

__all__ = ["choose_blocks", "weighted_error"]

Levels = npt.NDArray[np.int16]
Reals = npt.NDArray[np.float64]

NODES = 65  # DC, and all AC coefficients


def choose_blocks(
    source: npt.NDArray[np.integer],
    rounded: Levels,
    first: int,
    last: int,
    steps: Reals,
    weights: Reals,
    rates: Reals,
    chosen: Levels,
) -> float:
    """Choose the levels of some blocks but for DC.

    Parameters
    ----------
    source : ndarray, integers, (64 blocks,)
        Coefficients, natural order.
    rounded : ndarray, int16, (64 blocks,)
        The levels nearest to them.
    first, last : int
        Indices of the first coefficient, and of the one behind the last.
    steps : ndarray, float64, (64,)
        On the scale of the coefficients, natural order.
    weights : ndarray, float64, (64,)
        Bits that a squared error counts, natural order.
    rates : ndarray, float64
        From `ac_rates`.
    chosen : ndarray, int16, (64 blocks,)
        Where they go; equal to `rounded` before.

    Returns
    -------
    float
        Sum over all blocks of what an optimum costs, in bits, beyond the error of a block that is all zero.
    """
    costs, least = np.empty((2, NODES))
    places, values, before = np.empty((3, NODES), np.int64)
    total: float = _choose_blocks(
        source, rounded, first, last, steps, weights, rates, chosen, costs, least, places, values, before
    )
    return total


@kernel
def _choose_blocks(source, rounded, first, last, steps, weights, rates, chosen, costs, least, places, values, before):
    """Choose the levels of some blocks.

    By node, of which the first one is DC: the costs and the least of them so far, the place in the zigzag sequence, the
    level and the node before.
    """
    levels = span(rounded)
    costs[0] = least[0] = 0
    places[0] = 0
    total = 0.0
    for block in range(first, last, 64):
        mask = nonzero_zigzag(levels, block) & ~np.uint64(1)
        if mask == 0:
            total += rates[END_OF_BLOCK]
            continue
        count = 0
        while mask:
            k = trailing_zeros(mask)
            mask &= mask - np.uint64(1)
            natural = np.int64(NATURAL[k])
            coefficient, level = np.float64(source[block + natural]), abs(np.int64(rounded[block + natural]))
            magnitude = abs(coefficient)
            step, weight = steps[natural], weights[natural]
            best, value, origin = np.inf, level, count
            for size in range(bit_length(np.uint64(level)), 0, -1):
                candidate = min(level, (1 << size) - 1)
                size_step = step * candidate
                own = weight * size_step * (size_step - 2 * magnitude)
                floor = own + rates[SMALLEST + size]
                for node in range(count, -1, -1):
                    if floor + least[node] >= best:  # so is all that lies further back
                        break
                    cost = own + costs[node] + rates[(k - places[node] - 1) * SIZES + size]
                    if cost < best:
                        best, value, origin = cost, candidate, node
            count += 1
            costs[count], places[count], before[count] = best, k, origin
            least[count] = min(best, least[count - 1])
            values[count] = -value if rounded[block + natural] < 0 else value
        end, best = 0, rates[END_OF_BLOCK]
        for node in range(1, count + 1):
            cost = costs[node] + (rates[END_OF_BLOCK] if places[node] < 63 else 0.0)
            if cost <= best:
                end, best = node, cost
        total += best
        for node in range(count, 0, -1):
            natural = np.int64(NATURAL[places[node]])
            if node == end:
                chosen[block + natural] = values[node]
                end = before[node]
            else:
                chosen[block + natural] = 0
    return total


@kernel
def weighted_error(source, levels, first, last, steps, weights):
    """Sum up the weighted squared error of levels; the parameters are those of `choose_blocks`."""
    total = 0.0
    for block in range(first, last, 64):
        for natural in range(64):
            error = source[block + natural] - steps[natural] * levels[block + natural]
            total += weights[natural] * error * error
    return total
