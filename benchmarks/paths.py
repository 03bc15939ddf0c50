"""The paths that are measured, each with its peers; outputs that must agree are compared first."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import Image, ImageFile

import dnjpeg

ImageFile.MAXBLOCK = 1 << 24  # Pillow cannot write some large files otherwise

Pixels = npt.NDArray[np.uint8]
Contenders = dict[str, Callable[[int], object]]

TRANSCODED = {50: 30, 75: 50, 95: 75}  # to which quality a file of this quality is transcoded


class DifferentOutputError(Exception):
    """A contender's output differs from ours where it must not."""


def _pillow_encode(image: Image.Image, quality: int, subsampling: str, *, optimize: bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling=subsampling, optimize=optimize)
    return buffer.getvalue()


def _pillow_decode(data: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(data)))


def _encode(crops: Sequence[Pixels], quality: int, subsampling: str, *, optimize: bool) -> Contenders:
    images = [Image.fromarray(crop) for crop in crops]
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.encode(crops[i], quality=quality, subsampling=subsampling, optimize=optimize),
        "Pillow": lambda i: _pillow_encode(images[i], quality, subsampling, optimize=optimize),
    }
    _require_equal(contenders, len(crops))
    if not optimize:
        name = subsampling.replace(":", "")
        contenders["simplejpeg"] = lambda i: simplejpeg.encode_jpeg(
            crops[i], quality=quality, colorsubsampling=name, fastdct=False
        )
    return contenders


def _encode_standard(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    return _encode(crops, quality, subsampling, optimize=False)


def _encode_optimal(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    return _encode(crops, quality, subsampling, optimize=True)


def _decode(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    files = [_pillow_encode(Image.fromarray(crop), quality, subsampling, optimize=False) for crop in crops]
    contenders: Contenders = {
        "dnjpeg": lambda i: dnjpeg.decode(files[i]),
        "Pillow": lambda i: _pillow_decode(files[i]),
    }
    _require_equal(contenders, len(crops))
    contenders["simplejpeg"] = lambda i: simplejpeg.decode_jpeg(files[i], fastdct=False, fastupsample=False)
    return contenders


def _transcode(crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    files = [_pillow_encode(Image.fromarray(crop), quality, subsampling, optimize=False) for crop in crops]
    target = TRANSCODED.get(quality, 50)
    return {
        "dnjpeg": lambda i: dnjpeg.transcode(files[i], quality=target),
        "Pillow decode+encode": lambda i: _pillow_encode(
            Image.open(io.BytesIO(files[i])), target, subsampling, optimize=True
        ),
    }


PATHS: dict[str, Callable[[Sequence[Pixels], int, str], Contenders]] = {
    "encode, standard Huffman": _encode_standard,
    "encode, optimal Huffman": _encode_optimal,
    "decode": _decode,
    "transcode, optimal Huffman": _transcode,
}


def prepare(path: str, crops: Sequence[Pixels], quality: int, subsampling: str) -> Contenders:
    """Contenders of one path by name; ``dnjpeg`` is one of them.

    Raises
    ------
    DifferentOutputError
        If libjpeg-turbo's output is not ours.
    """
    return PATHS[path](crops, quality, subsampling)


def _require_equal(contenders: Contenders, images: int) -> None:
    for image in range(images):
        ours, theirs = (call(image) for call in contenders.values())
        if not np.array_equal(ours, theirs) if isinstance(ours, np.ndarray) else ours != theirs:
            raise DifferentOutputError(f"photo {image}: {' and '.join(contenders)} differ")
