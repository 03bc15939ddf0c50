"""How kernels are compiled: options that hold for all of them, and a cache on disk that is never stale."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import platformdirs
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator, _SourceFileBackedLocatorMixin

__all__ = ["CHECKED", "cache_folder", "inlined", "kernel"]

# A debug switch: every load and store of a kernel is checked, and raises IndexError instead of corrupting memory.
CHECKED = os.environ.get("DNJPEG_CHECKED", "0") not in ("", "0")


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on first use, without the interpreter lock, and keep the machine code on disk.

    Arithmetic follows NumPy; array accesses are unchecked unless the environment sets ``DNJPEG_CHECKED=1``.
    """
    dispatcher: Any = numba.njit(nogil=True, boundscheck=CHECKED, error_model="numpy")(function)
    with contextlib.suppress(RuntimeError):  # no folder to write to: compile in each process
        dispatcher._cache = _KernelCache(function)
    return dispatcher


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function as a part of the kernels that call it, without the cost of a call."""
    return numba.njit(boundscheck=CHECKED, error_model="numpy", forceinline=True)(function)


@functools.cache
def cache_folder() -> Path:
    """Folder of the compiled kernels: one per user and per state of the sources.

    Numba itself tells CPUs apart inside it. It is ``$DNJPEG_CACHE_DIR/kernels-<hash>`` or, without that variable,
    below the user's cache folder.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    for source in sorted([*package.glob("codec/**/*.py"), *package.glob("statistics/*.py")]):
        digest.update(source.relative_to(package).as_posix().encode())
        digest.update(source.read_bytes())
    base = os.environ.get("DNJPEG_CACHE_DIR") or platformdirs.user_cache_dir("dnjpeg", appauthor=False)
    return Path(base) / f"kernels-{digest.hexdigest()[:16]}{'-checked' if CHECKED else ''}"


class _KernelLocator(_SourceFileBackedLocatorMixin, _CacheLocator):
    """Tells Numba where a kernel's machine code is kept; the folder's name stands for the sources' state."""

    def __init__(self, function: Callable[..., Any], file: str) -> None:
        self._py_file = file
        self._lineno = function.__code__.co_firstlineno

    def get_cache_path(self) -> str:
        return str(cache_folder())


class _KernelCacheImpl(CompileResultCacheImpl):
    _locator_classes = [_KernelLocator]  # noqa: RUF012  # the base class declares it so


class _KernelCache(FunctionCache):
    _impl_class = _KernelCacheImpl
