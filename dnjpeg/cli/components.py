"""The options of ``dnjpeg encode`` about the components of a file: what they mean, and their resolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dnjpeg.codec.format.subsampling import Subsampling

__all__ = ["COLORS", "color", "subsampling"]

Function = TypeVar("Function", bound=Callable[..., Any])

COLORS = ("YCbCr", "RGB", "grayscale", "CMYK", "YCCK")


class _Subsampling(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.3 on
    """Chroma subsampling by name, or sampling factors as cjpeg -sample takes them."""

    name = "subsampling"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show what may be written."""
        return "NAME|HxV,..."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Subsampling:
        """Resolve what was written."""
        from dnjpeg.codec.format.subsampling import resolve_subsampling  # noqa: PLC0415 - not needed to show the help

        try:
            return resolve_subsampling(str(value)) if isinstance(value, str) else value  # type: ignore[return-value]
        except ValueError as error:
            self.fail(str(error), param, ctx)


def subsampling(function: Function) -> Function:
    """Add ``--subsampling``: a name or factors."""
    return click.option(
        "--subsampling",
        type=_Subsampling(),
        default="4:2:0",
        show_default=True,
        help="Resolution of the colours: 4:4:4 keeps all of it, 4:2:0 halves it both ways; also 4:2:2, 4:4:0, 4:1:1, "
        "4:4:1 and 4:1:0. Or the sampling factors of each component, as for cjpeg -sample: 2x1,1x2,1x1.",
    )(function)


def color(function: Function) -> Function:
    """Add ``--color``: what is stored; None as the image is."""
    return click.option(
        "--color",
        type=click.Choice(COLORS),
        help="What the file holds; other images are converted. CMYK images stay CMYK only with CMYK or YCCK. "
        "[default: YCbCr, or grayscale for gray images]",
    )(function)
