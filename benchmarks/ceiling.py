"""What two threads gain here and now, if they share nothing: by additions in the first-level cache.

On two cores that is nearly 2; where both threads are on one, or on its two halves, about 1. A hash would not tell the
halves from cores: it waits for itself, so that two may fit into one core. And what threads pass to each other depends
on whether their cores share a cache. On a virtual machine all of this may change within seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median
from time import perf_counter

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["ceiling_contenders", "measure_distance", "take_ceiling"]

ONE, TWO = "additions, one thread", "additions, two threads"
PASSES = 600_000  # some 40 ms
PASSED = 1 << 16  # numbers of 64 bits, half of a second-level cache or less


@numba.njit(nogil=True)
def _add(values: npt.NDArray[np.int32], others: npt.NDArray[np.int32], passes: int) -> None:
    for _ in range(passes):
        for i in range(len(values)):
            values[i] = values[i] * 3 + others[i]


@numba.njit(nogil=True)
def _fill(values: npt.NDArray[np.int64], value: int) -> None:
    for i in range(len(values)):
        values[i] = value


@numba.njit(nogil=True)
def _sum(values: npt.NDArray[np.int64]) -> int:
    total = 0
    for i in range(len(values)):  # Numba makes vectors of this
        total += values[i]
    return total


def ceiling_contenders() -> dict[str, Callable[[int], object]]:
    """Return the same additions, one after the other on one thread and at once on two, to be timed beside others.

    The caller's thread takes part: two that were just woken may find themselves on one core for a while.
    """
    pool = ThreadPoolExecutor(1)
    far_apart = np.ones((2, 1 << 14), np.int32)  # with the same place in a line of the cache
    first, second = (partial(_add, numbers[:1024], numbers[1104:2128], PASSES) for numbers in far_apart)

    def both(_: int) -> None:
        other = pool.submit(second)
        first()
        other.result()

    return {ONE: lambda _: (first(), second()), TWO: both}


def take_ceiling(seconds: dict[str, float]) -> float | None:
    """Take them out of what `interleaved` returns, and return what two threads gained; None if they were not timed."""
    return seconds.pop(ONE) / seconds.pop(TWO) if ONE in seconds else None


def measure_distance(rounds: int = 60) -> float:
    """Measure how many times as long it takes to read what another thread has just written as one's own.

    It is 1.4 to 2 where their cores share a cache, 4 and more where they do not.
    """
    values = np.zeros(PASSED, np.int64)
    times: list[tuple[float, float]] = []
    with ThreadPoolExecutor(1) as pool:
        for number in range(rounds):
            pool.submit(_fill, values, number).result()
            begin = perf_counter()
            _sum(values)
            middle = perf_counter()
            _sum(values)
            times.append((middle - begin, perf_counter() - middle))
    other, own = (median(each) for each in zip(*times, strict=True))
    return other / own
