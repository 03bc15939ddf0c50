"""The work on one unit: what an engine calls, in whatever process and on whatever machine."""

from __future__ import annotations

import errno
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from dnjpeg.errors import JpegError, JpegWarning
from dnjpeg.shards.conversion import ShardError
from dnjpeg.shards.records import Outcome, Record, one_line
from dnjpeg.shards.stores import Digest, Store
from dnjpeg.shards.tasks import Task, source_digest
from dnjpeg.shards.units import Unit

__all__ = ["Check", "Job", "work"]

Check = Literal["hash", "size"]

_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass(frozen=True)
class Job:
    """What all units of a run have in common.

    Parameters
    ----------
    task : Task
    target : Store
        Where the results go.
    settings : str
        `settings_hash` of the task's settings.
    check : {"hash", "size"}
        How a unit that an earlier run finished is checked: source and result are read through, or only their sizes
        are compared.
    same_source : bool
        The source is the one of the earlier run, so that what has changed there is converted anew.
    anew : bool
        Whatever an earlier run finished is done again.
    threads : int
        How many images of a unit are worked on at a time.
    """

    task: Task
    target: Store
    settings: str
    check: Check = "hash"
    same_source: bool = True
    anew: bool = False
    threads: int = 1


def work(job: Job, unit: Unit) -> Outcome:
    """Do one unit, unless an earlier run has; whatever goes wrong is in the outcome."""
    try:
        earlier = None if job.anew else _finished(job, unit)
        if earlier is not None:
            return Outcome(unit.name, unit.target, earlier, resumed=True)
        with _counted_warnings() as counted:
            result = job.task.perform(unit, job.target, job.threads)
        record = Record(job.settings, result.source, result.output, result.counts, result.failures, counted)
        with job.target.writing(unit.record) as path:
            path.write_bytes(record.to_json())
        return Outcome(unit.name, unit.target, record)
    except (ShardError, JpegError, ValueError) as error:
        return Outcome(unit.name, unit.target, error=one_line(str(error)))
    except OSError as error:
        return Outcome(
            unit.name, unit.target, error=one_line(error.strerror or str(error)), fatal=error.errno in _FATAL
        )
    except Exception as error:  # a store's own errors; the other units must go on
        return Outcome(unit.name, unit.target, error=one_line(f"{type(error).__name__}: {error}"))


def _finished(job: Job, unit: Unit) -> Record | None:
    """Return the record of a unit that was finished with the same settings, if all is still as it says.

    Raises
    ------
    ShardError
        If it was made from another source, which the run does not expect.
    """
    if job.target.size(unit.record) is None:
        return None
    try:
        record = Record.from_json(job.target.read(unit.record))
    except ValueError:
        return None
    if record.settings != job.settings:
        return None
    if not _is_source(job, unit, record):
        if job.same_source:
            return None
        raise ShardError(f"{unit.target} was made from another file than this one; --force makes it anew")
    names = job.task.outputs(unit, record.failures)
    return record if _is_whole(job, unit, names, record.output) else None


def _is_source(job: Job, unit: Unit, record: Record) -> bool:
    if _size(unit.store, unit.names) != record.source.bytes:
        return False
    return job.check == "size" or source_digest(unit) == record.source


def _is_whole(job: Job, unit: Unit, names: list[str], expected: Digest) -> bool:
    if _size(job.target, names) != expected.bytes:
        return False
    if job.check == "size":
        return True
    return source_digest(Unit(unit.kind, job.target, tuple(names), unit.target)) == expected


def _size(store: Store, names: tuple[str, ...] | list[str]) -> int | None:
    total = 0
    for name in names:
        size = store.size(name)
        if size is None:
            return None
        total += size
    return total


@contextmanager
def _counted_warnings() -> Iterator[Counter[str]]:
    """Count each `JpegWarning` by its text instead of showing it."""
    counted: Counter[str] = Counter()
    with warnings.catch_warnings():
        show = warnings.showwarning

        def count(message: Warning | str, category: type[Warning], *place: object) -> None:
            if issubclass(category, JpegWarning):
                counted[str(message)] += 1
            else:
                show(message, category, *place)  # type: ignore[arg-type]

        warnings.simplefilter("always", JpegWarning)
        warnings.showwarning = count  # type: ignore[assignment]
        yield counted
