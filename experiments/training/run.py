"""CASE 1 and CASE 2: networks trained on clean or on compressed images, tested on both.

Usage: python experiments/training/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from dnjpeg.evaluation import Contender, parse_contenders
from dnjpeg.evaluation.cases import CASES, Correct, Key, Size, accuracies, against_jpeg, cases
from dnjpeg.evaluation.classes import align
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.measure import entropy_coded_bytes
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.pieces import Unfinished
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.provenance import code_identity
from dnjpeg.evaluation.robustness import Victim, as_seen, victim_of
from dnjpeg.evaluation.rows import ORIGINAL
from dnjpeg.evaluation.subjects import Subject
from dnjpeg.evaluation.training import TrainingSettings, train
from dnjpeg.evaluation.untrained import untrained

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
QF_100 = "JPEG 100"


@dataclass(frozen=True)
class Start:
    """Where trainings begin: a network's name, and what makes it for a seed; and its test and training images."""

    name: str
    make: Callable[[int], Victim]
    names: list[str]
    tested: tuple[Pixels, Labels]
    trained: tuple[Pixels, Labels]


def run(experiment: Experiment) -> None:
    """Train on every version, test on every version."""
    tables: dict[str, list[pd.DataFrame]] = {"accuracies": [], "cases": [], "against_jpeg": []}
    for subject in experiment.subjects:
        for start in starts(subject):
            correct, sizes = measure(experiment, subject, start)
            names = {"subject": subject.name, "network": start.name}
            found = {
                "accuracies": accuracies(correct, sizes),
                "cases": cases(correct),
                "against_jpeg": against_jpeg(correct, sizes),
            }
            for name, table in found.items():
                tables[name].append(table.assign(**names)[[*names, *table.columns]])
    whole = {name: pd.concat(parts, ignore_index=True) for name, parts in tables.items()}
    for name, table in whole.items():
        table.round(5).to_csv(experiment.results / f"{name}.csv", index=False, lineterminator="\n")
    (experiment.results / "training.png").write_bytes(render(draw(whole["accuracies"]), "png"))


def starts(subject: Subject) -> Iterator[Start]:
    """Give the networks that are trained from scratch, ``networks``, and those trained further, ``classifiers``."""
    for spec in subject.extra.get("networks", ()):
        classes = class_count(subject)
        tested, trained = (pixels_of(align(part, classes, None)) for part in (subject.tested, subject.calibrating))
        scale, offset = normalisation(trained[0])

        def fresh(seed: int, spec: str = spec, classes: int = classes, how: Any = (scale, offset)) -> Victim:
            return Victim(untrained(spec, classes, seed), *how)

        yield Start(spec, fresh, [photo.identifier for photo in subject.tested.photos], tested, trained)
    for spec in subject.classifiers:
        classifier = subject.classifier(spec, engine="torch")
        victim = victim_of(classifier)

        def seen(pixels: Pixels, how: Any = (classifier, victim)) -> Pixels:
            return as_seen(*how, pixels)

        parts = [subject.aligned(part, classifier) for part in (subject.tested, subject.calibrating)]
        yield Start(
            classifier.name,
            lambda _, victim=victim: Victim(deepcopy(victim.network), victim.scale, victim.offset),
            [photo.identifier for photo in parts[0].photos],
            pixels_of(parts[0], seen),
            pixels_of(parts[1], seen),
        )


def class_count(subject: Subject) -> int:
    """Count the classes of a subject's images."""
    names = subject.calibrating.class_names
    return len(names) if names else 1 + max(photo.label for photo in subject.calibrating.photos)


def pixels_of(dataset: Dataset, seen: Callable[[Pixels], Pixels] = lambda pixels: pixels) -> tuple[Pixels, Labels]:
    """Give all images, uint8 (N, h, w, 3), and their labels."""
    images = [seen(photo.open().pixels()) for photo in dataset.photos]
    images = [image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2) for image in images]
    if len({image.shape for image in images}) > 1:
        raise ValueError(f"{dataset.name}: networks are trained on images of one size: give the subject a side")
    return np.stack(images), np.array([photo.label for photo in dataset.photos])


