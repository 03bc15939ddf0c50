"""What a command works on: files, the files of folders, globs, or standard input."""

from __future__ import annotations

import glob
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from dnjpeg.cli.failures import CommandError
from dnjpeg.folders import image_files

__all__ = ["STDIN", "Source", "find"]

STDIN = "-"


@dataclass(frozen=True)
class Source:
    """One input file, or standard input.

    Parameters
    ----------
    path : Path or None
        The file; None is standard input.
    relative : Path
        Its place in an output folder: its name, or its path below the folder (or the fixed part of the glob) that was
        named.
    in_folder : bool
        True if it was found in a folder or by a glob, and not named itself.
    """

    path: Path | None
    relative: Path
    in_folder: bool = False

    def __str__(self) -> str:
        return "standard input" if self.path is None else str(self.path)


def find(
    names: Sequence[str],
    *,
    recursive: bool,
    suffixes: Collection[str],
    on_unreadable: Callable[[OSError], None] | None = None,
) -> list[Source]:
    """Resolve what was named on the command line to files, each once.

    Parameters
    ----------
    names : sequence of str
        Files, folders, globs (``**`` goes into sub-folders) or a single ``-``.
    recursive : bool
        Go into the sub-folders of folders; links to folders are followed.
    suffixes : collection of str
        Which files of a folder are taken, in lower case with their dots. Hidden files are not.
    on_unreadable : callable, optional
        What to do about a sub-folder that cannot be listed, to go on without it; otherwise it is an error.

    Returns
    -------
    list of Source
        In the order named; those of a folder or a glob sorted by path.

    Raises
    ------
    CommandError
        If a name stands for no file.
    OSError
        If a folder cannot be listed, and `on_unreadable` does not take it.
    """
    if STDIN in names:
        if len(names) > 1:
            raise CommandError("- (standard input) cannot be one of several inputs")
        return [Source(None, Path("stdin"))]
    found: dict[Path | None, Source] = {}
    for name in names:
        for source in _resolve(name, recursive, suffixes, on_unreadable):
            found.setdefault(source.path, source)
    return list(found.values())


def _resolve(
    name: str, recursive: bool, suffixes: Collection[str], on_unreadable: Callable[[OSError], None] | None
) -> list[Source]:
    path = Path(name)
    if path.is_dir():
        return _folder(path, recursive, suffixes, on_unreadable)
    if not path.exists() and glob.has_magic(name):
        return _glob(name)
    path.stat()  # raises what is wrong with it
    return [Source(path, Path(path.name))]


def _folder(
    folder: Path, recursive: bool, suffixes: Collection[str], on_unreadable: Callable[[OSError], None] | None
) -> list[Source]:
    unreadable: list[OSError] = []
    files = image_files(folder, recursive=recursive, suffixes=suffixes, on_unreadable=unreadable.append)
    if unreadable and (not files or on_unreadable is None):
        raise unreadable[0]
    for error in unreadable:
        if on_unreadable is not None:
            on_unreadable(error)
    if not files:
        below = "" if recursive or not any(path.is_dir() for path in folder.iterdir()) else "; -r goes into sub-folders"
        raise CommandError(
            f"{folder}: no file in this folder has one of the suffixes {' '.join(sorted(suffixes))}{below}"
        )
    return [Source(path, path.relative_to(folder), in_folder=True) for path in files]


def _glob(pattern: str) -> list[Source]:
    fixed = _fixed_part(pattern)
    found = {
        path.relative_to(fixed): path for path in fixed.glob(str(Path(pattern).relative_to(fixed))) if path.is_file()
    }
    visible = sorted(relative for relative in found if not any(part.startswith(".") for part in relative.parts))
    if not visible:
        raise CommandError(f"{pattern}: no file matches")
    return [Source(found[relative], relative, in_folder=True) for relative in visible]


def _fixed_part(pattern: str) -> Path:
    """Return the folders of a glob before the first one with a wildcard."""
    fixed = Path()
    for part in Path(pattern).parts[:-1]:
        if glob.has_magic(part):
            break
        fixed /= part
    return fixed
