"""``dnjpeg transcode``: JPEG files to JPEG files, without pixels in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli import options
from dnjpeg.cli.batch import Batch, conversion
from dnjpeg.cli.rearranging import rearranging
from dnjpeg.cli.sharing import shared_tables
from dnjpeg.cli.writing import copy, writing
from dnjpeg.folders import JPEG_SUFFIXES

if TYPE_CHECKING:
    from dnjpeg.tables import QuantizationTables

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg transcode photo.jpg -o smaller.jpg          without loss: optimal Huffman tables
  dnjpeg transcode photo.jpg -o small.jpg --quality 50
  dnjpeg transcode -r train -o train-small --tables my.json
  dnjpeg transcode photo.jpg -o upright.jpg --orient --trim
  dnjpeg transcode photo.jpg -o part.jpg --rotate 90 --crop 640x480+16+32
  dnjpeg transcode --force photo.jpg                 in place
  dnjpeg transcode photo.jpg -o web.jpg --scans smallest --copy icc
"""


@click.command("transcode", epilog=EXAMPLES)
@options.tables
@options.quality
@options.optimize
@click.option(
    "--progressive/--baseline",
    default=None,
    help="Progressive scans (always optimised), or a single one. [default: as the file is]",
)
@click.option(
    "--arithmetic/--huffman",
    default=None,
    help="Arithmetic coding (smaller, but few programs read it), or Huffman coding. [default: as the file is]",
)
@rearranging
@writing
@copy("all")
@shared_tables("The tables that the files leave out; the new files have theirs.")
@conversion
def command(
    batch: Batch,
    tables: QuantizationTables | None,
    quality: int | None,
    *,
    optimize: bool,
    progressive: bool | None,
    arithmetic: bool | None,
    rearranged: dict[str, Any],
    **written: Any,
) -> None:
    """Change the quantization tables of JPEG files without going through pixels.

    INPUT is a JPEG file, a folder, a glob in quotes, or - for standard input. Without --tables and --quality nothing
    is lost: the same coefficients, coded anew. With them the coefficients are requantized; sampling stays as it is. So
    do restart interval (--restart 0 drops it) and metadata, if the options do not say otherwise. Turning and cropping
    lose nothing either.
    """
    from dnjpeg.api import transcode  # noqa: PLC0415 - imports Numba, which the help does not need

    def convert(data: bytes) -> bytes:
        return transcode(
            data,
            tables=tables,
            quality=quality,
            optimize=optimize,
            progressive=progressive,
            arithmetic=arithmetic,
            **rearranged,
            **written,
        )

    batch.run(convert, suffixes=JPEG_SUFFIXES, suffix=None)
