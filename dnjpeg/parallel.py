"""Work on many items by several threads: results in order, memory bounded, a stop at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ordered_map"]

AHEAD = 3  # items a thread that are begun, or done and not yet taken

T = TypeVar("T")
R = TypeVar("R")


def ordered_map(function: Callable[[T], R], items: Iterable[T], jobs: int) -> Generator[R]:
    """Call a function for each item on several threads; yield the results in the items' order.

    Items are taken from the iterable as threads become free, so that it may be endless: never more than three a thread
    are under way or wait to be taken. When the caller stops, or the function raises, what has not begun is dropped.

    Parameters
    ----------
    function : callable
        Called from other threads, unless there is one job: then from this one.
    items : iterable
        Read from this thread.
    jobs : int
        Threads.

    Raises
    ------
    Exception
        Whatever the function or the iterable raised, in its turn.
    """
    if jobs == 1:
        yield from map(function, items)
        return
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="dnjpeg")
    waiting: deque[Future[R]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) >= AHEAD * jobs:
                if not waiting[0].done():  # sleep until several are: to wake up disturbs the other threads
                    waiting[len(waiting) // 2].exception()
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)
