"""``dnjpeg transcode``: JPEG files to JPEG files, without pixels in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli import options
from dnjpeg.cli.batch import Batch, conversion
from dnjpeg.cli.datasets import Dataset, dataset_options, on_error
from dnjpeg.cli.levels import levels
from dnjpeg.cli.rearranging import rearranging
from dnjpeg.cli.sharing import shared_tables
from dnjpeg.cli.writing import copy, writing
from dnjpeg.folders import JPEG_SUFFIXES

if TYPE_CHECKING:
    from dnjpeg.codec.trellis.choice import RateDistortion
    from dnjpeg.tables import QuantizationTables

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg transcode photo.jpg -o smaller.jpg          without loss: optimal Huffman tables
  dnjpeg transcode photo.jpg -o small.jpg --quality 50
  dnjpeg transcode -r train -o train-small --tables my.json
  dnjpeg transcode shards shards-small --tables my.json            tar or Parquet; the same command goes on
  dnjpeg transcode s3://bucket/train s3://bucket/small --tables my.json --engine ray
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
@levels
@rearranging
@writing
@copy("all")
@shared_tables("The tables that the files leave out; the new files have theirs.")
@on_error
@dataset_options
@conversion
def command(
    batch: Batch,
    dataset: Dataset,
    tables: QuantizationTables | None,
    quality: int | None,
    *,
    optimize: bool,
    progressive: bool | None,
    arithmetic: bool | None,
    rdo: RateDistortion | None,
    rearranged: dict[str, Any],
    on_error: str,
    **written: Any,
) -> None:
    """Change the quantization tables of JPEG files without going through pixels.

    INPUT is a JPEG file, a folder, a glob in quotes, or - for standard input. Without --tables, --quality and --rdo
    nothing is lost: the same coefficients, coded anew. With tables they are requantized; sampling stays as it is. So
    do restart interval (--restart 0 drops it) and metadata, if the options do not say otherwise. Turning and cropping
    lose nothing either.

    A folder of tar or Parquet shards, one of these, or a URL of such is converted shard by shard into -o, or as SRC
    DST, which takes folders of files too. Everything that is no JPEG image is passed on; what is finished is skipped
    when the same command runs again.
    """
    from dnjpeg.shards.operations import Transcode  # noqa: PLC0415 - imports Numba, which the help does not need

    operation = Transcode(
        {
            "tables": tables,
            "quality": quality,
            "optimize": optimize,
            "progressive": progressive,
            "arithmetic": arithmetic,
            "rdo": rdo,
            **rearranged,
            **written,
        }
    )
    if not dataset.convert(batch, operation, on_error):
        batch.run(operation, suffixes=JPEG_SUFFIXES, suffix=None)
