"""A second process compiles what will be needed next; it is there only on a first use, and outlives nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dnjpeg import parallel
from dnjpeg.codec.kernels import beside

PROGRAM = """
import os, subprocess, sys
from pathlib import Path
from dnjpeg import parallel
from dnjpeg.codec.kernels import beside

class Popen(subprocess.Popen):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        print(self.pid, flush=True)

subprocess.Popen, parallel.available_cores = Popen, lambda: 2
beside.compile_next("signal", "pause")
beside.begin(Path(sys.argv[1]))
if sys.argv[2] == "fork" and os.fork() == 0:
    sys.exit()
sys.stdin.read()
"""


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that would have been run."""
    found: list[list[str]] = []

    def popen(command: list[str], **_: Any) -> None:
        found.append(command)
        raise OSError

    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(parallel, "available_cores", lambda: 2)
    monkeypatch.setattr(beside, "_next", {("dnjpeg.warm", "decoding"): None})
    monkeypatch.delenv(beside.SWITCH, raising=False)
    return found


def test_only_where_nothing_is_compiled_yet(commands: list[list[str]], tmp_path: Path) -> None:
    beside.begin(tmp_path)
    assert len(commands) == 1  # and no process where none can be begun
    (tmp_path / "kernel.nbc").write_bytes(b"")
    beside.begin(tmp_path)
    assert len(commands) == 1


@pytest.mark.parametrize("why", ["one CPU", "not wanted", "nothing noted", "another program"])
def test_not_where_it_would_be_of_no_use(
    why: str, commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    match why:
        case "one CPU":
            monkeypatch.setattr(parallel, "available_cores", lambda: 1)
        case "not wanted":
            monkeypatch.setenv(beside.SWITCH, "0")
        case "nothing noted":
            monkeypatch.setattr(beside, "_next", {})
        case "another program":
            monkeypatch.setattr(sys, "executable", "/usr/bin/editor")
    beside.begin(tmp_path)
    assert commands == []


def test_what_it_compiles_is_found_by_this_process(
    commands: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside.begin(tmp_path)
    monkeypatch.undo()
    environment = {**os.environ, "DNJPEG_CACHE_DIR": str(tmp_path), beside.SWITCH: "0"}
    with subprocess.Popen(commands[0], env=environment, stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=120) == 0
    kernels = {path.name.partition("-")[0] for path in tmp_path.glob("kernels-*/*.nbc")}
    assert {name.rpartition(".")[2] for name in kernels} == {"_fill_lookups", "_decode_rows"}
    program = """
import io
import numpy as np
from numba.core import event
from PIL import Image
import dnjpeg
file = io.BytesIO()
Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(file, "JPEG")
with event.install_recorder("numba:run_pass") as passes:
    dnjpeg.decode(file.getvalue())
print(len(passes.buffer))
"""
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert int(done.stdout) == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up where Linux has them")
@pytest.mark.parametrize("end", ["exit", "kill", "fork"])
def test_it_ends_with_the_process_that_began_it(end: str, tmp_path: Path) -> None:
    """But not with a fork of that."""
    environment = {name: value for name, value in os.environ.items() if name != beside.SWITCH}
    command = [sys.executable, "-W", "error", "-X", "dev", "-c", PROGRAM, str(tmp_path), end]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        other = int(process.stdout.readline())
        if end == "fork":
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=1)
            os.kill(other, 0)
        if end == "kill":
            process.kill()
        _, errors = process.communicate(timeout=30)
    assert errors == b""
    assert _ended(other)


def _ended(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":  # nobody waits for what has lost its parent
            return True
        time.sleep(0.1)
    return False
