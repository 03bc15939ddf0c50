"""Samples of 8 and of 12 bits.

One source serves both: kernels are compiled anew for the type of memory that holds the samples, uint8 or uint16, and
operations ask it for the constants that differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import types

from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import Memory, Scalar, operation

__all__ = ["PRECISIONS", "center", "center_of", "dc_sample", "sample_type", "strip_memory"]

PRECISIONS = (8, 12)
"""Bits a sample that DCT-based processes have (T.81 B.2.2)."""


def sample_type(precision: int) -> type[np.uint8 | np.uint16]:
    """Return the type that holds samples of 8 or 12 bits."""
    return np.uint8 if precision == 8 else np.uint16


def strip_memory(precision: int, size: int) -> npt.NDArray[Any]:
    """Scratch memory for samples."""
    return scratch("strip", size) if precision == 8 else scratch("strip of 12 bits", size, np.uint16)


def center_of(samples: Memory) -> int:
    """Half of the samples' range, which the forward DCT subtracts first (A.3.1); for operations."""
    return 128 if samples.bits == 8 else 2048


@operation(types.int64)
def center(samples: Memory) -> Scalar:
    """Half of the samples' range; for kernels."""
    return samples.constant(center_of(samples))


@inlined
def _wrapped(value, bits):
    """Low bits of a value, the highest of them for its sign."""
    sign = 1 << (bits - 1)
    return ((value + sign) & (2 * sign - 1)) - sign


@inlined
def dc_sample(samples, value, side):
    """Sample of a block that has nothing but the dequantized DC coefficient `value`, transformed to `side` samples.

    Values too large for a picture come out as from libjpeg-turbo. Its vector code, which does 8, 4 and 2 samples of 8
    bits, loses the upper bits of a product, or of four times it; its C code, which does the rest, regards two bits more
    than a sample has.
    """
    half = center(samples)
    vectors = half == 128 and side in (2, 4, 8)
    if vectors:
        value = _wrapped(value + 4, 15) if side == 2 else _wrapped(value, 14) + 4
    else:
        value = _wrapped(value + 4, 13 if half == 128 else 17)
    return min(max((value >> 3) + half, 0), 2 * half - 1)
