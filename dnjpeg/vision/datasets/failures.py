"""A list of the files that could not be read, which the workers of a data loader share."""

from __future__ import annotations

import json
import os
import tempfile
import weakref
from os import PathLike
from pathlib import Path
from typing import NamedTuple

__all__ = ["Failure", "FailureLog"]


class Failure(NamedTuple):
    """A file that could not be read, and why."""

    path: str
    reason: str


class FailureLog:
    """Failures, kept in a file to which all processes append.

    Workers have copies of a dataset, forked or spawned, and nothing that they put into a list would come back. A line
    is appended in one write, so that those of several workers do not mix; on network file systems that is not certain.

    Parameters
    ----------
    path : str or path, optional
        The file, one JSON object a line; what it holds already is kept. None: a temporary one, which is deleted with
        the log, or at the end of the process that made it.
    """

    def __init__(self, path: str | PathLike[str] | None = None) -> None:
        if path is None:
            handle, name = tempfile.mkstemp(prefix="dnjpeg-failures-", suffix=".jsonl")
            os.close(handle)
            weakref.finalize(self, _remove, name, os.getpid())
            path = name
        self._path = os.fspath(path)

    def add(self, path: str | PathLike[str], reason: object) -> None:
        """Append a failure."""
        line = json.dumps({"path": os.fspath(path), "reason": str(reason)}) + "\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def read(self) -> list[Failure]:
        """List the failures of all processes so far, each once, sorted by path."""
        if not Path(self._path).exists():
            return []
        lines = Path(self._path).read_text(encoding="utf-8").splitlines()
        return sorted({Failure(**json.loads(line)) for line in lines})

    def __repr__(self) -> str:
        return f"FailureLog({self._path!r})"

    def __reduce__(self) -> tuple[object, ...]:
        return FailureLog, (self._path,)  # the copy does not delete the file


def _remove(name: str, owner: int) -> None:
    if os.getpid() == owner:  # and not in a forked worker
        Path(name).unlink(missing_ok=True)
