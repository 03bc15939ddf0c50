"""``dnjpeg encode``: images of any format to JPEG files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli import components, machines, options
from dnjpeg.cli.batch import Batch, conversion
from dnjpeg.cli.datasets import Dataset, dataset_options, on_error
from dnjpeg.cli.levels import levels
from dnjpeg.cli.sharing import shared_tables
from dnjpeg.cli.writing import copy, writing
from dnjpeg.folders import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.codec.format.subsampling import Subsampling
    from dnjpeg.codec.trellis.choice import RateDistortion
    from dnjpeg.shards.operations import Operation
    from dnjpeg.tables import QuantizationTables

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg encode photo.png                             photo.jpg beside it, quality 75
  dnjpeg encode photo.png --quality 90 -o small.jpg
  dnjpeg encode -r photos -o compressed --tables my.json
  dnjpeg encode shards shards-small --tables my.json  tar or Parquet; the same command goes on
  dnjpeg encode photo.tif --copy all --scans smallest
  dnjpeg encode print.tif --color CMYK --copy icc     print.jpg in the colours that the file has
  dnjpeg encode -r photos -o small --preset machine   few bytes for networks to look at, quality 75
  dnjpeg encode photo.png --preset machine --target-bytes 10000
  dnjpeg encode - -o - < photo.png > photo.jpg
"""


class _Colour(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.3 on
    """A colour as Pillow names it."""

    name = "colour"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Resolve a name or ``#rrggbb`` to RGB."""
        from PIL import ImageColor  # noqa: PLC0415 - not needed to show the help

        try:
            return ImageColor.getrgb(str(value))[:3]
        except ValueError:
            self.fail(f"{value!r} is not a colour: write a name (white) or #rrggbb", param, ctx)


@click.command("encode", epilog=EXAMPLES)
@options.tables
@options.quality
@machines.preset
@components.color
@components.subsampling
@options.optimize
@click.option("--progressive", is_flag=True, help="Progressive scans, by libjpeg's script; always optimised.")
@click.option(
    "--arithmetic", is_flag=True, help="Arithmetic instead of Huffman coding: smaller, but few programs read it."
)
@levels
@writing
@copy("none")
@shared_tables("Leave out the tables that this file has (dnjpeg tables share makes it): for datasets of small images.")
@click.option("--jfif/--no-jfif", default=True, show_default=True, help="Write the JFIF segment of 18 bytes.")
@click.option("--background", type=_Colour(), help="What is behind transparent pixels: white, #80ff00, ...")
@on_error
@dataset_options
@conversion
def command(
    batch: Batch,
    dataset: Dataset,
    *,
    tables: QuantizationTables | None,
    quality: int | None,
    color: str | None,
    subsampling: Subsampling,
    optimize: bool,
    progressive: bool,
    arithmetic: bool,
    rdo: RateDistortion | None,
    copy: str,
    coding_tables: CodingTables | None,
    jfif: bool,
    background: tuple[int, ...] | None,
    preset: machines.Preset | None,
    on_error: str,
    **written: Any,
) -> None:
    """Compress images to JPEG files.

    INPUT is a file of any format that Pillow reads, a folder, a glob in quotes, or - for standard input. Without
    --tables and --quality the quality is 75. With the same tables and options the files are those that libjpeg-turbo
    writes, byte for byte.

    The EXIF orientation is applied. Metadata and colour profile are left out, unless --copy keeps them. Of an
    animation the first frame is taken, of 16-bit samples the upper eight bits. Palettes become the colours that they
    stand for, and CMYK becomes RGB, without regard to colour profiles, unless --color keeps it. Transparent pixels are
    an error unless --background says what is behind them.

    With --preset machine the file is for networks: tables that weigh errors as they do, scaled for each image, in the
    smallest coding. A quality then means: networks' predictions change as much as by standard JPEG of that quality.

    A folder of tar or Parquet shards, one of these, or a URL of such is converted shard by shard into -o, or as SRC
    DST, which takes folders of files too. Everything that is no image is passed on; what is finished is skipped when
    the same command runs again.
    """
    from dnjpeg.shards.operations import Encode  # noqa: PLC0415 - imports Numba, which the help does not need

    operation: Operation
    if preset is not None:
        decided: dict[str, object] = {"tables": tables, "color": color, "coding tables": coding_tables}
        decided |= {"progressive": progressive or None, "arithmetic": arithmetic or None}
        decided |= {"optimize": None if optimize else False, "rdo": rdo}
        decided |= {name: written.pop(name, None) or None for name in ("scans", "wide_tables")}
        written.pop("compact")  # these files are always
        preset.check(decided)
        operation = machines.EncodeForMachines(Encode(written, copy, background), preset, quality, subsampling)
    else:
        options = {
            "tables": tables,
            "quality": quality,
            "color": color,
            "subsampling": subsampling,
            "optimize": optimize,
            "progressive": progressive,
            "arithmetic": arithmetic,
            "rdo": rdo,
            "coding_tables": coding_tables,
            "jfif": jfif,
            **written,
        }
        operation = Encode(options, copy, background)
    if not dataset.convert(batch, operation, on_error):
        batch.run(operation, suffixes=IMAGE_SUFFIXES, suffix=".jpg")
