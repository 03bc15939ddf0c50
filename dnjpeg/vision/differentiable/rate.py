"""How many bits the entropy coder will spend, estimated so that it has a gradient."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dnjpeg.vision.differentiable.rounding import attach, half_away

__all__ = ["estimate_bits"]

# Bits for each AC coefficient that is not zero, for each doubling of its magnitude and of a DC difference's, and for
# each block. Least squares of the relative error over 384 files: 24 ImageNet photos of 256x256 pixels (none of those
# that results are reported on), qualities 5 to 95, 4:2:0 and 4:4:4, optimal Huffman tables.
NONZERO, AC_MAGNITUDE, DC_MAGNITUDE, BLOCK = 3.32, 1.18, 2.13, 2.08

WIDTH = 0.15  # of the soft threshold between zero and not zero, in steps


def estimate_bits(scaled: Sequence[torch.Tensor], *, hard: bool = True) -> torch.Tensor:
    """Estimate the entropy-coded bits of images from their coefficients in units of the steps.

    ::

        3.32 n + 1.18 Σ log2(1 + |k|) + 2.13 Σ log2(1 + |Δ|) + 2.08 blocks

    with n AC coefficients k that are not zero, and differences Δ of each DC coefficient from the one before it, block
    by block. For photos at qualities 5 to 95 that is within about 4 % (one standard deviation) of what a baseline file
    with optimal Huffman tables spends; headers and tables, some 300 to 600 bytes, are not part of it.

    The value takes each coefficient as it will be rounded; the gradient is that of the formula at the unrounded ones,
    with a logistic threshold around one half in the place of "not zero". So steps learn from coefficients that a small
    change would turn to zero.

    Parameters
    ----------
    scaled : sequence of Tensor, (N, block_rows, block_cols, 8, 8)
        One a component: unquantized coefficients divided by their steps, natural order.
    hard : bool
        False: the value too is that of the unrounded coefficients, so that the gradient is the true one.

    Returns
    -------
    Tensor, (N,)
        Bits an image.
    """
    return torch.stack([_component_bits(values.flatten(-2).flatten(1, 2), hard) for values in scaled]).sum(0)


def _component_bits(blocks: torch.Tensor, hard: bool) -> torch.Tensor:
    """Bits of (N, blocks, 64)."""
    smooth = _bits(blocks, torch.sigmoid((blocks[..., 1:].abs() - 0.5) / WIDTH))
    if not hard:
        return smooth
    with torch.no_grad():
        rounded = half_away(blocks)
        exact = _bits(rounded, (rounded[..., 1:] != 0).to(blocks.dtype))
    return attach(exact, smooth)


def _bits(blocks: torch.Tensor, nonzero: torch.Tensor) -> torch.Tensor:
    dc, ac = blocks[..., 0], blocks[..., 1:]
    differences = torch.cat([dc[:, :1], dc[:, 1:] - dc[:, :-1]], 1)
    return (
        NONZERO * nonzero.sum((1, 2))
        + AC_MAGNITUDE * torch.log2(1 + ac.abs()).sum((1, 2))
        + DC_MAGNITUDE * torch.log2(1 + differences.abs()).sum(1)
        + BLOCK * blocks.shape[1]
    )