def normalisation(images: Pixels) -> tuple[torch.Tensor, torch.Tensor]:
    """Give scale and offset that make each channel's mean 0 and its deviation 1."""
    mean, deviation = images.mean(axis=(0, 1, 2)), np.maximum(images.std(axis=(0, 1, 2)), 1)
    scale = torch.from_numpy(1 / deviation).float().reshape(3, 1, 1)
    return scale, -torch.from_numpy(mean).float().reshape(3, 1, 1) * scale


def measure(experiment: Experiment, subject: Subject, start: Start) -> tuple[Correct, dict[str, Size]]:
    """Train one network on each version and test it; keep its predictions."""
    subsampling = experiment.config["subsampling"]
    statistics = experiment.statistics(subject, subsampling)
    listed = [f"jpeg:{QF_100.split()[1]}", *subject.extra["versions"]]
    contenders: dict[str, Contender | None] = {ORIGINAL: None}
    contenders |= {one.name: one for one in parse_contenders(listed, statistics=statistics, subsampling=subsampling)}
    trained: dict[str, int] = subject.extra["trained"]
    if unknown := [name for name in trained if name not in contenders]:
        raise ValueError(f"subject {subject.name!r}: no version is called {unknown[0]!r}: {', '.join(contenders)}")
    images, labels = start.tested
    predictions: dict[Key, Labels] = {}
    sizes: dict[str, Size] = {}
    for seed in range(max(trained.values())):
        for version in [name for name, seeds in trained.items() if seed < seeds]:
            network = trained_on(experiment, subject, start, version, contenders[version], seed)
            tested = contenders if version == ORIGINAL else dict.fromkeys([ORIGINAL, QF_100, *trained])
            for name in tested:
                compressed, sizes[name] = compress(experiment, images, contenders[name])
                text = f"{start.name}: trained on {version} ({seed}), tested on {name}"
                predictions[Key(version, seed, name)] = predicted(experiment, network, compressed, text)
    keep = pd.DataFrame({"image": start.names, "label": labels.astype(np.int16)})
    for key, found in predictions.items():
        keep[f"trained {key.trained}, seed {key.seed}, tested {key.tested}"] = found.astype(np.int16)
    path = experiment.file("predictions", subject.name, start.name, suffix=".parquet")
    keep.to_parquet(path, index=False, compression="zstd", compression_level=15)
    return {key: found == labels for key, found in predictions.items()}, sizes


def compress(experiment: Experiment, clean: Pixels, contender: Contender | None) -> tuple[Pixels, Size]:
    """Give images after compression, and how many bytes they have on average."""
    if contender is None:
        return clean, Size(clean.size / len(clean), np.nan)
    key = sha256(repr((code_identity(), contender.identity)).encode() + clean.tobytes()).hexdigest()[:20]
    path = experiment.work / f"{key}.npz"
    if not path.exists():
        experiment.check_time(f"before {contender.name}")
        files = [contender.encode(image) for image in clean]
        sizes = [sum(map(count, files)) / len(files) for count in (len, entropy_coded_bytes)]
        experiment.work.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, images=np.stack([contender.decode(file) for file in files]), sizes=sizes)
        unfinished.replace(path)
        experiment.say(f"{contender.name}: {len(files)} images")
    with np.load(path) as kept:
        return kept["images"], Size(*map(float, kept["sizes"]))


def trained_on(
    experiment: Experiment, subject: Subject, start: Start, name: str, contender: Contender | None, seed: int
) -> Victim:
    """Train a network on one version of the calibration images."""
    settings = TrainingSettings(**subject.extra["training"])
    settings = replace(settings, seed=settings.seed + seed)
    victim = start.make(settings.seed)
    images, _ = compress(experiment, start.trained[0], contender)
    digest = sha256(repr((settings, weights_of(victim.network))).encode() + start.trained[1].tobytes())
    digest.update(images.tobytes())
    try:
        train(
            victim.network,
            images,
            start.trained[1],
            settings,
            experiment.work / f"{digest.hexdigest()[:20]}.pt",
            scale=victim.scale,
            offset=victim.offset,
            deadline=experiment.deadline,
        )
    except Unfinished as reason:
        raise Unfinished(f"{start.name}, {name}: {reason}") from None
    experiment.say(f"{start.name}: trained on {name} ({seed})")
    return Victim(victim.network, victim.scale, victim.offset)


