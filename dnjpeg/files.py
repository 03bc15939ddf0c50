"""Writing files whole or not at all, and over nothing that was not given up."""

from __future__ import annotations

import errno
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from os import PathLike
from pathlib import Path
from typing import BinaryIO

__all__ = ["remove_leftovers", "replacing", "replacing_path", "write_text"]

LEFTOVERS = ".dnjpeg-*.part"
ABANDONED = 3600  # seconds: files are written at once, so one that nobody has touched for so long has no writer


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


def remove_leftovers(folder: Path, *, locked: bool = False) -> None:
    """Remove the temporary files in a folder that processes left there which were killed long ago.

    Parameters
    ----------
    folder : Path
    locked : bool
        Nobody else writes there now: the sub-folders' too, and however young.
    """
    for path in folder.rglob(LEFTOVERS) if locked else folder.glob(LEFTOVERS):
        with suppress(OSError):  # someone else's, or gone by now
            if locked or path.stat().st_mtime < time.time() - ABANDONED:
                path.unlink()


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
