"""What the figures hold for: processor, instruction set, versions."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path

from llvmlite import binding
from numba.core.registry import cpu_target
from PIL import features


def describe() -> dict[str, str]:
    """Name the CPU, the widest vectors that kernels were compiled for, and the versions of all contenders."""
    codegen = cpu_target.target_context.codegen()
    enabled = set(codegen._get_host_cpu_features().split(","))
    widest = next((name for name in ("avx512bw", "avx2", "sse4.2", "neon") if f"+{name}" in enabled), "baseline")
    versions = {name: importlib.metadata.version(name) for name in ("dnjpeg", "numba", "pillow", "simplejpeg")}
    return {
        "cpu": _cpu_name(),
        "llvm cpu": binding.get_host_cpu_name(),
        "vectors": widest,
        "python": platform.python_version(),
        **versions,
        "libjpeg-turbo": str(features.version_feature("libjpeg_turbo")),
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
