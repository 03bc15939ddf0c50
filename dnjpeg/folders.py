"""Which files of a folder are images, and in which order they come."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

__all__ = ["IMAGE_SUFFIXES", "JPEG_SUFFIXES", "image_files"]

# In lower case; a file that is named itself is taken whatever it is called.
JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
IMAGE_SUFFIXES = JPEG_SUFFIXES.union(
    (".avif", ".bmp", ".gif", ".j2k", ".jp2", ".pbm", ".pcx", ".pgm"),
    (".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp"),
)


def _raise(error: OSError) -> None:
    raise error


def image_files(
    folder: Path,
    *,
    recursive: bool = True,
    suffixes: Collection[str] = IMAGE_SUFFIXES,
    on_unreadable: Callable[[OSError], None] = _raise,
) -> list[Path]:
    """List the image files of a folder, sorted by their paths below it, without hidden ones.

    Parameters
    ----------
    folder : Path
        Links to folders are followed, each folder once: a link can make one its own descendant.
    recursive : bool
        Go into its sub-folders, but not into hidden ones.
    suffixes : collection of str
        Which files are taken, in lower case with their dots.
    on_unreadable : callable
        What to do about a sub-folder that cannot be listed; its files are left out unless this raises.

    Raises
    ------
    OSError
        If the folder cannot be listed, or a sub-folder, unless `on_unreadable` does something else.
    """
    with os.scandir(folder):
        pass  # it can be listed itself
    found = (path for path in _walk(folder, recursive, on_unreadable) if path.suffix.lower() in suffixes)
    return sorted(found, key=lambda path: path.relative_to(folder).parts)


def _walk(folder: Path, recursive: bool, on_unreadable: Callable[[OSError], None]) -> Iterator[Path]:
    visited: set[str] = set()
    for place, folders, files in os.walk(folder, onerror=on_unreadable, followlinks=True):
        real = os.path.realpath(place)
        new = real not in visited
        visited.add(real)
        folders[:] = sorted(name for name in folders if recursive and new and not name.startswith("."))
        if new:
            yield from (Path(place, name) for name in files if not name.startswith("."))
