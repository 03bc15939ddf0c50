"""A whole dataset from beginning to end: one run at a time on an output, resumed if it was begun, and added up."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from dnjpeg.errors import JpegWarning
from dnjpeg.files import remove_leftovers
from dnjpeg.shards.engines import Engine, outcomes
from dnjpeg.shards.records import Failure, Outcome, Totals, settings_hash
from dnjpeg.shards.stores import LocalStore, Store, is_url, open_store, split_name
from dnjpeg.shards.tasks import Collect, Convert
from dnjpeg.shards.units import Plan, Unit, is_shard, plan, refuse_collisions
from dnjpeg.shards.work import Check, Job
from dnjpeg.statistics import FrequencyStatistics

__all__ = ["Report", "RunError", "collect_shards", "convert_shards"]

FORMAT = "dnjpeg run"
VERSION = 1

OnOutcome = Callable[[Outcome, int], None]
"""Called with each outcome as it comes, and the number of all."""


class RunError(Exception):
    """A run cannot begin or go on; the message says why."""


@dataclass
class Report:
    """What a run ended with.

    Parameters
    ----------
    totals : Totals
    failures : list of Failure
        Images that failed, and shards that failed as a whole; the names of images begin with their shard's.
    discrepancies : list of str
        What does not add up. Unless it is empty the run has failed.
    """

    totals: Totals = field(default_factory=Totals)
    failures: list[Failure] = field(default_factory=list)
    discrepancies: list[str] = field(default_factory=list)


def convert_shards(
    sources: Sequence[str],
    target: str,
    task: Convert,
    *,
    engine: Engine = "local",
    jobs: int | None = None,
    check: Check = "hash",
    force: bool = False,
    on_outcome: OnOutcome | None = None,
) -> Report:
    """Convert whole datasets: shards and folders with all their sub-folders.

    Parameters
    ----------
    sources : sequence of str
        See `plan`.
    target : str
        A folder, or for one shard a file; a path or URL.
    task : Convert
    engine : {"local", "ray"}
    jobs : int, optional
        How many shards to work on at a time.
    check : {"hash", "size"}
        How closely finished shards are looked at when a run is resumed, see `Job`.
    force : bool
        Do everything anew, over whatever there is.
    on_outcome : callable, optional
        See `OnOutcome`.

    Raises
    ------
    RunError
        If the target holds something else than an earlier part of the same run, or another run is at it, or the disk
        is full.
    ValueError, OSError
        If a source or the target is not what it should be.
    """
    planned = plan(sources)
    if not planned.units and not planned.problems:
        raise RunError(f"{', '.join(sources)}: there is nothing to convert")
    place = _place(sources, target, planned)
    refuse_collisions(planned.units, task.target_name)
    settings = task.settings()
    with _locked(place):
        same_source = _begin(place, settings, sources, force=force)
        for folder in planned.folders:
            place.store.make_folder(folder)
        job = Job(task, place.store, settings_hash(settings), check, same_source, force)
        report = _carry_out(job, planned, engine, jobs, on_outcome)
        _write_run(place, settings, sources, report)
    return report


def collect_shards(
    sources: Sequence[str],
    parts: str,
    task: Collect,
    *,
    engine: Engine = "local",
    jobs: int | None = None,
    check: Check = "hash",
    on_outcome: OnOutcome | None = None,
) -> tuple[FrequencyStatistics | None, Report]:
    """Collect frequency statistics of whole datasets; the same ones however they are cut into shards.

    Parameters
    ----------
    sources : sequence of str
        See `plan`.
    parts : str
        A folder for what each shard gives, from which a run that was interrupted goes on.
    task : Collect
    engine, jobs, check, on_outcome
        As in `convert_shards`.

    Returns
    -------
    FrequencyStatistics or None
        None if no image could be read.
    Report
        Its failures are not repeated in the statistics.
    """
    planned = plan(sources, apart=True)
    if not planned.units:
        raise RunError(f"{', '.join(sources)}: there are no images to collect statistics from")
    place = _Place(open_store(parts), ".dnjpeg-run.json", ".dnjpeg-lock")
    settings = task.settings()
    with _locked(place):
        same_source = _begin(place, settings, sources, force=False)
        job = Job(task, place.store, settings_hash(settings), check, same_source)
        finished: list[str] = []

        def note(outcome: Outcome, count: int) -> None:
            if outcome.record is not None:
                finished.append(outcome.target)
            if on_outcome:
                on_outcome(outcome, count)

        report = _carry_out(job, planned, engine, jobs, note)
        done = set(finished)
        statistics = _merge(place.store, [unit for unit in planned.units if unit.target in done], task)
        _write_run(place, settings, sources, report)
    return statistics, report


@dataclass(frozen=True)
class _Place:
    """Where the results go, and the names of what a run keeps there."""

    store: Store
    run: str
    lock: str
    single: bool = False


def _place(sources: Sequence[str], target: str, planned: Plan) -> _Place:
    folder, last = split_name(target)
    single = len(planned.units) == 1 and planned.units[0].kind != "files" and is_shard(last)
    if single and not Path(target).is_dir():
        unit = planned.units[0]
        planned.units[0] = Unit(unit.kind, unit.store, unit.names, last)
        if Path(last).suffix.lower() != Path(unit.names[0]).suffix.lower():
            raise RunError(f"{target}: {unit.name} becomes a file of its own kind, not {Path(last).suffix}")
        return _Place(open_store(folder), f".dnjpeg-{last}-run.json", f".dnjpeg-{last}-lock", single=True)
    if not is_url(target):
        if Path(target).exists() and not Path(target).is_dir():
            raise RunError(f"{target}: this is a file; a dataset goes into a folder")
        for source in sources:
            _refuse_overlap(Path(source), Path(target))
    return _Place(open_store(target), ".dnjpeg-run.json", ".dnjpeg-lock")


def _refuse_overlap(source: Path, target: Path) -> None:
    source, target = source.resolve(), target.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise RunError(f"{target} and {source}: the results must lie apart from what they are made of")


@contextmanager
def _locked(place: _Place) -> Iterator[None]:
    """Keep other runs away from the target, on this machine at least; see ``docs/scale.md`` for others."""
    store = place.store
    if not isinstance(store, LocalStore):
        yield
        return
    store.make_folder("")
    lock = FileLock(store.root / place.lock, timeout=0)
    with ExitStack() as stack:
        try:
            stack.enter_context(lock)
        except Timeout:
            raise RunError(f"{store.label}: another run is writing there") from None
        if place.single:
            remove_leftovers(store.root)
        else:
            store.sweep()
            stack.callback(store.sweep)  # what workers that were stopped have left
        yield


def _begin(place: _Place, settings: dict[str, Any], sources: Sequence[str], *, force: bool) -> bool:
    """Check that the target is empty, or holds this very run; return whether its sources are the same.

    Raises
    ------
    RunError
        If it is not so.
    """
    earlier = None if place.store.size(place.run) is None else _read_run(place)
    same_source = earlier is None or earlier["sources"] == _absolute(sources)
    if earlier is not None and not force and earlier["settings"] != settings:
        keys = sorted({*settings, *earlier["settings"]})
        differing = [key for key in keys if settings.get(key) != earlier["settings"].get(key)]
        changes = ", ".join(
            f"{key} {_short(earlier['settings'].get(key))}, now {_short(settings.get(key))}" for key in differing
        )
        raise RunError(f"{place.store.label} holds a run with other settings ({changes}); --force starts over")
    if earlier is None and not force and (found := _occupied(place)):
        raise RunError(
            f"{place.store.label} is not empty ({found}); --force writes into it, over files of the same names"
        )
    _write_run(place, settings, sources, None)
    return same_source


def _short(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 24 else f"{text[:20]}..."


def _occupied(place: _Place) -> str | None:
    if place.single:
        name = place.run.removeprefix(".dnjpeg-").removesuffix("-run.json")
        return None if place.store.size(name) is None else name
    listing = place.store.listing()
    if listing.problems:
        raise RunError(listing.problems[0])
    return next(iter([*listing.files, *listing.folders]), None)


def _read_run(place: _Place) -> dict[str, Any]:
    try:
        content = json.loads(place.store.read(place.run))
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise ValueError("another format or version")
        return {"settings": dict(content["settings"]), "sources": list(content["sources"])}
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{place.store.label}/{place.run}: not the record of a run: {error}") from None


def _write_run(place: _Place, settings: dict[str, Any], sources: Sequence[str], report: Report | None) -> None:
    totals = None if report is None else report.totals.to_json()
    content = {
        "format": FORMAT,
        "version": VERSION,
        "settings": settings,
        "sources": _absolute(sources),
        "totals": totals and {name: value for name, value in totals.items() if name not in {"made", "resumed"}},
    }
    with place.store.writing(place.run) as path:
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _absolute(sources: Sequence[str]) -> list[str]:
    return [source if is_url(source) else str(Path(source).resolve()) for source in sources]


def _carry_out(job: Job, planned: Plan, engine: Engine, jobs: int | None, on_outcome: OnOutcome | None) -> Report:
    report = Report(Totals(shards=len(planned.units)))
    report.failures += [Failure(*problem.split(": ", 1)) for problem in planned.problems]
    missing = {unit.target: unit.name for unit in planned.units}
    with closing(outcomes(engine, job, planned.units, jobs)) as coming:
        for outcome in coming:
            if missing.pop(outcome.target, None) is None:
                continue  # a second result of work that was tried twice
            _take_in(report, outcome)
            if on_outcome:
                on_outcome(outcome, len(planned.units))
            if outcome.fatal:
                raise RunError(f"{outcome.unit}: {outcome.error}; what is finished stays, and the same command goes on")
    for target, name in missing.items():  # whose workers died wherever they were tried
        _take_in(report, Outcome(name, target, error="no result came back from it: its worker died?"))
    report.discrepancies = report.totals.discrepancies()
    return report


def _take_in(report: Report, outcome: Outcome) -> None:
    report.totals.add(outcome)
    if outcome.record is None:
        report.failures.append(Failure(outcome.unit, outcome.error))
        return
    report.failures += [
        Failure(f"{outcome.unit}: {failure.name}", failure.reason) for failure in outcome.record.failures
    ]
    for text in outcome.record.warnings:
        warnings.warn(text, JpegWarning, stacklevel=2)


def _merge(store: Store, units: Sequence[Unit], task: Collect) -> FrequencyStatistics | None:
    """Add up the statistics of units, in any order."""
    merged: FrequencyStatistics | None = None
    for unit in units:
        for name in task.outputs(unit, ()):
            with store.on_disk(name) as path:
                part = FrequencyStatistics.load(path)
            merged = part if merged is None else merged + part
    return merged if merged is not None and merged.origin.images else None
