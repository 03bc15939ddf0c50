"""How kernels are compiled: options that hold for all of them, and a cache on disk that is never stale."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import numba
from numba import types

from dnjpeg.codec.kernels.compilation import KernelCompiler, PartCompiler
from dnjpeg.codec.kernels.kernel_cache import KernelCache, cache_folder

__all__ = ["CHECKED", "brief_kernel", "called", "inlined", "kernel"]

# A debug switch: every load and store of a kernel is checked, and raises IndexError instead of corrupting memory.
CHECKED = os.environ.get("DNJPEG_CHECKED", "0") not in ("", "0")


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on first use, without the interpreter lock, and keep the machine code on disk.

    Arithmetic follows NumPy; array accesses are unchecked unless the environment sets ``DNJPEG_CHECKED=1``. Kernels
    make no arrays, but are given all memory that they write to.
    """
    return _compiled(function, nogil=True)


def brief_kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that takes some microseconds, and keeps the interpreter lock for them.

    On several threads to get the lock back may take longer.
    """
    return _compiled(function, nogil=False)


def _compiled(function: Callable[..., Any], *, nogil: bool) -> Any:
    dispatcher: Any = _njit(nogil=nogil, pipeline_class=KernelCompiler)(function)
    folder = cache_folder("-checked" if CHECKED else "")
    if folder is not None:  # else each process compiles for itself
        dispatcher._cache = KernelCache(function, folder)
    return dispatcher


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function as a part of the kernels that call it, without the cost of a call."""
    return _part(function, forceinline=True)


def called(function: Callable[..., Any]) -> Any:
    """Compile a function that kernels call: a loop, for which registers are then chosen without regard to the others.

    LLVM puts it in where it is small.
    """
    return _part(function, forceinline=False)


def _part(function: Callable[..., Any], *, forceinline: bool) -> Any:
    dispatcher = _njit(forceinline=forceinline, no_cpython_wrapper=True, pipeline_class=PartCompiler)(function)
    template = dispatcher.get_call_template

    def without_literals(arguments: Iterable[Any], keywords: dict[str, Any]) -> Any:
        """Compile for an integer that is written in a call as for any other: LLVM sees it when it puts the part in."""
        return template(
            [types.unliteral(kind) for kind in arguments],
            {name: types.unliteral(kind) for name, kind in keywords.items()},
        )

    dispatcher.get_call_template = without_literals
    return dispatcher


def _njit(**options: Any) -> Any:
    """Return Numba's decorator, with the options of all functions of kernels.

    Its runtime, which would count references to arrays and free them, is left out: it is compiled at each start.
    """
    njit: Any = numba.njit  # whose annotations do not know all options
    return njit(boundscheck=CHECKED, error_model="numpy", no_cfunc_wrapper=True, _nrt=False, **options)
