"""DC: levels at most one from the rounded ones, in the order in which their differences are coded."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import bit_length

__all__ = ["choose_dc", "coding_order"]


@lru_cache(16)
def coding_order(frame: Frame, index: int, interval: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Blocks of a component in the order in which a scan of all components codes them.

    Parameters
    ----------
    frame : Frame
    index : int
        Of the component.
    interval : int
        MCUs between restarts, or 0.

    Returns
    -------
    order : ndarray, int64, (blocks,)
        Index of each block, row by row; those that only fill MCUs are left out, as they repeat DC.
    starts : ndarray, int64
        Where in it the prediction begins anew, and its end.
    """
    component = frame.components[index]
    rows, cols = frame.block_shape(index)
    if len(frame.components) == 1:
        order = np.arange(rows * cols)
        mcus = order
    else:
        horizontal, vertical = component.horizontal, component.vertical
        shape = (frame.mcu_rows, vertical, frame.mcu_cols, horizontal)
        y, x = np.divmod(np.arange(np.prod(shape)), frame.mcu_cols * horizontal)
        y, x = (part.reshape(shape).transpose(0, 2, 1, 3).reshape(-1) for part in (y, x))
        within = (y < rows) & (x < cols)
        order = (y * cols + x)[within]
        mcus = np.flatnonzero(within) // (horizontal * vertical)
    bounds = [0, len(order)]
    if interval:
        bounds = np.unique([*np.searchsorted(mcus, np.arange(0, mcus[-1] + 1, interval)), len(order)]).tolist()
    return order, np.array(bounds, np.int64)


def choose_dc(
    source: npt.NDArray[np.integer],
    rounded: npt.NDArray[np.int16],
    first: int,
    order: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    step: float,
    weight: float,
    rates: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.int16],
    back: npt.NDArray[np.uint8],
) -> float:
    """Choose the DC levels of a component.

    Parameters
    ----------
    source, rounded, chosen
        As for `blocks.choose_blocks`.
    first : int
        Index of the component's first coefficient.
    order, starts
        From `coding_order`.
    step, weight : float
        Of DC.
    rates : ndarray, float64
        From `dc_rates`.
    back : ndarray, uint8, (3 blocks,)
        Scratch.

    Returns
    -------
    float
        Sum of the weighted errors and the bits of the differences.
    """
    costs, following, bits = np.empty(3), np.empty(3), np.empty(5)
    total: float = _choose_dc(
        source, rounded, first, order, starts, step, weight, rates, chosen, back, costs, following, bits
    )
    return total


@kernel
def _choose_dc(source, rounded, first, order, starts, step, weight, rates, chosen, back, costs, following, bits):
    """Choose the DC levels of a component.

    By level below, at or above the rounded one: the costs, and those of the block that follows; the bits of a
    difference from two below to two above that of the rounded ones.
    """
    total = 0.0
    for interval in range(len(starts) - 1):
        begin, end = starts[interval], starts[interval + 1]
        previous = np.int64(0)
        for at in range(begin, end):
            place = first + 64 * order[at]
            level, coefficient = np.int64(rounded[place]), np.float64(source[place])
            for distance in range(5):
                bits[distance] = rates[bit_length(np.uint64(abs(level - previous + distance - 2)))]
            for state in range(3):
                error = coefficient - step * (level + state - 1)
                best, origin = np.inf, 1
                if at == begin:  # predicted as 0
                    best = bits[state + 1]
                else:
                    for offset in (1, 0, 2):  # of equals, the rounded one
                        cost = costs[offset] + bits[state - offset + 2]
                        if cost < best:
                            best, origin = cost, offset
                following[state] = best + weight * error * error
                back[3 * at + state] = origin
            for state in range(3):
                costs[state] = following[state]
            previous = level
        state = 1
        for other in (0, 2):
            if costs[other] < costs[state]:
                state = other
        total += costs[state]
        for at in range(end - 1, begin - 1, -1):
            place = first + 64 * order[at]
            chosen[place] = rounded[place] + state - 1
            state = back[3 * at + state]
    return total
