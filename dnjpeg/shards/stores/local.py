"""A folder of this machine, or one that it has mounted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from dnjpeg.files import remove_leftovers, replacing_path
from dnjpeg.shards.stores.base import Digest, Listing, OccupiedError, StillOurs, digest_file

__all__ = ["LocalStore"]


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

    @contextmanager
    def locked(self, name: str) -> Iterator[StillOurs]:
        self.make_folder("")
        lock = FileLock(self.root / name, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise OccupiedError(f"{self.label}: another run is writing there") from None
        try:
            yield lambda: None
        finally:
            lock.release()

    def sweep(self, *, deep: bool = True) -> None:
        remove_leftovers(self.root, locked=deep)

    def discard(self) -> None:
        shutil.rmtree(self.root)
