"""Seconds until a new process has its first result."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

__all__ = ["STARTS", "measure_starts"]

_ENCODE = "import numpy, dnjpeg; data = dnjpeg.encode(numpy.zeros((375, 500, 3), numpy.uint8))"
_BOTH = f"{_ENCODE}; dnjpeg.decode(data)"
_TELL = "; print('done', flush=True)"


class _Start(NamedTuple):
    arguments: list[str]
    """Of Python; what it does ends when it writes its first line."""
    cold: bool = False
    """Whether the cache of kernels is empty."""


STARTS = {
    "Python with NumPy": _Start(["-c", f"import numpy{_TELL}"]),
    "first encoded image": _Start(["-c", _ENCODE + _TELL]),
    "first encoded and decoded image": _Start(["-c", _BOTH + _TELL]),
    "first encoded and decoded image, nothing compiled yet": _Start(["-c", _BOTH + _TELL], cold=True),
    "dnjpeg --help": _Start(["-m", "dnjpeg", "--help"]),
}

ENDED = ", and the process has ended"


def measure_starts(rounds: int) -> dict[str, float]:
    """Median seconds of each start, from `STARTS`, until its result is there and until its process has ended.

    Python finds bytecode, as of an installed package, even where the environment tells it not to write any.
    """
    with tempfile.TemporaryDirectory() as bytecode:
        environment = dict(os.environ)
        if environment.pop("PYTHONDONTWRITEBYTECODE", None):
            environment["PYTHONPYCACHEPREFIX"] = bytecode
        seconds = {}
        for name, start in STARTS.items():
            once = _once(start, environment)
            once()  # fills the cache, and writes bytecode
            times = [once() for _ in range(3 if start.cold else rounds)]
            seconds[name], seconds[name + ENDED] = (median(each) for each in zip(*times, strict=True))
        return seconds


def _once(start: _Start, environment: dict[str, str]) -> Callable[[], tuple[float, float]]:
    def once() -> tuple[float, float]:
        with tempfile.TemporaryDirectory() as empty:
            changed = environment | ({"DNJPEG_CACHE_DIR": empty} if start.cold else {})
            begin = time.perf_counter()
            command = [sys.executable, *start.arguments]
            with subprocess.Popen(command, env=changed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                assert process.stdout is not None
                told = process.stdout.readline()
                done = time.perf_counter() - begin
                process.stdout.read()
            if process.returncode != 0 or not told:
                raise subprocess.CalledProcessError(process.returncode, command)
            return done, time.perf_counter() - begin

    return once
