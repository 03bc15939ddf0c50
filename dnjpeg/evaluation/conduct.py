"""From photos, a classifier and contenders to a `Study`: what `dnjpeg evaluate` and `dnjpeg demo` share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from dnjpeg.evaluation.cache import MeasurementCache
from dnjpeg.evaluation.calibration import Calibration
from dnjpeg.evaluation.classes import align
from dnjpeg.evaluation.classifiers import Classifier
from dnjpeg.evaluation.comparison import Comparison, compare
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.correlation import rank_correlations
from dnjpeg.evaluation.metrics import JPEG_FAMILY, RAW, pair, summarize
from dnjpeg.evaluation.photos import Dataset, FilePhoto
from dnjpeg.evaluation.rows import ORIGINAL
from dnjpeg.evaluation.specs import parse_contenders
from dnjpeg.evaluation.study import FEW, Study
from dnjpeg.evaluation.sweeping import SweepResult, sweep
from dnjpeg.folders import JPEG_SUFFIXES

__all__ = ["conduct", "with_reference"]

USUAL_REFERENCES = ("QF 100", "QF 75", RAW)


def with_reference(contenders: Sequence[Contender], reference: str, subsampling: str) -> list[Contender]:
    """Return the contenders, and, if the reference is ``"QF n"``, standard JPEG of that quality among them.

    Raises
    ------
    ValueError
        If n is no quality, or the reference is neither that, nor ``"raw RGB"``, ``"files"`` or a contender's name.
    """
    found = re.fullmatch(r"QF (\d+)", reference.upper())
    names = [contender.name for contender in contenders]
    if found and f"{JPEG_FAMILY} {found[1]}" not in names:
        return [*parse_contenders([f"jpeg:{found[1]}"], subsampling=subsampling), *contenders]
    if not found and reference.lower() not in ("raw", RAW.lower(), "files") and reference not in names:
        raise ValueError(f"the reference {reference!r} is neither {RAW}, files, QF 1 to QF 100, nor a contender")
    return list(contenders)


def conduct(
    dataset: Dataset,
    classifier: Classifier,
    contenders: Sequence[Contender],
    *,
    reference: str,
    subsampling: str,
    command: str,
    calibration: Calibration | None = None,
    notes: Sequence[str] = (),
    cache_file: Path | None = None,
    jobs: int | None = None,
    batch_size: int | None = None,
    crops: str = "center",
    fidelity: bool = True,
    progress: Callable[[int], object] = lambda rows: None,
) -> Study:
    """Sweep and summarize.

    Parameters
    ----------
    dataset, classifier, contenders
        What meets; the dataset's classes are matched to the classifier's.
    reference : str
        What plots' compression ratios refer to, see `dnjpeg.evaluation.metrics.reference_bytes`.
    subsampling, command, calibration, notes
        For the report, see `Study`; notes on small samples and the like are added.
    cache_file : Path, optional
        See `MeasurementCache`; None: nothing is remembered.
    jobs, batch_size, crops, fidelity, progress
        See `dnjpeg.evaluation.sweeping.sweep`.

    Raises
    ------
    ValueError
        If the parts don't fit together, or no photo could be measured with every contender.
    OSError
        If the cache cannot be used.
    """
    dataset = align(dataset, classifier.class_count, classifier.class_names)
    cache = MeasurementCache(cache_file) if cache_file else None
    try:
        result = sweep(
            dataset,
            classifier,
            contenders,
            cache=cache,
            jobs=jobs,
            batch_size=batch_size,
            crops=crops,
            fidelity=fidelity,
            progress=progress,
        )
    finally:
        if cache:
            cache.close()
    if result.rows.empty:
        raise ValueError(f"none of {len(dataset.photos)} photos could be measured; {result.failures[0]}")
    references = _references(reference, contenders)
    summary = summarize(result.rows, references=references)
    return Study(
        dataset=dataset,
        classifier=classifier,
        contenders=tuple(contenders),
        result=result,
        summary=summary,
        references=references,
        subsampling=subsampling,
        calibration=calibration.description if calibration else None,
        command=command,
        comparison=_comparison(result.rows),
        correlations=rank_correlations(pair(result.rows)),
        notes=(*notes, *_notes(dataset, result, int(summary["images"].iloc[0]), calibration)),
    )


def _comparison(rows: pd.DataFrame) -> Comparison | None:
    """Compare at equal accuracy, if there is a curve of standard JPEG to compare with."""
    points = rows.loc[rows["family"] == JPEG_FAMILY, "contender"].nunique()
    return compare(rows) if points > 1 else None


def _references(first: str, contenders: Sequence[Contender]) -> tuple[str, ...]:
    """Return the chosen reference, then the usual ones that are to be had."""
    names = {contender.name for contender in contenders}
    usual = [name for name in USUAL_REFERENCES if name == RAW or name.replace("QF", JPEG_FAMILY) in names]
    return tuple(dict.fromkeys([first, *usual]))


def _notes(dataset: Dataset, result: SweepResult, images: int, calibration: Calibration | None) -> list[str]:
    notes = []
    if images < FEW:
        notes.append(
            f"Only {images} photos: one photo more or less is {100 / images:.1f} points of accuracy. Read the "
            "intervals, not the points, and measure on your own data before you decide anything."
        )
    if calibration and not calibration.checked:
        notes.append(
            "The tables were designed from a file of statistics, so that nobody could check whether the test photos "
            "are among the images it was made of. If they are, the results prove nothing."
        )
    jpegs = sum(isinstance(photo, FilePhoto) and photo.path.suffix.lower() in JPEG_SUFFIXES for photo in dataset.photos)
    if jpegs:
        notes.append(
            f"{jpegs:,} of the {len(dataset.photos):,} photos are JPEG files already. Here “{ORIGINAL}” means: as "
            "decoded from that file. What its compression took away is gone for every contender alike."
        )
    lost = len(dataset.photos) - images
    if lost:
        notes.append(
            f"{lost:,} photos are not in the summary because they, or a contender's version of them, could not be "
            f"measured ({len(result.failures)} failures, listed at the end)."
        )
    return notes
