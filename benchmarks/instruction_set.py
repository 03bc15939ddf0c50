"""Which instructions our kernels may use: all that this CPU has, or fewer, as an older CPU would."""

from __future__ import annotations

import os
import sys

__all__ = ["INSTRUCTION_SETS", "restrict", "widest_vectors"]

_SSE42 = "cmov,cx8,fxsr,mmx,sse,sse2,sse3,ssse3,sse4.1,sse4.2,popcnt,cx16,sahf,64bit"
_AVX2 = f"{_SSE42},avx,avx2,bmi,bmi2,fma,f16c,lzcnt,movbe,xsave,xsaveopt"

INSTRUCTION_SETS: dict[str, tuple[str, str] | None] = {
    "native": None,
    "avx2": ("haswell", _AVX2),
    "sse4.2": ("nehalem", _SSE42),
}
"""LLVM's name of a CPU and its features; None: as Numba finds them."""


def restrict(name: str) -> None:
    """Start this program again with fewer instructions for Numba, unless it was started so already.

    Peers are not restricted: libjpeg-turbo has no code beyond AVX2.
    """
    chosen = INSTRUCTION_SETS[name]
    if chosen is None or os.environ.get("NUMBA_CPU_NAME") == chosen[0]:
        return
    cpu, features = chosen
    environment = os.environ | {
        "NUMBA_CPU_NAME": cpu,
        "NUMBA_CPU_FEATURES": ",".join(f"+{feature}" for feature in features.split(",")),
    }
    os.execve(sys.executable, [sys.executable, "-m", "benchmarks", *sys.argv[1:]], environment)


def widest_vectors() -> str:
    """Name the widest vector instructions that Numba compiles for."""
    from numba.core.registry import cpu_target  # noqa: PLC0415 - after the choice above

    enabled = set(cpu_target.target_context.codegen()._get_host_cpu_features().split(","))
    return next((name for name in ("avx512bw", "avx2", "sse4.2", "neon") if f"+{name}" in enabled), "baseline")
