"""What two threads gain here and now, if they share nothing: by additions in the first-level cache.

On two cores that is nearly 2. On the two halves of one core, where a virtual machine may have been put for a while, it
is 1, and little more for whatever keeps a core busy. A hash does not tell: it waits for itself, so that two fit into
one core.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["ceiling_contenders", "take_ceiling"]

ONE, TWO = "additions, one thread", "additions, two threads"
PASSES = 600_000  # some 40 ms


@numba.njit(nogil=True)
def _add(values: npt.NDArray[np.int32], others: npt.NDArray[np.int32], passes: int) -> None:
    for _ in range(passes):
        for i in range(len(values)):
            values[i] = values[i] * 3 + others[i]


def ceiling_contenders() -> dict[str, Callable[[int], object]]:
    """Return the same additions, one after the other on one thread and at once on two, to be timed beside others.

    The caller's thread takes part: two that were just woken may find themselves on one core for a while.
    """
    pool = ThreadPoolExecutor(1)
    first, second = (partial(_add, *np.ones((2, 1024), np.int32), PASSES) for _ in range(2))

    def both(_: int) -> None:
        other = pool.submit(second)
        first()
        other.result()

    return {ONE: lambda _: (first(), second()), TWO: both}


def take_ceiling(seconds: dict[str, float]) -> float | None:
    """Take them out of what `interleaved` returns, and return what two threads gained; None if they were not timed."""
    return seconds.pop(ONE) / seconds.pop(TWO) if ONE in seconds else None
