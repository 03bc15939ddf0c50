"""The options that encode and transcode share about what stands in a JPEG file; each has the API's name and meaning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dnjpeg.cli.options import WholeType

if TYPE_CHECKING:
    from dnjpeg.codec.format.script import ScriptScan

__all__ = ["copy", "writing"]

Function = TypeVar("Function", bound=Callable[..., Any])

SMALLEST = "smallest"
COPIES = ("all", "icc", "comments", "none")


class _Scans(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.3 on
    """A scan script as written on a command line."""

    name = "scans"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show what may be written."""
        return f"{SMALLEST}|FILE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[ScriptScan, ...] | str:
        """Read the script."""
        from dnjpeg.codec.format.script_text import load_script  # noqa: PLC0415 - not needed to show the help

        if value == SMALLEST:
            return SMALLEST
        try:
            return load_script(str(value))
        except OSError as error:
            self.fail(f"{value}: {error.strerror or error}", param, ctx)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class _Part(click.ParamType):  # type: ignore[type-arg]
    """The bytes of a file, or what a JPEG file has of the kind."""

    name = "file"

    def __init__(self, attribute: str, what: str) -> None:
        self.attribute = attribute
        self.what = what

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show what may be written."""
        return "FILE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Read the file."""
        from dnjpeg.errors import JpegError  # noqa: PLC0415 - not needed to show the help

        try:
            data = Path(str(value)).read_bytes()
            if not data.startswith(b"\xff\xd8"):
                return data
            from dnjpeg.api import read_header  # noqa: PLC0415 - imports Numba

            part = getattr(read_header(data), self.attribute)
        except OSError as error:
            self.fail(f"{value}: {error.strerror or error}", param, ctx)
        except JpegError as error:
            self.fail(f"{value}: {error}", param, ctx)
        if part is None:
            self.fail(f"{value}: there is no {self.what} in this file", param, ctx)
        return bytes(part)


_OPTIONS = (
    click.option(
        "--scans",
        type=_Scans(),
        help="Which coefficients go into which scan, in the syntax of cjpeg -scans; or the progressive file that is "
        "smallest, found by trying: 1 to 4 % smaller, in some forty times the time.",
    ),
    click.option("--restart", type=WholeType(0, 65535), metavar="N", help="A restart marker after every N MCUs."),
    click.option(
        "--restart-rows",
        type=WholeType(1, 65535),
        metavar="N",
        help="A restart marker after every N rows of MCUs instead.",
    ),
    click.option(
        "--compact", is_flag=True, help="Tables in common segments, not one each as libjpeg does: 4 bytes less each."
    ),
    click.option(
        "--wide-tables",
        is_flag=True,
        help="Keep quantization steps above 255, which many programs cannot read, instead of making them 255.",
    ),
    click.option("--comment", metavar="TEXT", help="Write a comment."),
    click.option(
        "--exif", type=_Part("exif", "EXIF block"), help="Write EXIF: that of a JPEG file, or a file of nothing else."
    ),
    click.option(
        "--icc",
        "icc_profile",
        type=_Part("icc_profile", "ICC profile"),
        help="Write a colour profile: that of a JPEG file, or an .icc file. The pixels stay as they are.",
    ),
    click.option("--xmp", type=_Part("xmp", "XMP packet"), help="Write XMP: that of a JPEG file, or an .xmp file."),
    click.option("--dpi", type=WholeType(1, 65535), metavar="N", help="Write a density of N dots per inch."),
)


def writing(function: Function) -> Function:
    """Add them all; their values have the names of the API's parameters."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def copy(default: str) -> Callable[[Function], Function]:
    """Add ``--copy``: what to keep of the input's metadata."""
    return click.option(
        "--copy",
        type=click.Choice(COPIES),
        default=default,
        show_default=True,
        help="What to keep of the input's metadata: everything (EXIF, XMP, colour profile, comments, ...), only the "
        "colour profile, only comments, or nothing.",
    )
