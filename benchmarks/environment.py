"""What the figures hold for: processor, instruction set, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from PIL import features

from benchmarks.instruction_set import widest_vectors

__all__ = ["describe"]

PACKAGES = ("dnjpeg", "numba", "numpy", "scipy", "pillow", "simplejpeg", "jpeglib", "torchjpeg")


def describe() -> dict[str, str]:
    """Name the CPU, the widest vectors that kernels were compiled for, and the versions of all contenders."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return {
        "cpu": _cpu_name(),
        "cpus": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "instructions": widest_vectors(),
        "python": platform.python_version(),
        **versions,
        "libjpeg-turbo": str(features.version_feature("libjpeg_turbo")),
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    fields = {}
    if info.exists():
        for line in info.read_text().splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())
    if "model name" not in fields:
        return platform.processor() or platform.machine()
    numbers = [f"{key} {fields[key]}" for key in ("cpu family", "model") if key in fields]
    return f"{fields['model name']} ({', '.join(numbers)})"
