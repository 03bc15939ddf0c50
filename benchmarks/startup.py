"""Seconds until a new process has its first result."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

__all__ = ["STARTS", "measure_starts"]

_ENCODE = "import numpy, dnjpeg; data = dnjpeg.encode(numpy.zeros((375, 500, 3), numpy.uint8))"
_BOTH = f"{_ENCODE}; dnjpeg.decode(data)"
_PYTHON = "import numpy"

STARTS: dict[str, tuple[list[str], bool]] = {
    "Python with NumPy": (["-c", _PYTHON], False),
    "first encoded image": (["-c", _ENCODE], False),
    "first encoded and decoded image, nothing compiled yet": (["-c", _BOTH], True),
    "dnjpeg --help": (["-m", "dnjpeg", "--help"], False),
}
"""Arguments of Python, and whether the cache of kernels is empty."""


def measure_starts(rounds: int) -> dict[str, float]:
    """Median seconds of each start, from `STARTS`.

    Python finds bytecode, as of an installed package, even where the environment tells it not to write any.
    """
    with tempfile.TemporaryDirectory() as bytecode:
        environment = dict(os.environ)
        if environment.pop("PYTHONDONTWRITEBYTECODE", None):
            environment["PYTHONPYCACHEPREFIX"] = bytecode
        return {
            name: median(_times(_start(arguments, environment, cold), 3 if cold else rounds))
            for name, (arguments, cold) in STARTS.items()
        }


def _start(arguments: list[str], environment: dict[str, str], cold: bool) -> Callable[[], float]:
    def start() -> float:
        with tempfile.TemporaryDirectory() as empty:
            changed = environment | ({"DNJPEG_CACHE_DIR": empty} if cold else {})
            begin = time.perf_counter()
            subprocess.run([sys.executable, *arguments], env=changed, check=True, capture_output=True)
            return time.perf_counter() - begin

    if not cold:
        start()  # fills the cache
    return start


def _times(call: Callable[[], float], rounds: int) -> list[float]:
    return [call() for _ in range(rounds)]
