"""Adversarial examples and the defences of Feature Distillation: unaware and adaptive attackers, one pass and two.

Usage: python experiments/feature_distillation/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from matplotlib.figure import Figure

from dnjpeg.evaluation import Classifier
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.provenance import code_identity
from dnjpeg.evaluation.robustness import (
    AttackSettings,
    Defence,
    Victim,
    accuracies,
    as_seen,
    attack,
    parse_defence,
    victim_of,
)
from dnjpeg.evaluation.subjects import Subject

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
KEYS = ["subject", "classifier", "attacker", "passes", "attack"]
CHUNK = 100
SOURCES = ("evaluation/robustness/*.py", "tables/design/*.py", "vision/**/*.py")


@dataclass
class Trial:
    """One subject and classifier, with what has been measured so far."""

    experiment: Experiment
    subject: Subject
    classifier: Classifier
    plan: dict[str, Any]
    fast: Classifier | None = None
    rows: list[pd.DataFrame] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.victim: Victim = victim_of(self.classifier)
        self.settings = AttackSettings(**self.plan.get("settings", {}))
        config = self.experiment.config
        own = self.plan.get("adaptive_defences", [])
        names = dict.fromkeys([*config["defences"], *config["two_pass"], *config["adaptive"], *own])
        self.defences = {name: parse_defence(name, subsampling=config["subsampling"]) for name in names}

    def kept(self, what: str, images: Pixels, make: Callable[[int], Pixels], chunk: int = CHUNK) -> Pixels:
        """Compute images, or whatever has a line an image, a chunk at a time; what is done is kept."""
        identity = (what, self.classifier.identity, self.settings, self.experiment.config["subsampling"])
        key = sha256(repr((code_identity(*SOURCES), identity)).encode() + images.tobytes()).hexdigest()[:20]
        folder = self.experiment.work / (key if chunk == CHUNK else f"{key}-{chunk}")
        folder.mkdir(parents=True, exist_ok=True)
        parts = []
        for start in range(0, len(images), chunk):
            path = folder / f"{start:06d}.npy"
            if not path.exists():
                self.experiment.check_time(f"{self.subject.name}: {what}, {start} of {len(images)}")
                part = make(start)
                np.save(path.with_suffix(".part.npy"), part)
                path.with_suffix(".part.npy").replace(path)
                self.experiment.say(f"{self.subject.name}: {what}, {min(start + chunk, len(images))}")
            parts.append(np.load(path))
        return np.concatenate(parts)

    def seen(self, dataset: Dataset) -> tuple[list[str], Pixels, Labels]:
        """Names, pixels as the network sees them, and labels."""
        photos = self.subject.aligned(dataset, self.classifier).photos
        pixels = np.stack([as_seen(self.classifier, self.victim, photo.open().pixels()) for photo in photos])
        return [photo.identifier for photo in photos], pixels, np.array([photo.label for photo in photos])

    def predicted(self, images: Pixels, defence: Defence, times: int = 1) -> Labels:
        """Predictions for defended images."""

        def make(start: int) -> Labels:
            part = images[start : start + CHUNK]
            for _ in range(times):
                part = defence(part)
            return self.predict(part)

        return self.kept(f"{defence.name}, {times} times", images, make)

    def predict(self, images: Pixels) -> Labels:
        """Predict classes, with whatever engine runs the network fastest; gradients are PyTorch's."""
        if self.fast is None:
            return self.victim.predict(images)
        seen = torch.from_numpy(images).permute(0, 3, 1, 2).float() * self.victim.scale + self.victim.offset
        return self.fast.log_probabilities(list(seen)).argmax(axis=1)

    def attacked(self, spec: str, images: Pixels, labels: Labels, defence: Defence | None = None) -> Pixels:
        """Attack images; with a defence, through its twin."""
        network = self.victim.behind(defence.twin()) if defence else self.victim
        chunk = self.plan.get("chunk", CHUNK)
        through = f" through {defence.name}" if defence else ""

        def make(start: int) -> Pixels:
            part = slice(start, start + chunk)
            return attack(network, spec, images[part], labels[part], self.settings)

        return self.kept(f"{spec}{through}", images, make, chunk)

    def note(
        self,
        names: list[str],
        labels: Labels,
        predictions: Labels,
        defence: str,
        clean: Pixels,
        found: Pixels,
        **key: Any,
    ) -> None:
        """Write down predictions, and how far the images are from the clean ones: levels, and the L2 norm of x/255."""
        change = np.abs(found.astype(np.int16) - clean).reshape(len(clean), -1)
        lines = pd.DataFrame({"image": names, "label": labels, "prediction": predictions})
        lines["correct"] = predictions == labels
        lines["linf"] = change.max(axis=1)
        lines["l2"] = np.round(np.sqrt(np.square(change / 255).sum(axis=1)), 4).astype(np.float32)
        lines.insert(0, "subject", self.subject.name)
        lines.insert(1, "classifier", self.classifier.name)
        for name, value in {**key, "defence": defence}.items():
            lines[name] = value
        self.rows.append(lines)


