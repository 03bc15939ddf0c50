"""libjpeg-turbo, the oracle of the codec's tests: as Pillow and simplejpeg carry it, and its own programs."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
import simplejpeg
from PIL import Image, ImageFile

Pixels = npt.NDArray[np.uint8]

PILLOW_SUBSAMPLING = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}
WARNED = 2  # exit status of libjpeg's programs that went on in spite of something
FIRST_ACCURATE_QUALITY = 96  # below, simplejpeg's encoder takes the fast DCT, whatever it is told


def pillow_encode(pixels: Pixels, *, subsampling: str = "4:2:0", **options: object) -> bytes:
    """Encode with Pillow; `options` are those of `Image.save`."""
    ImageFile.MAXBLOCK = max(1 << 16, 8 * pixels.size)  # or Pillow fails on images that hardly shrink
    stream = io.BytesIO()
    if pixels.ndim == 3:
        options["subsampling"] = PILLOW_SUBSAMPLING[subsampling]
    Image.fromarray(pixels).save(stream, "JPEG", **options)
    return stream.getvalue()


def pillow_decode(data: bytes) -> Pixels:
    """Decode with Pillow to RGB or gray."""
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode in {"RGB", "L"}
        return np.asarray(image)


def simplejpeg_encode(pixels: Pixels, *, subsampling: str, quality: int) -> bytes:
    """Encode with simplejpeg: all five subsamplings, standard Huffman tables, qualities from 96."""
    assert quality >= FIRST_ACCURATE_QUALITY
    gray = pixels.ndim == 2
    return simplejpeg.encode_jpeg(
        pixels[..., None] if gray else pixels,
        quality=quality,
        colorspace="GRAY" if gray else "RGB",
        colorsubsampling="Gray" if gray else subsampling.replace(":", ""),
        fastdct=False,
    )


def simplejpeg_decode(data: bytes, *, gray: bool = False) -> Pixels:
    """Decode what can be decoded with simplejpeg, damaged files too."""
    pixels = simplejpeg.decode_jpeg(
        data, colorspace="GRAY" if gray else "RGB", fastdct=False, fastupsample=False, strict=False
    )
    return pixels[..., 0] if gray else pixels


def cjpeg(pixels: Pixels, *arguments: str) -> bytes:
    """Encode with cjpeg."""
    kind = "P6" if pixels.ndim == 3 else "P5"
    height, width = pixels.shape[:2]
    return _run("cjpeg", ["-dct", "int", *arguments], f"{kind}\n{width} {height}\n255\n".encode() + pixels.tobytes())


def jpegtran(data: bytes, *arguments: str, damaged: bool = False) -> bytes:
    """Rewrite a file without loss with jpegtran; of a damaged one what it can."""
    return _run("jpegtran", arguments, data, damaged)


def djpeg(data: bytes, *arguments: str, damaged: bool = False) -> Pixels:
    """Decode a file to RGB or gray with djpeg; of a damaged one what it can."""
    with Image.open(io.BytesIO(_run("djpeg", ["-pnm", *arguments], data, damaged))) as image:
        return np.asarray(image)


def _run(program: str, arguments: Sequence[str], data: bytes, damaged: bool = False) -> bytes:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} of libjpeg-turbo is not installed")
    done = subprocess.run([path, *arguments], input=data, capture_output=True, check=False)
    assert done.returncode == 0 or (damaged and done.returncode == WARNED), done.stderr.decode(errors="replace")
    return done.stdout
