"""A URL that fsspec knows: an object store, or a file system on another machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from dnjpeg.shards.stores.base import Digest, Listing, StillOurs, digest_of
from dnjpeg.shards.stores.lease import leased

__all__ = ["RemoteStore", "find_remote"]


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

    @contextmanager
    def locked(self, name: str) -> Iterator[StillOurs]:
        files, path = self._find(name)
        with leased(files, path, self.label) as still_ours:
            yield still_ours

    def sweep(self, *, deep: bool = True) -> None:
        """Do nothing: the next attempt at a file replaces what an earlier one left of it."""

    def discard(self) -> None:
        files, root = self._open()
        files.rm(root, recursive=True)
