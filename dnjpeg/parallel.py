"""Work on many items by several threads: results in order, memory bounded, a stop at once."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Generic, TypeVar

__all__ = ["available_cores", "ordered_map"]

AHEAD = 3  # tasks a thread that are begun, or done and not yet taken
TOGETHER = 8  # items of a task at most
TASK_SECONDS = 2e-3  # items that take less are done several to a task: handing over takes tens of microseconds

T = TypeVar("T")
R = TypeVar("R")


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(function: Callable[[T], R], items: Iterable[T], jobs: int) -> Generator[R]:
    """Call a function for each item on several threads; yield the results in the items' order.

    Items are taken from the iterable as threads become free, so that it may be endless: never more than three a thread
    are under way or wait to be taken, or three times as many as take 2 ms, up to 24. When the caller stops, or the
    function raises, what has not begun is dropped.

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
    waiting: deque[Future[None]] = deque()
    tasks: deque[_Task[T, R]] = deque()
    source, together = iter(items), 1
    try:
        while taken := list(islice(source, together)):
            task = _Task(function, taken)
            tasks.append(task)
            waiting.append(executor.submit(task))
            if len(waiting) >= AHEAD * jobs:
                if not waiting[0].done():  # sleep until several are: to wake up disturbs the other threads
                    waiting[len(waiting) // 2].exception()
                waiting.popleft().result()
                first = tasks.popleft()
                together = first.suitable_number()
                yield from first.outcomes()
        while waiting:
            waiting.popleft().result()
            yield from tasks.popleft().outcomes()
    finally:
        executor.shutdown(cancel_futures=True)


class _Task(Generic[T, R]):
    """Some items that follow one another."""

    def __init__(self, function: Callable[[T], R], items: Sequence[T]) -> None:
        self.function, self.items = function, items
        self.results: list[R] = []
        self.error: Exception | None = None
        self.seconds = 0.0

    def __call__(self) -> None:
        begin = time.perf_counter()
        try:
            for item in self.items:
                self.results.append(self.function(item))
        except Exception as error:  # it comes in its turn, behind the results before it
            self.error = error
        self.seconds = time.perf_counter() - begin

    def suitable_number(self) -> int:
        """Tell how many items like these should be done together."""
        return min(max(int(TASK_SECONDS * len(self.items) / max(self.seconds, 1e-9)), 1), TOGETHER)

    def outcomes(self) -> Generator[R]:
        yield from self.results
        if self.error is not None:
            raise self.error
