"""Size and accuracy of the DeepN-JPEG paper's contenders, across networks.

Usage: python experiments/methods/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from dnjpeg.evaluation import compare, parse_contenders, report_text
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.metrics import summarize
from dnjpeg.evaluation.pieces import compact
from dnjpeg.evaluation.plots import draw_curves, render
from dnjpeg.evaluation.rows import ORIGINAL, write_rows
from dnjpeg.evaluation.subjects import Subject


def run(experiment: Experiment) -> None:
    """Measure every contender on every subject and classifier."""
    summaries = {}
    for subject in experiment.subjects:
        for spec in subject.classifiers:
            summary = measure(experiment, subject, spec)
            summaries[summary["subject"].iloc[0], summary["classifier"].iloc[0]] = summary
    table = pd.concat(summaries.values(), ignore_index=True).dropna(axis=1, how="all")
    table.round(5).to_csv(experiment.results / "summary.csv", index=False, lineterminator="\n")
    (experiment.results / "methods.png").write_bytes(render(draw(summaries), "png"))
    (experiment.results / "overview.png").write_bytes(render(draw_overview(summaries), "png"))


def measure(experiment: Experiment, subject: Subject, spec: str) -> pd.DataFrame:
    """Sweep one classifier; write its rows and who wins where."""
    config = experiment.config
    subsampling = subject.extra.get("subsampling", config["subsampling"])
    statistics = experiment.statistics(subject, subsampling)
    contenders = parse_contenders(config["contenders"], statistics=statistics, subsampling=subsampling)
    classifier = subject.classifier(spec)
    dataset = subject.aligned(subject.tested, classifier)
    rows = experiment.rows(dataset, classifier, contenders, piece=subject.extra.get("piece", 2000))
    names = subject.name, classifier.name
    write_rows(compact(rows), experiment.file("rows", *names, suffix=".parquet"))
    verdicts = report_text(compare(rows))
    experiment.file("verdicts", *names, suffix=".txt").write_text(verdicts.rstrip() + "\n", "utf-8")
    summary = summarize(rows, references=config["references"]).drop(columns="probability")
    summary.insert(0, "subject", subject.name)
    summary.insert(1, "classifier", classifier.name)
    coded = summarize(rows.assign(bytes=rows["entropy_bytes"].fillna(rows["bytes"]).astype(int))).set_index("contender")
    summary["entropy_bytes"] = summary["contender"].map(coded["bytes"].drop(ORIGINAL))
    summary["CR (QF 100), entropy-coded parts"] = coded.loc["JPEG 100", "bytes"] / summary["entropy_bytes"]
    for column in (RATIO, f"{RATIO}_low", f"{RATIO}_high"):
        summary[f"{column}, entropy-coded parts"] = summary["contender"].map(coded[column])
    return summary


def draw(summaries: dict[tuple[str, str], pd.DataFrame]) -> Figure:
    """Top-1 over the compression ratio against QF 100, a panel for each subject and classifier."""
    rows = -(-len(summaries) // 2)
    figure = Figure(figsize=(15, 4.6 * rows), layout="constrained")
    for place, ((subject, classifier), summary) in enumerate(summaries.items(), start=1):
        axes = figure.add_subplot(rows, 2, place)
        title = f"{subject}, {classifier}, {summary['images'].iloc[0]:,} images"
        draw_curves(axes, {classifier: summary}, reference="QF 100", title=title)
    return figure


SHOWN = {
    "DeepN literal @50": "o",
    "DeepN rank @50": "s",
    "DeepN continuous @50": "^",
    "DeepN literal luma @50": "D",
    "DeepN literal luma @90": "d",
    "SAME-Q 12": "x",
}
RATIO = "bytes_ratio_at_equal_kl"


def draw_overview(summaries: dict[tuple[str, str], pd.DataFrame]) -> Figure:
    """Draw the first subject's curves, and every network's bytes at equal divergence beside standard JPEG's."""
    figure = Figure(figsize=(14, 5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    (subject, classifier), first = next(iter(summaries.items()))
    title = f"{subject}, {classifier}, {first['images'].iloc[0]:,} images"
    draw_curves(left, {classifier: first}, reference="QF 100", title=title)
    for index, (name, marker) in enumerate(SHOWN.items()):
        lines = [
            summary.set_index("contender").loc[name]
            for summary in summaries.values()
            if name in set(summary["contender"])
        ]
        if not lines:
            continue
        table = pd.DataFrame(lines)
        errors = (table[RATIO] - table[f"{RATIO}_low"], table[f"{RATIO}_high"] - table[RATIO])
        y = [-place + 0.14 * (2.5 - index) for place in range(len(table))]
        right.errorbar(table[RATIO], y, xerr=errors, fmt=marker, markersize=5, label=name.removesuffix(" @50"))
    labels = [f"{subject}\n{classifier}" for subject, classifier in summaries]
    right.set_yticks([-place for place in range(len(labels))], labels, fontsize=8)
    right.set_xlabel("whole files: bytes at equal KL, against standard JPEG (right of 1: more)")
    right.grid(axis="x", color="#dddddd", linewidth=0.6)
    if right.has_data():
        right.legend(frameon=False, fontsize=8)
    right.axvline(1, color="#4d4d4d", linewidth=1)
    return figure


if __name__ == "__main__":
    main(run, __file__)
