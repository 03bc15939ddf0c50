"""CASE 1 and CASE 2: networks trained on clean or on compressed images, tested on both.

Usage: python experiments/training/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

from copy import deepcopy
from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from dnjpeg.evaluation import Contender, parse_contenders
from dnjpeg.evaluation.bootstrap import interval, resampled_means
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.metrics import wilson
from dnjpeg.evaluation.pieces import Unfinished
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.provenance import code_identity
from dnjpeg.evaluation.robustness import Victim, as_seen, victim_of
from dnjpeg.evaluation.rows import ORIGINAL
from dnjpeg.evaluation.subjects import Subject
from dnjpeg.evaluation.training import TrainingSettings, fine_tune

Pixels = npt.NDArray[np.uint8]
AS_GIVEN = "as given"


def run(experiment: Experiment) -> None:
    """Train on every version, test on every version."""
    tables = [measure(experiment, subject, spec) for subject in experiment.subjects for spec in subject.classifiers]
    table = pd.concat(tables, ignore_index=True)
    table.round(5).to_csv(experiment.results / "accuracies.csv", index=False, lineterminator="\n")
    (experiment.results / "training.png").write_bytes(render(draw(table), "png"))


def measure(experiment: Experiment, subject: Subject, spec: str) -> pd.DataFrame:
    """Predictions of one network, trained on each version, for each version of the test images."""
    classifier = subject.classifier(spec, engine="torch")
    victim = victim_of(classifier)
    statistics = experiment.statistics(subject, experiment.config["subsampling"])
    contenders: dict[str, Contender | None] = {ORIGINAL: None}
    for contender in parse_contenders(
        ["jpeg:100", *experiment.config["versions"]],
        statistics=statistics,
        subsampling=experiment.config["subsampling"],
    ):
        contenders[contender.name] = contender
    tested = subject.aligned(subject.tested, classifier).photos
    labels = np.array([photo.label for photo in tested])
    clean = np.stack([as_seen(classifier, victim, photo.open().pixels()) for photo in tested])
    versions = {name: version(experiment, clean, contender) for name, contender in contenders.items()}
    predictions = {}
    for trained in (AS_GIVEN, *experiment.config["trained"]):
        network = victim if trained == AS_GIVEN else train(experiment, subject, victim, contenders[trained], trained)
        for name, (images, _) in versions.items():
            predictions[trained, name] = predicted(
                experiment, network, images, f"trained on {trained}, tested on {name}"
            )
    keep = pd.DataFrame({"image": [photo.identifier for photo in tested], "label": labels.astype(np.int16)})
    for (trained, name), found in predictions.items():
        keep[f"trained {trained}, tested {name}"] = found.astype(np.int16)
    path = experiment.results / f"predictions-{subject.name}-{classifier.name}.parquet"
    keep.to_parquet(path, index=False, compression="zstd", compression_level=15)
    sizes = {name: total / len(clean) for name, (_, total) in versions.items()}
    return summarize(predictions, labels, sizes).assign(subject=subject.name, classifier=classifier.name)


def version(experiment: Experiment, clean: Pixels, contender: Contender | None) -> tuple[Pixels, int]:
    """Images after compression, and how many bytes all their files have."""
    if contender is None:
        return clean, clean.size
    key = sha256(repr((code_identity(), contender.identity)).encode() + clean.tobytes()).hexdigest()[:20]
    path = experiment.work / f"{key}.npz"
    if not path.exists():
        experiment.check_time(f"before {contender.name}")
        files = [contender.encode(image) for image in clean]
        experiment.work.mkdir(parents=True, exist_ok=True)
        images = np.stack([contender.decode(file) for file in files])
        np.savez(path, images=images, bytes=sum(map(len, files)))
        experiment.say(f"{contender.name}: {len(files)} images")
    with np.load(path) as kept:
        return kept["images"], int(kept["bytes"])


def predicted(experiment: Experiment, network: Victim, images: Pixels, what: str) -> npt.NDArray[np.int64]:
    """Predict classes, a part at a time; what is done is kept."""
    folder = experiment.work / sha256(weights_of(network) + images.tobytes()).hexdigest()[:20]
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(images), 2500):
        path = folder / f"{start:06d}.npy"
        if not path.exists():
            experiment.check_time(what)
            np.save(path, network.predict(images[start : start + 2500], batch_size=100))
        parts.append(np.load(path))
    experiment.say(what)
    return np.concatenate(parts)


def weights_of(victim: Victim) -> bytes:
    """Hash a network's state."""
    state = victim.network.state_dict().values()
    return sha256(b"".join(value.numpy().tobytes() for value in state)).digest()


