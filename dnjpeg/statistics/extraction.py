"""From one image to the DCT coefficients of its components, through pixels or straight from the file."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from dnjpeg.codec import encoder, scan_reader
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.codec.format.limits import DEFAULT_LIMITS
from dnjpeg.statistics.sources import Image

__all__ = ["COMPONENTS", "Color", "Domain", "Extraction"]

Domain = Literal["pixels", "coefficients"]
Color = Literal["ycbcr", "rgb", "gray"]

COMPONENTS: dict[str, tuple[str, ...]] = {"ycbcr": ("Y", "Cb", "Cr"), "rgb": ("R", "G", "B"), "gray": ("Y",)}


@dataclass(frozen=True)
class Plane:
    """One component's coefficients: its index, int16 (block_rows, block_cols, 8, 8), and its table if quantized."""

    component: int
    coefficients: npt.NDArray[np.int16]
    table: npt.NDArray[np.uint16] | None = None


@dataclass(frozen=True)
class Extraction:
    """What is taken from each image.

    Parameters
    ----------
    domain : {"pixels", "coefficients"}
        The forward DCT of the decoded pixels, or the dequantized coefficients of a JPEG file as they are stored.
    color : {"ycbcr", "rgb", "gray"}
        Y, Cb and Cr; R, G and B; or Y alone.
    subsampling : str, optional
        Of Y, Cb and Cr from pixels, see `dnjpeg.encode`; 4:2:0 if None. It has no meaning elsewhere.

    Raises
    ------
    ValueError
        If one is none of these, or they contradict each other.
    """

    domain: Domain = "pixels"
    color: Color = "ycbcr"
    subsampling: str | None = None

    def __post_init__(self) -> None:
        if self.domain not in ("pixels", "coefficients"):
            raise ValueError(f"unknown domain {self.domain!r}: choose pixels or coefficients")
        if self.color not in COMPONENTS:
            raise ValueError(f"unknown colour {self.color!r}: choose from {', '.join(COMPONENTS)}")
        if self.domain == "coefficients" and self.color == "rgb":
            raise ValueError("JPEG files store YCbCr: R, G and B need the domain pixels")
        if self.domain == "pixels" and self.color == "ycbcr":
            object.__setattr__(self, "subsampling", self.subsampling or "4:2:0")
            sampling_factors(str(self.subsampling))
        elif self.subsampling is not None:
            reason = "coefficients are sampled as stored" if self.domain == "coefficients" else "only chroma has any"
            raise ValueError(f"subsampling {self.subsampling} cannot be asked for: {reason}")

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the components, in order."""
        return COMPONENTS[self.color]

    def planes(self, content: Path | Image) -> list[Plane]:
        """Read an image.

        A gray image yields Y alone, or the same plane as R, G and B.

        Raises
        ------
        OSError, ValueError, JpegError
            If it cannot be read, or does not hold what is asked for.
        """
        if isinstance(content, Path):
            content = content.read_bytes()
        if self.domain == "coefficients":
            return list(self._stored(_stored_coefficients(content)))
        return list(self._transformed(_pixels(content)))

    def _stored(self, image: CoefficientImage) -> Iterator[Plane]:
        if image.color not in ("YCbCr", "grayscale"):
            raise ValueError(f"its components are {image.color}, not YCbCr")
        if image.frame.precision != 8:
            raise ValueError(
                f"it has {image.frame.precision} bits a sample, not 8, with which coefficients end at 1024.5"
            )
        for index in range(min(len(self.components), len(image.coefficients))):
            yield Plane(index, image.coefficients[index], image.tables[index])

    def _transformed(self, pixels: npt.NDArray[np.uint8]) -> Iterator[Plane]:
        if self.color == "rgb":
            planes = [pixels] * 3 if pixels.ndim == 2 else [pixels[:, :, channel] for channel in range(3)]
            for index, plane in enumerate(planes):
                yield Plane(index, encoder.transform(np.ascontiguousarray(plane))[0])
            return
        transformed = encoder.transform(pixels, subsampling=self.subsampling or "4:4:4")
        for index in range(min(len(self.components), len(transformed))):
            yield Plane(index, transformed[index])


def _stored_coefficients(content: Image) -> CoefficientImage:
    if isinstance(content, np.ndarray):
        raise ValueError("pixels hold no JPEG coefficients: use the domain pixels")
    if isinstance(content, CoefficientImage):
        return content
    return scan_reader.read(content, strict=True, limits=DEFAULT_LIMITS)


def _pixels(content: Image) -> npt.NDArray[np.uint8]:
    if isinstance(content, bytes):
        return _open(content)
    if not isinstance(content, np.ndarray):
        raise ValueError(f"an image is bytes or an array, not {type(content).__name__}; use the domain coefficients")
    if content.dtype != np.uint8 or content.ndim not in (2, 3) or content.shape[2:] not in ((), (3,)):
        raise ValueError(f"pixels are uint8 (H, W) or (H, W, 3), not {content.dtype} {content.shape}")
    if content.size == 0:
        raise ValueError(f"there are no pixels in an array of shape {content.shape}")
    return np.ascontiguousarray(content)


def _open(data: bytes) -> npt.NDArray[np.uint8]:
    """Decode any file that Pillow knows to gray or RGB, by the conventions of ``dnjpeg encode``.

    The first frame, turned as its EXIF orientation says; the upper eight of 16 bits; the colours below transparency.
    """
    from PIL import Image as PillowImage  # noqa: PLC0415 - not needed for coefficients
    from PIL import ImageOps, UnidentifiedImageError  # noqa: PLC0415

    try:
        with PillowImage.open(io.BytesIO(data)) as file:
            image = ImageOps.exif_transpose(file)
            if image.mode.startswith("I;16") or (image.mode == "I" and file.format == "PNG"):
                return (np.asarray(image, dtype=np.uint32) >> 8).astype(np.uint8)
            if image.mode in ("I", "F"):
                raise ValueError("it has 32-bit samples, whose range is not known")
            return np.asarray(image.convert("L" if image.mode in ("1", "L", "LA", "La") else "RGB"))
    except UnidentifiedImageError:
        raise ValueError("this is not an image that Pillow can open") from None
    except (OSError, ValueError, MemoryError):
        raise
    except Exception as error:  # Pillow's decoders let nearly anything escape from damaged files
        raise ValueError(f"this image is damaged: {type(error).__name__}: {error}") from error
