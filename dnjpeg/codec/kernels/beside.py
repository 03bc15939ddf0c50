"""A second process that compiles what will be needed next, while this one compiles what it waits for.

Numba compiles on one thread. So on a first use, where nothing is compiled yet, another process compiles for this one,
if it has said what; it prints nothing, needs nothing but the cache, and ends with this process at the latest.
"""

from __future__ import annotations

import atexit
import importlib
import os
import subprocess
import sys
import threading
from pathlib import Path

__all__ = ["SWITCH", "begin", "compile_next", "serve"]

SWITCH = "DNJPEG_COMPILE_BESIDE"  # in the environment: "0" if no process is to be started

_next: dict[tuple[str, str], None] = {}


def compile_next(module: str, function: str) -> None:
    """Note that a function is worth compiling for: to call it without arguments compiles the kernels."""
    _next[module, function] = None


def begin(folder: Path) -> None:
    """Let another process compile what was noted, if a first kernel is to be compiled into this folder."""
    from dnjpeg.parallel import available_cores  # noqa: PLC0415 - only where there is something to compile

    if not _next or os.environ.get(SWITCH) == "0" or available_cores() < 2 or any(folder.glob("*.nbc")):
        return
    if not Path(sys.executable or "").name.lower().startswith("python"):  # Python is part of another program
        return
    path = [str(folder) for folder in sys.path]
    code = f"import sys; sys.path[:] = {path!r}; from {__name__} import serve; serve({[*_next]!r})"
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            env={**os.environ, SWITCH: "0"},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError:  # this process compiles by itself
        return
    waiting = threading.Thread(target=_wait, args=(process,), name="dnjpeg-compiling-beside", daemon=True)
    waiting.start()
    atexit.register(_end, process, waiting, os.getpid())


def serve(functions: list[tuple[str, str]]) -> None:
    """Be the other process: call the functions, unless the one that began it ends before."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    for module, function in functions:
        getattr(importlib.import_module(module), function)()


def _end_with_parent() -> None:
    while os.read(0, 1):  # until the other end of the pipe is closed, whatever ends the parent
        pass
    os._exit(0)


def _wait(process: subprocess.Popen[bytes]) -> None:
    with process:  # which closes the pipe
        process.wait()


def _end(process: subprocess.Popen[bytes], waiting: threading.Thread, owner: int) -> None:
    if os.getpid() == owner:  # else a fork
        process.kill()
        waiting.join()
