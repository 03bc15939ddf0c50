"""How kernels are compiled: options that hold for all of them, and a cache on disk that is never stale."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numba

from dnjpeg.codec.kernel_cache import KernelCache, cache_folder

__all__ = ["CHECKED", "inlined", "kernel"]

# A debug switch: every load and store of a kernel is checked, and raises IndexError instead of corrupting memory.
CHECKED = os.environ.get("DNJPEG_CHECKED", "0") not in ("", "0")


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on first use, without the interpreter lock, and keep the machine code on disk.

    Arithmetic follows NumPy; array accesses are unchecked unless the environment sets ``DNJPEG_CHECKED=1``.
    """
    dispatcher: Any = numba.njit(nogil=True, boundscheck=CHECKED, error_model="numpy")(function)
    folder = cache_folder("-checked" if CHECKED else "")
    if folder is not None:  # else each process compiles for itself
        dispatcher._cache = KernelCache(function, folder)
    return dispatcher


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function as a part of the kernels that call it, without the cost of a call."""
    return numba.njit(boundscheck=CHECKED, error_model="numpy", forceinline=True)(function)
