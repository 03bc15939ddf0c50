"""Which pixels of an image are decoded, and how small: a scale in eighths and a rectangle of the scaled image."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from dnjpeg.codec.format.frame import Frame

__all__ = ["FULL_SIZE", "Region", "Scale", "Window", "block_sides", "scale_for", "scaled_size", "window_of"]

Scale = Fraction | float
Region = tuple[int, int, int, int]

FULL_SIZE = 8  # eighths


class Window(NamedTuple):
    """A rectangle of an image that is decoded at a scale.

    Parameters
    ----------
    eighths : int
        The scale, 1..8: samples a side that a block becomes in the component of the highest resolution.
    top, left, height, width : int
        In pixels of the scaled image.
    """

    eighths: int
    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        """Line below the last."""
        return self.top + self.height

    @property
    def right(self) -> int:
        """Column behind the last."""
        return self.left + self.width


def window_of(frame: Frame, scale: Scale = 1, region: Region | None = None) -> Window:
    """Resolve what the caller named.

    Parameters
    ----------
    frame : Frame
    scale : Fraction, float or int
        1/8, 2/8, … 8/8.
    region : (top, left, height, width), optional
        In pixels of the scaled image; all of it by default.

    Raises
    ------
    ValueError
        If the scale is none of these, or the region is empty or does not lie within the image.
    """
    whole = _whole(frame, _eighths(scale))
    if region is None:
        return whole
    eighths, _, _, height, width = whole
    try:
        top, left, rows, columns = (operator.index(number) for number in region)
    except (TypeError, ValueError):
        raise ValueError(f"region must be four whole numbers (top, left, height, width), not {region!r}") from None
    if top < 0 or left < 0 or rows < 1 or columns < 1 or top + rows > height or left + columns > width:
        raise ValueError(
            f"region of {rows} lines from {top} and {columns} columns from {left} "
            f"does not lie within the image of {height} lines and {width} columns"
        )
    return Window(eighths, top, left, rows, columns)


@lru_cache(256)
def _whole(frame: Frame, eighths: int) -> Window:
    return Window(eighths, 0, 0, scaled_size(frame.height, eighths), scaled_size(frame.width, eighths))


def scale_for(size: tuple[int, int], target: int | tuple[int, int]) -> Fraction:
    """Choose the smallest scale at which an image still covers a target size.

    Parameters
    ----------
    size : (height, width)
        Of the whole image.
    target : int or (height, width)
        What the scaled image must not be smaller than, on either side; one number for both.

    Returns
    -------
    Fraction
        1/8, 2/8, … 8/8; 1 too if the image is smaller than the target.

    Raises
    ------
    ValueError
        If a size is not positive.

    Examples
    --------
    >>> scale_for((3000, 4000), 224)
    Fraction(1, 8)
    >>> scale_for((375, 500), (224, 224))
    Fraction(5, 8)
    """
    height, width = size
    rows, columns = target if isinstance(target, Sequence) else (int(target), int(target))
    if min(height, width, rows, columns) < 1:
        raise ValueError(f"sizes must be positive, not {height}x{width} and {rows}x{columns}")
    for eighths in range(1, FULL_SIZE):
        if scaled_size(height, eighths) >= rows and scaled_size(width, eighths) >= columns:
            return Fraction(eighths, FULL_SIZE)
    return Fraction(1)


def block_sides(frame: Frame, eighths: int) -> list[int]:
    """Tell into how many samples a side each component's blocks are transformed.

    A subsampled component is scaled down less if it then needs no upsampling: its blocks become twice as large, and
    twice again, while that divides the ratio of the resolutions in both directions (libjpeg, `jdmaster`).
    """
    if eighths == FULL_SIZE:
        return [FULL_SIZE] * len(frame.components)
    sides = []
    for component in frame.components:
        side = eighths
        while (
            side < FULL_SIZE
            and frame.max_horizontal * eighths % (component.horizontal * side * 2) == 0
            and frame.max_vertical * eighths % (component.vertical * side * 2) == 0
        ):
            side *= 2
        sides.append(side)
    return sides


def _eighths(scale: Scale) -> int:
    try:
        numerator, denominator = (scale if isinstance(scale, int | Fraction) else Fraction(scale)).as_integer_ratio()
    except (TypeError, ValueError, OverflowError):
        numerator, denominator = 0, 1
    eighths, rest = divmod(FULL_SIZE * numerator, denominator)
    if rest or not 1 <= eighths <= FULL_SIZE:
        raise ValueError(f"scale {scale!r}, must be one of 1/8, 2/8, … 8/8")
    return eighths


def scaled_size(pixels: int, eighths: int) -> int:
    """Size of a scaled image, rounded up."""
    return -(-pixels * eighths // FULL_SIZE)
