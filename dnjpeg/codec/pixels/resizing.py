"""Pixels to planes of another size, as PyTorch's antialiased ``interpolate`` resizes uint8, first along the lines.

Weights differ from sample to sample of a line, so that lines are not where vectors could lie. A band of lines is
therefore transposed: then the samples of all its lines at one place are one vector, and have the same weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import Memory, Scalar, copy, interleave, operation, repeated, span, transpose
from dnjpeg.codec.pixels.resizing_taps import Filter, taps_of

__all__ = ["padded", "resize"]

Pixels = npt.NDArray[np.uint8]

SQUARE = 16  # side of what is transposed
BAND = 32  # lines at once, and samples of a line


def padded(height: int, width: int, channels: int) -> tuple[Pixels, Pixels]:
    """Scratch memory for pixels that are to be resized, with what operations read behind them.

    Returns
    -------
    memory : ndarray, uint8, one dimension
        For `resize`.
    pixels : ndarray, uint8, (height, width, channels)
        Its beginning.
    """
    size = height * width * channels
    memory = scratch("unresized", (height + BAND) * width * channels + 4 * SQUARE)
    return memory, memory[:size].reshape(height, width, channels)


def resize(
    memory: Pixels,
    shape: tuple[int, int, int],
    out: Pixels,
    kind: Filter = "bilinear",
    box: tuple[float, float, float, float] | None = None,
) -> None:
    """Resize pixels to planes.

    Parameters
    ----------
    memory : ndarray, uint8
        From `padded`.
    shape : (height, width, channels)
        Of its pixels.
    out : ndarray, uint8, (channels, H, W), C-contiguous
        Where the planes go.
    kind : {"bilinear", "bicubic"}
        The filter.
    box : (top, left, height, width), optional
        The rectangle of the pixels that is resized, not necessarily whole pixels; the filter sees what lies around it.
        All of them by default.
    """
    height, width, channels = shape
    planes, lines, samples = out.shape
    assert planes == channels
    top, left, rows, cols = box or (0.0, 0.0, float(height), float(width))
    across = taps_of(kind, width, samples, left, cols)
    down = taps_of(kind, height, lines, top, rows)
    stride = -(-samples // BAND) * BAND
    held = (height + BAND - 1) // BAND * BAND + 2 * down.pairs
    _resize(
        memory,
        height,
        width,
        channels,
        across.first,
        across.weights.reshape(-1),
        across.pairs,
        across.precision,
        down.first,
        down.weights.reshape(-1),
        down.pairs,
        down.precision,
        scratch("columns", BAND * channels * (width + 2 * across.pairs + 4 * SQUARE)),
        scratch("new columns", BAND * channels * stride),
        scratch("new lines", channels * held * stride),
        held,
        stride,
        out.reshape(-1),
        lines,
        samples,
    )


@operation()
def _to_columns(pixels: Memory, start: Scalar, stride: Scalar, columns: Memory, at: Scalar) -> None:
    """`SQUARE` lines of four times as many bytes: each column goes behind the last, `BAND` bytes further."""
    rows = [pixels.load(start + stride * y, 4 * SQUARE) for y in range(SQUARE)]
    for x, column in enumerate(transpose(rows)):
        for i in range(4):
            columns.store(at + BAND * (SQUARE * i + x), column.part(SQUARE * i, SQUARE))


@operation()
def _to_lines(columns: Memory, start: Scalar, lines: Memory, at: Scalar, stride: Scalar) -> None:
    """`SQUARE` columns of `BAND` bytes to as many lines."""
    rows = transpose([columns.load(start + BAND * x, BAND) for x in range(SQUARE)])
    for y, row in enumerate(rows):
        for i in range(BAND // SQUARE):
            lines.store(at + stride * (SQUARE * i + y), row.part(SQUARE * i, SQUARE))


@operation()
def _blend(
    samples: Memory, first: Scalar, step: Scalar, weights: Memory, weight: Scalar, pairs: Scalar, precision: Scalar,
    out: Memory, at: Scalar,
) -> None:  # fmt: skip
    """Weighted sums of vectors of `BAND` samples that lie `step` apart."""
    half = (precision + -1).power_of_two().splat(BAND, 32)

    def add_pair(i: Scalar, sums):
        index = first + step * i * 2
        two = interleave(samples.load(index, BAND), samples.load(index + step, BAND)).unsigned(16)
        return [sums[0] + two.dot_pairs(weights.load(weight + i * 2, 2).select([0, 1] * BAND))]

    (total,) = repeated(pairs, [half], add_pair)
    out.store(at, (total >> precision.splat(BAND, 32)).clamped(0, 255).truncated(8))


@kernel
def _resize(
    pixels, height, width, channels,
    across_first, across_weights, across_pairs, across_precision,
    down_first, down_weights, down_pairs, down_precision,
    columns, new_columns, lines, held, stride,
    out, out_lines, out_samples,
):  # fmt: skip
    """See `resize`. Planes of `held` lines of `stride` samples are what the first direction gives."""
    pixels, columns, new_columns, lines, out = span(pixels), span(columns), span(new_columns), span(lines), span(out)
    across_first, across_weights = span(across_first), span(across_weights)
    down_first, down_weights = span(down_first), span(down_weights)
    line = channels * width
    for top in range(0, height, BAND):
        for i in range(0, line, 4 * SQUARE):
            _to_columns(pixels, top * line + i, line, columns, BAND * i)
            _to_columns(pixels, (top + SQUARE) * line + i, line, columns, BAND * i + SQUARE)
        for x in range(out_samples):
            for c in range(channels):
                first = BAND * (channels * across_first[x] + c)
                weight = 2 * across_pairs * x
                at = BAND * (c * stride + x)
                _blend(columns, first, BAND * channels, across_weights, weight, across_pairs, across_precision,
                       new_columns, at)  # fmt: skip
        for c in range(channels):
            for x in range(0, out_samples, SQUARE):
                _to_lines(new_columns, BAND * (c * stride + x), lines, (c * held + top) * stride + x, stride)
    for c in range(channels):
        for y in range(out_lines):
            start, weight = (c * held + down_first[y]) * stride, 2 * down_pairs * y
            for x in range(0, out_samples, BAND):
                at = (c * out_lines + y) * out_samples + x
                # What is written past the line's end is overwritten by the next line; behind the last there is nothing.
                direct = at + BAND <= len(out)
                target, position = (out, at) if direct else (columns, 0)
                _blend(lines, start + x, stride, down_weights, weight, down_pairs, down_precision, target, position)
                if not direct:
                    copy(columns, 0, out, at, len(out) - at)
