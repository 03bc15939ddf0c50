"""The options that turn, mirror and crop without loss, named as jpegtran's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from dnjpeg.cli import options

__all__ = ["rearranging"]

_OPERATIONS = ("rotate", "flip", "transpose", "transverse")


def rearranging(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options, and hand them to the command as ``rearranged``, keywords of `dnjpeg.transcode`."""

    @functools.wraps(command)
    def gather(**values: Any) -> None:
        asked = [f"{name} {values[name]}" if values[name] is not True else name for name in _OPERATIONS if values[name]]
        if len(asked) > 1:
            raise click.UsageError(f"--{' and --'.join(asked)} exclude each other")
        rearranged = {name: values.pop(name) for name in ("orient", "crop", "trim", "perfect", "grayscale")}
        for name in _OPERATIONS:
            del values[name]
        command(rearranged={**rearranged, "operation": asked[0] if asked else None}, **values)

    for option in reversed(_OPTIONS):
        gather = option(gather)
    return gather


_OPTIONS = (
    click.option(
        "--orient", is_flag=True, help="Turn the picture as its EXIF orientation says, and note that it is upright."
    ),
    click.option("--rotate", type=click.Choice(["90", "180", "270"]), help="Turn it clockwise, by degrees."),
    click.option(
        "--flip",
        type=click.Choice(["horizontal", "vertical"]),
        help="Mirror it: horizontal exchanges left and right, vertical top and bottom.",
    ),
    click.option("--transpose", is_flag=True, help="Mirror it along the diagonal from the upper left."),
    click.option("--transverse", is_flag=True, help="Mirror it along the diagonal from the upper right."),
    click.option(
        "--crop",
        type=options.RECTANGLE,
        help="Keep this part of the (turned) picture: W pixels wide and H high, X from the left and Y from the top. It "
        "begins up to 7, or with subsampling 15 pixels earlier, where a whole MCU of the file does.",
    ),
    click.option(
        "--trim",
        is_flag=True,
        help="Cut off the last pixels at the right or lower edge that cannot be turned, as they fill no whole MCU. "
        "[default: they stay where they are, out of place]",
    ),
    click.option("--perfect", is_flag=True, help="Fail instead, if there are such pixels."),
    click.option("--grayscale", is_flag=True, help="Drop the colours."),
)
