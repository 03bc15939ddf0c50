"""Which k3, and which thresholds T1 and T2, suit the map of DeepN-JPEG.

Usage: python experiments/deepn_constants/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dnjpeg import FrequencyStatistics
from dnjpeg.evaluation import Contender, jpeg_contender, parse_contenders
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.metrics import JPEG_FAMILY, summarize
from dnjpeg.evaluation.pieces import compact
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.rows import ORIGINAL, write_rows
from dnjpeg.evaluation.subjects import Subject
from dnjpeg.tables import design

RATIO = "bytes_ratio_at_equal_kl"
COLUMNS = ["bytes", "CR (QF 100)", "top1_change", "top1_change_low", "top1_change_high", "kl"]
PAPER = {"k3, literal": "k3 = 3", "k3, rank": "k3 = 3", "T1, T2": "T = 20, 60", "ranks": "6 LF, 22 MF"}


def run(experiment: Experiment) -> None:
    """Measure all variants on calibration and test images; choose on the first, report on the second."""
    tables = [measure(experiment, subject, spec) for subject in experiment.subjects for spec in subject.classifiers]
    points = pd.concat(tables, ignore_index=True)
    points.round(5).to_csv(experiment.results / "points.csv", index=False, lineterminator="\n")
    choice = pd.concat([choose(table) for table in tables], ignore_index=True)
    choice.round(5).to_csv(experiment.results / "choice.csv", index=False, lineterminator="\n")
    (experiment.results / "constants.png").write_bytes(render(draw(points), "png"))


def variants(config: dict[str, Any], statistics: FrequencyStatistics) -> Iterator[Contender]:
    """DeepN-JPEG with other constants, one at a time."""
    for mode in ("literal", "rank"):
        for k3 in config["k3"]:
            yield _contender(config, f"k3, {mode}", f"k3 = {k3:g}", statistics, mode=mode, k3=k3)
    for t1, t2 in config["thresholds"]:
        yield _contender(config, "T1, T2", f"T = {t1}, {t2}", statistics, mode="literal", t1=t1, t2=t2)
    for low, middle in config["ranks"]:
        text = f"{low} LF, {middle} MF"
        yield _contender(config, "ranks", text, statistics, mode="rank", low_bands=low, middle_bands=middle)


def _contender(config: dict[str, Any], study: str, text: str, statistics: FrequencyStatistics, **how: Any) -> Contender:
    tables = design.deepn(statistics, **how)
    return jpeg_contender(f"{study}: {text}", f"{study}: {text}", None, tables, subsampling=config["subsampling"])


def measure(experiment: Experiment, subject: Subject, spec: str) -> pd.DataFrame:
    """Summaries of one classifier, on calibration and on test images."""
    config = experiment.config
    statistics = experiment.statistics(subject, config["subsampling"])
    contenders = [
        *parse_contenders([config["jpeg"]], subsampling=config["subsampling"]),
        *variants(config, statistics),
    ]
    classifier = subject.classifier(spec)
    found = []
    for part, dataset in (("calibration", subject.calibrating), ("test", subject.tested)):
        rows = experiment.rows(subject.aligned(dataset, classifier), classifier, contenders)
        if part == "test":
            write_rows(compact(rows), experiment.file("rows", subject.name, classifier.name, suffix=".parquet"))
        summary = summarize(rows, references=("QF 100",))
        summary = summary[~summary["family"].isin([ORIGINAL, JPEG_FAMILY])]
        words = summary["family"].str.split(": ", n=1, expand=True)
        names = {"subject": subject.name, "classifier": classifier.name, "part": part}
        table = summary.assign(**names, study=words[0], variant=words[1])
        found.append(table[[*names, "study", "variant", "images", *COLUMNS, RATIO, f"{RATIO}_low", f"{RATIO}_high"]])
    return pd.concat(found, ignore_index=True)


def choose(points: pd.DataFrame) -> pd.DataFrame:
    """Give for each study the variant with fewest bytes at equal KL on calibration images, beside the paper's."""
    found = []
    for study, table in points.groupby("study", sort=False):
        calibration = table[table["part"] == "calibration"].set_index("variant")[RATIO].dropna()
        best = calibration.idxmin() if len(calibration) else None
        test = table[table["part"] == "test"].set_index("variant")
        for role, variant in (("paper", PAPER[str(study)]), ("chosen on calibration", best)):
            if variant in test.index:
                line = {"subject": table["subject"].iloc[0], "classifier": table["classifier"].iloc[0], "study": study}
                figures = test.loc[[variant]].reset_index().iloc[0]
                kept = figures[["variant", *COLUMNS, RATIO, f"{RATIO}_low", f"{RATIO}_high"]].to_dict()
                found.append({**line, "role": role, "ratio on calibration": calibration.get(variant, np.nan), **kept})
    return pd.DataFrame(found)


def draw(points: pd.DataFrame) -> Figure:
    """Bytes at equal KL of every variant, calibration and test images side by side."""
    panels = list(points.groupby(["subject", "classifier"], sort=False))
    figure = Figure(figsize=(6.4 * len(panels), 7), layout="constrained")
    for place, ((subject, classifier), table) in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), place)
        test = table[table["part"] == "test"].reset_index(drop=True)
        calibration = table[table["part"] == "calibration"].reset_index(drop=True)
        y = -np.arange(len(test))
        errors = np.abs(test[[f"{RATIO}_low", f"{RATIO}_high"]].to_numpy().T - test[RATIO].to_numpy())
        axes.errorbar(test[RATIO], y, xerr=errors, fmt="o", color="#0072b2", markersize=4, label="test, 95 %")
        axes.plot(calibration[RATIO], y, "x", color="#d55e00", markersize=5, label="calibration")
        axes.axvline(1, color="#4d4d4d", linewidth=1)
        axes.set_yticks(y, test["study"] + ": " + test["variant"], fontsize=8)
        axes.set_title(f"{subject}, {classifier}", fontsize=10, loc="left")
        axes.set_xlabel("bytes at equal KL, against standard JPEG (below 1: fewer)")
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.legend(frameon=False, loc="upper right")
    return figure


if __name__ == "__main__":
    main(run, __file__)
