"""Pillow's resampling as matrices: a picture's rows and columns are weighted sums, and so have gradients.

Pillow rounds weights to fixed point and each of its two passes to whole levels; here nothing is rounded, and pixels
differ from Pillow's by a level or two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["FILTERS", "resampling_matrix"]

Values = npt.NDArray[np.float64]


class _Filter(NamedTuple):
    """A kernel and how far it reaches."""

    weights: Callable[[Values], Values]
    reach: float


def _triangle(x: Values) -> Values:
    weights: Values = np.maximum(0, 1 - np.abs(x))
    return weights


def _cubic(x: Values) -> Values:
    """Cubic convolution with a = -1/2, Pillow's choice."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    weights: Values = np.where(x < 1, near, np.where(x < 2, far, 0))
    return weights


FILTERS = {"bilinear": _Filter(_triangle, 1), "bicubic": _Filter(_cubic, 2)}


def resampling_matrix(length: int, start: float, end: float, count: int, kind: str) -> Values:
    """Weights of the samples of a line in its resampled section.

    Parameters
    ----------
    length : int
        Samples of the line.
    start, end : float
        The section, in samples; the filter also reaches what lies around it.
    count : int
        Samples that it becomes.
    kind : {"bilinear", "bicubic"}
        Pillow's filter, widened when reducing (antialiasing).

    Returns
    -------
    ndarray, float64, (count, length)
        Rows add up to 1.

    Raises
    ------
    ValueError
        If the section does not lie within the line, is empty, or there is no such filter.
    """
    if kind not in FILTERS:
        raise ValueError(f"unknown filter {kind!r}: choose from {', '.join(FILTERS)}")
    if not (0 <= start < end <= length and count >= 1):
        raise ValueError(f"{count} samples cannot be made of {start:g} to {end:g} of a line of {length}")
    chosen = FILTERS[kind]
    scale = (end - start) / count
    stretch = max(scale, 1.0)
    centres = start + (np.arange(count)[:, None] + 0.5) * scale
    positions = np.arange(length)[None, :]
    reach = chosen.reach * stretch
    within = (positions >= np.floor(centres - reach + 0.5)) & (positions < np.floor(centres + reach + 0.5))
    weights = np.where(within, chosen.weights((positions + 0.5 - centres) / stretch), 0)
    normalised: Values = weights / weights.sum(axis=1, keepdims=True)
    return normalised
