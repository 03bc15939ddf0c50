"""Processes that tests start and stop."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any


def start_dnjpeg(*words: str, **options: Any) -> subprocess.Popen[str]:
    """Start ``dnjpeg WORDS`` as a terminal would: Ctrl-C reaches it even if these tests run in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "dnjpeg", *words],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        **options,
    )
