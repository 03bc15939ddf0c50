"""Compiled kernels on disk: made once, whoever asks first, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnjpeg.codec.kernels import kernel_cache

PROGRAM = """
import sys
from numba.core import event
from dnjpeg.codec.kernels.jit import kernel

def total(values):
    sum = values[0] * 0
    for value in values:
        sum += value
    return sum

import numpy as np
compiled = kernel(total)
with event.install_recorder("numba:run_pass") as passes:
    sums = [compiled(np.arange(5, dtype=kind)) for kind in sys.argv[1:]]
print(*map(int, sums), "compiled" if passes.buffer else "loaded")
"""


def start(folder: Path, *kinds: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *(kinds or ("int32",))],
        env={**os.environ, "DNJPEG_CACHE_DIR": str(folder), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return out.strip()


def kernels(folder: Path) -> list[Path]:
    return sorted(folder.glob("kernels-*/*.nbc"))


def test_sixteen_processes_at_once_compile_once(tmp_path: Path) -> None:
    """On an empty cache, for two signatures in either order: one file each, no mixture, and all get their results."""
    kinds = ("int32", "float64")
    outputs = [output(p) for p in [start(tmp_path, *kinds[:: 1 if i % 2 else -1]) for i in range(16)]]
    assert {line.rsplit(" ", 1)[0] for line in outputs} == {"10 10"}
    assert sum("compiled" in line for line in outputs) <= 2
    assert len(kernels(tmp_path)) == 2


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    assert output(start(tmp_path)) == "10 compiled"
    (file,) = kernels(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert output(start(tmp_path)) == "10 compiled"
    assert output(start(tmp_path)) == "10 loaded"


def test_without_a_cache_folder_the_temporary_one_serves(tmp_path: Path) -> None:
    """A file where the cache folder was to be (a read-only home has the same effect, but not for root)."""
    (tmp_path / "file").write_text("")
    (tmp_path / "tmp").mkdir()
    for expected in ("10 compiled", "10 loaded"):
        assert output(start(tmp_path / "file", TMPDIR=str(tmp_path / "tmp"))) == expected
    (private,) = (tmp_path / "tmp").glob("dnjpeg-*")
    assert private.stat().st_mode & 0o777 == 0o700


def test_code_is_not_taken_from_a_folder_that_others_can_write_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / f"dnjpeg-{os.getuid()}").mkdir()
    (tmp_path / f"dnjpeg-{os.getuid()}").chmod(0o777)
    for _ in range(2):
        assert output(start(tmp_path / "file", TMPDIR=str(tmp_path))) == "10 compiled"


def test_long_unused_kernels_are_removed(tmp_path: Path) -> None:
    old, recent = tmp_path / "kernels-0", tmp_path / "kernels-1"
    for folder, days in ((old, 31), (recent, 29)):
        folder.mkdir()
        (folder / "a.nbc").write_bytes(b"")
        os.utime(folder, (time.time() - days * 86400,) * 2)
    output(start(tmp_path))
    assert not old.exists()
    assert recent.exists()


def test_the_cache_depends_on_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNJPEG_CACHE_DIR", str(tmp_path))
    find = kernel_cache.cache_folder.__wrapped__
    before = find()
    monkeypatch.setattr(Path, "read_bytes", lambda self: b"edited")
    assert before is not None
    assert find() not in (None, before)
