"""The options that several commands share: the same name means the same everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dnjpeg.parallel import available_cores

if TYPE_CHECKING:
    from dnjpeg.tables import QuantizationTables

__all__ = [
    "RECTANGLE",
    "TABLES",
    "RectangleType",
    "TablesType",
    "WholeType",
    "as_json",
    "force",
    "inputs",
    "jobs",
    "optimize",
    "output",
    "quality",
    "recursive",
    "skip_existing",
    "subsampling",
    "tables",
]

Function = TypeVar("Function", bound=Callable[..., Any])


class WholeType(click.IntRange):
    """A whole number within bounds, called that in errors."""

    name = "whole number"


class TablesType(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.3 on
    """Quantization tables as written on a command line: a shipped name, a table file or a quality."""

    name = "tables"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show what may be written."""
        return "NAME|FILE|QUALITY"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> QuantizationTables:
        """Resolve what was written to `QuantizationTables`."""
        from dnjpeg.tables import QuantizationTables, resolve  # noqa: PLC0415 - imports NumPy

        if isinstance(value, QuantizationTables):
            return value
        try:
            return resolve(str(value))
        except OSError as error:
            self.fail(f"{value}: {error.strerror or error}", param, ctx)
        except ValueError as error:
            self.fail(str(error), param, ctx)


TABLES = TablesType()


class RectangleType(click.ParamType):  # type: ignore[type-arg]
    """A rectangle as X11 and jpegtran write it; the value is ``(top, left, height, width)``, as in the API."""

    name = "rectangle"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show what may be written."""
        return "WxH+X+Y"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """Parse what was written."""
        if not isinstance(value, str):
            return value
        found = re.fullmatch(r"(\d+)x(\d+)\+(\d+)\+(\d+)", value)
        if found is None:
            self.fail(f"{value}: must be width, height, and the place from the left and the top: 640x480+0+16")
        width, height, left, top = map(int, found.groups())
        return top, left, height, width


RECTANGLE = RectangleType()


def inputs(function: Function) -> Function:
    """Add ``INPUT...``: files, folders, globs or ``-``; see `dnjpeg.cli.inputs`."""
    return click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")(function)


def recursive(function: Function) -> Function:
    """Add ``-r``."""
    return click.option("-r", "--recursive", is_flag=True, help="Go into sub-folders, and keep their tree.")(function)


def output(function: Function) -> Function:
    """Add ``-o``: a file, a folder or ``-``."""
    return click.option(
        "-o",
        "--output",
        metavar="FILE|FOLDER|-",
        help="Where to write: a file for one input, a folder for several, - for standard output. "
        "[default: beside each input]",
    )(function)


def force(function: Function) -> Function:
    """Add ``--force``: overwrite."""
    return click.option("--force", is_flag=True, help="Overwrite what exists. Without it that is an error.")(function)


def skip_existing(function: Function) -> Function:
    """Add ``--skip-existing``: go on where an earlier run ended."""
    return click.option(
        "--skip-existing", is_flag=True, help="Leave out items whose output exists, to go on after an interruption."
    )(function)


def jobs(function: Function) -> Function:
    """Add ``-j``: workers; the value is at least 1."""
    return click.option(
        "-j",
        "--jobs",
        type=WholeType(1, 1024),
        metavar="N",
        default=available_cores,
        help="How many items to work on at a time. [default: all cores]",
    )(function)


def as_json(function: Function) -> Function:
    """Add ``--json``: results for machines, on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print results as JSON, one object a line.")(function)


def tables(function: Function) -> Function:
    """Add ``--tables``, resolved to `QuantizationTables` or None."""
    return click.option(
        "--tables",
        type=TABLES,
        help="Quantization tables: a shipped name (dnjpeg tables lists them), a table file, or a quality 1..100 of "
        "the standard tables.",
    )(function)


def quality(function: Function) -> Function:
    """Add ``--quality``, 1..100 or None."""
    return click.option(
        "--quality",
        type=WholeType(1, 100),
        metavar="N",
        help="1..100. Scales the tables as libjpeg scales the standard ones (50: as they are); without --tables, "
        "the standard tables at this quality.",
    )(function)


def subsampling(function: Function) -> Function:
    """Add ``--subsampling``."""
    return click.option(
        "--subsampling",
        type=click.Choice(["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"]),
        default="4:2:0",
        show_default=True,
        help="Resolution of the colours: 4:4:4 keeps all of it, 4:2:0 halves it both ways.",
    )(function)


def optimize(function: Function) -> Function:
    """Add ``--optimize/--no-optimize``."""
    return click.option(
        "--optimize/--no-optimize",
        default=True,
        show_default=True,
        help="Huffman tables made for each image (smaller), or the standard ones (faster).",
    )(function)
