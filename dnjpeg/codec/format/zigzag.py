"""The zigzag sequence (T.81 figure 5), which exists only in DQT segments and scans."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["NATURAL", "ZIGZAG", "from_zigzag", "to_zigzag"]

# ZIGZAG[k] is the natural index (8 * row + column) of the k-th coefficient of the sequence.
# fmt: off
ZIGZAG = (
     0,  1,  8, 16,  9,  2,  3, 10,
    17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34,
    27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36,
    29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46,
    53, 60, 61, 54, 47, 55, 62, 63,
)
# fmt: on

# The same for kernels. A corrupt run can lead past the block's end: what lies there is the last coefficient, as in
# libjpeg; an end of block counts as many more.
NATURAL = np.full(192, 63, np.uint8)
NATURAL[:64] = ZIGZAG

_ORDER = np.array(ZIGZAG)


def from_zigzag(sequence: npt.ArrayLike) -> npt.NDArray[np.uint16]:
    """``(8, 8)`` table in natural order from 64 numbers in zigzag order."""
    table = np.empty(64, np.uint16)
    table[_ORDER] = sequence
    return table.reshape(8, 8)


def to_zigzag(table: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """64 numbers in zigzag order from an ``(8, 8)`` table in natural order."""
    return np.take(table, _ORDER)
