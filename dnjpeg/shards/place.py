"""Where the results of a run go: one run at a time, and no other than began there. Its record is ``.dnjpeg-run.json``.

::

    {"format": "dnjpeg run", "version": 1, "settings": {...}, "sources": [...], "totals": {...} or null}
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dnjpeg.shards.records import Totals
from dnjpeg.shards.stores import OccupiedError, StillOurs, Store, is_url, open_store, split_name
from dnjpeg.shards.units import Plan, Unit, is_shard

__all__ = ["Place", "RunError"]

FORMAT = "dnjpeg run"
VERSION = 1


class RunError(Exception):
    """A run cannot begin or go on; the message says why."""


@dataclass(frozen=True)
class Place:
    """A folder for a dataset; or one for a single shard, where other files are nobody's business.

    Parameters
    ----------
    store : Store
    single : str, optional
        The name of the shard.
    """

    store: Store
    single: str | None = None

    @classmethod
    def of_folder(cls, name: str) -> Place:
        """Take a whole folder; a path or URL."""
        return cls(open_store(name))

    @classmethod
    def of_target(cls, sources: Sequence[str], target: str, planned: Plan) -> Place:
        """Find out what the target of a run is; if it is a file, the only unit gets its name.

        Raises
        ------
        RunError
            If it can be neither, or lies within a source.
        """
        folder, last = split_name(target)
        unit = planned.units[0] if len(planned.units) == 1 and planned.units[0].kind != "files" else None
        if unit is not None and is_shard(last) and not Path(target).is_dir():
            planned.units[0] = Unit(unit.kind, unit.store, unit.names, last)
            if Path(last).suffix.lower() != Path(unit.names[0]).suffix.lower():
                raise RunError(f"{target}: {unit.name} becomes a file of its own kind, not {Path(last).suffix}")
            return cls(open_store(folder), last)
        if not is_url(target):
            if Path(target).exists() and not Path(target).is_dir():
                raise RunError(f"{target}: this is a file; a dataset goes into a folder")
            for source in sources:
                _refuse_overlap(Path(source), Path(target))
        return cls.of_folder(target)

    def _hidden(self, what: str) -> str:
        return f".dnjpeg-{what}" if self.single is None else f".dnjpeg-{self.single}-{what}"

    @property
    def _run(self) -> str:
        return self._hidden("run.json")

    @contextmanager
    def held(self) -> Iterator[StillOurs]:
        """Keep other runs away; see `Store.locked` for what it gives.

        Raises
        ------
        RunError
            If another run is at it.
        """
        with ExitStack() as stack:
            try:
                still_ours = stack.enter_context(self.store.locked(self._hidden("lock")))
                deep = self.single is None
                self.store.sweep(deep=deep)
                if deep:
                    stack.callback(self.store.sweep)  # what workers that were stopped have left
                yield still_ours
            except OccupiedError as error:
                raise RunError(str(error)) from None

    def begin(self, settings: dict[str, Any], sources: Sequence[str], *, force: bool) -> bool:
        """Check that it is empty, or holds this very run; return whether its sources are the same.

        Raises
        ------
        RunError
            If it is not so.
        """
        earlier = None if self.store.size(self._run) is None else self._read_run()
        if not force and earlier is not None and earlier["settings"] != settings:
            changes = _differences(earlier["settings"], settings)
            raise RunError(f"{self.store.label} holds a run with other settings ({changes}); --force starts over")
        if not force and earlier is None and (found := self._occupant()):
            raise RunError(
                f"{self.store.label} is not empty ({found}); --force writes into it, over files of the same names"
            )
        self.write_run(settings, sources, None)
        return earlier is None or earlier["sources"] == _absolute(sources)

    def _occupant(self) -> str | None:
        if self.single is not None:
            return None if self.store.size(self.single) is None else self.single
        listing = self.store.listing()
        if listing.problems:
            raise RunError(listing.problems[0])
        return next(iter([*listing.files, *listing.folders]), None)

    def _read_run(self) -> dict[str, Any]:
        try:
            content = json.loads(self.store.read(self._run))
            if content["format"] != FORMAT or content["version"] != VERSION:
                raise ValueError("another format or version")
            return {"settings": dict(content["settings"]), "sources": list(content["sources"])}
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(f"{self.store.label}/{self._run}: not the record of a run: {error}") from None

    def write_run(self, settings: dict[str, Any], sources: Sequence[str], totals: Totals | None) -> None:
        """Write the record of the run, with its totals when it is done; not how often it was begun."""
        counts = None if totals is None else totals.to_json()
        content = {
            "format": FORMAT,
            "version": VERSION,
            "settings": settings,
            "sources": _absolute(sources),
            "totals": counts and {name: value for name, value in counts.items() if name not in {"made", "resumed"}},
        }
        with self.store.writing(self._run) as path:
            path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _refuse_overlap(source: Path, target: Path) -> None:
    source, target = source.resolve(), target.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise RunError(f"{target} and {source}: the results must lie apart from what they are made of")


def _absolute(sources: Sequence[str]) -> list[str]:
    return [source if is_url(source) else str(Path(source).resolve()) for source in sources]


def _differences(earlier: dict[str, Any], now: dict[str, Any]) -> str:
    keys = sorted(key for key in {*earlier, *now} if earlier.get(key) != now.get(key))
    return ", ".join(f"{key} {_short(earlier.get(key))}, now {_short(now.get(key))}" for key in keys)


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:20]}..."
