"""Progress bars on standard error, and lines of text that keep clear of them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import Any, TextIO

from tqdm import tqdm

__all__ = ["progress_bar", "write_line"]

# The lock that tqdm would make by itself also holds between processes. It takes long to make, and a Ctrl-C meanwhile
# comes out as an AttributeError.
tqdm.set_lock(threading.RLock())


def progress_bar(total: int, unit: str, items: Iterable[Any] | None = None) -> tqdm[Any]:
    """Make a bar that counts to `total`, or `items` as they are taken through it; it shows on a terminal only."""
    return tqdm(items, total=total, unit=unit, file=sys.stderr, disable=None, leave=items is not None)


def write_line(line: str, file: TextIO) -> None:
    """Write a line to standard output or standard error."""
    tqdm.write(line, file=file)
