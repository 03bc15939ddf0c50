"""A row of blocks to samples at other sizes than 8x8."""

from __future__ import annotations

from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Memory, Scalar, operation
from dnjpeg.codec.pixels.precision import dc_sample
from dnjpeg.codec.pixels.scaled_transform import (
    GROUP,
    inverse_2x2,
    inverse_2x2_group,
    inverse_3x3,
    inverse_4x4,
    inverse_4x4_group,
    inverse_5x5,
    inverse_6x6,
    inverse_7x7,
    inverse_10x10,
    inverse_12x12,
    inverse_14x14,
)
from dnjpeg.codec.pixels.transform import has_rest, has_top

__all__ = ["inverse_scaled_blocks"]


@operation()
def _fill_line(samples: Memory, index: Scalar, value: Scalar) -> None:
    samples.store(index, value.splat(16, samples.bits))


@inlined
def _inverse_block(side, coefficients, block, steps, table, samples, index, stride):
    if not has_top(coefficients, block) and not has_rest(coefficients, block):
        value = dc_sample(samples, coefficients[block] * steps[table], side)
        for y in range(side):
            _fill_line(samples, index + stride * y, value)
    elif side == 2:
        inverse_2x2(coefficients, block, steps, table, samples, index, stride)
    elif side == 3:
        inverse_3x3(coefficients, block, steps, table, samples, index, stride)
    elif side == 4:
        inverse_4x4(coefficients, block, steps, table, samples, index, stride)
    elif side == 5:
        inverse_5x5(coefficients, block, steps, table, samples, index, stride)
    elif side == 6:
        inverse_6x6(coefficients, block, steps, table, samples, index, stride)
    elif side == 7:
        inverse_7x7(coefficients, block, steps, table, samples, index, stride)
    elif side == 10:
        inverse_10x10(coefficients, block, steps, table, samples, index, stride)
    elif side == 12:
        inverse_12x12(coefficients, block, steps, table, samples, index, stride)
    else:
        inverse_14x14(coefficients, block, steps, table, samples, index, stride)


@inlined
def inverse_scaled_blocks(side, coefficients, block, count, steps, table, samples, index, stride):
    """Dequantize and transform `count` consecutive blocks to squares of samples that lie side by side.

    Parameters
    ----------
    side : int
        Of a square: 1 to 7, 10, 12 or 14.
    coefficients, steps : span, int16
        Quantized blocks, natural order; steps of all components.
    block, table : int
        Indices of the first coefficient and the first step.
    samples, index, stride
        Plane of samples, index of the first one, distance of the lines. Up to 15 samples behind the end of each line
        may be written.
    """
    x = 0
    if side == 1:
        while x < count:
            samples[index + x] = dc_sample(samples, coefficients[block + 64 * x] * steps[table], 1)
            x += 1
    if side == 2:
        while x + GROUP <= count:
            inverse_2x2_group(coefficients, block + 64 * x, steps, table, samples, index + side * x, stride)
            x += GROUP
    if side == 4:
        while x + GROUP <= count:
            inverse_4x4_group(coefficients, block + 64 * x, steps, table, samples, index + side * x, stride)
            x += GROUP
    while x < count:
        _inverse_block(side, coefficients, block + 64 * x, steps, table, samples, index + side * x, stride)
        x += 1
