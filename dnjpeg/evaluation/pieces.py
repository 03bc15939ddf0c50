"""A sweep in pieces: for experiments that take longer than one wants to wait at a time.

Each piece, a few hundred or thousand rows, is a file that is there as a whole or not at all. A run that was killed, or
that was given a deadline, goes on where it stopped; measurements of other code, other photos, another network or other
contenders are kept apart.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pandas as pd

from dnjpeg.evaluation.classifiers import Classifier
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.provenance import code_identity
from dnjpeg.evaluation.rows import read_rows, write_rows
from dnjpeg.evaluation.sweeping import sweep

__all__ = ["Unfinished", "compact", "sweep_in_pieces"]


class Unfinished(Exception):  # noqa: N818 - nothing went wrong
    """The time that was given is over; run it again to go on."""


def sweep_in_pieces(
    dataset: Dataset,
    classifier: Classifier,
    contenders: Sequence[Contender],
    folder: Path,
    *,
    rows: int = 4000,
    deadline: float | None = None,
    jobs: int | None = None,
    crops: str = "center",
    fidelity: bool = False,
    progress: Callable[[str], object] = lambda text: None,
) -> pd.DataFrame:
    """Do what `dnjpeg.evaluation.sweep` does, a piece at a time.

    Parameters
    ----------
    dataset, classifier, contenders, jobs, crops, fidelity
        See `dnjpeg.evaluation.sweeping.sweep`; the dataset's labels are the classifier's.
    folder : Path
        Where the pieces are kept, in a folder of their own for this sweep.
    rows : int
        About how many rows a piece has.
    deadline : float, optional
        By `time.monotonic`. No piece is begun after it.
    progress : callable
        Called with a line of text after each piece.

    Returns
    -------
    DataFrame
        All rows.

    Raises
    ------
    Unfinished
        If the deadline came first.
    ValueError
        If a photo, or a contender's version of one, cannot be measured, which in an experiment is an error.
    """
    photos = dataset.photos
    size = max(1, rows // (len(contenders) + 1))
    kept = folder / _key(dataset, classifier, contenders, crops, fidelity, size)
    kept.mkdir(parents=True, exist_ok=True)
    pieces = []
    for start in range(0, len(photos), size):
        path = kept / f"{start:07d}.parquet"
        if not path.exists():
            if deadline is not None and time.monotonic() > deadline:
                raise Unfinished(f"{start} of {len(photos)} photos with {classifier.name}")
            part = replace(dataset, photos=photos[start : start + size])
            result = sweep(part, classifier, contenders, jobs=jobs, crops=crops, fidelity=fidelity)
            if result.failures:
                raise ValueError(f"{dataset.name}: {result.failures[0]}")
            unfinished = path.with_suffix(".part.parquet")
            write_rows(result.rows, unfinished)
            unfinished.replace(path)
            progress(f"{classifier.name}: {min(start + size, len(photos))} of {len(photos)} photos")
        pieces.append(read_rows(path))
    return pd.concat(pieces, ignore_index=True)


def _key(
    dataset: Dataset, classifier: Classifier, contenders: Sequence[Contender], crops: str, fidelity: bool, size: int
) -> str:
    """Hash what decides the rows, and how they are cut into pieces."""
    parts = (
        code_identity(),
        dataset.name,
        dataset.digest,
        classifier.identity,
        [(contender.name, contender.family, contender.setting, contender.identity) for contender in contenders],
        crops,
        fidelity,
        size,
    )
    return sha256(json.dumps(parts).encode()).hexdigest()[:24]


def compact(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out of rows what no figure needs, so that hundreds of thousands of them make a small file.

    Divergences keep four decimal places; the images' hashes and the probabilities of the label and of the prediction
    are left out. `dnjpeg.evaluation.read_rows`, `dnjpeg compare` and `dnjpeg plot` take what is left.
    """
    missing = pd.Series(float("nan"), index=rows.index, dtype="float32")
    kl = rows["kl"].astype("float64").round(4).astype("float32")
    return rows.assign(image_hash="", probability=missing, confidence=missing, kl=kl)
