"""Sets of coefficients as 64-bit masks: bit k stands for the k-th coefficient of the zigzag sequence."""

from __future__ import annotations

import numpy as np
from numba import types

from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import REGISTER_BITS, Memory, Scalar, operation

__all__ = ["band_mask", "can_refine", "nonzero_zigzag", "nth_one", "reaching_zigzag", "refine_known"]

# By natural index: the bit of a coefficient in a mask whose bits are reversed.
_FROM_REVERSED = [63 - ZIGZAG.index(natural) for natural in range(64)]


@operation(types.uint64)
def nonzero_zigzag(coefficients: Memory, block: Scalar) -> Scalar:
    """Coefficients of a block that are not zero."""
    values = coefficients.load(block, 64)
    if REGISTER_BITS < 512:  # fewer bits are put in order in less time
        values = values.nonzero_lanes()
    return values.select(ZIGZAG).where_nonzero()


@operation(types.uint64)
def reaching_zigzag(coefficients: Memory, block: Scalar, low: Scalar) -> Scalar:
    """Coefficients of a block that have a magnitude of ``2**low`` and more."""
    values = coefficients.load(block, 64)
    sign = values >> 15
    kept = ((values ^ sign) - sign) & low.all_above().splat(64, 16)
    return kept.nonzero_lanes().select(ZIGZAG).where_nonzero()


@operation(types.int64)
def can_refine(coefficients: Memory) -> Scalar:
    """Tell, while compiling, whether the CPU can do what `refine_known` and `nth_one` need."""
    return coefficients.constant(int(coefficients.compiled_for("bmi2")))


@operation()
def refine_known(coefficients: Memory, block: Scalar, known: Scalar, corrections: Scalar, bit: Scalar) -> None:
    """Add a bit to the magnitude of known coefficients that do not have it yet, where their correction bits are ones.

    `corrections` has as many bits as `known`, the first one highest.
    """
    if not coefficients.compiled_for("bmi2"):  # compiled, but never called
        return
    chosen = corrections.deposited(known.bits_reversed()).spread().select(_FROM_REVERSED).signed(16)
    values, step = coefficients.load(block, 64), bit.splat(64, 16)
    change = step & chosen & (values & step).zero_lanes()
    sign = values >> 15
    coefficients.store(block, values + ((change ^ sign) - sign))


@operation(types.uint64)
def nth_one(coefficients: Memory, number: Scalar, mask: Scalar) -> Scalar:
    """Bit of a mask that has `number` ones below it, alone; 0 if there is none."""
    if not coefficients.compiled_for("bmi2"):  # compiled, but never called
        return mask
    return number.power_of_two().deposited(mask)


@inlined
def band_mask(start, end):
    """Coefficients `start` to `end`; none if there are none between them."""
    return (~np.uint64(0) >> np.uint64(63 - end)) & (~np.uint64(0) << np.uint64(start))
