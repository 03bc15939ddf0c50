"""Files to tensors of pixels: whole, or the crop that training or evaluation takes, without decoding the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.v2 import functional

from dnjpeg.codec.pixels.resizing_taps import Filter
from dnjpeg.codec.pixels.window import scale_for
from dnjpeg.vision.decoding.source import (
    FileSource,
    Pixels,
    PixelsSource,
    Source,
    economical_scale,
    file_bytes,
    resampled,
    resize_to,
    rgb,
)

__all__ = [
    "DecodeJpeg",
    "DecodeRandomResizedCrop",
    "DecodeResizedCenterCrop",
    "decode_jpeg",
    "decode_random_resized_crop",
    "decode_resized_center_crop",
]

_FILTERS = {
    InterpolationMode.NEAREST: Image.Resampling.NEAREST,
    InterpolationMode.BILINEAR: Image.Resampling.BILINEAR,
    InterpolationMode.BICUBIC: Image.Resampling.BICUBIC,
    InterpolationMode.BOX: Image.Resampling.BOX,
    InterpolationMode.HAMMING: Image.Resampling.HAMMING,
    InterpolationMode.LANCZOS: Image.Resampling.LANCZOS,
}

_TORCH_FILTERS: dict[InterpolationMode, Filter] = {
    InterpolationMode.BILINEAR: "bilinear",
    InterpolationMode.BICUBIC: "bicubic",
}


class PixelDecoder(ABC):
    """From a file's bytes to a uint8 tensor (3, H, W)."""

    def __call__(self, data: Any, out: torch.Tensor | None = None) -> torch.Tensor:
        """Decode a file.

        Parameters
        ----------
        data : bytes, or uint8 tensor or array, (n,)
            A JPEG file, or one of any kind that Pillow knows.
        out : Tensor, uint8, (3, H, W), contiguous, optional
            Where to write, if the decoder has a `shape`.

        Returns
        -------
        Tensor, uint8, (3, H, W)
            RGB. Gray images have three equal channels; an EXIF orientation is not applied. In memory the channels of a
            pixel lie together, but those of `DecodeRandomResizedCrop` and of `out` lie apart.

        Raises
        ------
        JpegError
            If it is a broken JPEG file.
        OSError
            If it is no image, or a broken one of another kind.
        TypeError
            If it is none of the above.
        """
        return self.tensor(FileSource(file_bytes(data)), out)

    def blank(self, size: tuple[int, int], out: torch.Tensor | None = None) -> torch.Tensor:
        """Give what a mid-gray image of (H, W) pixels becomes."""
        return self.tensor(PixelsSource(np.full((*size, 3), 128, np.uint8)), out)

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """Shape of all that comes out: (3, H, W); None if it depends on the image."""
        return None

    @abstractmethod
    def tensor(self, source: Source, out: torch.Tensor | None = None) -> torch.Tensor:
        """Decode what is needed, uint8 (3, H, W)."""


def _as_tensor(pixels: Pixels, out: torch.Tensor | None) -> torch.Tensor:
    """Pixels (H, W, 3) as a tensor (3, H, W)."""
    if not pixels.flags.writeable:
        pixels = pixels.copy()
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    return tensor if out is None else out.copy_(tensor)


@dataclass(frozen=True)
class DecodeJpeg(PixelDecoder):
    """Decode whole files, scaled down if a target is named.

    Parameters
    ----------
    target : int or (H, W), optional
        Decode at the smallest scale of 1/8, 2/8, … 8/8 at which the image still has this size (`scale_for`). It comes
        out larger than that, in general; resize it afterwards.
    """

    target: int | tuple[int, int] | None = None

    def tensor(self, source: Source, out: torch.Tensor | None = None) -> torch.Tensor:
        """Decode all, uint8 (3, H, W)."""
        whole = self.target is None or not source.scalable
        scale = Fraction(1) if whole or self.target is None else scale_for(source.size, self.target)
        return _as_tensor(rgb(source.part(scale)), out)


