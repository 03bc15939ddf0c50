"""What the CPU has for which kernels are compiled, where that decides how they do something."""

from __future__ import annotations

from numba.core.registry import cpu_target

__all__ = ["COMPRESSES", "GATHERS", "PERMUTES_BYTES", "REGISTER_BITS", "SCATTERS"]

_codegen = cpu_target.target_context.codegen()
_features = set(_codegen._get_host_cpu_features().split(","))

COMPRESSES = "+avx512vbmi2" in _features
"""Whether `Vector.compressed` is fast."""

GATHERS = COMPRESSES and "+avx512bf16" in _features
"""Whether `Memory.gather`, `Memory.scatter` and `Vector.chosen` are there, and fast: not so where gathering leaks data.

Of CPUs with AVX-512 those that microcode slows down for that, up to Ice Lake, do not know bfloat16.
"""

SCATTERS = GATHERS and _codegen._get_host_cpu_name() != "znver4"
"""Whether `Memory.scatter` is taken, and lanes are not stored one by one: a Zen 4 needs 28 cycles instead of 23."""

PERMUTES_BYTES = "+avx512vbmi" in _features
"""Whether bytes of two registers of 512 bits take any order in one instruction."""

REGISTER_BITS = next(
    (bits for name, bits in [("avx512bw", 512), ("avx2", 256), ("sse2", 128)] if f"+{name}" in _features), 0
)
"""Bits of a register of integers of 8 and 16 bits; 0 if the CPU is no x86."""
