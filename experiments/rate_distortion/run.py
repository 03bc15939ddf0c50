"""Rate–distortion optimised quantization: bytes at equal PSNR, and at equal divergence of networks.

Usage: python experiments/rate_distortion/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import dnjpeg
from dnjpeg import RateDistortion
from dnjpeg.evaluation import Contender, compare
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.pieces import compact
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.rows import ORIGINAL, write_rows
from dnjpeg.evaluation.subjects import Subject
from dnjpeg.statistics.sensitivity import Sensitivity
from dnjpeg.tables import QuantizationTables, resolve

HERE = Path(__file__).parent
MOBILENET = HERE.parent / "fewer_bytes" / "mobilenet_v2.py"
DRAWS = 2000
VERSION = f"dnjpeg {dnjpeg.__version__}"


def run(experiment: Experiment) -> None:
    """Measure every contender on every subject, by PSNR and by every classifier."""
    ratios = []
    for subject in experiment.subjects:
        competing = list(contenders(experiment, subject))
        ratios.append(at_equal_psnr(experiment, subject, competing))
        for spec in subject.classifiers:
            named = f"{MOBILENET}:load" if spec == "mobilenet_v2" else spec
            classifier = subject.classifier(named)
            rows = experiment.rows(subject.aligned(subject.tested, classifier), classifier, competing, piece=700)
            write_rows(compact(rows), experiment.results / f"rows-{subject.name}-{classifier.name}.parquet")
            ratios.append(at_equal_divergence(rows).assign(subject=subject.name, judge=classifier.name))
    table = pd.concat(ratios, ignore_index=True)
    order = ["subject", "judge", "at", "family", "ratio", "low", "high"]
    table[order].round(4).to_csv(experiment.results / "ratios.csv", index=False, lineterminator="\n")
    (experiment.results / "ratios.png").write_bytes(render(draw(table), "png"))


def contenders(experiment: Experiment, subject: Subject) -> Iterator[Contender]:
    """Make all: rounded and optimised, with standard tables and with those for networks."""
    config = experiment.config
    yield from (contender("JPEG", quality, resolve(quality), None) for quality in config["qualities"])
    for name in config["tables"]:
        yield contender("machine tables", step_of(name), resolve(name), None)
    for choice in config["choice"]:
        weights = choice["weights"]
        chosen = subject.extra.get("strengths", {}).get(weights, choice["strengths"])
        numbers = sensitivities(experiment) if weights == "sensitivity" else weights
        for strength in chosen:
            rdo = RateDistortion(strength, numbers)
            for quality in config["optimized"]:
                yield contender(f"JPEG, {weights} {strength:g}", quality, resolve(quality), rdo)
            for name in config["tables"]:
                yield contender(f"machine tables, {weights} {strength:g}", step_of(name), resolve(name), rdo)


def step_of(name: str) -> float:
    """Step of a shipped table for networks."""
    return float(name.removeprefix("machine-"))


def sensitivities(experiment: Experiment) -> list[np.ndarray]:
    """Load what networks mind, from calibration photos alone."""
    path = os.environ.get("DNJPEG_SENSITIVITY", str(experiment.work / "sensitivity.json"))
    found = Sensitivity.load(path)
    return [found.mean_square(index) for index in range(3)]


def contender(family: str, setting: float, tables: QuantizationTables, rdo: RateDistortion | None) -> Contender:
    """Make one point of a curve."""
    settings = {"huffman": "optimal", "subsampling": "4:2:0", "rdo": None}
    if rdo is not None:
        weights = rdo.weights if isinstance(rdo.weights, str) else np.round(rdo.weights, 9).tolist()
        settings["rdo"] = {"strength": rdo.strength, "weights": weights, "passes": rdo.passes}
    return Contender(
        name=f"{family} @{setting:g}",
        family=family,
        setting=setting,
        settings=settings,
        encode=lambda pixels: dnjpeg.encode(pixels, tables=tables, rdo=rdo),
        decode=dnjpeg.decode,
        encoder=VERSION,
        decoder=VERSION,
        tables=tables,
    )


def at_equal_divergence(rows: pd.DataFrame) -> pd.DataFrame:
    """Give bytes as a ratio to those of standard JPEG."""
    found = compare(rows)
    return pd.DataFrame(
        [
            {"at": str(target), "family": s.family, "ratio": s.ratio, "low": s.ratio_low, "high": s.ratio_high}
            for target, standings in found.standings.items()
            for s in standings
            if target.measure == "kl" and s.family not in ("JPEG", ORIGINAL)
        ]
    )


def at_equal_psnr(experiment: Experiment, subject: Subject, competing: list[Contender]) -> pd.DataFrame:
    """Compare at equal PSNR, of the mean squared error over all photos, with intervals from resampled photos."""
    path = experiment.results / f"psnr-{subject.name}.csv"
    photos = [photo.open().pixels() for photo in subject.tested.photos]
    names = [Path(photo.identifier).stem for photo in subject.tested.photos]
    made = {one.name: (one.family, [one.encode(pixels) for pixels in photos]) for one in competing}
    made |= by_mozjpeg(experiment.work / "mozjpeg", names)
    sizes = np.array([[len(data) for data in files] for _, files in made.values()], np.float64)
    errors = np.array([list(map(squared_error, files, photos)) for _, files in made.values()])
    points = pd.DataFrame(
        {
            "contender": list(made),
            "family": [family for family, _ in made.values()],
            "bytes": sizes.mean(axis=1).round(1),
            "psnr": (10 * np.log10(255**2 / errors.mean(axis=1))).round(4),
        }
    )
    points.to_csv(path, index=False, lineterminator="\n")
    families = points["family"].to_numpy()
    chance = np.random.default_rng(0)
    draws = chance.multinomial(len(photos), np.full(len(photos), 1 / len(photos)), DRAWS) / len(photos)
    found = []
    for wanted in experiment.config["psnr"]:
        needed = {
            family: needed_bytes(sizes[families == family], errors[families == family], draws, wanted)
            for family in dict.fromkeys(families)
        }
        for family, (value, resampled) in needed.items():
            ratios = resampled / needed["JPEG"][1]
            low, high = np.quantile(ratios, [0.025, 0.975]) if np.isfinite(ratios).all() else (np.nan, np.nan)
            if family != "JPEG":
                found.append(
                    {
                        "subject": subject.name,
                        "judge": "PSNR",
                        "at": f"{wanted} dB",
                        "family": family,
                        "ratio": value / needed["JPEG"][0],
                        "low": low,
                        "high": high,
                    }
                )
    return pd.DataFrame(found)


def squared_error(data: bytes, pixels: np.ndarray) -> float:
    """Mean squared error of a file."""
    return float(np.mean((dnjpeg.decode(data).astype(np.float64) - pixels) ** 2))


def by_mozjpeg(folder: Path, names: list[str]) -> dict[str, tuple[str, list[bytes]]]:
    """Take the files that `mozjpeg.mjs` wrote, if there are some; 18 bytes more each, for a JFIF segment as ours."""
    if not folder.is_dir() or not (folder / f"{names[0]}-trellis-75.jpg").exists():
        return {}
    found = {}
    for quality in (12, 20, 40, 60, 75, 85, 92):
        files = [(folder / f"{name}-trellis-{quality}.jpg").read_bytes() + bytes(18) for name in names]
        found[f"mozjpeg's trellis @{quality}"] = "mozjpeg's trellis", files
    return found


def needed_bytes(sizes: np.ndarray, errors: np.ndarray, draws: np.ndarray, wanted: float) -> tuple[float, np.ndarray]:
    """Bytes at a PSNR, of all photos and of each draw; not a number beyond a curve's ends."""
    all_of = np.full(sizes.shape[1], 1 / sizes.shape[1])

    def at(weights: np.ndarray) -> float:
        curve = np.stack([10 * np.log10(255**2 / (errors @ weights)), np.log(sizes @ weights)])
        fidelity, logs = curve[:, np.argsort(curve[0])]
        return float(np.exp(np.interp(wanted, fidelity, logs, left=np.nan, right=np.nan)))

    return at(all_of), np.array([at(weights) for weights in draws])


