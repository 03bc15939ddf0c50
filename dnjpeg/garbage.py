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

    Importing Numba makes some 300,000, and a seventh of the time is spent on looking through them again and again.
    When kernels are compiled, some 50 megabytes wait that would be found.
    """
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
