"""The folder of results: everything is written aside, then put in place by renaming."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from dnjpeg.evaluation.plots import curves_figure, render
from dnjpeg.evaluation.provenance import versions
from dnjpeg.evaluation.report import plot_title, render_report
from dnjpeg.evaluation.rows import write_rows
from dnjpeg.evaluation.study import Study
from dnjpeg.evaluation.verdicts import as_records

__all__ = ["FILES", "check_folder", "summary_records", "write_results"]

FILES = {
    "rows.parquet": "one row per image and contender",
    "summary.csv": "one line per contender",
    "summary.json": "the same with how it was measured",
    "accuracy.png": "top-1 accuracy against compression ratio",
    "accuracy.svg": "the same as vectors",
    "report.html": "all of it, to read",
}


def check_folder(folder: Path, *, force: bool) -> None:
    """Find out before any work whether results can be written.

    Raises
    ------
    FileExistsError
        If there are results already and `force` does not give leave to replace them.
    OSError
        If the folder cannot be made or written to.
    """
    existing = [name for name in FILES if (folder / name).exists()]
    if existing and not force:
        raise FileExistsError(f"{folder} holds results already ({existing[0]}); use --force to replace them")
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".dnjpeg-", dir=folder):
            pass
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from None
    if made:
        folder.rmdir()


def write_results(study: Study, folder: Path) -> None:
    """Write `FILES` into a folder; if that fails, none of them is changed.

    Raises
    ------
    OSError
        If something cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".dnjpeg-", dir=folder))
    try:
        _write(study, aside)
        for name in FILES:
            (aside / name).replace(folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(study: Study, folder: Path) -> None:
    write_rows(study.result.rows, folder / "rows.parquet")
    study.summary.to_csv(folder / "summary.csv", index=False, lineterminator="\n", float_format="%.6g")
    content = {
        "measured": _measured(study),
        "contenders": summary_records(study.summary),
        "equal_accuracy": as_records(study.comparison) if study.comparison else None,
        "rank_correlation": [] if study.correlations is None else summary_records(study.correlations),
    }
    (folder / "summary.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    figure = curves_figure({"": study.summary}, reference=study.references[0], title=plot_title(study))
    for suffix in ("png", "svg"):
        (folder / f"accuracy.{suffix}").write_bytes(render(figure, suffix))
    (folder / "report.html").write_text(render_report(study), encoding="utf-8")


def summary_records(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the summary as JSON can hold it: None where a number does not exist."""
    return [
        {
            str(name): None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in line.items()
        }
        for line in summary.to_dict("records")
    ]


def _measured(study: Study) -> dict[str, Any]:
    return {
        "data": study.dataset.name,
        "images": study.images,
        "classifier": study.classifier.name,
        "weights_hash": study.classifier.weights_hash,
        "preprocessing": study.classifier.preprocessing,
        "engine": study.classifier.engine_description,
        "crops": str(study.result.rows["crops"].iloc[0]),
        "fidelity": study.fidelity,
        "subsampling": study.subsampling,
        "references": list(study.references),
        "calibration": study.calibration,
        "versions": versions(),
        "command": study.command,
        "notes": list(study.notes),
        "failures": [str(failure) for failure in study.result.failures],
    }