def draw(table: pd.DataFrame) -> Figure:
    """Ratios on the photos that are reported on, a panel a judge."""
    shown = table[table["subject"] == table["subject"].iloc[-1]]
    judges = list(dict.fromkeys(shown["judge"]))
    figure = Figure(figsize=(4 * len(judges) + 3, 4.6), layout="constrained")
    panels = figure.subplots(1, len(judges), sharey=True, squeeze=False)[0]
    families = list(dict.fromkeys(shown["family"]))
    for panel, judge in zip(panels, judges, strict=True):
        of_judge = shown[shown["judge"] == judge]
        targets = list(dict.fromkeys(of_judge["at"]))
        for number, family in enumerate(families):
            line = of_judge[of_judge["family"] == family].set_index("at").reindex(targets)
            low, high = (line[end].replace([0, np.inf], np.nan).fillna(line["ratio"]) for end in ("low", "high"))
            errors = np.stack([line["ratio"] - low, high - line["ratio"]]).clip(0)
            x = np.arange(len(targets)) + 0.06 * (number - len(families) / 2)
            style = {"marker": "o" if family.startswith("JPEG") else "s", "markersize": 4, "capsize": 2, "lw": 1}
            panel.errorbar(x, line["ratio"], errors, label=family, **style)
        panel.axhline(1, color="#4d4d4d", lw=1)
        panel.set_xticks(range(len(targets)), targets)
        panel.set_title(judge)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("bytes, as a ratio to standard JPEG")
    panels[-1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


if __name__ == "__main__":
    main(run, __file__)