def weights_of(network: nn.Module) -> bytes:
    """Hash a network's state."""
    state = network.state_dict().values()
    return sha256(b"".join(value.detach().cpu().contiguous().numpy().tobytes() for value in state)).digest()


def predicted(experiment: Experiment, network: Victim, images: Pixels, what: str) -> Labels:
    """Predict classes; what is done is kept."""
    key = sha256(weights_of(network.network) + images.tobytes()).hexdigest()[:20]
    path = experiment.work / f"predictions-{key}.npy"
    if not path.exists():
        experiment.check_time(what)
        found = network.predict(images, batch_size=100)
        experiment.work.mkdir(parents=True, exist_ok=True)
        np.save(path.with_suffix(".part.npy"), found)
        path.with_suffix(".part.npy").replace(path)
        experiment.say(what)
    kept: Labels = np.load(path)
    return kept


def draw(table: pd.DataFrame) -> Figure:
    """Accuracy over the bytes: CASE 1, CASE 2, and trained and tested alike; a panel for each network."""
    panels = list(table.groupby(["subject", "network"], sort=False))
    figure = Figure(figsize=(13, 4.6 * len(panels)), layout="constrained")
    grid = figure.subplots(len(panels), 2, squeeze=False, sharey="row")
    for row, ((subject, network), part) in zip(grid, panels, strict=True):
        for axes, column, label in zip(
            row, ("bytes tested", "entropy bytes tested"), ("whole files", "entropy-coded parts"), strict=True
        ):
            draw_cases(axes, part, column)
            axes.set(xlabel=f"compression ratio against QF 100, {label}", ylabel="accuracy, %")
            axes.set_title(f"{subject}, {network}", fontsize=10, loc="left")
    grid[0, 0].legend(frameon=False, fontsize=8)
    return figure


def draw_cases(axes: Axes, part: pd.DataFrame, column: str) -> None:
    """Draw standard JPEG as a line, the others as marks; the mean of the seeds."""
    sizes = part.groupby("tested")[column].first()
    lines = {
        "CASE 1": part[part["trained"] == ORIGINAL].groupby("tested")["accuracy"].mean(),
        "CASE 2": part[part["tested"] == ORIGINAL].groupby("trained")["accuracy"].mean(),
        "alike": part[part["trained"] == part["tested"]].groupby("tested")["accuracy"].mean(),
    }
    words = ("trained clean, tested compressed", "trained compressed, tested clean", "trained and tested alike")
    for color, case, text in zip(("#d55e00", "#0072b2", "#009e73"), CASES, words, strict=True):
        shown = pd.DataFrame({"accuracy": 100 * lines[case], "ratio": sizes[QF_100] / sizes}).dropna()
        shown = shown.drop(ORIGINAL, errors="ignore").sort_values("ratio")
        names = shown.index.str
        for mask, style in (
            (names.fullmatch(r"JPEG \d+"), "o-"),
            (names.startswith("DeepN literal"), "s"),
            (names.startswith("DeepN rank"), "D"),
            (names.startswith("SAME-Q"), "^"),
        ):
            label = f"{case}: {text}" if style == "o-" else None
            axes.plot(shown["ratio"][mask], shown["accuracy"][mask], style, color=color, markersize=4, label=label)
    axes.axhline(100 * lines["alike"].get(ORIGINAL, np.nan), color="#4d4d4d", linewidth=0.8)
    axes.grid(color="#dddddd", linewidth=0.6)


if __name__ == "__main__":
    main(run, __file__)
