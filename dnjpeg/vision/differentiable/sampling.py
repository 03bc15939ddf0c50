"""Changing the resolution of components as libjpeg does: the mean downwards, the triangle filter upwards."""

from __future__ import annotations

import torch

from dnjpeg.vision.differentiable.rounding import attach, integers

__all__ = ["downsample", "extend", "upsample"]


def extend(plane: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Repeat the last line and the last column up to a size."""
    for dim, size in ((-1, width), (-2, height)):
        missing = size - plane.shape[dim]
        if missing > 0:
            last = plane.narrow(dim, plane.shape[dim] - 1, 1)
            shape = list(plane.shape)
            shape[dim] = missing
            plane = torch.cat([plane, last.expand(shape)], dim)
    return plane


def downsample(plane: torch.Tensor, horizontal: int, vertical: int, *, exact: bool = True) -> torch.Tensor:
    """Replace cells of ``vertical * horizontal`` samples by their mean.

    Parameters
    ----------
    plane : Tensor, (N, H, W)
        H and W are multiples of the ratios; of integers if `exact`.
    horizontal, vertical : int
        Ratio of the resolutions.
    exact : bool
        Round as libjpeg does, whose bias alternates along a line, with the gradient of the mean.

    Returns
    -------
    Tensor, (N, H / vertical, W / horizontal)
    """
    if horizontal == vertical == 1:
        return plane
    count, height, width = plane.shape
    shape = (count, height // vertical, vertical, width // horizontal, horizontal)
    smooth = plane.reshape(shape).mean((2, 4))
    if not exact:
        return smooth
    total = integers(plane).reshape(shape).sum((2, 4), dtype=torch.int32)
    area = horizontal * vertical
    if (horizontal, vertical) in {(2, 1), (2, 2)}:
        odd = torch.arange(total.shape[-1], device=total.device, dtype=torch.int32) & 1
        total = total + (area // 4 + odd)  # 0, 1, 0, 1 or 1, 2, 1, 2
    else:
        total = total + area // 2
    return attach(total // area, smooth)


def _neighbours(x: torch.Tensor, dim: int) -> tuple[torch.Tensor, torch.Tensor]:
    """For each sample the one before and the one behind; at the ends, itself."""
    size = x.shape[dim]
    first, last = x.narrow(dim, 0, 1), x.narrow(dim, size - 1, 1)
    before = torch.cat([first, x.narrow(dim, 0, size - 1)], dim)
    return before, torch.cat([x.narrow(dim, 1, size - 1), last], dim)


def _doubled(x: torch.Tensor, dim: int, biases: tuple[int, int] = (0, 0)) -> torch.Tensor:
    """Put two samples in the place of each: ``3 this + neighbour + bias``."""
    before, behind = _neighbours(x, dim)
    pairs = torch.stack([3 * x + before + biases[0], 3 * x + behind + biases[1]], dim + 1)
    return pairs.flatten(dim, dim + 1)


def _filtered(x: torch.Tensor, horizontal: int, vertical: int, *, exact: bool) -> torch.Tensor:
    if (horizontal, vertical) == (2, 2):
        # The sums of the vertical filter are not rounded.
        sums = _doubled(_doubled(x, 1), 2, (8, 7) if exact else (0, 0))
        return sums >> 4 if exact else sums / 16
    sums = _doubled(x, 2 if horizontal == 2 else 1, (1, 2) if exact else (0, 0))
    return sums >> 2 if exact else sums / 4


def upsample(plane: torch.Tensor, horizontal: int, vertical: int, *, exact: bool = True) -> torch.Tensor:
    """Raise a component to full resolution, with libjpeg's "fancy" triangle filter where it filters.

    That is at the ratios 2:1 in one direction or both, unless a component that is subsampled horizontally is no more
    than two samples wide. Otherwise samples are repeated.

    Parameters
    ----------
    plane : Tensor, (N, h, w)
        A component's samples without those that only fill a block: the filter must not see them. Of integers if
        `exact`.
    horizontal, vertical : int
        Ratio of the resolutions.
    exact : bool
        Round as libjpeg does, with the gradient of the real numbers.

    Returns
    -------
    Tensor, (N, h * vertical, w * horizontal)
    """
    if horizontal == vertical == 1:
        return plane
    wide = plane.shape[-1] > 2
    if not ((horizontal, vertical) == (1, 2) or (wide and (horizontal, vertical) in {(2, 1), (2, 2)})):
        return plane.repeat_interleave(vertical, 1).repeat_interleave(horizontal, 2)
    smooth = _filtered(plane, horizontal, vertical, exact=False)
    return attach(_filtered(integers(plane), horizontal, vertical, exact=True), smooth) if exact else smooth
