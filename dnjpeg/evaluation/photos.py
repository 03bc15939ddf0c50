"""Labelled photos, wherever they come from, and how a file becomes pixels."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import PIL
from PIL import Image, UnidentifiedImageError, features

__all__ = ["Dataset", "FilePhoto", "OpenPhoto", "Photo", "PixelPhoto", "decode_photo", "photo_decoder", "to_pixels"]

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class OpenPhoto:
    """A photo whose content is at hand.

    Parameters
    ----------
    digest : str
        SHA-256 of the content, hexadecimal: of the file, or of the shape and pixels where there is no file.
    file_bytes : int or None
        Size of the photo's own file.
    pixels : callable
        Returns the pixels, uint8 ``(H, W, 3)`` RGB or ``(H, W)`` gray; raises ValueError if the file is not an image.
    """

    digest: str
    file_bytes: int | None
    pixels: Callable[[], Pixels]


class Photo(Protocol):
    """A photo with a label; `open` may be called from any thread."""

    @property
    def identifier(self) -> str:
        """What tells it apart within its dataset, and stays the same from run to run."""

    @property
    def label(self) -> int:
        """Its class."""

    def open(self) -> OpenPhoto:
        """Read the content; raises OSError or ValueError."""

    def with_label(self, label: int) -> Photo:
        """Return the same photo under another class number."""


@dataclass(frozen=True)
class FilePhoto:
    """A photo in a file of its own."""

    identifier: str
    label: int
    path: Path

    def open(self) -> OpenPhoto:
        """Read the file."""
        data = self.path.read_bytes()
        return OpenPhoto(hashlib.sha256(data).hexdigest(), len(data), lambda: decode_photo(data))

    def with_label(self, label: int) -> FilePhoto:
        """Return the same photo under another class number."""
        return replace(self, label=label)


@dataclass(frozen=True)
class PixelPhoto:
    """A photo that a dataset in memory hands out; `load` returns a Pillow image."""

    identifier: str
    label: int
    load: Callable[[], Image.Image]

    def open(self) -> OpenPhoto:
        """Fetch the pixels."""
        pixels = to_pixels(self.load())
        digest = hashlib.sha256(repr(pixels.shape).encode())
        digest.update(pixels.tobytes())
        return OpenPhoto(digest.hexdigest(), None, lambda: pixels)

    def with_label(self, label: int) -> PixelPhoto:
        """Return the same photo under another class number."""
        return replace(self, label=label)


@dataclass(frozen=True)
class Dataset:
    """Labelled photos.

    Parameters
    ----------
    name : str
        As the user named it.
    photos : tuple of Photo
        In a fixed order.
    class_names : tuple of str, optional
        What the labels 0, 1, ... stand for. None: the labels are the classifier's own class numbers.
    """

    name: str
    photos: tuple[Photo, ...]
    class_names: tuple[str, ...] | None = None

    @cached_property
    def digest(self) -> str:
        """SHA-256, hexadecimal, of what all photos hold, are called and show; every one is read for it."""
        digest = hashlib.sha256(repr(self.class_names).encode())
        for photo in self.photos:
            digest.update(repr((photo.identifier, photo.label, photo.open().digest)).encode())
        return digest.hexdigest()

    def limited(self, count: int | None) -> Dataset:
        """Return at most `count` photos, spread evenly over the whole, so that sorted classes are all met."""
        total = len(self.photos)
        if count is None or count >= total:
            return self
        if count < 1:
            raise ValueError(f"a limit of {count} photos: at least one is needed")
        return replace(self, photos=tuple(self.photos[i * total // count] for i in range(count)))


def decode_photo(data: bytes) -> Pixels:
    """Decode an image file to pixels, uint8 ``(H, W, 3)`` RGB or ``(H, W)`` gray.

    Pillow reads it, JPEG included: photos come in every format and flavour, and a network's owner most likely reads
    them this way. What the contenders wrote is not decoded here, but by the contender.

    Raises
    ------
    ValueError
        If Pillow cannot read it.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            return to_pixels(image)
    except UnidentifiedImageError:
        raise ValueError("not an image that Pillow can read") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"the image cannot be decoded ({error})") from None


def to_pixels(image: Image.Image) -> Pixels:
    """Pixels of a Pillow image: gray stays gray, all else becomes RGB (alpha is dropped, EXIF turns are not made)."""
    return np.asarray(image if image.mode == "L" else image.convert("RGB"))


def photo_decoder() -> str:
    """Name and version of what `decode_photo` uses."""
    turbo = features.version_feature("libjpeg_turbo") if features.check_feature("libjpeg_turbo") else None
    return f"Pillow {PIL.__version__}" + (f" (libjpeg-turbo {turbo})" if turbo else "")
