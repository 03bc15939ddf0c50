"""JPEG compression as a transform of images in memory: what the network sees if the camera had written a JPEG file."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from dnjpeg.api import TablesLike, decode, encode
from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.tables import QuantizationTables, resolve

if TYPE_CHECKING:
    import torch

__all__ = ["JpegCompression", "jpeg_compression"]

Pixels = npt.NDArray[np.uint8]
AnyImage = TypeVar("AnyImage")


def jpeg_compression(
    image: AnyImage,
    *,
    tables: TablesLike | None = None,
    quality: int | None = None,
    subsampling: str = "4:2:0",
) -> AnyImage:
    """Compress and decompress one image; see `JpegCompression`, which is the same for many."""
    return JpegCompression(tables=tables, quality=quality, subsampling=subsampling)(image)


@dataclass(frozen=True)
class JpegCompression:
    """A transform that compresses images with JPEG and decompresses them again.

    It goes where images are still 0..255: before the conversion to floating point and the normalisation. It can be
    pickled, holds no state, and so works in the workers of a ``DataLoader`` however they are started.

    Parameters
    ----------
    tables : QuantizationTables, str, path or int, optional
        A value, the name of shipped tables, a table file, or a quality 1..100 of the standard tables. They are
        resolved here, once.
    quality : int, optional
        1..100. Scales `tables`; without `tables`, the standard tables at this quality. Neither: quality 75.
    subsampling : {"4:2:0", "4:4:4", "4:2:2", "4:4:0", "4:1:1"}
        Chroma subsampling; gray images have none.

    Raises
    ------
    ValueError
        If an argument is none of the above.

    Examples
    --------
    >>> transform = JpegCompression(quality=50)
    >>> transform(np.full((8, 16, 3), 128, dtype=np.uint8)).shape
    (8, 16, 3)
    """

    tables: TablesLike | None = None
    quality: int | None = None
    subsampling: str = "4:2:0"
    _chosen: QuantizationTables = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        sampling_factors(self.subsampling)
        object.__setattr__(self, "_chosen", _choose(self.tables, self.quality))

    def __call__(self, image: AnyImage) -> AnyImage:
        """Compress and decompress one image.

        Parameters
        ----------
        image : torch.Tensor, PIL.Image.Image or ndarray
            A uint8 tensor (C, H, W) or (N, C, H, W) with C 1 or 3; a Pillow image of mode L or RGB; a uint8 array
            (H, W, 3), (H, W, 1) or (H, W). Values 0..255, channels RGB or gray.

        Returns
        -------
        torch.Tensor, PIL.Image.Image or ndarray
            Of the same type, shape and device.

        Raises
        ------
        TypeError
            If it is something else, or not uint8.
        ValueError
            If its shape or mode is none of the above.
        """
        result: Any
        if isinstance(image, Image.Image):
            result = self._pillow(image)
        elif isinstance(image, np.ndarray):
            result = self._array(image)
        elif _is_tensor(image):
            result = self._tensor(image)
        else:
            raise TypeError(f"a tensor, a Pillow image or an array is needed, not {type(image).__name__}")
        return result  # type: ignore[no-any-return]

    def _pillow(self, image: Image.Image) -> Image.Image:
        if image.mode not in {"L", "RGB"}:
            raise ValueError(f"a Pillow image of mode {image.mode} cannot be compressed: convert it to RGB or L first")
        return Image.fromarray(self._compress(np.asarray(image)))

    def _array(self, image: npt.NDArray[Any]) -> Pixels:
        _check_dtype(image.dtype, np.uint8)
        if image.ndim not in {2, 3} or (image.ndim == 3 and image.shape[2] not in {1, 3}):
            raise ValueError(f"an array must be (H, W, 3), (H, W, 1) or (H, W), not {image.shape}")
        pixels = image[..., 0] if image.shape[2:] == (1,) else image
        return self._compress(pixels).reshape(image.shape)

    def _tensor(self, image: torch.Tensor) -> torch.Tensor:
        import torch  # noqa: PLC0415 - there is a tensor, so it is imported already

        _check_dtype(image.dtype, torch.uint8)
        if image.ndim not in {3, 4} or image.shape[-3] not in {1, 3}:
            raise ValueError(f"a tensor must be (C, H, W) or (N, C, H, W) with C 1 or 3, not {tuple(image.shape)}")
        images = image.detach().cpu().numpy().reshape(-1, *image.shape[-3:])
        result = np.empty_like(images)
        for source, target in zip(images, result, strict=True):
            target[...] = np.moveaxis(self._array(np.moveaxis(source, 0, 2)), 2, 0)
        return torch.from_numpy(result.reshape(image.shape)).to(image.device).as_subclass(type(image))

    def _compress(self, pixels: Pixels) -> Pixels:
        # The Huffman tables have no influence on the pixels, and the standard ones need no extra pass.
        data = encode(np.ascontiguousarray(pixels), tables=self._chosen, subsampling=self.subsampling, optimize=False)
        return decode(data)


def _choose(tables: TablesLike | None, quality: int | None) -> QuantizationTables:
    """Resolve the tables as `dnjpeg.encode` does."""
    if tables is None:
        return resolve(75 if quality is None else quality)
    return resolve(tables) if quality is None else resolve(tables).scaled(quality)


def _is_tensor(image: object) -> TypeGuard[torch.Tensor]:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(image, torch.Tensor)


def _check_dtype(found: object, needed: object) -> None:
    if found != needed:
        raise TypeError(
            f"uint8 values 0..255 are needed, not {found}: compress before the conversion to floating point"
        )
