"""``dnjpeg tables``: quantization tables listed, shown and converted."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli import components, options
from dnjpeg.cli.failures import about
from dnjpeg.cli.inputs import find
from dnjpeg.cli.outputs import check_file
from dnjpeg.files import replacing
from dnjpeg.folders import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from dnjpeg.tables import QuantizationTables

__all__ = ["command", "show_tables"]

EXAMPLES = """
\b
Examples:
  dnjpeg tables                                  the tables that come with dnjpeg
  dnjpeg tables show annex-k
  dnjpeg tables show robidoux --quality 75       as scaled for a quality
  dnjpeg tables convert mine.json -o mine.txt    for cjpeg -qtables mine.txt
  dnjpeg tables convert mine.txt -o mine.json
  dnjpeg tables share -r train -o shared.jpg     for dnjpeg encode --shared-tables shared.jpg
"""

SHOW_EXAMPLES = """
\b
Examples:
  dnjpeg tables show annex-k
  dnjpeg tables show 75                          the standard tables at quality 75
  dnjpeg tables show mine.json --json
"""

SHARE_EXAMPLES = """
\b
Examples:
  dnjpeg tables share -r train --quality 75 -o shared.jpg
  dnjpeg encode -r train -o small --shared-tables shared.jpg --no-jfif
  dnjpeg decode -r small -o pixels --shared-tables shared.jpg
"""

CONVERT_EXAMPLES = """
\b
Examples:
  dnjpeg tables convert mine.json -o mine.txt
  dnjpeg tables convert annex-k --quality 50 -o half.json
  dnjpeg tables convert 75 -o -                  text, on standard output
"""

spec = click.argument("tables", type=options.TABLES, metavar="NAME|FILE|QUALITY")
quality = click.option(
    "--quality",
    type=options.WholeType(1, 100),
    help="Scale the steps as libjpeg scales the standard ones. 50 leaves them as they are, 100 makes all of them 1.",
)


@click.group("tables", invoke_without_command=True, epilog=EXAMPLES)
@options.as_json
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List, show, convert and share quantization tables.

    Without a command: the names of the tables that come with dnjpeg. Wherever tables are asked for, one of these names
    will do, or a table file, or a quality 1..100 of the standard tables.

    A table file is JSON, or the text that cjpeg takes with -qtables: one to four tables of 64 steps in natural order
    (row = vertical frequency), with comments after #.
    """
    if context.invoked_subcommand is None:
        _list(as_json)


@command.command("show", epilog=SHOW_EXAMPLES)
@spec
@quality
@options.as_json
def show(tables: QuantizationTables, quality: int | None, as_json: bool) -> None:
    """Show the steps of quantization tables, and where they come from.

    Rows are vertical frequencies from zero down, columns horizontal ones.
    """
    show_tables(tables if quality is None else tables.scaled(quality), as_json)


@command.command("convert", epilog=CONVERT_EXAMPLES)
@spec
@click.option(
    "-o",
    "--output",
    metavar="FILE|-",
    required=True,
    help="Where to write: JSON if the name ends in .json, otherwise text for cjpeg -qtables; - is standard output, "
    "as text.",
)
@quality
@options.force
def convert(tables: QuantizationTables, output: str, quality: int | None, force: bool) -> None:
    """Write quantization tables to a file, as JSON or as text.

    The text holds the steps; name and provenance become comments in it, and are lost on the way back.
    """
    from dnjpeg.tables.files import to_text  # noqa: PLC0415 - imports NumPy, which the help does not need

    chosen = tables if quality is None else tables.scaled(quality)
    if output == "-":
        click.echo(to_text(chosen), nl=False)
        return
    check_file(Path(output), force=force)
    chosen.save(output, overwrite=force)


@command.command("share", epilog=SHARE_EXAMPLES)
@options.inputs
@options.recursive
@click.option("-o", "--output", metavar="FILE", required=True, help="Where to write the tables.")
@options.tables
@options.quality
@components.color
@components.subsampling
@options.force
def share(inputs: tuple[str, ...], recursive: bool, output: str, color: str | None, force: bool, **chosen: Any) -> None:
    """Make tables for many small images to share, so that their files can leave them out.

    INPUT is a sample of the images. The Huffman tables are the best for all of them together, and have codes for
    whatever other images may need; the quantization tables are those of --tables and --quality. The same --color and
    --subsampling belong to encode, which then needs no --tables and --quality.
    """
    from dnjpeg.api.sharing import shared_tables, write_tables  # noqa: PLC0415 - imports Numba
    from dnjpeg.images import open_image, pixels_of  # noqa: PLC0415 - imports NumPy, which the help does not need

    sources = find(inputs, recursive=recursive, suffixes=IMAGE_SUFFIXES)
    check_file(Path(output), force=force)

    def pixels() -> Iterator[Any]:
        for source in sources:
            with about(str(source)):
                data = sys.stdin.buffer.read() if source.path is None else source.path.read_bytes()
                yield pixels_of(open_image(data), color=color)

    made = write_tables(shared_tables(pixels(), color=color, **chosen))
    with replacing(Path(output)) as file:
        file.write(made)


def show_tables(tables: QuantizationTables, as_json: bool) -> None:
    """Print tables for people or for machines."""
    if as_json:
        content = {**_summary(tables), "tables": [table.tolist() for table in tables.arrays]}
        click.echo(json.dumps(content | {"provenance": tables.provenance}))
        return
    provenance = tables.provenance
    about = [str(provenance[key]) for key in ("description", "source") if key in provenance]
    click.echo("\n".join([tables.name or "unnamed", *about, f"digest {tables.digest}", "", tables.grids()]))


def _list(as_json: bool) -> None:
    from dnjpeg.tables import resolve, shipped_names  # noqa: PLC0415 - imports NumPy

    everything = [resolve(name) for name in shipped_names()]
    if as_json:
        for tables in everything:
            click.echo(json.dumps(_summary(tables)))
        return
    width = max(len(tables.name or "") for tables in everything) + 2
    for tables in everything:
        description = tables.provenance.get("description", "")
        click.echo(textwrap.fill(f"{tables.name:{width}}{description}", 100, subsequent_indent=" " * width))


def _summary(tables: QuantizationTables) -> dict[str, object]:
    return {
        "name": tables.name,
        "description": tables.provenance.get("description"),
        "digest": tables.digest,
        "labels": tables.labels,
        "max_step": tables.max_step,
    }
