"""The command line: one file a command, each imported only when it is called.

A command's file is named as the command and defines ``command``. What they share: `options` (names and meanings of
options), `inputs` (files, folders and globs), `outputs` (nothing half-written, nothing overwritten), `batch` (many
items, some of which may fail) and `failures` (errors and exit statuses).
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from dnjpeg import __version__
from dnjpeg.cli import failures

__all__ = ["COMMANDS", "main"]

# The help lines stand here so that `dnjpeg --help` need not import NumPy, Numba or PyTorch.
COMMANDS = {
    "encode": "Compress images to JPEG files.",
    "decode": "Decompress JPEG files to PNG, PPM, TIFF or NumPy files.",
    "transcode": "Change the quantization tables of JPEG files without going through pixels.",
    "inspect": "Show what lies inside JPEG files, valid or not.",
    "stats": "Collect the frequency statistics of images.",
    "sensitivity": "Measure what errors networks mind, band by band.",
    "design": "Design quantization tables.",
    "tables": "List, show, convert and share quantization tables.",
    "evaluate": "Measure what compression costs a classifier.",
    "compare": "Say who needs fewest bytes for the same accuracy.",
    "plot": "Draw the results of evaluations.",
    "demo": "Show what dnjpeg does, on twenty ImageNet photos.",
}


class _LazyGroup(click.Group):
    """A group that imports a command's file when the command is called, and owns the exit status."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"dnjpeg.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        extra["standalone_mode"] = False
        raise SystemExit(failures.run(lambda: super(_LazyGroup, self).main(args, prog_name or "dnjpeg", **extra)))


@click.group(
    cls=_LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 all well; 1 an error; 2 done, but with warnings or without the items that failed; "
    "130 interrupted. DNJPEG_DEBUG=1 in the environment shows where an error came from.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context) -> None:
    """JPEG for machine eyes: design quantization tables from your images, and see what your network loses.

    Each command explains itself: dnjpeg COMMAND --help.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
