"""Files to tensors of DCT coefficients, for networks that read these instead of pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.api import read
from dnjpeg.codec.encoder import transform
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.frame import SUBSAMPLINGS, Frame, sampling_factors
from dnjpeg.errors import UnsupportedError
from dnjpeg.vision.decoding.source import FileSource, file_bytes, is_jpeg, rgb

__all__ = ["LAYOUTS", "ReadCoefficients", "read_coefficients"]

Layout = Literal["channels", "channels-last", "blocks", "planes"]
LAYOUTS = ("channels", "channels-last", "blocks", "planes")
Blocks = npt.NDArray[np.float32] | npt.NDArray[np.int16]


@dataclass(frozen=True)
class ReadCoefficients:
    """Read the DCT coefficients of files, without decoding pixels.

    Parameters
    ----------
    layout : {"channels", "channels-last", "blocks", "planes"}
        How the 64 coefficients of the blocks are laid out, always in natural order (8 times row plus column, row =
        vertical frequency). With R and C rows and columns of blocks:

        ``"channels"``: (64, R, C) for each of Y, Cb, Cr: what a convolution takes.
        ``"channels-last"``: (R, C, 64), as jpeg2dct gives them and Gueguen et al. (NeurIPS 2018) take them.
        ``"blocks"``: (R, C, 8, 8), as `CoefficientImage` holds them.
        ``"planes"``: Y (1, R, C, 8, 8), and Cb and Cr in one, (2, r, c, 8, 8), as Park and Johnson (RGB no more,
        CVPR 2023) take them.
    dequantize : bool
        True: times the steps, float32, on the scale of the orthonormal DCT (DC is 8 times the mean less 1024). False:
        as they are stored, int16.
    subsampling : str
        Which chroma subsampling is wanted. Gray files get chroma of zeros. Files of other sampling, and images of
        other kinds, are decoded and transformed, without being quantized again; not if `dequantize` is False.
    size : int or (H, W), optional
        Crop to this size in pixels, a multiple of an MCU's (16 for 4:2:0): images are of one size then and make
        batches. What is smaller is filled up with blocks of zeros, which are mid-gray.
    crop : {"center", "random"}
        Which part; random ones are drawn from PyTorch's generator. It falls on whole MCUs.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    """

    layout: Layout = "channels"
    dequantize: bool = True
    subsampling: str = "4:2:0"
    size: int | tuple[int, int] | None = None
    crop: Literal["center", "random"] = "center"

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise ValueError(f"unknown layout {self.layout!r}: choose from {', '.join(LAYOUTS)}")
        if self.crop not in {"center", "random"}:
            raise ValueError(f"unknown crop {self.crop!r}: choose center or random")
        if self.size is not None:
            height, width = self._mcu
            if self._pair[0] % height or self._pair[1] % width or min(self._pair) < 1:
                raise ValueError(f"a size of whole MCUs, {height}x{width} pixels, is needed, not {self.size!r}")
        sampling_factors(self.subsampling)

    @property
    def _pair(self) -> tuple[int, int]:
        assert self.size is not None
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def _mcu(self) -> tuple[int, int]:
        horizontal, vertical = sampling_factors(self.subsampling)
        return 8 * vertical, 8 * horizontal

    def __call__(self, data: Any) -> tuple[torch.Tensor, ...]:
        """Read a file.

        Parameters
        ----------
        data : bytes, or uint8 tensor or array, (n,)
            A JPEG file; if `dequantize`, one of any kind that Pillow knows.

        Returns
        -------
        tuple of Tensor
            Y, Cb, Cr; in the layout ``"planes"`` Y and both of chroma.

        Raises
        ------
        JpegError
            If it is a broken JPEG file, or one of other sampling whose quantized coefficients were asked for.
        OSError
            If it is no image, or a broken one of another kind.
        """
        data = file_bytes(data)
        blocks = self._stored(data) if is_jpeg(data) else None
        return self._arranged(self._transformed(data) if blocks is None else blocks)

    def blank(self, size: tuple[int, int]) -> tuple[torch.Tensor, ...]:
        """Give what a mid-gray image of (H, W) pixels becomes: zeros."""
        height, width = self._mcu
        rows, cols = -(-size[0] // height), -(-size[1] // width)
        kind = np.float32 if self.dequantize else np.int16
        luma = np.zeros((rows * height // 8, cols * width // 8, 8, 8), kind)
        chroma = np.zeros((rows, cols, 8, 8), kind)
        return self._arranged([luma, chroma, chroma.copy()])

    def _stored(self, data: bytes) -> list[Blocks] | None:
        """Coefficients of the file as they are; None if its sampling or colours are others than wanted."""
        try:
            image = read(data)
        except UnsupportedError:
            if not self.dequantize:
                raise
            return None
        gray = image.color == "grayscale" and len(image.coefficients) == 1
        if not gray and not (image.color == "YCbCr" and _is_sampled(image.frame, self.subsampling)):
            if not self.dequantize:
                raise UnsupportedError(f"its coefficients are not those of {self.subsampling} YCbCr")
            return None
        blocks = [self._values(image, index) for index in range(len(image.coefficients))]
        if gray:
            rows, cols = (-(-side // unit) for side, unit in zip(_size(image.frame), self._mcu, strict=True))
            blocks += [np.zeros((rows, cols, 8, 8), blocks[0].dtype) for _ in range(2)]
        return blocks

    def _values(self, image: CoefficientImage, index: int) -> Blocks:
        if self.dequantize:
            return image.dequantized(index).astype(np.float32)
        return image.coefficients[index]

    def _transformed(self, data: bytes) -> list[Blocks]:
        """Coefficients from pixels."""
        if not self.dequantize:
            raise OSError("this is not a JPEG file, and has no quantized coefficients")
        planes = transform(rgb(FileSource(data).part(Fraction(1))), subsampling=self.subsampling)
        return [plane.astype(np.float32) / np.float32(8) for plane in planes]

    def _arranged(self, blocks: list[Blocks]) -> tuple[torch.Tensor, ...]:
        if self.size is not None:
            blocks = self._cropped(blocks)
        tensors = [torch.from_numpy(np.ascontiguousarray(component)) for component in blocks]
        if self.layout == "blocks":
            return tuple(tensors)
        if self.layout == "planes":
            return tensors[0][None], torch.stack(tensors[1:])
        last = [component.flatten(2) for component in tensors]
        return tuple(last) if self.layout == "channels-last" else tuple(c.permute(2, 0, 1).contiguous() for c in last)

    def _cropped(self, blocks: list[Blocks]) -> list[Blocks]:
        """Cut out or fill up, by whole MCUs; chroma has one block in each."""
        wanted = [side // unit for side, unit in zip(self._pair, self._mcu, strict=True)]
        starts = [self._start(have, want) for have, want in zip(blocks[1].shape[:2], wanted, strict=True)]
        per_mcu = (self._mcu[0] // 8, self._mcu[1] // 8)
        return [
            _window(
                component,
                [start * n for start, n in zip(starts, times, strict=True)],
                [want * n for want, n in zip(wanted, times, strict=True)],
            )
            for component, times in zip(blocks, (per_mcu, (1, 1), (1, 1)), strict=True)
        ]

    def _start(self, have: int, want: int) -> int:
        if have <= want or self.crop == "center":
            return (have - want) // 2
        return int(torch.randint(have - want + 1, ()))


def _window(blocks: Blocks, starts: list[int], shape: list[int]) -> Blocks:
    """Cut a window out of rows and columns of blocks; zeros where it lies outside."""
    result = np.zeros((*shape, 8, 8), blocks.dtype)
    inner, outer = [], []
    for start, want, have in zip(starts, shape, blocks.shape, strict=False):
        first, last = max(start, 0), min(start + want, have)
        inner.append(slice(first, last))
        outer.append(slice(first - start, last - start))
    result[outer[0], outer[1]] = blocks[inner[0], inner[1]]
    return result


def _is_sampled(frame: Frame, subsampling: str) -> bool:
    factors = [(component.horizontal, component.vertical) for component in frame.components]
    return factors == [SUBSAMPLINGS[subsampling], (1, 1), (1, 1)]


def _size(frame: Frame) -> tuple[int, int]:
    return frame.height, frame.width


def read_coefficients(data: Any, **options: Any) -> tuple[torch.Tensor, ...]:
    """Read the DCT coefficients of a file; see `ReadCoefficients`, whose parameters these are."""
    return ReadCoefficients(**options)(data)
