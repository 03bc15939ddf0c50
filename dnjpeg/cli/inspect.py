"""``dnjpeg inspect``: what lies inside JPEG files, valid or not."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from dnjpeg.cli import failures, options
from dnjpeg.cli import inputs as found
from dnjpeg.cli.failures import CommandError, IncompleteError
from dnjpeg.cli.sharing import shared_tables
from dnjpeg.folders import JPEG_SUFFIXES
from dnjpeg.printable import printable

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.inspection import Inspection

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg inspect photo.jpg
  dnjpeg inspect photo.jpg --json | jq .quality
  dnjpeg inspect -r photos --json > photos.jsonl      one object a file
  curl -s https://example.org/photo.jpg | dnjpeg inspect -

Exit status: 0 all is well; 2 something is wrong with a file, and the report says what; 1 not a JPEG file.
"""


@click.command("inspect", epilog=EXAMPLES)
@options.inputs
@options.recursive
@options.as_json
@shared_tables("The tables that the files leave out.")
@click.pass_context
def command(
    context: click.Context,
    inputs: tuple[str, ...],
    recursive: bool,
    as_json: bool,
    coding_tables: CodingTables | None,
) -> None:
    """Show what lies inside JPEG files, valid or not.

    INPUT is a JPEG file, a folder, a glob in quotes, or - for standard input. The report names every segment with its
    offset, the image's geometry, its tables in natural order, the quality that they stand for, where the bytes go, and
    whatever is wrong.
    """
    failed: list[str] = []

    def leave_out(error: OSError) -> None:
        _fail(str(error.filename), error, failed, as_json)

    sources = found.find(inputs, recursive=recursive, suffixes=JPEG_SUFFIXES, on_unreadable=leave_out)
    attempted = len(failed) + len(sources)
    wrong = False
    for number, source in enumerate(sources):
        try:
            with failures.about(str(source)):
                inspection = _inspect(source, coding_tables)
        except CommandError as error:
            _fail(str(source), error, failed, as_json)
            continue
        wrong = wrong or bool(inspection.problems)
        _show(inspection, source, as_json, first=number == 0)
    if failed and attempted == 1:
        raise CommandError(failed[0])
    if failed:
        raise IncompleteError(failed, attempted)
    if wrong:
        context.exit(failures.INCOMPLETE)


def _fail(name: str, error: Exception, failed: list[str], as_json: bool) -> None:
    failed.append(failures.describe(error))
    if as_json:
        click.echo(json.dumps({"input": name, "error": failed[-1]}))


def _inspect(source: found.Source, coding_tables: CodingTables | None) -> Inspection:
    """Inspect one input.

    Raises
    ------
    CommandError
        If it is no JPEG file.
    """
    from dnjpeg.api import inspect  # noqa: PLC0415 - imports Numba, which the help does not need

    data = sys.stdin.buffer.read() if source.path is None else source.path.read_bytes()
    inspection = inspect(data, coding_tables=coding_tables)
    if not inspection.is_jpeg:
        raise CommandError(inspection.problems[0].reason)
    return inspection


def _show(inspection: Inspection, source: found.Source, as_json: bool, *, first: bool) -> None:
    if as_json:
        click.echo(json.dumps({"input": str(source), **inspection.as_dict()}))
    else:
        click.echo(f"{'' if first else chr(10)}{printable(str(source))}: {inspection}")