@dataclass(frozen=True)
class DecodeRandomResizedCrop(PixelDecoder):
    """Decode a random rectangle of a file, resized: ``RandomResizedCrop`` without decoding the rest.

    The rectangle is drawn as torchvision's ``RandomResizedCrop`` draws it, from PyTorch's generator and the size in
    the file's header: the same seed gives the same one. Only it is decoded, and at 1/8, 2/8, 3/8 or 1/2 of the size if
    it still is as large then as what comes out. Otherwise the result is torchvision's to the last bit.

    Parameters
    ----------
    size : int or (H, W)
        What comes out.
    scale : (float, float)
        Smallest and largest part of the image's area.
    ratio : (float, float)
        Smallest and largest ratio of width to height.
    interpolation : torchvision.transforms.InterpolationMode
        The filter of the last step, nearest, bilinear or bicubic; antialiased.
    oversampling : float
        How many times larger than `size` the rectangle must be when it is decoded: 2 comes closer to resizing the
        image at full size, and takes longer.
    """

    size: int | tuple[int, int]
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: InterpolationMode = InterpolationMode.BILINEAR
    oversampling: float = 1.0

    def __post_init__(self) -> None:
        _check(self.size, self.interpolation, [InterpolationMode.NEAREST, *_TORCH_FILTERS])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of all that comes out: (3, H, W)."""
        return 3, *_pair(self.size)

    def tensor(self, source: Source, out: torch.Tensor | None = None) -> torch.Tensor:
        """Draw a rectangle and decode it, uint8 (3, H, W)."""
        shape = torch.empty((3, *source.size), device="meta")  # a size without memory
        box = RandomResizedCrop.get_params(shape, list(self.scale), list(self.ratio))
        size = _pair(self.size)
        scale = economical_scale(source, box[2:], size, self.oversampling)
        if self.interpolation not in _TORCH_FILTERS:
            return self._nearest(source, box, scale, out)
        if out is None:
            out = torch.empty(self.shape, dtype=torch.uint8)
        resize_to(out.numpy(), source, box, scale, _TORCH_FILTERS[self.interpolation])
        return out

    def _nearest(
        self, source: Source, box: tuple[int, int, int, int], scale: Fraction, out: torch.Tensor | None
    ) -> torch.Tensor:
        if scale != 1:
            return _as_tensor(resampled(source, box, _pair(self.size), scale, Image.Resampling.NEAREST), out)
        crop = _as_tensor(rgb(source.part(scale, box)), None)
        resized: torch.Tensor = functional.resize(crop, list(_pair(self.size)), interpolation=self.interpolation)
        return resized if out is None else out.copy_(resized)


@dataclass(frozen=True)
class DecodeResizedCenterCrop(PixelDecoder):
    """Decode the middle of a file, resized: ``Resize`` and ``CenterCrop`` without decoding the rest.

    Parameters
    ----------
    size : int or (H, W)
        What comes out.
    resize : int, optional
        Length of the image's shorter side before it is cropped; 8/7 of the larger one of `size` by default (256 for
        224).
    interpolation : torchvision.transforms.InterpolationMode
        The filter, of Pillow's; antialiased.
    oversampling : float
        As for `DecodeRandomResizedCrop`.

    Raises
    ------
    ValueError
        If the crop is larger than the resized image.
    """

    size: int | tuple[int, int]
    resize: int | None = None
    interpolation: InterpolationMode = InterpolationMode.BILINEAR
    oversampling: float = 1.0

    def __post_init__(self) -> None:
        _check(self.size, self.interpolation, list(_FILTERS))
        if self.shorter < max(_pair(self.size)):
            raise ValueError(f"a shorter side of {self.shorter} has no room for a crop of {self.size}")

    @property
    def shorter(self) -> int:
        """Length of the shorter side before cropping."""
        return round(max(_pair(self.size)) * 8 / 7) if self.resize is None else self.resize

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of all that comes out: (3, H, W)."""
        return 3, *_pair(self.size)

    def tensor(self, source: Source, out: torch.Tensor | None = None) -> torch.Tensor:
        """Decode the middle, uint8 (3, H, W)."""
        size, whole = _pair(self.size), source.size
        short = min(whole)
        resized = [self.shorter if side == short else int(self.shorter * side / short) for side in whole]
        starts = [round((now - wanted) / 2) for now, wanted in zip(resized, size, strict=True)]
        ratios = [side / now for side, now in zip(whole, resized, strict=True)]
        box = (starts[0] * ratios[0], starts[1] * ratios[1], size[0] * ratios[0], size[1] * ratios[1])
        scale = economical_scale(source, (box[2], box[3]), size, self.oversampling)
        return _as_tensor(resampled(source, box, size, scale, _FILTERS[self.interpolation], context=True), out)


def decode_jpeg(data: Any, *, target: int | tuple[int, int] | None = None) -> torch.Tensor:
    """Decode a whole file; see `DecodeJpeg`."""
    return DecodeJpeg(target)(data)


def decode_random_resized_crop(data: Any, size: int | tuple[int, int], **options: Any) -> torch.Tensor:
    """Decode a random rectangle of a file, resized; see `DecodeRandomResizedCrop`."""
    return DecodeRandomResizedCrop(size, **options)(data)


def decode_resized_center_crop(data: Any, size: int | tuple[int, int], **options: Any) -> torch.Tensor:
    """Decode the middle of a file, resized; see `DecodeResizedCenterCrop`."""
    return DecodeResizedCenterCrop(size, **options)(data)


def _pair(size: int | tuple[int, int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[1])


def _check(size: int | tuple[int, int], interpolation: InterpolationMode, known: list[InterpolationMode]) -> None:
    if min(_pair(size)) < 1:
        raise ValueError(f"a size is at least 1, not {size!r}")
    if interpolation not in known:
        raise ValueError(f"unknown interpolation {interpolation!r}: choose from {', '.join(m.value for m in known)}")
