"""Many distinct photos: one image in a loop would flatter, for branch predictors learn it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["Pixels", "load_crops", "mosaic", "trimmed"]

Pixels = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 500, 375
ACROSS = 8  # photos in a row of the mosaic, and rows: 4000x3000 pixels


def load_crops(folder: Path | None, count: int) -> list[Pixels]:
    """Cut distinct 500x375 pieces out of the photos in a folder, up to `count` of them."""
    folder = folder or _default_folder()
    crops: list[Pixels] = []
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp"}):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        for top in range(0, pixels.shape[0] - HEIGHT + 1, HEIGHT):
            for left in range(0, pixels.shape[1] - WIDTH + 1, WIDTH):
                crops.append(np.ascontiguousarray(pixels[top : top + HEIGHT, left : left + WIDTH]))
                if len(crops) == count:
                    return crops
    if not crops:
        sys.exit(f"no photo of at least {WIDTH}x{HEIGHT} pixels in {folder}")
    return crops


def trimmed(crops: list[Pixels]) -> list[Pixels]:
    """Give each photo a size of its own: up to a tenth of its columns and lines is cut off."""
    across, down = WIDTH // 10, HEIGHT // 10
    return [
        np.ascontiguousarray(crop[: HEIGHT - index // across % down, : WIDTH - index % across])
        for index, crop in enumerate(crops)
    ]


def mosaic(crops: list[Pixels]) -> Pixels:
    """Lay distinct photos side by side to one of 12 megapixels; they are repeated if there are fewer than 64."""
    rows = [[crops[(ACROSS * y + x) % len(crops)] for x in range(ACROSS)] for y in range(ACROSS)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


def _default_folder() -> Path:
    data = os.environ.get("DNJPEG_DATA")
    if data:
        return Path(data) / "photos" / "calibration"
    foolbox = find_spec("foolbox")
    if foolbox is None or foolbox.origin is None:
        sys.exit("name a folder of photos, or install the package foolbox, which brings 20")
    return Path(foolbox.origin).parent / "data"
