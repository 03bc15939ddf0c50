"""Where results go: each to its own place, whole or not at all, and over nothing that was not given up."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dnjpeg.cli.failures import CommandError
from dnjpeg.cli.inputs import Source
from dnjpeg.files import remove_leftovers, replacing

__all__ = ["STDOUT", "Item", "assign", "check", "check_file", "write"]

STDOUT = "-"


@dataclass(frozen=True)
class Item:
    """One input and where its result goes; `target` None is standard output."""

    source: Source
    target: Path | None

    def __str__(self) -> str:
        return str(self.source)


def assign(sources: Sequence[Source], output: str | None, suffix: str | None) -> list[Item]:
    """Give each input its target.

    Parameters
    ----------
    sources : sequence of Source
        The inputs.
    output : str or None
        ``-`` for standard output; a folder if it is one, ends in a slash, or there are several inputs or a folder of
        them; else a file. None: beside each input.
    suffix : str, optional
        What replaces the input's suffix, with its dot; None: nothing does.

    Raises
    ------
    CommandError
        If several inputs would go to one target.
    """
    single = sources[0] if len(sources) == 1 and not sources[0].in_folder else None
    if output == STDOUT or (output is None and single and single.path is None):
        if len(sources) > 1:
            raise CommandError(f"-o -: standard output holds one image, not {len(sources)}")
        return [Item(sources[0], None)]
    if output is None:
        items = [Item(source, _renamed(source.path, suffix)) for source in sources if source.path]
    elif single and not (output.endswith(("/", os.sep)) or Path(output).is_dir()):
        items = [Item(single, Path(output))]
    else:
        items = [Item(source, Path(output, _renamed(source.relative, suffix))) for source in sources]
    _refuse_collisions(items)
    return items


def _renamed(path: Path, suffix: str | None) -> Path:
    return path if suffix is None else path.with_suffix(suffix)


def _refuse_collisions(items: Sequence[Item]) -> None:
    owners: dict[Path | None, Item] = {}
    for item in items:
        other = owners.setdefault(item.target, item)
        if other is not item:
            raise CommandError(f"{other} and {item} would both become {item.target}")


def check(items: Sequence[Item], *, force: bool, skip_existing: bool) -> list[Item]:
    """Find out before any work whether the targets can be written; return the items that are to be done.

    Raises
    ------
    CommandError
        If a target exists and neither `force` nor `skip_existing` gives leave, or is a folder.
    OSError
        If a target's folder cannot be made or written to.
    """
    for folder in {item.target.parent for item in items if item.target}:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CommandError(f"{folder}: this folder cannot be written to")
        remove_leftovers(folder)
    for item in items:
        if item.target and item.target.is_dir():
            raise CommandError(f"{item.target}: this is a folder, and {item} was to be written there")
    existing = {item for item in items if item.target and item.target.is_file()}
    if existing and not (force or skip_existing):
        first = next(item for item in items if item in existing)
        others = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise CommandError(f"{first.target} exists{others}; use --force to overwrite or --skip-existing to leave it")
    return [item for item in items if force or item not in existing]


def check_file(target: Path, *, force: bool) -> None:
    """Find out before any work whether one file can be written.

    Raises
    ------
    CommandError
        If it exists and `force` does not give leave, is a folder, or its folder is missing or cannot be written to.
    """
    if target.is_dir():
        raise CommandError(f"{target}: this is a folder; name a file")
    if not target.parent.is_dir():
        raise CommandError(f"{target}: its folder does not exist")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise CommandError(f"{target.parent}: this folder cannot be written to")
    if target.exists() and not force:
        raise CommandError(f"{target} exists; use --force to overwrite")


def write(item: Item, data: bytes) -> None:
    """Write an item's result."""
    if item.target is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with replacing(item.target) as file:
        file.write(data)
