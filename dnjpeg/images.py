"""Between image files of any kind and the pixels that a baseline JPEG file can hold."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

__all__ = ["FORMATS", "Pixels", "metadata_of", "open_image", "pixels_of", "save_pixels"]

Pixels = npt.NDArray[np.uint8]

_EIGHT_BITS = {(1, False), (3, False)}
_HELD = {  # numbers of components, and whether with 12 bits
    "png": _EIGHT_BITS | {(1, True)},
    "ppm": _EIGHT_BITS | {(1, True), (3, True)},
    "tiff": _EIGHT_BITS | {(1, True), (4, False)},
    "npy": {(components, wide) for components in (1, 2, 3, 4) for wide in (False, True)},
}

FORMATS = tuple(_HELD)
"""What `save_pixels` writes."""


def open_image(data: bytes) -> Image.Image:
    """Decode an image file of any format that Pillow reads: its first frame, turned as its EXIF orientation says.

    Raises
    ------
    ValueError
        If the file cannot be read.
    """
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
        return ImageOps.exif_transpose(image)
    except UnidentifiedImageError:
        raise ValueError("not an image in a format that Pillow reads") from None
    except Exception as error:  # Pillow's readers raise whatever a broken file makes them run into
        raise ValueError(f"cannot be read as an image: {error or type(error).__name__}") from error


def pixels_of(image: Image.Image, *, background: tuple[int, ...] | None = None, color: str | None = None) -> Pixels:
    """Return the pixels of an image as a JPEG file can hold them.

    Parameters
    ----------
    image : Image
    background : tuple of int, optional
        RGB colour, 0..255, that transparent pixels are laid on.
    color : str, optional
        What the JPEG file is to hold, as of `dnjpeg.encode`.

    Returns
    -------
    ndarray, uint8, (H, W, 3), (H, W) or (H, W, 4)
        What `color` is made of; by default RGB, or gray for an image that stores gray without alpha. Of 16-bit samples
        the upper eight bits; palettes, CMYK and other colour spaces as Pillow converts them, without profiles.

    Raises
    ------
    ValueError
        If the image has transparent pixels and there is no `background`, or has 32-bit samples.
    """
    if color in {"CMYK", "YCCK"} and image.mode == "CMYK":
        return np.asarray(image)
    pixels = _gray_or_rgb(image, background)
    if color in {"YCbCr", "RGB"} and pixels.ndim == 2:
        return np.stack([pixels] * 3, axis=2)
    return np.asarray(Image.fromarray(pixels).convert("CMYK")) if color in {"CMYK", "YCCK"} else pixels


def _gray_or_rgb(image: Image.Image, background: tuple[int, ...] | None) -> Pixels:
    if image.has_transparency_data:
        return np.asarray(_without_alpha(image.convert("RGBA"), background))
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        return (np.asarray(image, dtype=np.uint32) >> 8).astype(np.uint8)
    if image.mode in {"I", "F"}:
        raise ValueError("has 32-bit samples, whose range is not known: convert it to 8 bits first")
    return np.asarray(image.convert("L" if image.mode in {"1", "L"} else "RGB"))


def metadata_of(image: Image.Image, pixels: Pixels, copy: str) -> dict[str, Any]:
    """Return what Pillow knows of an image's metadata, as parameters of `dnjpeg.encode`.

    A colour profile of other colours than those of the pixels is left out.

    Parameters
    ----------
    copy : {"all", "icc", "comments", "none"}
        What is wanted.
    """
    wanted = {"all": ("exif", "xmp", "comment", "dpi"), "comments": ("comment",)}.get(copy, ())
    found = {name: image.info[name] for name in wanted if image.info.get(name)}
    if not all(math.isfinite(value) and 1 <= round(value) <= 65535 for value in found.get("dpi", ())):
        del found["dpi"]
    profile = image.info.get("icc_profile") or b""
    spaces = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
    space = spaces[1 if pixels.ndim == 2 else pixels.shape[2]]  # the header's colour space field (ICC.1:2010, 7.2.8)
    if copy in {"all", "icc"} and profile[16:20] == space:
        found["icc_profile"] = profile
    return found


def _without_alpha(image: Image.Image, background: tuple[int, ...] | None) -> Image.Image:
    if image.getchannel("A").getextrema() != (255, 255):
        if background is None:
            raise ValueError("has transparent pixels, which JPEG cannot hold: say with --background what is behind")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (*background[:3], 255)), image)
    return image.convert("RGB")


def save_pixels(pixels: npt.NDArray[Any], kind: str) -> bytes:
    """Write pixels losslessly.

    Parameters
    ----------
    pixels : ndarray, uint8, or uint16 with values to 4095, (H, W, components) or (H, W)
        As `dnjpeg.decode` returns them.
    kind : str
        One of `FORMATS`; ``"ppm"`` of a gray image is a PGM file. PNG and TIFF files of 12 bits have 16, and values to
        65535: the upper bits are repeated in the lower ones. PPM and PGM files have values to 4095.

    Raises
    ------
    ValueError
        If such a file cannot hold them.
    """
    components = pixels.shape[2] if pixels.ndim == 3 else 1
    wide = pixels.dtype == np.uint16
    suited = [name for name in FORMATS if (components, wide) in _HELD[name]]
    if kind not in suited:
        named = {1: "gray", 2: "two components", 3: "RGB", 4: "CMYK"}[components] + (" of 12 bits" if wide else "")
        raise ValueError(f"is {named}, which {kind} files do not hold: choose --format {' or '.join(suited)}")
    stream = io.BytesIO()
    if kind == "npy":
        np.save(stream, pixels)
    elif kind == "ppm":
        height, width = pixels.shape[:2]
        largest = 4095 if wide else 255
        stream.write(f"P{5 if components == 1 else 6}\n{width} {height}\n{largest}\n".encode())
        stream.write(pixels.astype(">u2" if wide else np.uint8).tobytes())
    else:
        _as_image(pixels << 4 | pixels >> 8 if wide else pixels).save(stream, kind)
    return stream.getvalue()


def _as_image(pixels: npt.NDArray[Any]) -> Image.Image:
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        return Image.frombytes("CMYK", (pixels.shape[1], pixels.shape[0]), pixels.tobytes())
    return Image.fromarray(pixels)