def train(experiment: Experiment, subject: Subject, victim: Victim, contender: Contender | None, name: str) -> Victim:
    """Train the given network further on one version of the calibration images."""
    settings = TrainingSettings(**experiment.config["training"])
    photos = subject.calibrating.photos
    labels = np.array([photo.label for photo in photos])
    clean = np.stack([photo.open().pixels() for photo in photos])
    images, _ = version(experiment, clean, contender)
    key = sha256(repr((settings, weights_of(victim))).encode() + images.tobytes()).hexdigest()[:20]
    network = deepcopy(victim.network)
    try:
        fine_tune(
            network,
            images,
            labels,
            settings,
            experiment.work / f"{key}.pt",
            scale=victim.scale,
            offset=victim.offset,
            deadline=experiment.deadline,
        )
    except Unfinished as reason:
        raise Unfinished(f"{name}: {reason}") from None
    experiment.say(f"trained on {name}")
    return Victim(network, victim.scale, victim.offset)


def summarize(
    predictions: dict[tuple[str, str], npt.NDArray[np.int64]], labels: npt.NDArray[np.int64], sizes: dict[str, float]
) -> pd.DataFrame:
    """Accuracy of every training and test version, and its difference to the control: trained and tested clean."""
    correct = np.stack([found == labels for found in predictions.values()], axis=1).astype(np.float64)
    keys = list(predictions)
    control = keys.index((ORIGINAL, ORIGINAL))
    change = correct - correct[:, [control]]
    low, high = interval(resampled_means(change, 2000))
    lines = []
    for place, (trained, tested) in enumerate(keys):
        ends = wilson(correct[:, place].sum(), len(labels))
        lines.append(
            {
                "trained": trained,
                "tested": tested,
                "images": len(labels),
                "bytes tested": sizes[tested],
                "CR tested (QF 100)": sizes["JPEG 100"] / sizes[tested],
                "CR trained (QF 100)": np.nan if trained == AS_GIVEN else sizes["JPEG 100"] / sizes[trained],
                "accuracy": correct[:, place].mean(),
                "accuracy_low": ends[0],
                "accuracy_high": ends[1],
                "change": change[:, place].mean(),
                "change_low": low[place],
                "change_high": high[place],
            }
        )
    return pd.DataFrame(lines)


def draw(table: pd.DataFrame) -> Figure:
    """Accuracy over the compression ratio: CASE 1, CASE 2, and trained and tested alike."""
    panels = list(table.groupby(["subject", "classifier"], sort=False))
    figure = Figure(figsize=(8.6, 5 * len(panels)), layout="constrained")
    for place, ((subject, classifier), part) in enumerate(panels, start=1):
        axes = figure.add_subplot(len(panels), 1, place)
        cases = {
            "CASE 1: trained clean, tested compressed": (part["trained"] == ORIGINAL, "CR tested (QF 100)", "tested"),
            "CASE 2: trained compressed, tested clean": (part["tested"] == ORIGINAL, "CR trained (QF 100)", "trained"),
            "trained and tested alike": (part["trained"] == part["tested"], "CR tested (QF 100)", "tested"),
        }
        for color, (label, (mask, column, named)) in zip(("#d55e00", "#0072b2", "#009e73"), cases.items(), strict=True):
            shown = part[mask & ~part[named].isin([ORIGINAL, AS_GIVEN])].sort_values(column)
            for kind, marker in (("JPEG", "o-"), ("DeepN", "s"), ("SAME-Q", "^")):
                line = shown[shown[named].str.startswith(kind)]
                text = f"{label}: JPEG (circles), DeepN (squares), SAME-Q (triangles)" if kind == "JPEG" else None
                errors = 100 * np.abs(
                    line[["accuracy_low", "accuracy_high"]].to_numpy().T - line["accuracy"].to_numpy()
                )
                axes.errorbar(line[column], 100 * line["accuracy"], errors, fmt=marker, color=color, label=text)
        axes.set(xlabel="compression ratio against QF 100, whole files", ylabel="accuracy, %")
        axes.set_title(f"{subject}, {classifier}, fine-tuned", fontsize=10, loc="left")
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.legend(frameon=False, fontsize=8)
    return figure


if __name__ == "__main__":
    main(run, __file__)
