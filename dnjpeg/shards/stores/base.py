"""What a store of a dataset's files can do, wherever they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

__all__ = ["Digest", "Listing", "OccupiedError", "StillOurs", "Store", "digest_file", "digest_of"]

_PIECE = 1 << 20


StillOurs = Callable[[], None]


class OccupiedError(Exception):
    """Another run is writing to the store; the message says which."""


@dataclass(frozen=True)
class Digest:
    """What tells whether a file is still the one that it was: its bytes, and their SHA-256 in hexadecimal digits."""

    bytes: int
    sha256: str


@dataclass
class Listing:
    """What lies in a store.

    Parameters
    ----------
    files : list of str
        Names below the root, with slashes, sorted. Hidden files and those in hidden folders are not among them.
    folders : list of str
        Those in which no file lies, neither directly nor deeper, sorted.
    problems : list of str
        Folders that could not be listed, each with its reason.
    """

    files: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@runtime_checkable
class Store(Protocol):
    """Files below one root, by name: the parts are divided by slashes. It can be pickled."""

    @property
    def label(self) -> str:
        """The root as people write it."""

    def listing(self) -> Listing:
        """List everything."""

    def size(self, name: str) -> int | None:
        """Give a file's size in bytes; None if there is no such file."""

    def read(self, name: str) -> bytes:
        """Read a file."""

    def on_disk(self, name: str) -> AbstractContextManager[Path]:
        """Return a context manager that gives the path of the file on this machine, fetched if it lies elsewhere."""

    def writing(self, name: str) -> AbstractContextManager[Path]:
        """Return a context manager that gives a path to write to: it gets the name when the block ends well.

        Whoever looks for the name finds nothing, or an earlier file, or the whole new one.
        """

    def digest(self, name: str) -> Digest | None:
        """Read a file through; None if there is no such file."""

    def make_folder(self, name: str) -> None:
        """Make a folder, where there are any."""

    def locked(self, name: str) -> AbstractContextManager[StillOurs]:
        """Return a context manager that keeps other runs away from the root, by a file of this name.

        It gives a function that raises `OccupiedError` if the lock was lost meanwhile.

        Raises
        ------
        OccupiedError
            If another run has it, when it is entered.
        """

    def sweep(self, *, deep: bool = True) -> None:
        """Remove unfinished files, which killed processes left; those of sub-folders too if it goes deep."""

    def discard(self) -> None:
        """Remove the root and all that lies below it."""


def digest_file(path: Path) -> Digest:
    """Read a file of this machine through."""
    with path.open("rb") as file:
        return digest_of(file)


def digest_of(file: BinaryIO) -> Digest:
    """Read an open file through, from where it stands."""
    content, size = hashlib.sha256(), 0
    while piece := file.read(_PIECE):
        content.update(piece)
        size += len(piece)
    return Digest(size, content.hexdigest())
