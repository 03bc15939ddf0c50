"""``dnjpeg decode``: JPEG files to pixels."""

from __future__ import annotations

from pathlib import Path

import click

from dnjpeg.cli.batch import Batch, conversion
from dnjpeg.folders import JPEG_SUFFIXES

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg decode photo.jpg                    photo.png beside it
  dnjpeg decode photo.jpg -o photo.npy       the pixels as a NumPy array
  dnjpeg decode -r photos -o pixels --format ppm
  dnjpeg decode --lenient broken.jpg         what can be saved of it
"""

_KINDS = {".png": "png", ".ppm": "ppm", ".pgm": "ppm", ".pnm": "ppm", ".npy": "npy"}


@click.command("decode", epilog=EXAMPLES)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["png", "ppm", "npy"]),
    help="What to write. [default: as the name given to -o ends, else png]",
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Write what can be decoded of a broken file, the rest in gray, with a warning for what was wrong.",
)
@conversion
def command(batch: Batch, kind: str | None, lenient: bool) -> None:
    """Decompress JPEG files to PNG, PPM or NumPy files.

    INPUT is a JPEG file, a folder, a glob in quotes, or - for standard input. The pixels are those that libjpeg-turbo
    decodes; an EXIF orientation is not applied. A NumPy file holds a uint8 array, (H, W, 3) RGB or (H, W) gray; gray
    images become PGM with --format ppm.
    """
    from dnjpeg.api import decode  # noqa: PLC0415 - imports Numba, which the help does not need
    from dnjpeg.cli.images import save_pixels  # noqa: PLC0415

    chosen = kind or _KINDS.get(Path(batch.output or "").suffix.lower(), "png")

    def convert(data: bytes) -> bytes:
        return save_pixels(decode(data, strict=not lenient), chosen)

    batch.run(convert, suffixes=JPEG_SUFFIXES, suffix=f".{chosen}")
