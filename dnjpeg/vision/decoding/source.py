"""Image files in memory of which only a part is decoded, no larger than it is needed."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from dnjpeg.api import decode, read_header
from dnjpeg.codec.pixels.window import scale_for
from dnjpeg.errors import UnsupportedError

__all__ = [
    "Box",
    "FileSource",
    "Pixels",
    "PixelsSource",
    "Source",
    "economical_scale",
    "file_bytes",
    "is_jpeg",
    "resampled",
]

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""``(top, left, height, width)`` in pixels of the whole image at full size."""

_SOI = b"\xff\xd8\xff"  # start of image (T.81 B.1.1.3) and the first byte of the marker after it


def is_jpeg(data: bytes) -> bool:
    """Go by the first bytes: real datasets hold PNG files named ``.JPEG``."""
    return bytes(data[:3]) == _SOI


def file_bytes(data: Any) -> bytes:
    """Take bytes as they are, and those of an array or a tensor of uint8 in one dimension."""
    if isinstance(data, bytes | bytearray | memoryview):
        return bytes(data)
    array = np.asarray(data)
    if array.dtype != np.uint8 or array.ndim != 1:
        raise TypeError(f"a file's bytes are needed, or a uint8 array or tensor of them, not {type(data).__name__}")
    return array.tobytes()


def pillow_image(data: bytes) -> Image.Image:
    """Decode any file by Pillow, to RGB.

    Raises
    ------
    OSError
        If it cannot be decoded, whatever Pillow's decoders raise.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.convert("RGB")
    except (OSError, MemoryError):
        raise
    except Exception as error:  # Pillow's decoders let nearly anything escape from damaged files
        raise OSError(f"this image is damaged: {type(error).__name__}: {error}") from error


class Source(Protocol):
    """An image of which parts can be had."""

    @property
    def size(self) -> tuple[int, int]:
        """H and W of the whole."""

    def part(self, scale: Fraction, region: tuple[int, int, int, int] | None = None) -> Pixels:
        """Decode a region of the scaled image, uint8 (H, W, 3) RGB; all of it by default."""

    @property
    def scalable(self) -> bool:
        """Whether a smaller scale than 1 can be asked for."""


@dataclass(frozen=True)
class PixelsSource:
    """An image that is decoded already.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3)
        RGB.
    """

    pixels: Pixels
    scalable: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """H and W."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def part(self, scale: Fraction, region: tuple[int, int, int, int] | None = None) -> Pixels:
        """Cut a region out; the scale is 1."""
        assert scale == 1
        if region is None:
            return self.pixels
        top, left, height, width = region
        return self.pixels[top : top + height, left : left + width]


class FileSource:
    """A file: JPEG files are decoded by dnjpeg, in part; all others, and rare kinds of JPEG, by Pillow, as a whole.

    Parameters
    ----------
    data : bytes
        The file.

    Raises
    ------
    JpegError
        If it is a JPEG file and broken, now or later.
    OSError
        If Pillow cannot decode it.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._frame = None
        if is_jpeg(data):
            try:
                header = read_header(data)
            except UnsupportedError:
                return
            if header.color in {"grayscale", "YCbCr", "RGB"} and header.frame.precision == 8:
                self._frame = header.frame

    @cached_property
    def _whole(self) -> PixelsSource:
        return PixelsSource(np.asarray(pillow_image(self._data)))

    @property
    def scalable(self) -> bool:
        """Whether dnjpeg decodes it."""
        return self._frame is not None

    @property
    def size(self) -> tuple[int, int]:
        """H and W; of a JPEG file, from its header."""
        return self._whole.size if self._frame is None else (self._frame.height, self._frame.width)

    def part(self, scale: Fraction, region: tuple[int, int, int, int] | None = None) -> Pixels:
        """Decode a region of the scaled image, uint8 (H, W, 3) RGB."""
        if self._frame is None:
            return self._whole.part(scale, region)
        pixels = decode(self._data, scale=scale, region=region)
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def economical_scale(
    source: Source, shape: tuple[float, float], size: tuple[int, int], oversampling: float = 1
) -> Fraction:
    """Choose the smallest scale at which a rectangle has a size, among those that save time.

    Above 1/2 the inverse DCT takes no less time than at full size.
    """
    if not source.scalable:
        return Fraction(1)
    wanted = (math.ceil(size[0] * oversampling), math.ceil(size[1] * oversampling))
    scale = scale_for((max(1, int(shape[0])), max(1, int(shape[1]))), wanted)
    return scale if scale <= Fraction(1, 2) else Fraction(1)


def resampled(
    source: Source,
    box: Box,
    size: tuple[int, int],
    scale: Fraction,
    interpolation: Image.Resampling,
    *,
    context: bool = False,
) -> Pixels:
    """Resize a rectangle of an image, from its exact place between the pixels of the scaled image.

    Parameters
    ----------
    source : Source
        The image.
    box : (top, left, height, width)
        In pixels of the whole at full size; not necessarily whole numbers.
    size : (H, W)
        What it becomes.
    scale : Fraction
        At which it is decoded.
    interpolation : PIL.Image.Resampling
        The filter; always antialiased.
    context : bool
        Let the filter see the pixels around the rectangle, as if all of the image were resized and cropped afterwards.

    Returns
    -------
    ndarray, uint8, (H, W, 3)
    """
    top, left, height, width = box
    factor = float(scale)
    rows = _covered(top * factor, height * factor, source.size[0], scale, size[0] if context else None)
    cols = _covered(left * factor, width * factor, source.size[1], scale, size[1] if context else None)
    pixels = source.part(scale, (rows[0], cols[0], rows[1] - rows[0], cols[1] - cols[0]))
    within = (
        left * factor - cols[0],
        top * factor - rows[0],
        min((left + width) * factor - cols[0], cols[1] - cols[0]),
        min((top + height) * factor - rows[0], rows[1] - rows[0]),
    )
    return np.asarray(Image.fromarray(pixels).resize((size[1], size[0]), interpolation, box=within))


def _covered(start: float, length: float, side: int, scale: Fraction, context_of: int | None) -> tuple[int, int]:
    """First line of the scaled image that is needed, and the one behind the last."""
    margin = 0.0 if context_of is None else 3 * max(1.0, length / context_of) + 1  # no filter reaches further
    last = math.ceil(side * scale)
    return max(0, math.floor(start - margin)), min(last, math.ceil(start + length + margin))
