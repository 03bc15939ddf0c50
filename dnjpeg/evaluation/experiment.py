"""The frame of an experiment: its configuration, its command's options, and where its files go."""

from __future__ import annotations

import argparse
import re
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import platformdirs

from dnjpeg.evaluation.classifiers import Classifier
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.pieces import Unfinished, sweep_in_pieces
from dnjpeg.evaluation.provenance import code_identity
from dnjpeg.evaluation.subjects import Subject, parse_subjects
from dnjpeg.statistics import FrequencyStatistics

__all__ = ["Experiment", "main"]


@dataclass(frozen=True)
class Experiment:
    """One run of an experiment.

    Parameters
    ----------
    config : dict
        The configuration file.
    subjects : tuple of Subject
        What is measured.
    results : Path
        Where rows, tables and plots go.
    work : Path
        Where pieces are kept until all is measured.
    deadline : float or None
        By `time.monotonic`: nothing long is begun after it.
    """

    config: dict[str, Any]
    subjects: tuple[Subject, ...]
    results: Path
    work: Path
    deadline: float | None = None

    def rows(
        self, dataset: Dataset, classifier: Classifier, contenders: Sequence[Contender], *, piece: int = 2000
    ) -> pd.DataFrame:
        """Measure, in pieces of about so many rows; see `sweep_in_pieces`."""
        return sweep_in_pieces(
            dataset,
            classifier,
            contenders,
            self.work,
            rows=piece,
            deadline=self.deadline,
            jobs=1,
            progress=self.say,
        )

    def statistics(self, subject: Subject, subsampling: str) -> FrequencyStatistics:
        """Give the statistics of a subject's calibration photos, none of which is tested; they are kept."""
        parts = (code_identity("statistics/*.py"), subject.calibrating.digest, subject.tested.digest, subsampling)
        path = self.work / f"statistics-{sha256(repr(parts).encode()).hexdigest()[:20]}.json"
        if not path.exists():
            self.check_time(f"before the statistics of {subject.name}")
            found = subject.statistics(subsampling).statistics()
            if found.failures:
                raise ValueError(f"{subject.calibration}: {found.failures[0]}")
            self.work.mkdir(parents=True, exist_ok=True)
            found.save(path)
        return FrequencyStatistics.load(path)

    def file(self, *names: str, suffix: str) -> Path:
        """Name a file of the results after what it holds; what file names had better not have becomes a hyphen."""
        return self.results / (re.sub(r"[^\w .,+()-]", "-", "-".join(names)) + suffix)

    def check_time(self, what: str) -> None:
        """Raise `Unfinished` if the time is over."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise Unfinished(what)

    def say(self, text: str) -> None:
        """Say how far it is, on stderr."""
        print(text, file=sys.stderr, flush=True)  # noqa: T201 - an experiment's command


def main(run: Callable[[Experiment], None], script: str, arguments: Sequence[str] | None = None) -> None:
    """Parse the command of an experiment and run it.

    Parameters
    ----------
    run : callable
        The experiment.
    script : str
        The ``__file__`` of its script; ``config.toml`` and ``results`` are beside it.
    arguments : sequence of str, optional
        Instead of the command line's.
    """
    here = Path(script).resolve().parent
    parser = argparse.ArgumentParser(description=(sys.modules["__main__"].__doc__ or "").strip().partition("\n")[0])
    parser.add_argument("--config", type=Path, default=here / "config.toml", help="subjects and settings")
    parser.add_argument("--subject", action="append", default=[], help="only this subject; may be repeated")
    parser.add_argument("--limit", type=int, help="at most so many test photos: a trial, not the result")
    parser.add_argument("-o", "--results", type=Path, default=here / "results", help="folder for the results")
    parser.add_argument("--work", type=Path, help="folder for what is measured so far (the user's cache)")
    parser.add_argument("--minutes", type=float, help="stop about then with status 75; the same command goes on")
    options = parser.parse_args(arguments)
    config = tomllib.loads(options.config.read_text("utf-8"))
    work = options.work or Path(platformdirs.user_cache_dir("dnjpeg", appauthor=False)) / "experiments" / here.name
    deadline = None if options.minutes is None else time.monotonic() + 60 * options.minutes
    try:
        subjects = parse_subjects(config, names=tuple(options.subject), limit=options.limit)
        options.results.mkdir(parents=True, exist_ok=True)
        experiment = Experiment(config, tuple(subjects), options.results, work, deadline)
        run(experiment)
    except Unfinished as reason:
        sys.stderr.write(f"not finished ({reason}): run the same command again\n")
        raise SystemExit(75) from None
    except (ValueError, OSError) as error:
        raise SystemExit(f"error: {error}") from None
