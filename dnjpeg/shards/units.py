"""Which units of work a dataset consists of: shards, and neighbouring files of its folders."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Literal

from dnjpeg.shards.formats import parquet, tar
from dnjpeg.shards.stores import LocalStore, Store, find_remote, is_url, open_store, split_name

__all__ = ["FILES", "Plan", "Unit", "is_shard", "plan", "refuse_collisions"]

FILES = 1000
"""How many files of a folder are a unit."""


@dataclass(frozen=True)
class Unit:
    """What one worker does at a time.

    Parameters
    ----------
    kind : {"tar", "parquet", "files"}
    store : Store
        Where it is read from.
    names : tuple of str
        A shard's name there, or the names of files of one folder.
    target : str
        What the new shard is called; for files, what their record is.
    """

    kind: Literal["tar", "parquet", "files"]
    store: Store
    names: tuple[str, ...]
    target: str

    @property
    def name(self) -> str:
        """What people call it."""
        if self.kind != "files":
            return self.names[0]
        first, last = self.names[0], PurePosixPath(self.names[-1]).name
        return first if len(self.names) == 1 else f"{first} .. {last}"

    @property
    def record(self) -> str:
        """Name of its record, below the target's root."""
        path = PurePosixPath(self.target)
        return str(path.with_name(f".dnjpeg-{path.name}.json"))


@dataclass
class Plan:
    """All the work there is.

    Parameters
    ----------
    units : list of Unit
    folders : list of str
        Folders without files, which the target shall have too.
    problems : list of str
        What could not be listed.
    """

    units: list[Unit] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def is_shard(name: str) -> bool:
    """Tell a shard by its name."""
    return name.lower().endswith((*tar.SUFFIXES, *parquet.SUFFIXES))


def plan(sources: Sequence[str], *, apart: bool = False) -> Plan:
    """Find the units of what was named.

    Parameters
    ----------
    sources : sequence of str
        Shards, folders of shards and files with all their sub-folders, and globs; paths or URLs.
    apart : bool
        Give the units of each source a folder of their own, since none of their names matters.

    Raises
    ------
    FileNotFoundError, ValueError
        If a source is nothing that exists.
    """
    whole = Plan()
    for place, source in enumerate(sources):
        part = _plan_one(source)
        if apart:
            part.units = [replace(unit, target=f"{place}/{unit.target}") for unit in part.units]
        whole.units += part.units
        whole.folders += part.folders
        whole.problems += part.problems
    return whole


def refuse_collisions(units: Iterable[Unit], renamed: Callable[[str], str]) -> None:
    """Raise `ValueError` if two inputs would get the same name; `renamed` gives a file its own."""
    owners: dict[str, str] = {}
    for unit in units:
        for name in unit.names:
            target = renamed(name) if unit.kind == "files" else unit.target
            mine = f"{unit.store.label}/{name}"
            other = owners.setdefault(target, mine)
            if other != mine:
                raise ValueError(f"{other} and {mine} would both become {target}")


def _plan_one(source: str) -> Plan:
    if is_url(source):
        return _plan_remote(source)
    path = Path(source)
    if path.is_dir():
        return _plan_tree(LocalStore(path))
    if not path.exists() and glob.has_magic(source):
        found = sorted(name for name in glob.glob(source, recursive=True) if Path(name).is_file())  # noqa: PTH207 - Path has no absolute patterns
        if not found:
            raise ValueError(f"{source}: no file matches")
        return _plan_files(found)
    path.stat()  # raises what is wrong with it
    return _plan_files([source])


def _plan_remote(source: str) -> Plan:
    files, root = find_remote(source)
    if glob.has_magic(source):
        found = sorted(files.unstrip_protocol(path) for path in files.glob(root) if not files.isdir(path))
        if not found:
            raise ValueError(f"{source}: no file matches")
        return _plan_files(found)
    if files.isfile(root):
        return _plan_files([source])
    if not files.isdir(root):
        raise FileNotFoundError(f"{source}: there is no such file or folder")
    return _plan_tree(open_store(source))


def _plan_files(names: Sequence[str]) -> Plan:
    """Plan files that were named, each to go by its last part."""
    return Plan([_unit(open_store(folder), last) for folder, last in map(split_name, names)])


def _unit(store: Store, name: str) -> Unit:
    if name.lower().endswith(tar.SUFFIXES):
        return Unit("tar", store, (name,), name)
    if name.lower().endswith(parquet.SUFFIXES):
        return Unit("parquet", store, (name,), name)
    return Unit("files", store, (name,), name)


def _plan_tree(store: Store) -> Plan:
    listing = store.listing()
    units = [_unit(store, name) for name in listing.files if is_shard(name)]
    others = sorted((name for name in listing.files if not is_shard(name)), key=lambda name: PurePosixPath(name).parts)
    for folder, group in groupby(sorted(others, key=_folder_of), key=_folder_of):
        names = list(group)
        for begin in range(0, len(names), FILES):
            target = str(PurePosixPath(folder, f"files-{begin // FILES:05}"))
            units.append(Unit("files", store, tuple(names[begin : begin + FILES]), target))
    return Plan(units, listing.folders, listing.problems)


def _folder_of(name: str) -> str:
    return str(PurePosixPath(name).parent)
