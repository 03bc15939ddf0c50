"""JPEG compression as a transform of images in memory: what the network sees if the camera had written a JPEG file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from dnjpeg.api import TablesLike, decode, encode
from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.tables import QuantizationTables, resolve
from dnjpeg.vision.transforms.images import Pixels, apply_to_images

__all__ = ["JpegCompression", "choose_tables", "jpeg_compression", "through_jpeg"]

AnyImage = TypeVar("AnyImage")


def jpeg_compression(
    image: AnyImage,
    *,
    tables: TablesLike | None = None,
    quality: int | None = None,
    subsampling: str = "4:2:0",
) -> AnyImage:
    """Compress and decompress one image; see `JpegCompression`, which is the same for many."""
    return JpegCompression(tables=tables, quality=quality, subsampling=subsampling)(image)  # type: ignore[no-any-return]


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
        object.__setattr__(self, "_chosen", choose_tables(self.tables, self.quality))

    def __call__(self, *inputs: Any) -> Any:
        """Compress and decompress one image, or those of a sample.

        Parameters
        ----------
        *inputs : torch.Tensor, PIL.Image.Image or ndarray; or a sample
            A uint8 tensor (C, H, W) or (N, C, H, W) with C 1 or 3; a Pillow image of mode L or RGB; a uint8 array
            (H, W, 3), (H, W, 1) or (H, W). Values 0..255, channels RGB or gray. Of a sample (several arguments, a
            tuple, list or dictionary) the images are compressed, by the rules of torchvision's v2 transforms: Pillow
            images and ``tv_tensors.Image`` and ``Video``, or else the first plain tensor or array; all else passes.

        Returns
        -------
        torch.Tensor, PIL.Image.Image or ndarray; or a sample
            Of the same type, shape, structure and device.

        Raises
        ------
        TypeError
            If there is no image, or it is not uint8.
        ValueError
            If its shape or mode is none of the above.
        """
        return apply_to_images(self._compress, inputs)

    def _compress(self, pixels: Pixels) -> Pixels:
        return through_jpeg(pixels, self._chosen, self.subsampling)


def through_jpeg(pixels: Pixels, tables: QuantizationTables, subsampling: str) -> Pixels:
    """Encode and decode a uint8 array, (H, W, 3) or (H, W)."""
    # The Huffman tables have no influence on the pixels, and the standard ones need no extra pass.
    return decode(encode(pixels, tables=tables, subsampling=subsampling, optimize=False))


def choose_tables(tables: TablesLike | None, quality: int | None) -> QuantizationTables:
    """Resolve the tables as `dnjpeg.encode` does."""
    if tables is None:
        return resolve(75 if quality is None else quality)
    return resolve(tables) if quality is None else resolve(tables).scaled(quality)
