"""What a network sees of a picture: a section of it, resampled and normalised, as one linear function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from dnjpeg.vision.networks.resampling import FILTERS, resampling_matrix

__all__ = ["Box", "View"]

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class View:
    """A central section of a picture, resampled as Pillow does and normalised.

    Parameters
    ----------
    size : int
        Side of what the network gets.
    resized : int or None
        Side to which the shorter side is resized before the centre is cropped, in whole pixels, as torchvision does;
        None: the section is ``kept`` of the shorter side, in fractions of a pixel.
    kept : float
        Part of the shorter side that is kept, if `resized` is None.
    filter : {"bicubic", "bilinear"}
        How it is resampled.
    mean, std : tuple of 3 floats
        On the scale 0..255; pixels become ``(x - mean) / std``.

    Raises
    ------
    ValueError
        If a number is out of range, or there is no such filter.
    """

    size: int
    resized: int | None = None
    kept: float = 1.0
    filter: str = "bicubic"
    mean: tuple[float, float, float] = (127.0, 127.0, 127.0)
    std: tuple[float, float, float] = (128.0, 128.0, 128.0)

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 < self.kept <= 1 or (self.resized is not None and self.resized < self.size):
            raise ValueError(f"a view of {self.size} pixels, {self.kept} of a side resized to {self.resized}")
        if self.filter not in FILTERS:
            raise ValueError(f"unknown filter {self.filter!r}: choose from {', '.join(FILTERS)}")

    def box(self, height: int, width: int) -> Box:
        """Top, left, bottom and right of the section, in pixels of the picture."""
        if self.resized is None:
            side = self.kept * min(height, width)
            top, left = (height - side) / 2, (width - side) / 2
            return top, left, top + side, left + side
        short = min(height, width)
        lines, samples = (
            (self.resized * length) // short if length > short else self.resized for length in (height, width)
        )
        top, left = round((lines - self.size) / 2), round((samples - self.size) / 2)
        down, across = height / lines, width / samples
        return top * down, left * across, (top + self.size) * down, (left + self.size) * across

    def moved(self, height: int, width: int, down: float, right: float, zoom: float = 1.0) -> Box:
        """Return the section moved and made larger or smaller, held within the picture.

        Parameters
        ----------
        down, right : float
            -1..1, from one edge of the picture to the other; 0 leaves it where it is.
        zoom : float
            Factor of its sides.
        """
        top, left, bottom, right_edge = self.box(height, width)
        sides = []
        for first, last, length, by in ((top, bottom, height, down), (left, right_edge, width, right)):
            side = min((last - first) * zoom, float(length))
            free = (length - side) / 2
            centre = min(max((first + last) / 2 + by * free, side / 2), length - side / 2)
            sides.append((max(0.0, centre - side / 2), min(float(length), centre + side / 2)))
        return sides[0][0], sides[1][0], sides[0][1], sides[1][1]

    def __call__(self, images: torch.Tensor, box: Box | None = None) -> torch.Tensor:
        """Look at images.

        Parameters
        ----------
        images : Tensor, floating point, (N, 3, H, W) or (N, 1, H, W)
            RGB or gray, 0..255.
        box : (top, left, bottom, right), optional
            Another section than the view's own.

        Returns
        -------
        Tensor, (N, 3, size, size)
            Channels last in memory.
        """
        height, width = images.shape[2:]
        top, left, bottom, right = box or self.box(height, width)
        rows = _matrix(height, top, bottom, self.size, self.filter).to(images)
        columns = _matrix(width, left, right, self.size, self.filter).to(images)
        seen = (rows @ (images @ columns.T).clamp(0, 255)).clamp(0, 255)  # across first, as Pillow
        mean, std = (torch.tensor(values, dtype=images.dtype, device=images.device) for values in (self.mean, self.std))
        seen = (seen.expand(-1, 3, -1, -1) - mean[:, None, None]) / std[:, None, None]
        return seen.contiguous(memory_format=torch.channels_last)


@lru_cache(maxsize=256)
def _matrix(length: int, start: float, end: float, count: int, kind: str) -> torch.Tensor:
    return torch.from_numpy(resampling_matrix(length, start, end, count, kind)).float()
