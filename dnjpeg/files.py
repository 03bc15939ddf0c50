"""Writing files whole or not at all, and over nothing that was not given up."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import BinaryIO

__all__ = ["TEMPORARY", "replacing", "replacing_path", "write_text"]

TEMPORARY = ".dnjpeg-*.part"
"""A pattern of the names that unfinished files have; only a killed process leaves one behind."""


@contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Open a file that becomes `target` when the block ends well, and of which nothing stays if it does not.

    What is neither a file nor missing (a pipe, a device) is written to directly.
    """
    if target.exists() and not target.is_file():
        with target.open("wb") as file:
            yield file
        return
    with replacing_path(target) as temporary, temporary.open("xb") as file:
        yield file


@contextmanager
def replacing_path(target: Path) -> Iterator[Path]:
    """Give the path of a file that is to be made, becomes `target` when the block ends well, and is removed if not."""
    temporary = target.with_name(f".dnjpeg-{secrets.token_hex(8)}.part")
    try:
        yield temporary
        temporary.replace(target)
    except OSError as error:
        if error.filename == str(temporary):  # a name that nobody chose
            error.filename, error.filename2 = str(target), None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: str | PathLike[str], text: str, *, overwrite: bool = False) -> None:
    """Write a UTF-8 text file with plain newlines.

    Raises
    ------
    FileExistsError
        If there is something of this name and `overwrite` is false.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise FileExistsError(errno.EEXIST, "there is a file of this name", str(target))
    with replacing(target) as file:
        file.write(text.encode())
