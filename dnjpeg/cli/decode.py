"""``dnjpeg decode``: JPEG files to pixels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dnjpeg.cli import options
from dnjpeg.cli.batch import Batch, conversion
from dnjpeg.cli.sharing import shared_tables
from dnjpeg.folders import JPEG_SUFFIXES

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.codec.pixels.window import Region

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg decode photo.jpg                    photo.png beside it
  dnjpeg decode photo.jpg -o photo.npy       the pixels as a NumPy array
  dnjpeg decode -r photos -o pixels --format ppm
  dnjpeg decode photo.jpg --scale 1/4        a quarter as wide and high, in a fraction of the time
  dnjpeg decode photo.jpg --region 640x480+100+50
  dnjpeg decode --lenient broken.jpg         what can be saved of it
  dnjpeg decode print.jpg -o print.tiff      CMYK
"""

_KINDS = {
    ".png": "png",
    ".ppm": "ppm",
    ".pgm": "ppm",
    ".pnm": "ppm",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".npy": "npy",
}


@click.command("decode", epilog=EXAMPLES)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["png", "ppm", "tiff", "npy"]),
    help="What to write. [default: as the name given to -o ends, else png]",
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Write what can be decoded of a broken file, the rest in gray, with a warning for what was wrong.",
)
@click.option(
    "--scale",
    type=click.Choice([f"{eighths}/8" for eighths in range(1, 9)] + ["1/4", "1/2", "3/4", "1"]),
    default="1",
    show_default=True,
    metavar="N/8",
    help="Decode to this size, 1/8 to 8/8, rounded up: much faster than decoding all and shrinking it.",
)
@click.option(
    "--region",
    type=options.RECTANGLE,
    help="Decode only this part: W pixels wide and H high, X from the left and Y from the top of the scaled picture.",
)
@click.option("--orient", is_flag=True, help="Turn the picture as its EXIF orientation says, before --region.")
@shared_tables("The tables that the files leave out: a file of tables, or a JPEG file that has them.")
@conversion
def command(
    batch: Batch,
    kind: str | None,
    scale: str,
    region: Region | None,
    *,
    lenient: bool,
    orient: bool,
    coding_tables: CodingTables | None,
) -> None:
    """Decompress JPEG files to PNG, PPM, TIFF or NumPy files.

    INPUT is a JPEG file, a folder, a glob in quotes, or - for standard input. The pixels are those that libjpeg-turbo
    decodes. A NumPy file holds an array, (H, W, 3) RGB, (H, W) gray or (H, W, 4) CMYK, uint8 or, of 12 bits a sample,
    uint16. Gray images become PGM with --format ppm. CMYK goes into TIFF or NumPy files; RGB of 12 bits into PPM or
    NumPy files, gray of 12 bits into any.
    """
    from dnjpeg.api import decode  # noqa: PLC0415 - imports Numba, which the help does not need
    from dnjpeg.images import save_pixels  # noqa: PLC0415

    chosen = kind or _KINDS.get(Path(batch.output or "").suffix.lower(), "png")

    def convert(data: bytes) -> bytes:
        pixels = decode(
            data,
            strict=not lenient,
            scale=Fraction(scale),
            region=region,
            orient=orient,
            coding_tables=coding_tables,
        )
        return save_pixels(pixels, chosen)

    batch.run(convert, suffixes=JPEG_SUFFIXES, suffix=f".{chosen}")
