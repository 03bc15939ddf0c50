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
from PIL import Image, UnidentifiedImageError

from dnjpeg.codec.beginnings import begin_reading
from dnjpeg.codec.decoder import decode_begun
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.limits import DEFAULT_LIMITS
from dnjpeg.codec.pixels.resizing import padded, resize
from dnjpeg.codec.pixels.resizing_taps import Filter
from dnjpeg.codec.pixels.window import scale_for
from dnjpeg.codec.reader import Reader, Scan
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
    "resize_to",
    "rgb",
]

Pixels = npt.NDArray[np.uint8]
Region = tuple[int, int, int, int]
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
    except UnidentifiedImageError:
        raise OSError("cannot identify the format of this file") from None  # Pillow's words have an address in memory
    except (OSError, MemoryError):
        raise
    except Exception as error:  # Pillow's decoders let nearly anything escape from damaged files
        raise OSError(f"this image is damaged: {type(error).__name__}: {error}") from error


class Source(Protocol):
    """An image of which parts can be had."""

    @property
    def size(self) -> tuple[int, int]:
        """H and W of the whole."""

    @property
    def channels(self) -> int:
        """1 of gray, 3 of RGB."""

    @property
    def scalable(self) -> bool:
        """Whether a smaller scale than 1 can be asked for."""

    def part(self, scale: Fraction, region: Region | None = None, out: Pixels | None = None) -> Pixels:
        """Decode a region of the scaled image, uint8 (H, W, channels); all of it by default."""


@dataclass(frozen=True)
class PixelsSource:
    """An image that is decoded already.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3)
        RGB.
    """

    pixels: Pixels
    channels: int = 3
    scalable: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """H and W."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def part(self, scale: Fraction, region: Region | None = None, out: Pixels | None = None) -> Pixels:
        """Cut a region out; the scale is 1."""
        assert scale == 1
        top, left, height, width = region or (0, 0, *self.size)
        pixels = self.pixels[top : top + height, left : left + width]
        if out is None:
            return pixels
        out[...] = pixels
        return out


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
        self._frame: Frame | None = None
        self._begun: tuple[Reader, Scan] | None = None
        if is_jpeg(data):
            try:
                reader, scan = begin_reading(data, strict=True, limits=DEFAULT_LIMITS)
            except UnsupportedError:
                return
            if reader.color() in {"grayscale", "YCbCr", "RGB"} and reader.frame and reader.frame.precision == 8:
                self._frame, self._begun = reader.frame, (reader, scan)

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

    @property
    def channels(self) -> int:
        """1 of gray JPEG files, 3 of all else."""
        return 3 if self._frame is None else len(self._frame.components)

    def part(self, scale: Fraction, region: Region | None = None, out: Pixels | None = None) -> Pixels:
        """Decode a region of the scaled image, uint8 (H, W, channels)."""
        if self._frame is None:
            return self._whole.part(scale, region, out)
        begun, self._begun = self._begun or begin_reading(self._data, strict=True, limits=DEFAULT_LIMITS), None
        if out is not None and self.channels == 1:
            out = out[..., 0]
        pixels = decode_begun(*begun, scale=scale, region=region, out=out)
        return pixels if pixels.ndim == 3 else pixels[..., None]


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
    region, (top, left, height, width) = _needed(source, box, scale, size if context else None)
    image = Image.fromarray(rgb(source.part(scale, region)))
    return np.asarray(image.resize((size[1], size[0]), interpolation, box=(left, top, left + width, top + height)))


def resize_to(out: Pixels, source: Source, box: Box, scale: Fraction, interpolation: Filter) -> None:
    """Resize a rectangle of an image to planes, as `resampled` does, with PyTorch's rounding.

    Parameters
    ----------
    out : ndarray, uint8, (3, H, W), C-contiguous
        Where the planes of red, green and blue go.
    source, box, scale
        As for `resampled`.
    interpolation : {"bilinear", "bicubic"}
        The filter; always antialiased.
    """
    region, within = _needed(source, box, scale, None)
    memory, pixels = padded(region[2], region[3], source.channels)
    source.part(scale, region, pixels)
    resize(memory, pixels.shape, out[: source.channels], interpolation, within)
    if source.channels == 1:
        out[1:] = out[0]


def rgb(pixels: Pixels) -> Pixels:
    """Repeat gray for all three channels."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def _needed(source: Source, box: Box, scale: Fraction, context_of: tuple[int, int] | None) -> tuple[Region, Box]:
    """Region of the scaled image that a rectangle covers, and where in it the rectangle lies."""
    top, left, height, width = (side * float(scale) for side in box)
    rows_of, cols_of = context_of or (None, None)
    first_row, last_row = _covered(top, height, source.size[0], scale, rows_of)
    first_col, last_col = _covered(left, width, source.size[1], scale, cols_of)
    rows, cols = last_row - first_row, last_col - first_col
    top, left = top - first_row, left - first_col
    return (first_row, first_col, rows, cols), (top, left, min(height, rows - top), min(width, cols - left))


def _covered(start: float, length: float, side: int, scale: Fraction, context_of: int | None) -> tuple[int, int]:
    """First line of the scaled image that is needed, and the one behind the last."""
    margin = 0.0 if context_of is None else 3 * max(1.0, length / context_of) + 1  # no filter reaches further
    last = math.ceil(side * scale)
    return max(0, math.floor(start - margin)), min(last, math.ceil(start + length + margin))
