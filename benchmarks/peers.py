"""The other codecs, each called as its documentation says; none of ours is needed to read this."""

from __future__ import annotations

import io
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.fft
import simplejpeg
from PIL import Image, ImageFile

from benchmarks.photos import Pixels

__all__ = [
    "Files",
    "available",
    "jpeglib_coefficients",
    "pillow_decode",
    "pillow_encode",
    "scipy_statistics",
    "simplejpeg_decode",
    "simplejpeg_encode",
    "torchjpeg_coefficients",
]

ImageFile.MAXBLOCK = 1 << 26  # Pillow cannot write some large files otherwise


def available(package: str) -> bool:
    """Tell whether a peer is installed; torchjpeg needs an old PyTorch (`make bench-torchjpeg`)."""
    return find_spec(package) is not None


def pillow_encode(
    image: Image.Image, quality: int, subsampling: str, *, optimize: bool = False, progressive: bool = False
) -> bytes:
    """Encode by libjpeg-turbo in Pillow."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=subsampling, optimize=optimize, progressive=progressive)
    return buffer.getvalue()


def pillow_decode(data: bytes, scale: int = 1) -> Pixels:
    """Decode by libjpeg-turbo in Pillow, at one over `scale` (``Image.draft``)."""
    image = Image.open(io.BytesIO(data))
    if scale > 1:
        image.draft("RGB", (image.width // scale, image.height // scale))
    return np.asarray(image)


def simplejpeg_encode(pixels: Pixels, quality: int, subsampling: str) -> bytes:
    """Encode by libjpeg-turbo's TurboJPEG interface; with the accurate transform from quality 96 on."""
    return bytes(
        simplejpeg.encode_jpeg(pixels, quality=quality, colorsubsampling=subsampling.replace(":", ""), fastdct=False)
    )


def simplejpeg_decode(data: bytes) -> Pixels:
    """Decode by libjpeg-turbo's TurboJPEG interface, with the accurate transform and upsampling."""
    return np.asarray(simplejpeg.decode_jpeg(data, fastdct=False, fastupsample=False))


class Files:
    """The files that a peer wants by name, in memory where the system has a folder for that."""

    def __init__(self, contents: list[bytes]) -> None:
        shared = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None)
        self.paths = []
        for index, data in enumerate(contents):
            path = Path(self._folder.name) / f"{index}.jpg"
            path.write_bytes(data)
            self.paths.append(str(path))


def jpeglib_coefficients(path: str) -> list[npt.NDArray[np.int16]]:
    """Read coefficients by jpeglib."""
    import jpeglib  # noqa: PLC0415

    image = jpeglib.read_dct(path)
    return [plane for plane in (image.Y, image.Cb, image.Cr) if plane is not None]


def torchjpeg_coefficients(path: str) -> object:
    """Read coefficients by torchjpeg."""
    import torchjpeg.codec  # noqa: PLC0415

    return torchjpeg.codec.read_coefficients(path)


def scipy_statistics(data: bytes) -> list[tuple[npt.NDArray[np.float32], ...]]:
    """Sum a file's DCT coefficients, their magnitudes and squares, as one would write it with SciPy."""
    image = Image.open(io.BytesIO(data))
    image.draft("YCbCr", image.size)
    totals = []
    for plane in np.moveaxis(np.asarray(image), 2, 0):
        height, width = (side // 8 * 8 for side in plane.shape)
        blocks = plane[:height, :width].astype(np.float32).reshape(height // 8, 8, width // 8, 8) - 128
        transformed = scipy.fft.dctn(blocks.transpose(0, 2, 1, 3).reshape(-1, 8, 8), axes=(1, 2), norm="ortho")
        totals.append((transformed.sum(0), np.abs(transformed).sum(0), np.square(transformed).sum(0)))
    return totals
