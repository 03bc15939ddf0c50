"""Image files as torchvision's datasets read them; without PyTorch."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from dnjpeg.api import decode
from dnjpeg.errors import JpegError, UnsupportedError

__all__ = ["load_image"]

_SOI = b"\xff\xd8\xff"  # start of image (T.81 B.1.1.3) and the first byte of the marker after it


def load_image(path: str | PathLike[str]) -> Image.Image:
    """Load an image file, the JPEG files with dnjpeg and the others with Pillow.

    It takes the place of torchvision's loader: ``ImageFolder(root, loader=load_image)``. A file is recognised by its
    first bytes, since real datasets hold PNG files named ``.JPEG``. A JPEG file of a kind that dnjpeg does not decode
    (lossless, say) is left to Pillow, so that a dataset is never short of an image.

    Parameters
    ----------
    path : str or path
        The file.

    Returns
    -------
    PIL.Image.Image
        RGB, of CMYK as Pillow converts it, of 12 bits a sample the upper eight. An EXIF orientation is not applied, as
        torchvision does not.

    Raises
    ------
    JpegError
        If it is a broken JPEG file; a note names the file.
    OSError
        If the file cannot be read, or Pillow cannot decode it.
    """
    data = Path(path).read_bytes()
    if data.startswith(_SOI):
        try:
            return _as_image(decode(data)).convert("RGB")
        except UnsupportedError:
            pass
        except JpegError as error:
            error.add_note(f"in {path}")
            raise
    with Image.open(path) as image:
        return image.convert("RGB")


def _as_image(pixels: npt.NDArray[Any]) -> Image.Image:
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 4).astype(np.uint8)
    if pixels.ndim == 3 and pixels.shape[2] == 2:
        raise UnsupportedError("two components, whose meaning is not known")
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return Image.frombytes("CMYK", (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    return Image.fromarray(pixels)
