"""How kernels are compiled: options that hold for all of them, and a cache on disk that is never stale."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import llvmlite.binding
import numba
from numba import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler

from dnjpeg.codec.kernels.kernel_cache import KernelCache, cache_folder

__all__ = ["CHECKED", "brief_kernel", "inlined", "kernel"]

# A debug switch: every load and store of a kernel is checked, and raises IndexError instead of corrupting memory.
CHECKED = os.environ.get("DNJPEG_CHECKED", "0") not in ("", "0")


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function on first use, without the interpreter lock, and keep the machine code on disk.

    Arithmetic follows NumPy; array accesses are unchecked unless the environment sets ``DNJPEG_CHECKED=1``.
    """
    return _compiled(function, nogil=True)


def brief_kernel(function: Callable[..., Any]) -> Any:
    """Compile a function that takes some microseconds, and keeps the interpreter lock for them.

    On several threads to get the lock back may take longer.
    """
    return _compiled(function, nogil=False)


def _compiled(function: Callable[..., Any], *, nogil: bool) -> Any:
    dispatcher: Any = numba.njit(nogil=nogil, boundscheck=CHECKED, error_model="numpy")(function)
    folder = cache_folder("-checked" if CHECKED else "")
    if folder is not None:  # else each process compiles for itself
        dispatcher._cache = KernelCache(function, folder)
    return dispatcher


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a function as a part of the kernels that call it, without the cost of a call."""
    njit: Any = numba.njit  # whose annotations do not know all options
    dispatcher = njit(
        boundscheck=CHECKED,
        error_model="numpy",
        forceinline=True,
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        pipeline_class=_PartCompiler,
    )(function)
    template = dispatcher.get_call_template

    def without_literals(arguments: Iterable[Any], keywords: dict[str, Any]) -> Any:
        """Compile for an integer that is written in a call as for any other: LLVM sees it when it puts the part in."""
        return template(
            [types.unliteral(kind) for kind in arguments],
            {name: types.unliteral(kind) for name, kind in keywords.items()},
        )

    dispatcher.get_call_template = without_literals
    return dispatcher


class _PartLibrary(JITCodeLibrary):
    """Code that is optimized and becomes machine code only as part of the kernels that it is inlined into.

    By itself it never runs, so Numba's work on it alone, at each level of calls anew, would be more than half of the
    time that a kernel takes to compile.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True
        # Numba sets these variables, which the machine code would have held.
        names = [v.name for v in self._final_module.global_variables if v.name.startswith("_ZN08NumbaEnv")]
        variables = "".join(f'@"{name}" = common global i64 0\n' for name in names)
        self._codegen._add_module(llvmlite.binding.parse_assembly(variables))

    def get_pointer_to_function(self, name: str) -> int:
        self._ensure_finalized()
        return 0


class _PartCompiler(Compiler):
    def __init__(self, typing_context: Any, target_context: Any, library: Any, *rest: Any) -> None:
        library = library or _PartLibrary(target_context.codegen(), "part")
        super().__init__(typing_context, target_context, library, *rest)
