"""The options of rate–distortion optimised quantization, which encode and transcode share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from dnjpeg.codec.trellis.choice import RateDistortion

__all__ = ["levels"]

NAMED = ("error", "steps")


def levels(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options, and hand them to the command as ``rdo``, as `dnjpeg.encode` takes it."""

    @functools.wraps(command)
    def gather(rdo: float | None, rdo_weights: str | None, **values: Any) -> None:
        if rdo is None and rdo_weights is not None:
            raise click.UsageError("--rdo-weights needs --rdo")
        command(rdo=None if rdo is None else _chosen(rdo, rdo_weights or NAMED[0]), **values)

    for option in reversed(_OPTIONS):
        gather = option(gather)
    return gather


def _chosen(strength: float, weights: str) -> RateDistortion:
    from dnjpeg.codec.trellis.choice import RateDistortion  # noqa: PLC0415 - imports NumPy

    if weights in NAMED:
        return RateDistortion(strength, weights)
    from dnjpeg.statistics.sensitivity import Sensitivity  # noqa: PLC0415 - imports NumPy

    sensitivity = Sensitivity.load(weights)
    return RateDistortion(strength, [sensitivity.mean_square(i) for i in range(len(sensitivity.components))])


_OPTIONS = (
    click.option(
        "--rdo",
        type=click.FloatRange(min=0, min_open=True),
        metavar="STRENGTH",
        help="Rate–distortion optimised quantization (trellis): levels of the least squared error plus bits, which "
        "count the more the larger this is, 0.05 to 0.2. Better PSNR for the bytes; networks lose by it.",
    ),
    click.option(
        "--rdo-weights",
        metavar="error|steps|FILE",
        help="What a squared error counts there: the same everywhere, 1 / step², or what networks mind, from a file "
        "that dnjpeg sensitivity wrote. [default: error]",
    ),
)
