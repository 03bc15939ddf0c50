"""What a coarse step in one group of bands costs while all other bands keep step 1.

Usage: python experiments/band_groups/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dnjpeg.evaluation import parse_contenders
from dnjpeg.evaluation.band_groups import GROUPS, by_magnitude, by_position, group_contenders
from dnjpeg.evaluation.bootstrap import interval, resampled_means
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.metrics import summarize
from dnjpeg.evaluation.pieces import compact
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.rows import ORIGINAL, write_rows
from dnjpeg.evaluation.subjects import Subject

PAPER = {"LF": 5, "MF": 20, "HF": 60}
COLORS = {"LF": "#d55e00", "MF": "#0072b2", "HF": "#009e73"}
LOSSLESS = "JPEG 100"  # all steps 1, which is what the changes refer to: chroma subsampling alone costs something
COLUMNS = ["step", "images", "bytes", "top1", "change", "change_low", "change_high", "agreement", "kl"]


def run(experiment: Experiment) -> None:
    """Measure calibration and test images of every subject, choose on the first, report on the second."""
    tables = [measure(experiment, subject, spec) for subject in experiment.subjects for spec in subject.classifiers]
    points = pd.concat(tables, ignore_index=True)
    points.round(5).to_csv(experiment.results / "points.csv", index=False, lineterminator="\n")
    choice = pd.concat([choose(table, experiment.config["tolerance"]) for table in tables], ignore_index=True)
    choice.round(5).to_csv(experiment.results / "largest_steps.csv", index=False, lineterminator="\n")
    (experiment.results / "steps.png").write_bytes(render(draw(points), "png"))


def measure(experiment: Experiment, subject: Subject, spec: str) -> pd.DataFrame:
    """Summaries of one classifier, on calibration and on test images, beneath each other."""
    subsampling = experiment.config["subsampling"]
    statistics = experiment.statistics(subject, subsampling)
    deltas = np.stack([statistics.std(component) for component in statistics.components])
    kinds = {"position": by_position(), "magnitude": by_magnitude(deltas)}
    contenders = [
        *parse_contenders(["jpeg:100"], subsampling=subsampling),
        *group_contenders(kinds, experiment.config["steps"], subsampling=subsampling),
    ]
    classifier = subject.classifier(spec)
    found = []
    for part, dataset in (("calibration", subject.calibrating), ("test", subject.tested)):
        rows = experiment.rows(subject.aligned(dataset, classifier), classifier, contenders, piece=4000)
        if part == "test":
            write_rows(compact(rows), experiment.file("rows", subject.name, classifier.name, suffix=".parquet"))
        summary = summarize(rows)
        summary = summary[summary["family"] != ORIGINAL].rename(columns={"setting": "step"})
        summary = summary.assign(**changes(rows, summary["contender"].tolist()))
        words = summary["family"].str.split(" by ", n=1, expand=True)
        names = {"subject": subject.name, "classifier": classifier.name, "part": part}
        group = {"group": words[0].replace("JPEG", "none"), "by": words[1].fillna("")}
        table = summary[COLUMNS].assign(**names, **group)
        found.append(table[[*names, *group, *COLUMNS]])
    return pd.concat(found, ignore_index=True)


def changes(rows: pd.DataFrame, contenders: list[str]) -> dict[str, np.ndarray]:
    """Give changes of top-1 against all steps 1, with their paired bootstrap intervals."""
    wide = rows.pivot(index="image", columns="contender", values="top1").astype(float)
    change = wide[contenders].to_numpy() - wide[[LOSSLESS]].to_numpy()
    low, high = interval(resampled_means(change, 2000))
    return {"change": change.mean(axis=0), "change_low": low, "change_high": high}


def choose(points: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Find each group's largest step that costs next to nothing on calibration images, and its test figures."""
    found = []
    for (kind, group), table in points[points["by"] != ""].groupby(["by", "group"], sort=False):
        calibration = table[table["part"] == "calibration"].sort_values("step")
        harmless = (calibration["change"] >= -tolerance).cummin().to_numpy()
        step = calibration["step"].to_numpy()[harmless].max(initial=1)
        test = table[(table["part"] == "test") & (table["step"] == step)]
        cost = {name: test[name].iloc[0] if len(test) else np.nan for name in COLUMNS[2:]}
        names = {name: table[name].iloc[0] for name in ("subject", "classifier")}
        found.append({**names, "by": kind, "group": group, "paper": PAPER[str(group)], "step": step, **cost})
    return pd.DataFrame(found)


def draw(points: pd.DataFrame) -> Figure:
    """Change of top-1 over the step, test images, one panel for each classifier and kind of groups."""
    test = points[(points["part"] == "test") & (points["by"] != "")]
    panels = list(test.groupby(["subject", "classifier", "by"], sort=False))
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.2 * columns, 3.6 * rows), layout="constrained")
    axes = np.ravel(figure.subplots(rows, columns, sharex=True, squeeze=False))
    for panel, ((subject, classifier, kind), table) in zip(axes, panels, strict=False):
        for group in GROUPS:
            line = table[table["group"] == group]
            low, high = 100 * line["change_low"], 100 * line["change_high"]
            panel.fill_between(line["step"], low, high, color=COLORS[group], alpha=0.12, linewidth=0)
            panel.plot(line["step"], 100 * line["change"], "o-", color=COLORS[group], markersize=3, label=group)
            panel.axvline(PAPER[group], color=COLORS[group], linewidth=0.8, linestyle=":")
        panel.set_xscale("log")
        panel.set_xticks(sorted(set(test["step"])), [f"{step:g}" for step in sorted(set(test["step"]))])
        panel.minorticks_off()
        panel.set_title(f"{subject}, {classifier}: groups by {kind}", fontsize=10, loc="left")
        panel.grid(color="#dddddd", linewidth=0.6)
        panel.set_xlabel("step in this group, 1 in the others (dotted: the paper's)")
        panel.set_ylabel("change of top-1, points")
    axes[0].legend(frameon=False)
    return figure


if __name__ == "__main__":
    main(run, __file__)
