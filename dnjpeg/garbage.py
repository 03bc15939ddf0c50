"""Garbage collection, where it costs time and finds little."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collected_rarely"]

RARELY = (1_000_000, 50, 100)


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Let garbage wait while many objects are made that stay.

    Importing Numba makes some 300,000, and much of its time is spent on looking through them again and again. They then
    count as old without being looked through once more. When kernels are compiled, garbage of some 50 megabytes waits
    for the next full collection.
    """
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if gc.get_freeze_count() == 0:  # else the program has frozen objects of its own
            gc.freeze()
            gc.unfreeze()  # into the oldest generation
