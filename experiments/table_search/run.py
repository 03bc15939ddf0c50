"""Tables from searches and from closed forms: bytes at equal divergence, as a ratio to standard JPEG.

Usage: python experiments/table_search/run.py [--help]
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dnjpeg.evaluation import Classifier, Contender, MeasurementCache, compare, summarize, sweep
from dnjpeg.evaluation.contenders import jpeg_contender
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.pieces import compact
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.rows import ORIGINAL, write_rows
from dnjpeg.tables import QuantizationTables, resolve

HERE = Path(__file__).parent
MOBILENET = HERE.parent / "fewer_bytes" / "mobilenet_v2.py"


def run(experiment: Experiment) -> None:
    """Measure every table at every scale on every classifier."""
    competing = list(contenders(experiment))
    ratios, summaries = [], []
    for subject in experiment.subjects:
        for spec in subject.classifiers:
            classifier = subject.classifier(f"{MOBILENET}:load" if spec == "mobilenet_v2" else spec)
            rows = measured(experiment, subject.aligned(subject.tested, classifier), classifier, competing)
            write_rows(compact(rows), experiment.results / f"rows-{subject.name}-{classifier.name}.parquet")
            ratios.append(at_equal_divergence(rows).assign(judge=classifier.name))
            summary = summarize(rows, references=experiment.config["references"]).drop(columns="probability")
            summaries.append(summary.assign(judge=classifier.name).dropna(axis=1, how="all"))
    table = pd.concat(ratios, ignore_index=True)
    order = ["judge", "at", "family", "bytes", "ratio", "low", "high"]
    table[order].round(4).to_csv(experiment.results / "ratios.csv", index=False, lineterminator="\n")
    pd.concat(summaries).round(5).to_csv(experiment.results / "summary.csv", index=False, lineterminator="\n")
    (experiment.results / "ratios.png").write_bytes(render(draw(table), "png"))


def measured(
    experiment: Experiment, dataset: Dataset, classifier: Classifier, competing: list[Contender]
) -> pd.DataFrame:
    """Sweep with a cache: a stopped run goes on, and a new table costs no more than itself."""
    experiment.work.mkdir(parents=True, exist_ok=True)
    cache = MeasurementCache(experiment.work / f"{classifier.name}.sqlite")
    try:
        result = sweep(dataset, classifier, competing, cache=cache, jobs=1, fidelity=False)
    finally:
        cache.close()
    if result.failures:
        raise ValueError(str(result.failures[0]))
    experiment.say(f"{classifier.name}: {len(result.rows)} rows, {result.measured} of them new")
    return result.rows


def contenders(experiment: Experiment) -> Iterator[Contender]:
    """Make the curves of the configuration."""
    for quality in experiment.config["qualities"]:
        yield jpeg_contender(f"JPEG {quality}", "JPEG", quality, resolve(quality))
    for family in experiment.config["family"]:
        for name in family["tables"]:
            path = HERE / "tables" / name
            tables = QuantizationTables.load(path) if path.exists() else resolve(name)
            for scale in family["scales"]:
                stem = Path(name).stem
                title = f"{stem} x{scale:g}" if len(family["scales"]) > 1 else stem
                made = scaled(tables, scale)
                setting = float(np.exp(np.mean(np.log(made.luma))))
                yield jpeg_contender(title, family["name"], round(setting, 2), made)


def scaled(tables: QuantizationTables, scale: float) -> QuantizationTables:
    """Multiply all steps."""
    return QuantizationTables(*(np.clip(np.rint(table * scale), 1, 255).astype(np.uint16) for table in tables.arrays))


def at_equal_divergence(rows: pd.DataFrame) -> pd.DataFrame:
    """Give bytes as a ratio to those of standard JPEG."""
    return pd.DataFrame(
        [
            {
                "at": target.value,
                "family": s.family,
                "bytes": s.least if s.measured else np.nan,
                "ratio": s.ratio,
                "low": s.ratio_low,
                "high": s.ratio_high,
            }
            for target, standings in compare(rows).standings.items()
            for s in standings
            if target.measure == "kl" and s.family not in ("JPEG", ORIGINAL)
        ]
    )


def draw(table: pd.DataFrame) -> Figure:
    """Ratios over the divergence, a panel a judge."""
    judges = list(dict.fromkeys(table["judge"]))
    figure = Figure(figsize=(4 * len(judges) + 3, 4.6), layout="constrained")
    panels = figure.subplots(1, len(judges), sharey=True, squeeze=False)[0]
    families = list(dict.fromkeys(table["family"]))
    for panel, judge in zip(panels, judges, strict=True):
        for number, family in enumerate(families):
            line = table[(table["judge"] == judge) & (table["family"] == family)]
            low, high = (line[end].replace([0, np.inf], np.nan).fillna(line["ratio"]) for end in ("low", "high"))
            errors = np.stack([line["ratio"] - low, high - line["ratio"]]).clip(0)
            x = line["at"] * 1.03 ** (number - len(families) / 2)
            panel.errorbar(x, line["ratio"], errors, label=family, marker="o", markersize=4, capsize=2, lw=1.2)
        panel.axhline(1, color="#4d4d4d", lw=1)
        panel.set(xscale="log", title=judge, xlabel="divergence (nats)")
        panel.set_xticks([0.03, 0.087, 0.167, 0.355], ["0.03", "0.087", "0.167", "0.355"], minor=False)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("bytes, as a ratio to standard JPEG at equal divergence")
    panels[-1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


if __name__ == "__main__":
    main(run, __file__)
