"""Garbage collection, where it costs time and finds little."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collected_rarely"]

RARELY = (1_000_000, 50, 100)


class _Collection:
    """How often garbage is collected, which is the same for all threads: the last one to leave puts it back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before = gc.get_threshold()

    def begin(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._before = gc.get_threshold()
                if self._before[0] != 0:  # 0: the program does not want any
                    gc.set_threshold(*RARELY)

    def end(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users > 0:
                return
            gc.set_threshold(*self._before)
            if gc.get_freeze_count() == 0:  # else the program has frozen objects of its own
                gc.freeze()
                gc.unfreeze()  # into the oldest generation


_collection = _Collection()


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Let garbage wait while many objects are made that stay.

    Importing Numba makes some 300,000, and much of its time is spent on looking through them again and again. They then
    count as old without being looked through once more. When kernels are compiled, garbage of some 50 megabytes waits
    for the next full collection.
    """
    _collection.begin()
    try:
        yield
    finally:
        _collection.end()
