"""``dnjpeg design``: each design of `dnjpeg.tables.design` as a command, made from its description there."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli import options
from dnjpeg.cli.failures import IncompleteError, about
from dnjpeg.cli.outputs import check_file
from dnjpeg.cli.searches import SEARCHES
from dnjpeg.cli.tables import show_tables

if TYPE_CHECKING:
    from dnjpeg.statistics import FrequencyStatistics
    from dnjpeg.tables.design import Design, Option

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg design same-q --step 8 -o same-q-8.json
  dnjpeg stats -r train -o stats.json
  dnjpeg design deepn --statistics stats.json -o mine.json
  dnjpeg design deepn --statistics stats.json --mode continuous --components luma
  dnjpeg design fd-v1 --statistics photo.png -o for-photo.txt
  dnjpeg design evolution -r train --network resnet50 --start machine-40 -o found.json
"""


class _Designs(click.Group):
    """One command a design; what designs there are is looked up when it is asked for, as that imports NumPy."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from dnjpeg.tables.design import DESIGNS  # noqa: PLC0415

        return [*DESIGNS, *SEARCHES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from dnjpeg.tables.design import DESIGNS  # noqa: PLC0415

        return _command_of(DESIGNS[cmd_name]) if cmd_name in DESIGNS else SEARCHES.get(cmd_name)


@click.group("design", cls=_Designs, epilog=EXAMPLES)
def command() -> None:
    """Design quantization tables.

    The tables are shown, and written to a file with -o: JSON, which keeps how they were made, or text for cjpeg
    -qtables if its name does not end in .json.
    """


def _command_of(design: Design) -> click.Command:
    def run(output: str | None, name: str | None, force: bool, as_json: bool, **choices: Any) -> None:
        from dnjpeg.statistics.sensitivity import Sensitivity  # noqa: PLC0415 - imports NumPy

        if output is not None:
            check_file(Path(output), force=force)
        chosen = {parameter: value for parameter, value in choices.items() if value is not None}
        sensitivity = [Sensitivity.load(chosen.pop("sensitivity"))] if design.needs_sensitivity else []
        statistics = _statistics(chosen.pop("statistics"), chosen) if design.needs_statistics else None
        tables = design.function(*sensitivity, *([statistics] if statistics is not None else []), **chosen)
        if name is not None:
            tables = tables.renamed(name)
        if output is not None:
            tables.save(output, overwrite=force)
        show_tables(tables, as_json)
        if statistics is not None and statistics.failures:
            attempted = statistics.origin.images + statistics.origin.failed
            raise IncompleteError([str(failure) for failure in statistics.failures], attempted)

    decorated = _OUTPUT(_NAME(options.force(options.as_json(run))))
    made = click.command(design.name, help=_help(design), short_help=design.summary)(decorated)
    own = [_option(design, option) for option in design.options]
    sources = [_SENSITIVITY] * design.needs_sensitivity + [_STATISTICS] * design.needs_statistics
    made.params[:0] = [*sources, *own]
    return made


_STATISTICS = click.Option(
    ["--statistics"],
    required=True,
    metavar="FILE|FOLDER",
    help="Statistics that dnjpeg stats wrote (.json); or an image or a folder of images to collect them from.",
)
_SENSITIVITY = click.Option(
    ["--sensitivity"],
    required=True,
    metavar="FILE",
    help="What networks mind: a file that dnjpeg sensitivity wrote.",
)
_OUTPUT = click.option("-o", "--output", metavar="FILE", help="Where to write the tables. [default: only show them]")
_NAME = click.option("--name", help="What to call the tables. [default: the name of the design]")


def _option(design: Design, option: Option) -> click.Option:
    from dnjpeg.tables.design.registry import REQUIRED  # noqa: PLC0415

    default = design.default(option)
    kind = click.Choice(option.kind) if isinstance(option.kind, tuple) else option.kind
    spelling = f"--{option.parameter.replace('_', '-')}"
    if default is REQUIRED:
        return click.Option([spelling, option.parameter], type=kind, required=True, help=option.help)
    return click.Option([spelling, option.parameter], type=kind, default=default, show_default=True, help=option.help)


def _help(design: Design) -> str:
    """Take the help from the function's docstring: all before its parameters, formulas as they are laid out."""
    text = (inspect.getdoc(design.function) or "").partition("\n\nParameters\n")[0].replace("`", "")
    paragraphs = (paragraph for paragraph in text.split("\n\n") if paragraph != "::")
    return "\n\n".join(f"\b\n{paragraph}" if "\n    " in f"\n{paragraph}" else paragraph for paragraph in paragraphs)


def _statistics(source: str, choices: dict[str, Any]) -> FrequencyStatistics:
    from dnjpeg.statistics import FrequencyStatistics, collect_statistics  # noqa: PLC0415 - imports Numba

    if Path(source).suffix.lower() == ".json":
        return FrequencyStatistics.load(source)
    color: Any = "rgb" if choices.get("components") == "rgb" else "ycbcr"
    with about(source):
        return collect_statistics(source, color=color)
