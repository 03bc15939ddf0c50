"""A few photos side by side: as they are, as each contender made them, and what the classifier said."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from dnjpeg.evaluation.metrics import pair
from dnjpeg.evaluation.rows import ORIGINAL
from dnjpeg.evaluation.study import Study, at_comparable_size

__all__ = ["Exhibit", "Picture", "data_uri", "gallery"]

LARGEST = 512  # pixels a side as shown; a picture that is not larger is shown from the contender's own file

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """One version of a photo and what the classifier said of it."""

    contender: str
    source: str  # data URI
    bytes: int
    reduced: bool
    prediction: str
    confidence: float
    right: bool


@dataclass(frozen=True)
class Exhibit:
    """One photo in several versions, the uncompressed one first."""

    image: str
    label: str
    pictures: tuple[Picture, ...]


def gallery(study: Study, count: int = 6) -> list[Exhibit]:
    """Show photos on which contenders of comparable size differ, and some on which they don't.

    Parameters
    ----------
    study : Study
        What was measured.
    count : int
        How many photos at most; about two thirds of them where the contenders differ, as far as there are such.
    """
    names = [ORIGINAL, *at_comparable_size(study.summary)]
    photos = {photo.identifier: photo for photo in study.dataset.photos}
    rows = study.result.rows[study.result.rows["contender"].isin(names)]
    exhibits = []
    for image in _choose(rows, count):
        own = {str(row["contender"]): row for _, row in rows[rows["image"] == image].iterrows()}
        pixels = photos[image].open().pixels()
        pictures = tuple(_picture(study, pixels, name, own[name]) for name in names)
        exhibits.append(Exhibit(image, _class_name(study, photos[image].label), pictures))
    return exhibits


def _choose(rows: pd.DataFrame, count: int) -> Sequence[str]:
    """Photos in their order: those on which the contenders differ spread over the whole, then others likewise."""
    pairing = pair(rows)
    right = pairing.top1[:, 1:].mean(axis=1)
    differ = np.flatnonzero((right > 0) & (right < 1))
    agree = np.flatnonzero((right == 0) | (right == 1))
    wanted = max(count - len(agree), min(len(differ), -(-2 * count // 3)))
    chosen = [*_spread(differ, wanted), *_spread(agree, count - min(wanted, len(differ)))]
    return [pairing.images[index] for index in sorted(chosen)]


def _spread(places: npt.NDArray[np.intp], count: int) -> list[int]:
    if count >= len(places):
        return [int(place) for place in places]
    return [int(places[i * len(places) // count]) for i in range(count)]


def _picture(study: Study, pixels: Pixels, name: str, row: pd.Series) -> Picture:
    data = None if name == ORIGINAL else study.contender(name).encode(pixels)
    shown = pixels if data is None else study.contender(name).decode(data)
    reduced = max(pixels.shape[:2]) > LARGEST
    if data is not None and data[:2] == b"\xff\xd8" and not reduced:
        source = data_uri(data, "image/jpeg")
    else:
        source = data_uri(_web_image(shown), "image/webp")
    return Picture(
        contender=name,
        source=source,
        bytes=int(row["bytes"]),
        reduced=reduced,
        prediction=_class_name(study, int(row["prediction"])),
        confidence=float(row["confidence"]),
        right=bool(row["top1"]),
    )


def _web_image(pixels: Pixels) -> bytes:
    """Encode pixels as WebP: without loss, or made smaller if they are more than the report shows."""
    image = Image.fromarray(pixels)
    reduced = max(image.size) > LARGEST
    image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", lossless=not reduced, quality=90)
    return stream.getvalue()


def data_uri(data: bytes, media_type: str) -> str:
    """Return the content as a URI that needs no file and no network."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _class_name(study: Study, number: int) -> str:
    names = study.classifier.class_names
    return names[number] if names is not None else f"class {number}"
