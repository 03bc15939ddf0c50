"""Sets of coefficients as 64-bit masks: bit k stands for the k-th coefficient of the zigzag sequence."""

from __future__ import annotations

import numpy as np
from numba import types

from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Memory, Scalar, operation

__all__ = ["band_mask", "nonzero_zigzag", "reaching_zigzag"]


@operation(types.uint64)
def nonzero_zigzag(coefficients: Memory, block: Scalar) -> Scalar:
    """Coefficients of a block that are not zero."""
    return coefficients.load(block, 64).nonzero_lanes().select(ZIGZAG).where_nonzero()


@operation(types.uint64)
def reaching_zigzag(coefficients: Memory, block: Scalar, low: Scalar) -> Scalar:
    """Coefficients of a block that have a magnitude of ``2**low`` and more."""
    values = coefficients.load(block, 64)
    sign = values >> 15
    kept = ((values ^ sign) - sign) & low.all_above().splat(64, 16)
    return kept.nonzero_lanes().select(ZIGZAG).where_nonzero()


@inlined
def band_mask(start, end):
    """Coefficients `start` to `end`; none if there are none between them."""
    return (~np.uint64(0) >> np.uint64(63 - end)) & (~np.uint64(0) << np.uint64(start))
