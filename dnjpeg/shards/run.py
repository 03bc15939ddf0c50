"""A whole dataset from beginning to end: one run at a time on an output, resumed if it was begun, and added up."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from dnjpeg.errors import JpegWarning
from dnjpeg.shards.engines import Engine, outcomes
from dnjpeg.shards.place import Place, RunError
from dnjpeg.shards.records import Failure, Outcome, Totals, settings_hash
from dnjpeg.shards.stores import StillOurs, Store
from dnjpeg.shards.tasks import Collect, Convert
from dnjpeg.shards.units import Plan, Unit, plan, refuse_collisions
from dnjpeg.shards.work import Check, Job
from dnjpeg.statistics import FrequencyStatistics

__all__ = ["Report", "RunError", "collect_shards", "convert_shards"]

OnOutcome = Callable[[Outcome, int], None]
"""Called with each outcome as it comes, and the number of all."""


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
    place = Place.of_target(sources, target, planned)
    refuse_collisions(planned.units, task.target_name)
    settings = task.settings()
    with place.held() as still_ours:
        same_source = place.begin(settings, sources, force=force)
        for folder in planned.folders:
            place.store.make_folder(folder)
        job = Job(task, place.store, settings_hash(settings), check, same_source, force)
        report = _carry_out(job, planned, engine, jobs, on_outcome, still_ours)
        place.write_run(settings, sources, report.totals)
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
    place = Place.of_folder(parts)
    settings = task.settings()
    with place.held() as still_ours:
        same_source = place.begin(settings, sources, force=False)
        job = Job(task, place.store, settings_hash(settings), check, same_source)
        finished: list[str] = []

        def note(outcome: Outcome, count: int) -> None:
            if outcome.record is not None:
                finished.append(outcome.target)
            if on_outcome:
                on_outcome(outcome, count)

        report = _carry_out(job, planned, engine, jobs, note, still_ours)
        done = set(finished)
        statistics = _merge(place.store, [unit for unit in planned.units if unit.target in done], task)
        place.write_run(settings, sources, report.totals)
    return statistics, report


def _carry_out(
    job: Job,
    planned: Plan,
    engine: Engine,
    jobs: int | None,
    on_outcome: OnOutcome | None,
    still_ours: StillOurs,
) -> Report:
    report = Report(Totals(shards=len(planned.units)))
    report.failures += [Failure(*problem.split(": ", 1)) for problem in planned.problems]
    missing = {unit.target: unit.name for unit in planned.units}
    with closing(outcomes(engine, job, planned.units, jobs)) as coming:
        for outcome in coming:
            still_ours()
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
