"""Which items of a shard are the images that are meant."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

__all__ = ["Selection", "kind_of"]


@dataclass(frozen=True)
class Selection:
    """Which items of a shard are meant.

    Parameters
    ----------
    suffixes : frozenset of str
        Suffixes of names, in lower case with their dots.
    only : tuple of str
        Patterns with ``*`` and ``?``: of names, with or without their folders, and of columns in Parquet files. None:
        all.
    """

    suffixes: frozenset[str]
    only: tuple[str, ...] = ()

    def takes(self, name: str) -> bool:
        """Tell whether a file of this name is meant."""
        path = PurePosixPath(name)
        return path.suffix.lower() in self.suffixes and (self.matches(name) or self.matches(path.name))

    def matches(self, name: str) -> bool:
        """Tell whether one of the patterns fits."""
        return not self.only or any(fnmatchcase(name, pattern) for pattern in self.only)

    def takes_content(self, name: str | None, data: bytes) -> bool:
        """Tell whether an image without a reliable name is meant.

        What is known to be of another kind is not, unless its name claims so; what is of no known kind is tried.
        """
        kind = kind_of(data)
        claimed = PurePosixPath(name or "").suffix.lower() in self.suffixes
        return claimed or kind is None or _SUFFIXES[kind] in self.suffixes


_SUFFIXES = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "WebP": ".webp", "BMP": ".bmp", "TIFF": ".tif"}
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}


def kind_of(data: bytes) -> str | None:
    """Name the format of an image file by how it begins, if that is one of the commonest."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return next((kind for beginning, kind in _BEGINNINGS.items() if data.startswith(beginning)), None)
