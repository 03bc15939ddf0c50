"""Where the files of a dataset lie: a folder of this machine, or a URL that fsspec knows."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Protocol, runtime_checkable

from dnjpeg.files import remove_leftovers, replacing_path

__all__ = [
    "Digest",
    "Listing",
    "Store",
    "digest_file",
    "digest_of",
    "find_remote",
    "is_url",
    "open_store",
    "split_name",
]

_PIECE = 1 << 20


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

    def sweep(self) -> None:
        """Remove unfinished files, which killed processes left."""

    def discard(self) -> None:
        """Remove the root and all that lies below it."""


def is_url(name: str) -> bool:
    """Tell a URL from a path."""
    return "://" in name


def open_store(name: str) -> Store:
    """Open the folder that a path or URL names; it need not exist.

    Raises
    ------
    ModuleNotFoundError
        If it is a URL and fsspec, or what fsspec needs for it, is not installed.
    ValueError
        If it is a URL of an unknown kind.
    """
    if name.startswith("file://"):
        name = name.removeprefix("file://")
    return RemoteStore(name.rstrip("/")) if is_url(name) else LocalStore(Path(name))


def find_remote(url: str) -> tuple[Any, str]:
    """Return the file system of fsspec that a URL names, and the path there.

    Raises
    ------
    ModuleNotFoundError
        If fsspec is not installed.
    ValueError
        If it knows no such URLs, or what it needs for them is not installed.
    """
    import fsspec  # noqa: PLC0415 - an extra

    try:
        files, path = fsspec.url_to_fs(url)
    except ImportError as error:
        raise ValueError(f"{url}: {error}") from None
    return files, str(path)


def split_name(name: str) -> tuple[str, str]:
    """Divide a path or URL into its folder and the last part."""
    if is_url(name):
        folder, _, last = name.rpartition("/")
        return folder, last
    path = Path(name)
    return str(path.parent), path.name


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


@dataclass(frozen=True)
class LocalStore:
    """A folder of this machine, or one that it has mounted."""

    root: Path

    @property
    def label(self) -> str:
        return str(self.root)

    def listing(self) -> Listing:
        found = Listing()
        visited: set[str] = set()
        occupied: set[str] = set()
        seen: list[str] = []

        def note(error: OSError) -> None:
            found.problems.append(f"{error.filename}: {error.strerror}")

        for place, folders, files in os.walk(self.root, onerror=note, followlinks=True):
            real = os.path.realpath(place)
            folders[:] = [] if real in visited else sorted(name for name in folders if not name.startswith("."))
            if real in visited:  # a link can make a folder its own descendant
                continue
            visited.add(real)
            below = Path(place).relative_to(self.root)
            names = [(below / name).as_posix() for name in files if not name.startswith(".")]
            found.files += names
            if below.parts:
                seen.append(below.as_posix())
            if names:
                occupied.update(parent.as_posix() for parent in (below, *below.parents))
        found.files.sort(key=lambda name: PurePosixPath(name).parts)
        found.folders = sorted(set(seen) - occupied)
        return found

    def size(self, name: str) -> int | None:
        path = self.root / name
        return path.stat().st_size if path.is_file() else None

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    @contextmanager
    def on_disk(self, name: str) -> Iterator[Path]:
        yield self.root / name

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing_path(target) as temporary:
            yield temporary

    def digest(self, name: str) -> Digest | None:
        try:
            return digest_file(self.root / name)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def make_folder(self, name: str) -> None:
        (self.root / name).mkdir(parents=True, exist_ok=True)

    def sweep(self) -> None:
        remove_leftovers(self.root, locked=True)

    def discard(self) -> None:
        shutil.rmtree(self.root)


# Here a file appears under its name when it is complete, and not before; a renaming would copy it.
_WHOLE_AT_ONCE = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci"})


@dataclass(frozen=True)
class RemoteStore:
    """What a URL of fsspec names. Its credentials and options come from fsspec's own configuration.

    A file is fetched into a temporary folder before it is read, and sent from there when it is complete: one request to
    read a shard, and no half of one is ever seen.
    """

    url: str

    def __post_init__(self) -> None:
        self._open()

    def _open(self) -> tuple[Any, str]:
        files, root = find_remote(self.url)
        return files, root.rstrip("/")

    def _find(self, name: str) -> tuple[Any, str]:
        files, root = self._open()
        return files, f"{root}/{name}" if name else root

    @property
    def label(self) -> str:
        return self.url

    def listing(self) -> Listing:
        files, root = self._open()
        below = (str(path)[len(root) :].lstrip("/") for path in files.find(root))
        visible = {name for name in below if name and not any(part.startswith(".") for part in name.split("/"))}
        return Listing(sorted(visible, key=lambda name: PurePosixPath(name).parts))

    def size(self, name: str) -> int | None:
        files, path = self._find(name)
        try:
            info = files.info(path)
        except FileNotFoundError:
            return None
        return int(info["size"]) if info["type"] == "file" else None

    def read(self, name: str) -> bytes:
        files, path = self._find(name)
        return bytes(files.cat_file(path))

    @contextmanager
    def on_disk(self, name: str) -> Iterator[Path]:
        files, path = self._find(name)
        with tempfile.TemporaryDirectory(prefix="dnjpeg-") as folder:
            local = Path(folder, "source")
            files.get_file(path, str(local))
            yield local

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        files, path = self._find(name)
        with tempfile.TemporaryDirectory(prefix="dnjpeg-") as folder:
            local = Path(folder, "target")
            yield local
            parent, _, last = path.rpartition("/")
            files.makedirs(parent, exist_ok=True)
            protocols = {files.protocol} if isinstance(files.protocol, str) else set(files.protocol)
            if protocols & _WHOLE_AT_ONCE:
                files.put_file(str(local), path)
                return
            temporary = f"{parent}/.dnjpeg-{last}.part"  # always the same, so that the next attempt replaces it
            files.put_file(str(local), temporary)
            files.mv(temporary, path)

    def digest(self, name: str) -> Digest | None:
        files, path = self._find(name)
        try:
            with files.open(path, "rb") as file:
                return digest_of(file)
        except FileNotFoundError:
            return None

    def make_folder(self, name: str) -> None:
        """Do nothing: stores of objects have no empty folders."""

    def sweep(self) -> None:
        """Do nothing: the next attempt at a file replaces what an earlier one left of it."""

    def discard(self) -> None:
        files, root = self._open()
        files.rm(root, recursive=True)
