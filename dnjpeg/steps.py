"""Work on one image in steps, between which other threads may go on with it.

The interpreter's own work for an image, the objects that it touches, is done fastest where it was done for the image
before: on one thread. What takes most of the time, the kernels, is done anywhere. So an encoder, decoder or transcoder
is a generator of three steps, and it yields between them:

1. what comes before the kernels: headers, plans, checks;
2. the kernels, with scratch memory, which is of the thread that they run on and holds nothing from step to step;
3. what is left, which is little.

A generator that yields less often ends sooner. `whole` takes all steps at once, `dnjpeg.team.ordered_steps` those
of many images.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

__all__ = ["Steps", "whole"]

R = TypeVar("R")

Steps: TypeAlias = Generator[None, None, R]


def whole(steps: Steps[R]) -> R:
    """Take all steps, and return what comes of them."""
    try:
        while True:
            next(steps)
    except StopIteration as end:
        value: R = end.value
        return value
