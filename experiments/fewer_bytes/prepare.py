"""Calibration photos as the test photos are: 299x299 pixels, the middle square, bicubic.

python prepare.py CALIBRATION_FOLDER OUTPUT_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from dnjpeg.folders import image_files

SIDE = 299


def main(source: Path, target: Path) -> None:
    """Write one PNG for each image."""
    target.mkdir(parents=True, exist_ok=True)
    for file in image_files(source):
        with Image.open(file) as image:
            rgb = image.convert("RGB")
        width, height = rgb.size
        side = min(width, height)
        box = ((width - side) / 2, (height - side) / 2, (width + side) / 2, (height + side) / 2)
        rgb.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box).save(target / f"{file.stem}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
