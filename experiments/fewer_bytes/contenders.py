"""Who competes, each as a function from photos to files: standard JPEG, dnjpeg's own ways, and other formats."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

import imagecodecs
import numpy as np
import numpy.typing as npt
import pyjpegli
from PIL import Image

import dnjpeg
from dnjpeg.evaluation import load_classifier
from dnjpeg.machine import shipped_ladder
from dnjpeg.vision.in_the_loop import Search, encode_for_networks
from dnjpeg.vision.networks import Network

Pixels = npt.NDArray[np.uint8]

BATCH = 4  # photos that networks in the loop look at together
IN_THE_LOOP = ("efficientnet-lite0", "efficientnet-lite1")


@dataclass(frozen=True)
class Entry:
    """One contender: its family, its setting, and how it makes files of photos of one size."""

    family: str
    setting: float
    encode: Callable[[Sequence[Pixels]], list[bytes]]
    decode: Callable[[bytes], Pixels] = dnjpeg.decode
    encoder: str = f"dnjpeg {dnjpeg.__version__}"

    @property
    def name(self) -> str:
        """Family and setting."""
        return f"{self.family} {self.setting:g}"


def entries(mozjpeg: Path | None, photo_names: Sequence[str]) -> Iterator[Entry]:
    """All contenders."""
    for quality in (8, 12, 17, 23, 30, 40, 52, 65, 76, 85, 91, 95):
        yield _each("JPEG", quality, lambda pixels, q: dnjpeg.encode(pixels, quality=q))
    for quality in (10, 20, 30, 50, 75, 90):
        yield _each("JPEG 4:4:4", quality, lambda pixels, q: dnjpeg.encode(pixels, quality=q, subsampling="4:4:4"))
    for step in (7, 14, 28, 40, 57, 80, 113):
        yield _each("fixed table", step, lambda pixels, s: dnjpeg.encode(pixels, tables=f"machine-{s:g}"))
    baseline = {"adaptive": False, "effort": "baseline"}
    for step in (7, 14, 28, 40, 57, 80, 113):
        yield _each(
            "fixed table, our chroma", step, lambda pixels, s: dnjpeg.encode_for_machines(pixels, step=s, **baseline)
        )
    for quality in (12, 20, 35, 55, 75, 88, 94):
        yield _each("per image", quality, lambda pixels, q: dnjpeg.encode_for_machines(pixels, quality=q))
    for step in (14, 28, 56, 110, 220, 440, 700):
        yield Entry("networks in the loop", step, lambda images, s=step: _in_the_loop(images, s))
    yield from _others()
    if mozjpeg is not None:
        yield from _mozjpeg(mozjpeg, photo_names)


def _each(family: str, setting: float, encode: Callable[[Pixels, float], bytes], **more: object) -> Entry:
    return Entry(family, setting, lambda images: [encode(pixels, setting) for pixels in images], **more)  # type: ignore[arg-type]


@cache
def _networks() -> tuple[Network, ...]:
    return tuple(load_classifier(name, device="cpu").network(bfloat16=True) for name in IN_THE_LOOP)


def _in_the_loop(images: Sequence[Pixels], step: float) -> list[bytes]:
    return encode_for_networks(images, _networks(), step=step, ladder=shipped_ladder(), search=Search())


def _pillow(kind: str, **options: object) -> Callable[[Pixels, float], bytes]:
    def encode(pixels: Pixels, setting: float) -> bytes:
        stream = io.BytesIO()
        named = {name: (setting if value is None else value) for name, value in options.items()}
        Image.fromarray(pixels).save(stream, kind, **named)
        return stream.getvalue()

    return encode


def _opened(data: bytes) -> Pixels:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))


def _others() -> Iterator[Entry]:
    for quality in (20, 40, 60, 75, 85, 92):
        yield _each("jpegli", quality, _jpegli, encoder=f"pyjpegli {version('pyjpegli')}")
    pillow = {"decode": _opened, "encoder": f"Pillow {Image.__version__}"}
    for quality in (20, 50, 75, 85, 94):
        yield _each("WebP", quality, _pillow("WEBP", quality=None, method=6), **pillow)
    for quality in (35, 50, 65, 78, 88):
        yield _each("AVIF", quality, _pillow("AVIF", quality=None, speed=4, subsampling="4:2:0"), **pillow)
    for rate in (9, 14, 20, 30, 50):
        encode = _pillow("JPEG2000", quality_mode="rates", irreversible=True, mct=1, quality_layers=[rate])
        yield _each("JPEG 2000", rate, encode, **pillow)
    for distance in (1, 2, 3.5, 6, 10):
        yield _each(
            "JPEG XL",
            distance,
            lambda pixels, d: imagecodecs.jpegxl_encode(pixels, distance=d, effort=7, usecontainer=False),
            decode=imagecodecs.jpegxl_decode,
            encoder=f"imagecodecs {imagecodecs.__version__}, {imagecodecs.jpegxl_version()}",
        )


def _jpegli(pixels: Pixels, quality: float) -> bytes:
    return pyjpegli.encode(np.ascontiguousarray(pixels), pixels.shape[1], pixels.shape[0], quality=int(quality))


def _mozjpeg(folder: Path, photo_names: Sequence[str]) -> Iterator[Entry]:
    """Files that `mozjpeg.mjs` wrote, in the photos' order."""
    for trellis, family in (("trellis", "mozjpeg"), ("plain", "mozjpeg without trellis")):
        for quality in (30, 50, 65, 80, 90):
            files = [folder / f"{name}-{trellis}-{quality}.jpg" for name in photo_names]
            found = iter(files)
            yield Entry(
                family,
                quality,
                lambda images, found=found: [next(found).read_bytes() for _ in images],
                encoder="mozjpeg in npm's sharp",
            )
