"""Small datasets in every format, operations that misbehave, and what a folder holds."""

from __future__ import annotations

import io
import json
import os
import signal
import tarfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pictures import make_photo

import dnjpeg
from dnjpeg.shards import Convert, Transcode

QUALITY = 40


@cache
def jpeg(seed: int) -> bytes:
    """A JPEG file of its own for each number."""
    return dnjpeg.encode(make_photo(24, 32, seed=seed))


def transcoded(data: bytes) -> bytes:
    """What the tests' usual task makes of a JPEG file."""
    return dnjpeg.transcode(data, quality=QUALITY)


def task(**options: object) -> Convert:
    """The tests' usual task."""
    return Convert(Transcode({"quality": QUALITY}), **options)  # type: ignore[arg-type]


Members = Sequence[tuple[str, bytes]]


def samples(seeds: Iterable[int]) -> Members:
    """Samples as WebDataset has them: an image, a class and a text each."""
    return [
        member
        for seed in seeds
        for member in (
            (f"{seed:04}.jpg", jpeg(seed)),
            (f"{seed:04}.cls", str(seed).encode()),
            (f"{seed:04}.json", json.dumps({"caption": "a photo"}).encode()),
        )
    ]


def write_tar(path: Path, members: Members, **how: object) -> Path:
    """Write a tar file with times and owners that are not the default's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", **how) as tar:  # type: ignore[call-overload]
        for place, (name, data) in enumerate(members):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.uid, info.uname, info.mode = (
                len(data),
                1_500_000_000 + place,
                1234,
                "ann",
                0o640,
            )
            tar.addfile(info, io.BytesIO(data))
    return path


def read_tar(path: Path) -> list[tuple[str, bytes]]:
    """All regular members of a tar file."""
    with tarfile.open(path) as tar:
        return [(info.name, tar.extractfile(info).read()) for info in tar if info.isreg()]  # type: ignore[union-attr]


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder, the hidden ones too, but for the lock."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != ".dnjpeg-lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def visible(folder: Path) -> dict[str, bytes]:
    """All files below a folder but the hidden ones."""
    return {name: data for name, data in contents(folder).items() if "/." not in f"/{name}"}


@dataclass(frozen=True)
class Slow(Transcode):
    """Transcode, taking its time."""

    seconds: float = 0.005

    def __call__(self, data: bytes) -> bytes:
        time.sleep(self.seconds)
        return super().__call__(data)


@dataclass(frozen=True)
class Deadly(Transcode):
    """Transcode, and be killed at one image: as often as there are files to remove in a folder."""

    fatal: bytes = b""
    lives: str = ""

    def __call__(self, data: bytes) -> bytes:
        remaining = sorted(Path(self.lives).iterdir())
        if data == self.fatal and remaining:
            remaining[0].unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(data)

    @classmethod
    def times(cls, count: int, fatal: bytes, folder: Path) -> Deadly:
        """One that is killed so many times."""
        folder.mkdir()
        for number in range(count):
            (folder / str(number)).touch()
        return cls({"quality": QUALITY}, fatal=fatal, lives=str(folder))
