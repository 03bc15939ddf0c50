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
from dnjpeg.evaluation.rows import write_rows
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


def measure(experiment: Experiment, subject: Subject, spec: str) -> pd.DataFrame:
    """Sweep one classifier; write its rows and who wins where."""
    config = experiment.config
    statistics = experiment.statistics(subject, config["subsampling"])
    contenders = parse_contenders(config["contenders"], statistics=statistics, subsampling=config["subsampling"])
    classifier = subject.classifier(spec)
    rows = experiment.rows(subject.aligned(subject.tested, classifier), classifier, contenders)
    stem = f"{subject.name}-{classifier.name}"
    write_rows(compact(rows), experiment.results / f"rows-{stem}.parquet")
    verdicts = report_text(compare(rows))
    (experiment.results / f"verdicts-{stem}.txt").write_text(verdicts.rstrip() + "\n", "utf-8")
    summary = summarize(rows, references=config["references"])
    summary.insert(0, "subject", subject.name)
    summary.insert(1, "classifier", classifier.name)
    coded = rows.groupby("contender")["entropy_bytes"].mean()
    summary["entropy_bytes"] = summary["contender"].map(coded)
    summary["CR (QF 100), entropy-coded parts"] = coded["JPEG 100"] / summary["entropy_bytes"]
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


if __name__ == "__main__":
    main(run, __file__)
