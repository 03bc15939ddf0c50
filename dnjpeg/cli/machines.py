"""The options of encode for files that networks look at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dnjpeg.cli.failures import CommandError
from dnjpeg.cli.options import WholeType

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Preset", "preset"]

Function = TypeVar("Function", bound=Callable[..., Any])

# What the preset decides by itself, and the options that would contradict it.
_DECIDED = {
    "tables": "--tables",
    "color": "--color",
    "coding tables": "--shared-tables",
    "progressive": "--progressive",
    "arithmetic": "--arithmetic",
    "optimize": "--no-optimize",
    "scans": "--scans",
    "wide_tables": "--wide-tables",
}


@dataclass(frozen=True)
class Preset:
    """How files for networks are made.

    Parameters
    ----------
    size, bpp
        As in `dnjpeg.encode_for_machines`.
    effort : str
        As there.
    """

    size: int | None
    bpp: float | None
    effort: str

    def check(self, chosen: Mapping[str, object]) -> None:
        """Raise `CommandError` if something was chosen that the preset decides."""
        for name, value in chosen.items():
            if value is not None:
                raise CommandError(f"--preset decides what {_DECIDED[name]} would: leave it out")

    def encode(
        self, pixels: npt.NDArray[np.uint8], *, quality: int | None, subsampling: Any, written: dict[str, Any]
    ) -> bytes:
        """Encode one image."""
        from dnjpeg.machine import encode_for_machines  # noqa: PLC0415 - imports Numba

        return encode_for_machines(
            pixels,
            quality=quality,
            size=self.size,
            bpp=self.bpp,
            subsampling=subsampling,
            effort=self.effort,
            **written,
        )


def preset(function: Function) -> Function:
    """Add ``--preset`` and what belongs to it, as one parameter `preset`."""

    @click.option(
        "--preset",
        "named",
        type=click.Choice(["machine"]),
        help="Who the file is for. machine: networks, in few bytes.",
    )
    @click.option(
        "--target-bytes", "size", type=WholeType(1), metavar="N", help="With --preset: the finest file within N bytes."
    )
    @click.option(
        "--bpp",
        type=click.FloatRange(0, min_open=True),
        metavar="X",
        help="With --preset: the finest file within X bits a pixel.",
    )
    @click.option(
        "--effort",
        type=click.Choice(["best", "fast"]),
        help="With --preset: search the smallest scans, in some forty times the time, or not. [default: best]",
    )
    @functools.wraps(function)
    def wrapped(
        *args: Any, named: str | None, size: int | None, bpp: float | None, effort: str | None, **options: Any
    ) -> Any:
        if named is None and (size, bpp, effort) != (None, None, None):
            raise CommandError("--target-bytes, --bpp and --effort belong to --preset machine")
        chosen = None if named is None else Preset(size, bpp, effort or "best")
        return function(*args, preset=chosen, **options)

    return wrapped  # type: ignore[return-value]
