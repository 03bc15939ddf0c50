"""Kernels do not check their accesses: here they do, and none is outside its array."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_no_kernel_reaches_outside_its_arrays():
    """In a process of its own, for the switch is read when the kernels are compiled, which takes a while once."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("checked_run.py")],
        env={**os.environ, "DNJPEG_CHECKED": "1", "NUMBA_OPT": "1"},  # compiled sooner
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert int(done.stdout.split()[0]) > 3000