def run(experiment: Experiment) -> None:
    """Every subject and classifier; tables and plot of all."""
    parts, benign = [], []
    for subject in experiment.subjects:
        plan = dict(subject.extra["attacks"])
        for spec in subject.classifiers:
            fast = subject.classifier(spec) if plan.get("compiled") else None
            trial = Trial(experiment, subject, subject.classifier(spec, engine="torch"), plan, fast)
            benign.append(measure_benign(trial))
            measure_attacks(trial)
            rows = pd.concat(trial.rows, ignore_index=True)
            parts.append(rows)
            path = experiment.file("rows", subject.name, trial.classifier.name, suffix=".parquet")
            rows.to_parquet(path, index=False, compression="zstd", compression_level=15)
    rows = pd.concat(parts, ignore_index=True)
    table = accuracies(rows, KEYS)
    sizes = rows[rows["defence"] != ""].groupby(KEYS, sort=False)[["linf", "l2"]].median().reset_index()
    table = table.merge(sizes, on=KEYS, how="left")
    table.round(4).to_csv(experiment.results / "adversarial.csv", index=False, lineterminator="\n")
    versus(rows).round(4).to_csv(experiment.results / "against_jpeg.csv", index=False, lineterminator="\n")
    benign_table = pd.concat(benign, ignore_index=True)
    benign_table.round(4).to_csv(experiment.results / "benign.csv", index=False, lineterminator="\n")
    (experiment.results / "defences.png").write_bytes(render(draw(table, benign_table), "png"))


def versus(rows: pd.DataFrame) -> pd.DataFrame:
    """Compare the defences with standard JPEG of two qualities, on the same attacked images."""
    tables = []
    for baseline in ("jpeg:90", "jpeg:75"):
        table = accuracies(rows[rows["passes"] == "one"], KEYS, baseline=baseline).dropna(subset="gain")
        tables.append(table[[*KEYS, "defence", "images", "gain", "gain_low", "gain_high"]].assign(over=baseline))
    return pd.concat(tables, ignore_index=True)


def measure_benign(trial: Trial) -> pd.DataFrame:
    """Accuracy of the defences without an attack, on all calibration and all test images."""
    parts = []
    for part, dataset in (("calibration", trial.subject.calibrating), ("test", trial.subject.tested)):
        names, pixels, labels = trial.seen(dataset)
        for name, defence in trial.defences.items():
            correct = trial.predicted(pixels, defence) == labels
            parts.append(pd.DataFrame({"part": part, "image": names, "defence": name, "correct": correct}))
    table = accuracies(pd.concat(parts, ignore_index=True), ["part"])
    table.insert(0, "subject", trial.subject.name)
    table.insert(1, "classifier", trial.classifier.name)
    return table


