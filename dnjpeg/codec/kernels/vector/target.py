"""What the CPU has for which kernels are compiled, where that decides how they do something."""

from __future__ import annotations

from numba.core.registry import cpu_target

__all__ = ["COMPRESSES"]

_features = set(cpu_target.target_context.codegen()._get_host_cpu_features().split(","))

COMPRESSES = "+avx512vbmi2" in _features
"""Whether `Vector.compressed` is fast."""
