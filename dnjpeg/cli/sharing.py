"""The option ``--shared-tables``: tables that the JPEG files at hand leave out, as a file of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables

__all__ = ["shared_tables"]

Function = TypeVar("Function", bound=Callable[..., Any])


class _CodingTables(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.3 on
    """A file of tables, or a JPEG file that has them."""

    name = "tables"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Show what may be written."""
        return "FILE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> CodingTables:
        """Read the file."""
        from dnjpeg.api.sharing import read_tables  # noqa: PLC0415 - imports Numba
        from dnjpeg.errors import JpegError  # noqa: PLC0415 - not needed to show the help

        try:
            return read_tables(Path(str(value)).read_bytes())
        except OSError as error:
            self.fail(f"{value}: {error.strerror or error}", param, ctx)
        except JpegError as error:
            self.fail(f"{value}: {error}", param, ctx)


def shared_tables(help_text: str) -> Callable[[Function], Function]:
    """Add the option; its value is the API's ``coding_tables``."""
    return click.option("--shared-tables", "coding_tables", type=_CodingTables(), help=help_text)