def measure_attacks(trial: Trial) -> None:
    """Unaware attackers, one pass and two, and adaptive ones; on test images that are classified correctly."""
    config, plan = trial.experiment.config, trial.plan
    names, pixels, labels = trial.seen(trial.subject.tested)
    correct = np.flatnonzero(trial.predicted(pixels, trial.defences["none"]) == labels)
    count = min(plan["seeds"], len(correct))
    chosen = correct[np.arange(count) * len(correct) // count]
    few = plan.get("few", {})

    def seeds_of(what: str) -> tuple[list[str], Pixels, Labels]:
        limit = min(few.get(what, count), count)
        seeds = chosen[np.arange(limit) * count // limit]
        return [names[seed] for seed in seeds], pixels[seeds], labels[seeds]

    for spec in plan["attacks"]:
        named, clean, truth = seeds_of(spec)
        found = trial.attacked(spec, clean, truth)
        key = {"attacker": "unaware", "passes": "one", "attack": spec}
        for name in config["defences"]:
            trial.note(named, truth, trial.predicted(found, trial.defences[name]), name, clean, found, **key)
        if spec in plan.get("two_pass_attacks", ()):
            limit = min(few.get("two passes", len(named)), len(named))
            part = np.arange(limit) * len(named) // limit
            measure_two_passes(trial, spec, [named[i] for i in part], clean[part], truth[part], found[part])
    adaptive = plan.get("adaptive_defences", config["adaptive"])
    for spec in plan["adaptive"]:
        named, clean, truth = seeds_of(spec)
        found = trial.attacked(spec, clean, truth)
        key = {"attacker": "unaware", "passes": "one", "attack": spec}
        for name in ("none", *adaptive):
            trial.note(named, truth, trial.predicted(found, trial.defences[name]), name, clean, found, **key)
        for name in adaptive:
            defence = trial.defences[name]
            found = trial.attacked(spec, clean, truth, defence)
            key = {"attacker": "adaptive", "passes": "one", "attack": spec}
            trial.note(named, truth, trial.predicted(found, defence), name, clean, found, **key)


def measure_two_passes(trial: Trial, spec: str, named: list[str], clean: Pixels, truth: Labels, found: Pixels) -> None:
    """Defend at the sensor too: the attack comes between the two passes, or before both."""
    for name in trial.experiment.config["two_pass"]:
        defence = trial.defences[name]
        key = {"attacker": "unaware", "passes": "two, attack before both", "attack": spec}
        trial.note(named, truth, trial.predicted(found, defence, times=2), name, clean, found, **key)
        sensed = trial.kept(f"{name} at the sensor", clean, lambda start, d=defence: d(clean[start : start + CHUNK]))
        between = trial.attacked(spec, sensed, truth)
        key["passes"] = "two, attack between"
        trial.note(named, truth, trial.predicted(between, defence), name, sensed, between, **key)


def draw(table: pd.DataFrame, benign: pd.DataFrame) -> Figure:
    """Accuracy of each defence: benign, under unaware and under adaptive attacks; a panel for each classifier."""
    panels = list(table.groupby(["subject", "classifier"], sort=False))
    figure = Figure(figsize=(13, 4.8 * len(panels)), layout="constrained")
    for place, ((subject, classifier), part) in enumerate(panels, start=1):
        axes = figure.add_subplot(len(panels), 1, place)
        one = part[(part["passes"] == "one") & (part["attacker"] == "unaware")]
        clean = benign[(benign["subject"] == subject) & (benign["part"] == "test")].set_index("defence")
        names = [name for name in clean.index if name in set(one["defence"])]
        axes.plot(names, 100 * clean["accuracy"][names], "k_", markersize=22, label="no attack")
        attacks = list(dict.fromkeys(one["attack"]))
        adaptive = part[part["attacker"] == "adaptive"]
        for index, spec in enumerate(attacks):
            line = one[one["attack"] == spec].set_index("defence")
            shift = 0.7 * ((index + 0.5) / len(attacks) - 0.5)
            x = [names.index(name) + shift for name in line.index]
            errors = 100 * np.abs(line[["accuracy_low", "accuracy_high"]].to_numpy().T - line["accuracy"].to_numpy())
            (drawn, *_) = axes.errorbar(x, 100 * line["accuracy"], errors, fmt="o", markersize=4, label=spec)
            known = adaptive[adaptive["attack"] == spec]
            x = [names.index(name) + shift for name in known["defence"]]
            axes.plot(x, 100 * known["accuracy"], "v", color=drawn.get_color(), markersize=8, markerfacecolor="none")
        axes.set_title(f"{subject}, {classifier} (triangles: the attacker knows the defence)", fontsize=10, loc="left")
        axes.set_ylabel("accuracy, %")
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.legend(frameon=False, ncols=4, fontsize=8)
    return figure


if __name__ == "__main__":
    main(run, __file__)
