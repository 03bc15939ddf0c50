"""Whether two threads run on cores that share a cache: if not, to pass much from one to the other takes too long."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from dnjpeg.codec.helper import Helper
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span

__all__ = ["far_apart"]

PASSED = 1 << 14  # numbers of 64 bits
FAR = 2.5  # to read what the other thread wrote takes so many times as long as one's own; 1.3 to 2 with a common cache
TRIES = 3  # a thread may be interrupted while it reads


def far_apart(other: Helper) -> bool:
    """Tell whether this thread and that of a helper now run on cores without a common cache.

    On a virtual machine the host may change that within seconds. It takes a tenth of a millisecond if they have one.
    """
    numbers = scratch("passed between threads", PASSED, np.int64)
    own = scratch("read by one thread", PASSED, np.int64)
    _write(own)
    for _ in range(TRIES):
        written = other.submit(_write, numbers)
        while not written.done():
            _read(own)  # who sleeps may have the other one on its own core
        begun = perf_counter()
        _read(numbers)
        middle = perf_counter()
        _read(numbers)
        if middle - begun < FAR * (perf_counter() - middle):
            return False
    return True


@kernel
def _write(numbers):
    numbers = span(numbers)
    for index in range(len(numbers)):
        numbers[index] = index


@kernel
def _read(numbers):
    numbers = span(numbers)
    total = np.int64(0)
    for index in range(len(numbers)):
        total += numbers[index]
    return total
