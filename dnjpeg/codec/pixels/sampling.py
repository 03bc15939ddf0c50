"""Changing the resolution of components (T.81 A.1.1 leaves the method open; these are libjpeg's), row by row."""

from __future__ import annotations

from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Memory, Scalar, Vector, interleave, operation

__all__ = ["SAMPLES", "downsample_row", "upsample_row"]

SAMPLES = 16  # of the lower resolution, done at once


# Down: the mean of the samples that a coarser one covers. libjpeg alternates the rounding bias of the two commonest
# ratios along a row so that it does not drift.


@operation()
def _halve_h(samples: Memory, row: Scalar, out: Scalar) -> None:
    total = _pair_sums(samples.load(row, 2 * SAMPLES)) + [0, 1] * (SAMPLES // 2)
    samples.store(out, total.shift_right(1).truncated(8))


@operation()
def _halve_hv(samples: Memory, row: Scalar, below: Scalar, out: Scalar) -> None:
    upper, lower = (_pair_sums(samples.load(line, 2 * SAMPLES)) for line in (row, below))
    total = upper + lower + [1, 2] * (SAMPLES // 2)
    samples.store(out, total.shift_right(2).truncated(8))


def _pair_sums(row: Vector) -> Vector:
    """Sum neighbours, of 8 bits in 16."""
    pairs = row.reinterpreted(16)
    return (pairs & 255) + pairs.shift_right(8)


@inlined
def downsample_row(samples, row, stride, horizontal, vertical, out, count):
    """Make one row of a component out of `vertical` rows at full resolution.

    Parameters
    ----------
    samples : ndarray, uint8
        Holds all rows; up to `SAMPLES` - 1 samples beyond the last may be written.
    row, stride, out : int
        Index of the first input row, distance to the next, index of the output row.
    horizontal, vertical : int
        Ratio of the resolutions.
    count : int
        Samples to make.
    """
    if vertical == 1 and horizontal == 2:
        for i in range(0, count, SAMPLES):
            _halve_h(samples, row + 2 * i, out + i)
    elif vertical == 2 and horizontal == 2:
        for i in range(0, count, SAMPLES):
            _halve_hv(samples, row + 2 * i, row + stride + 2 * i, out + i)
    else:
        area = horizontal * vertical
        for i in range(count):
            total = area // 2
            for y in range(vertical):
                for x in range(horizontal):
                    total += samples[row + y * stride + i * horizontal + x]
            samples[out + i] = total // area


# Up: "fancy" triangle filter at the ratios 2:1 horizontally, vertically or both; the nearest sample at all others.


@operation()
def _weigh_3_1(samples: Memory, near: Scalar, far: Scalar, sums: Memory, out: Scalar) -> None:
    nearer = samples.load(near, SAMPLES).unsigned(16)
    sums.store(out, nearer * 3 + samples.load(far, SAMPLES).unsigned(16))


def _in_turns(left: Vector, right: Vector, bits: int) -> Vector:
    """Join samples in lanes of 16 bits: one of the left ones, one of the right ones, and so on."""
    return (left | right << 8).reinterpreted(8) if bits == 8 else interleave(left, right)


@operation()
def _triangle_hv(sums: Memory, index: Scalar, samples: Memory, out: Scalar) -> None:
    """``(3 this + neighbour + 8 or 7) >> 4`` over sums that were weighed vertically."""
    this = sums.load(index, SAMPLES) * 3
    left = (this + sums.load(index + -1, SAMPLES) + 8).shift_right(4)
    right = (this + sums.load(index + 1, SAMPLES) + 7).shift_right(4)
    samples.store(out, _in_turns(left, right, samples.bits))


@operation()
def _triangle_h(samples: Memory, index: Scalar, out: Scalar) -> None:
    """``(3 this + neighbour + 1 or 2) >> 2``."""
    this = samples.load(index, SAMPLES).unsigned(16) * 3
    left = (this + samples.load(index + -1, SAMPLES).unsigned(16) + 1).shift_right(2)
    right = (this + samples.load(index + 1, SAMPLES).unsigned(16) + 2).shift_right(2)
    samples.store(out, _in_turns(left, right, samples.bits))


@operation()
def _triangle_v_upper(samples: Memory, near: Scalar, far: Scalar, out: Scalar) -> None:
    total = samples.load(near, SAMPLES).unsigned(16) * 3 + samples.load(far, SAMPLES).unsigned(16) + 1
    samples.store(out, total.shift_right(2).truncated(samples.bits))


@operation()
def _triangle_v_lower(samples: Memory, near: Scalar, far: Scalar, out: Scalar) -> None:
    total = samples.load(near, SAMPLES).unsigned(16) * 3 + samples.load(far, SAMPLES).unsigned(16) + 2
    samples.store(out, total.shift_right(2).truncated(samples.bits))


@operation()
def _double_h(samples: Memory, index: Scalar, out: Scalar) -> None:
    this = samples.load(index, SAMPLES)
    samples.store(out, interleave(this, this))


@inlined
def upsample_row(samples, near, far, lower, horizontal, vertical, fancy, sums, out, count):
    """Make one row at full resolution out of a component's nearest row and, where the filter has two taps, the next.

    Parameters
    ----------
    samples : ndarray, uint8 or uint16
        Holds all rows. The sample left of a row and up to `SAMPLES` beyond its end may be written.
    near, far : int
        Indices of the nearest row and of the next nearest one.
    lower : bool
        The output row lies in the lower half of the nearest row.
    horizontal, vertical : int
        Ratio of the resolutions.
    fancy : bool
        Filter instead of repeating.
    sums : ndarray, int16
        Scratch for one row of the component, with one sample more on the left and `SAMPLES` on the right.
    out : int
        Index of the output row.
    count : int
        Samples in a row of the component.
    """
    if horizontal == 2 and vertical == 2 and fancy:
        for i in range(0, count, SAMPLES):
            _weigh_3_1(samples, near + i, far + i, sums, 1 + i)
        sums[0] = sums[1]
        sums[1 + count] = sums[count]
        for i in range(0, count, SAMPLES):
            _triangle_hv(sums, 1 + i, samples, out + 2 * i)
    elif horizontal == 2 and vertical == 1 and fancy:
        samples[near - 1] = samples[near]
        samples[near + count] = samples[near + count - 1]
        for i in range(0, count, SAMPLES):
            _triangle_h(samples, near + i, out + 2 * i)
    elif horizontal == 1 and vertical == 2 and fancy:
        for i in range(0, count, SAMPLES):
            if lower:
                _triangle_v_lower(samples, near + i, far + i, out + i)
            else:
                _triangle_v_upper(samples, near + i, far + i, out + i)
    elif horizontal == 2:
        for i in range(0, count, SAMPLES):
            _double_h(samples, near + i, out + 2 * i)
    else:
        for i in range(count):
            value = samples[near + i]
            for x in range(horizontal):
                samples[out + horizontal * i + x] = value
