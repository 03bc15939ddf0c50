"""A row of blocks to samples at full size: several at once, and short cuts for those with few coefficients."""

from __future__ import annotations

from numba import types

from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import REGISTER_BITS, Memory, Scalar, concatenate, operation
from dnjpeg.codec.pixels.precision import dc_sample
from dnjpeg.codec.pixels.transform import (
    CONST_BITS,
    PASS1_BITS,
    has_rest,
    has_top,
    inverse_one,
    inverse_pass,
    inverse_rows,
    inverse_top,
)

__all__ = ["inverse_blocks"]

GROUP = max(REGISTER_BITS // 128, 2)  # blocks done at once: a row of each fills a register, or two


@operation()
def _fill_block(samples: Memory, index: Scalar, stride: Scalar, value: Scalar) -> None:
    row = value.splat(8, samples.bits)
    for y in range(8):
        samples.store(index + stride * y, row)


@inlined
def _fill(coefficients, block, steps, table, samples, index, stride):
    _fill_block(samples, index, stride, dc_sample(samples, coefficients[block] * steps[table], 8))


@operation(types.int64)
def _in_groups(samples: Memory) -> Scalar:
    """Tell, while compiling, whether several blocks are done at once: not those of 12 bits."""
    return samples.constant(int(samples.bits == 8))


@operation(types.int64)
def _have_ac(coefficients: Memory, block: Scalar) -> Scalar:
    """Not zero if any of `GROUP` consecutive blocks has a coefficient other than DC."""
    found = None
    for half in range(0, 64 * GROUP, 32):
        lanes = coefficients.load(block + half, 32)
        if half % 64 == 0:
            lanes = lanes & [0, *[-1] * 31]
        found = lanes if found is None else found | lanes
    assert found is not None
    return found.where_nonzero()


@operation()
def _inverse_group(
    coefficients: Memory, block: Scalar, steps: Memory, table: Scalar, samples: Memory, index: Scalar, stride: Scalar
) -> None:
    """Dequantize and transform `GROUP` consecutive blocks of 8 bits to samples that lie side by side.

    Of a block that has nothing below its first row the first pass is no more than a shift, as in libjpeg-turbo's vector
    code; see `inverse_top`.
    """
    if samples.bits != 8:  # compiled, but never called: see `_in_groups`
        return
    x, below = [], None
    for y in range(8):
        coded = concatenate([coefficients.load(block + 64 * i + 8 * y, 8) for i in range(GROUP)])
        step = concatenate([steps.load(table + 8 * y, 8)] * GROUP)
        x.append(coded * step)
        if y == 1:
            below = coded
        elif below is not None:
            below = below | coded
    assert below is not None
    for distance in (4, 2, 1):
        below = below | below.select(lane ^ distance for lane in range(below.lanes))
    below = below.nonzero_lanes().signed(16)
    top = (x[0] << PASS1_BITS) & (below ^ -1)
    columns = [lanes & below | top for lanes in inverse_pass(x, shift=CONST_BITS - PASS1_BITS)]
    for y, row in enumerate(inverse_rows(columns)):
        samples.store(index + stride * y, row)


@inlined
def _inverse_block(coefficients, block, steps, table, samples, index, stride):
    if has_rest(coefficients, block):
        inverse_one(coefficients, block, steps, table, samples, index, stride)
    elif has_top(coefficients, block):
        inverse_top(coefficients, block, steps, table, samples, index, stride)
    else:
        _fill(coefficients, block, steps, table, samples, index, stride)


@inlined
def inverse_blocks(coefficients, block, count, steps, table, samples, index, stride):
    """Dequantize and transform `count` consecutive blocks to samples that lie side by side.

    Parameters
    ----------
    coefficients, steps : span, int16
        Quantized blocks, natural order; steps of all components.
    block, table : int
        Indices of the first coefficient and the first step.
    samples, index, stride
        Plane of samples, index of the first one, distance of the lines.
    """
    x = 0
    if _in_groups(samples):
        while x + GROUP <= count:
            if _have_ac(coefficients, block + 64 * x):
                _inverse_group(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)
            else:
                for i in range(x, x + GROUP):
                    _fill(coefficients, block + 64 * i, steps, table, samples, index + 8 * i, stride)
            x += GROUP
    while x < count:
        _inverse_block(coefficients, block + 64 * x, steps, table, samples, index + 8 * x, stride)
        x += 1
