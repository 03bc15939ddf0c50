"""Numba's compiler without what our kernels do without, for a first use on a machine waits for it."""

from __future__ import annotations

from typing import Any

import llvmlite.binding
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager

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
    """Numba's compiler, without the passes that no kernel needs."""

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
