"""Numba's compiler without what our kernels do without, for a first use on a machine waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding
from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager
from numba.core.types.functions import BaseFunction

__all__ = ["KernelCompiler", "PartCompiler"]

# Passes for what no kernel has: each takes its time for each function, and the state of it is analysed anew after
# some. A kernel that needs one is refused by a later pass, when it is first compiled. Names that a version of Numba
# does not have do no harm.
UNNEEDED = {
    "WithLifting",
    "InlineClosureLikes",  # and list comprehensions
    "MakeFunctionToJitFunction",
    "RewriteDynamicRaises",
    "InlineInlinables",  # what numba.njit(inline=...) would ask for; LLVM inlines our parts
    "InlineOverloads",
    "FindLiterallyCalls",
    "LiteralUnroll",
    "LiteralPropagationSubPipelinePass",
    "NopythonRewrites",  # expressions of whole arrays
    "DumpParforDiagnostics",
}


class KernelCompiler(CompilerBase):
    """Numba's compiler, without the passes that no kernel needs, and with a memory."""

    def compile_extra(self, func: Any) -> Any:
        """Compile a function."""
        with _operators_typed_once():
            return super().compile_extra(func)

    def define_pipelines(self) -> list[PassManager]:
        """Return the passes, in the order in which Numba has them."""
        needed = PassManager("kernel")
        for each, description in DefaultPassBuilder.define_nopython_pipeline(self.state).passes:
            if each.__name__ not in UNNEEDED:
                needed.add_pass(each, description)
        needed.finalize()
        return [needed]


class PartCompiler(KernelCompiler):
    """For functions that become a part of the kernels that call them, and are never called by themselves."""

    def __init__(self, typing_context: Any, target_context: Any, library: Any, *rest: Any) -> None:
        library = library or _PartLibrary(target_context.codegen(), "part")
        super().__init__(typing_context, target_context, library, *rest)


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


@contextmanager
def _operators_typed_once() -> Iterator[None]:
    """Let Numba find out once what becomes of integers of some types in an operator.

    It would go through all that it knows of the operator each time, NumPy's functions of whole arrays among it: an
    eighth of the time of a first use. Numba compiles one function at a time, and the parts of a kernel within it.
    """
    find = BaseFunction.get_call_type
    if find is not _get_call_type:  # the outermost
        _finders.append(find)
        BaseFunction.get_call_type = _get_call_type  # type: ignore[method-assign]
    try:
        yield
    finally:
        if find is not _get_call_type:
            BaseFunction.get_call_type = _finders.pop()  # type: ignore[method-assign]


_finders: list[Any] = []
_found: dict[tuple[BaseFunction, tuple[types.Type, ...]], Any] = {}


def _get_call_type(self: BaseFunction, context: Any, args: tuple[types.Type, ...], kws: Any) -> Any:
    find = _finders[-1]
    if kws or not all(isinstance(kind, types.Integer | types.Boolean) for kind in args):
        return find(self, context, args, kws)
    known = _found.get((self, args))
    if known is None:
        known = _found[self, args] = find(self, context, args, kws)
    return known
