"""Whole datasets on the command line: which inputs are some, and what is said about the work on them."""

from __future__ import annotations

import functools
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli.batch import Batch, change
from dnjpeg.cli.failures import CommandError, IncompleteError
from dnjpeg.cli.progress import progress_bar, write_line
from dnjpeg.errors import JpegWarning
from dnjpeg.folders import IMAGE_SUFFIXES
from dnjpeg.printable import printable

if TYPE_CHECKING:
    from dnjpeg.shards import Collect, Operation, Outcome, Report
    from dnjpeg.statistics import FrequencyStatistics

__all__ = ["Dataset", "dataset_options", "is_dataset", "on_error", "raise_failures"]

_SHOWN = 100  # failures that are listed at the end; the records beside the shards have them all
_SHARDS = (".tar", ".tar.gz", ".tgz", ".parquet")


def dataset_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of whole datasets, and hand them to the command as one `Dataset`."""

    @functools.wraps(command)
    def gather(**values: Any) -> None:
        command(dataset=Dataset(values.pop("engine"), values.pop("check"), values.pop("only")), **values)

    for option in reversed(_OPTIONS):
        gather = option(gather)
    return gather


_OPTIONS = (
    click.option(
        "--engine",
        type=click.Choice(["local", "ray"]),
        help="For shards: who does the work, processes of this machine or a Ray cluster.  [default: local]",
    ),
    click.option(
        "--check",
        type=click.Choice(["hash", "size"]),
        default="hash",
        show_default=True,
        help="How a run that goes on looks at shards that are finished: it reads them and their sources through, or "
        "compares sizes only.",
    ),
    click.option(
        "--only",
        multiple=True,
        metavar="PATTERN",
        help="For shards: which images are meant, by their names, or by the columns of Parquet files. May be given "
        "several times.  [default: all]",
    ),
)

on_error = click.option(
    "--on-error",
    type=click.Choice(["keep", "drop", "fail"]),
    default="keep",
    show_default=True,
    help="For shards: what becomes of an image that cannot be converted. It stays as it is, or is left out with its "
    "sample, or its shard is not written.",
)


@dataclass(frozen=True)
class Dataset:
    """What was asked for with the options of whole datasets.

    Parameters
    ----------
    engine : str, optional
        None: not asked for.
    check : str
    only : tuple of str
    """

    engine: str | None
    check: str
    only: tuple[str, ...]

    def divided(self, inputs: Sequence[str], output: str | None) -> tuple[Sequence[str], str] | None:
        """Tell whether the inputs are a dataset; if so, return its parts and where the results go.

        They are if one is a shard, a URL or a folder of shards, or ``--engine`` was given, or if there are two, a
        folder and what does not exist or is the output of an earlier run: ``SRC DST``.

        Raises
        ------
        CommandError
            If it is not said where the results go.
        """
        if output is None and len(inputs) > 1 and _are_sources(inputs[:-1], inputs[-1]):
            _check_destination(inputs)
            return inputs[:-1], inputs[-1]
        remote = output is not None and "://" in output
        if not (self.engine or remote or any(is_dataset(name) for name in inputs)):
            return None
        if output is None or output == "-":
            raise CommandError("say where the shards go: SRC DST, or -o with a folder or the name of a shard")
        return inputs, output

    def convert(self, batch: Batch, operation: Operation, on_error: str) -> bool:
        """Convert a dataset, if the inputs are one; return whether they are.

        Raises
        ------
        CommandError, IncompleteError
            As `Batch.run` does.
        """
        divided = self.divided(batch.inputs, batch.output)
        if divided is None:
            return False
        from dnjpeg.shards import Convert, RunError, convert_shards  # noqa: PLC0415 - imports Numba

        sources, target = divided
        task = Convert(operation, on_error, self.only)  # type: ignore[arg-type]  # click has checked it
        with self._progress(batch.as_json) as show:
            try:
                report = convert_shards(
                    sources, target, task, force=batch.force, on_outcome=show, **self._how(batch.jobs)
                )
            except RunError as error:
                raise CommandError(str(error)) from error
        _conclude(report, batch.as_json)
        return True

    def collect(
        self, sources: Sequence[str], output: str | None, task: Collect, jobs: int
    ) -> tuple[FrequencyStatistics, Report]:
        """Collect statistics of a dataset; what its shards give lies beside the output until all is done."""
        from dnjpeg.shards import RunError, collect_shards, open_store, split_name  # noqa: PLC0415 - imports Numba

        with tempfile.TemporaryDirectory(prefix="dnjpeg-") as temporary, self._progress(None) as show:
            folder, name = split_name(output) if output else (temporary, "statistics")
            parts = f"{folder}/.dnjpeg-{name}.parts"
            try:
                statistics, report = collect_shards(sources, parts, task, on_outcome=show, **self._how(jobs))
            except RunError as error:
                raise CommandError(str(error)) from error
            if statistics is None:
                reason = f": {report.failures[0]}" if report.failures else ""
                raise CommandError(f"no image could be read{reason}")
            if not report.totals.failed_shards:
                open_store(parts).discard()
        return statistics, report

    def _how(self, jobs: int) -> dict[str, Any]:
        context = click.get_current_context()
        asked = context.get_parameter_source("jobs") is not click.core.ParameterSource.DEFAULT
        engine = self.engine or "local"
        return {"engine": engine, "check": self.check, "jobs": jobs if asked or engine == "local" else None}

    @contextmanager
    def _progress(self, as_json: bool | None) -> Iterator[Callable[[Outcome, int], None]]:
        """Show a bar, and a line a shard unless `as_json` is None."""
        with progress_bar(0, "shard") as bar:

            def show(outcome: Outcome, count: int) -> None:
                bar.total = count
                bar.update()
                if as_json is not None:
                    line = _as_json(outcome) if as_json else _as_text(outcome)
                    if line:
                        write_line(line, sys.stdout)
                        sys.stdout.flush()

            yield show


def _are_sources(names: Sequence[str], target: str) -> bool:
    """Tell whether names are to be converted into the one that stands after them."""
    if all(is_dataset(name) for name in names):
        return True
    # Two folders of images that exist are two inputs, each to be converted where it is.
    is_new = "://" in target or not Path(target).exists() or Path(target, ".dnjpeg-run.json").is_file()
    return len(names) == 1 and Path(names[0]).is_dir() and is_new


def _check_destination(names: Sequence[str]) -> None:
    """Refuse a last name that is more likely another source, for which the destination was forgotten.

    Raises
    ------
    CommandError
        If it is.
    """
    target = Path(names[-1])
    if "://" in names[-1] or target.is_dir() or not names[-1].lower().endswith(_SHARDS):
        return
    ours = target.with_name(f".dnjpeg-{target.name}-run.json").is_file()
    if len(names) > 2 or (target.exists() and not ours):
        raise CommandError(f"{target}: a source, or where the results go? Say that with -o")


def is_dataset(name: str) -> bool:
    """Tell whether an input is a shard, a URL or a folder of shards and no images."""
    if "://" in name or name.lower().endswith(_SHARDS):
        return True
    found = False
    for _, folders, files in os.walk(name, followlinks=False):  # what cannot be listed is reported by who works on it
        folders[:] = [folder for folder in folders if not folder.startswith(".")]
        visible = [file.lower() for file in files if not file.startswith(".")]
        if any(Path(file).suffix in IMAGE_SUFFIXES for file in visible):
            return False
        found = found or any(file.endswith(_SHARDS) for file in visible)
    return found


def _as_json(outcome: Outcome) -> str:
    if outcome.record is None:
        return json.dumps({"shard": outcome.unit, "status": "failed", "error": outcome.error})
    counts = vars(outcome.record.counts)
    return json.dumps({"shard": outcome.unit, "status": "skipped" if outcome.resumed else "done", **counts})


def _as_text(outcome: Outcome) -> str:
    if outcome.record is None:
        return ""  # it is named at the end
    counts = outcome.record.counts
    parts = [f"{counts.converted:,} of {counts.items:,} converted", change(counts.bytes_before, counts.bytes_after)]
    parts += [f"{counts.failed:,} failed"] * bool(counts.failed) + ["finished before, skipped"] * outcome.resumed
    return printable(f"{outcome.unit}: {', '.join(parts)}")


def _conclude(report: Report, as_json: bool) -> None:
    totals, counts = report.totals, report.totals.counts
    if as_json:
        click.echo(json.dumps({"totals": totals.to_json(), "discrepancies": report.discrepancies}))
    else:
        click.echo(
            f"{totals.made + totals.resumed:,} of {totals.shards:,} shards ({totals.resumed:,} finished before): "
            f"{counts.items:,} items = {counts.converted:,} converted + {counts.untouched:,} untouched + "
            f"{counts.failed:,} failed + {counts.dropped:,} dropped; {change(counts.bytes_before, counts.bytes_after)}"
        )
    if report.discrepancies:
        raise CommandError(f"the totals do not add up: {'; '.join(report.discrepancies)}")
    raise_failures(report)
    if not counts.converted:
        warnings.warn("there is no image in it, so nothing was converted", JpegWarning, stacklevel=1)


def raise_failures(report: Report) -> None:
    """Raise `IncompleteError` if something failed."""
    if not report.failures:
        return
    counts = report.totals.counts
    lines = [str(failure) for failure in report.failures[:_SHOWN]]
    if len(report.failures) > _SHOWN:
        lines.append(f"and {len(report.failures) - _SHOWN:,} more; the records beside the shards name them all")
    raise IncompleteError(lines, counts.converted + len(report.failures), failed=len(report.failures))
