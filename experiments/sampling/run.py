"""Band statistics of several data sets, and how few images suffice for them.

Usage: python experiments/sampling/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from dnjpeg.codec.encoder import transform
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.provenance import code_identity
from dnjpeg.evaluation.subjects import Subject
from dnjpeg.tables import design

Floats = npt.NDArray[np.float64]
COMPONENTS = ("Y", "Cb", "Cr")
SEED = 1803


def run(experiment: Experiment) -> None:
    """Take the sums of every image once; all samples are sums of these."""
    bands, samples, tables = [], [], []
    for subject in experiment.subjects:
        sums = image_sums(experiment, subject)
        labels = np.array([photo.label for photo in subject.calibrating.photos])
        bands.append(band_table(subject.name, deviations(sums.sum(axis=0))))
        samples.append(sample_table(experiment, subject.name, sums, labels))
        tables.append(test_table(experiment, subject, sums))
    pd.concat(bands).round(4).to_csv(experiment.results / "bands.csv", index=False, lineterminator="\n")
    table = pd.concat(samples, ignore_index=True)
    table.round(5).to_csv(experiment.results / "samples.csv", index=False, lineterminator="\n")
    pd.concat(tables).round(4).to_csv(experiment.results / "test_images.csv", index=False, lineterminator="\n")
    (experiment.results / "sampling.png").write_bytes(render(draw(table, pd.concat(bands)), "png"))


def image_sums(experiment: Experiment, subject: Subject, part: str = "calibrating") -> Floats:
    """Count, sum and sum of squares of every image, component and band: (images, 3, 3, 64)."""
    dataset: Dataset = getattr(subject, part)
    photos, subsampling = dataset.photos, experiment.config["subsampling"]
    key = repr((code_identity(), dataset.digest, subsampling)).encode()
    path = experiment.work / f"sums-{sha256(key).hexdigest()[:20]}.npy"
    if path.exists():
        return np.load(path)
    found = np.zeros((len(photos), 3, 3, 64))
    for index, photo in enumerate(photos):
        if index % 500 == 0:
            experiment.check_time(f"{index} of {len(photos)} images of {subject.name}")
        pixels = photo.open().pixels()
        planes = transform(pixels, subsampling=subsampling)
        for component, plane in enumerate(planes):
            values = plane.reshape(-1, 64) / 8.0  # the codec's coefficients are 8 times the orthonormal ones
            found[index, component] = np.full(64, len(values)), values.sum(axis=0), np.square(values).sum(axis=0)
    experiment.work.mkdir(parents=True, exist_ok=True)
    np.save(path.with_suffix(".part.npy"), found)
    path.with_suffix(".part.npy").replace(path)
    experiment.say(f"{subject.name}: {len(photos)} images")
    return found


def deviations(sums: Floats) -> Floats:
    """Turn sums, (..., 3, 3, 64), into standard deviations, (..., 3, 8, 8)."""
    count, total, squares = np.moveaxis(sums, -2, 0)
    return np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0)).reshape(*total.shape[:-1], 8, 8)


def band_table(subject: str, deltas: Floats) -> pd.DataFrame:
    """Every band's standard deviation over all calibration images."""
    row, column = np.indices((8, 8)).reshape(2, 64)
    tables = [
        pd.DataFrame({"subject": subject, "component": name, "row": row, "column": column, "delta": map_.ravel()})
        for name, map_ in zip(COMPONENTS, deltas, strict=True)
    ]
    return pd.concat(tables, ignore_index=True)


def sample_table(experiment: Experiment, subject: str, sums: Floats, labels: npt.NDArray[np.int64]) -> pd.DataFrame:
    """How far samples of every k-th image of a class, and random ones of the same size, are from all images."""
    config = experiment.config
    everything = deviations(sums.sum(axis=0))
    designs = {mode: tables_of(everything, mode) for mode in config["modes"]}
    random = np.random.default_rng(SEED)
    rank = np.zeros(len(labels), int)  # an image's place within its class
    for label in np.unique(labels):
        rank[labels == label] = np.arange((labels == label).sum())
    place = np.arange(len(labels)) if rank.max() == 0 else rank  # classes of one image: every k-th of all
    found = []
    for every in config["every"]:
        if every > 1 and every > place.max() + 1:
            continue
        starts = np.linspace(0, every - 1, min(every, config["draws"])).astype(int)
        sizes = []
        for start in np.unique(starts):
            chosen = place % every == start
            sizes.append(int(chosen.sum()))
            found.append(compared(subject, "every k-th", every, sums[chosen], everything, designs))
        for _ in range(config["draws"] if every > 1 else 0):
            drawn = random.choice(len(labels), int(np.median(sizes)), replace=False)
            found.append(compared(subject, "random", every, sums[drawn], everything, designs))
    table = pd.DataFrame(found)
    keys = ["subject", "sampling", "every"]
    grouped = table.groupby(keys, sort=False)
    means = grouped.mean(numeric_only=True).add_suffix(" (mean)")
    worst = grouped.quantile(0.95, numeric_only=True).add_suffix(" (95 % of draws)")
    images = grouped["images"].median().rename("images")
    joined = pd.concat([images, grouped.size().rename("draws"), means, worst], axis=1).reset_index()
    return joined.drop(columns=["images (mean)", "images (95 % of draws)"])


def compared(subject: str, sampling: str, every: int, sums: Floats, all_: Floats, designs: dict[str, Floats]) -> dict:
    """Compare one sample's deviations, and the tables made of them, with those of all images."""
    deltas = deviations(sums.sum(axis=0))
    error = np.abs(deltas / all_ - 1)
    line = {"subject": subject, "sampling": sampling, "every": every, "images": len(sums)}
    line |= {"luma error, median band": np.median(error[0]), "luma error, worst band": error[0].max()}
    line |= {"chroma error, median band": np.median(error[1:]), "chroma error, worst band": error[1:].max()}
    for mode, table in designs.items():
        steps = np.abs(tables_of(deltas, mode) / table - 1)[0]
        line |= {f"{mode} luma steps, median change": np.median(steps), f"{mode} luma steps, worst change": steps.max()}
    return line


def tables_of(deltas: Floats, mode: str) -> Floats:
    """DeepN-JPEG's tables, (3, 8, 8)."""
    return np.stack(design.deepn(deltas, mode=mode).arrays).astype(np.float64)


def test_table(experiment: Experiment, subject: Subject, sums: Floats) -> pd.DataFrame:
    """Deviations of the test images over those of the calibration images: what no sampling of these can mend."""
    tested = deviations(image_sums(experiment, subject, "tested").sum(axis=0))
    ratio = tested / deviations(sums.sum(axis=0))
    return pd.DataFrame(
        {
            "subject": subject.name,
            "component": COMPONENTS,
            "test/calibration, median band": np.median(ratio.reshape(3, 64), axis=1),
            "lowest band": ratio.reshape(3, 64).min(axis=1),
            "highest band": ratio.reshape(3, 64).max(axis=1),
        }
    )


def draw(samples: pd.DataFrame, bands: pd.DataFrame) -> Figure:
    """Error over the number of images, and the data sets' luma bands by rank."""
    figure = Figure(figsize=(12, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (subject, sampling), part in samples.groupby(["subject", "sampling"], sort=False):
        shown = part[part["every"] > 1]
        style = "o-" if sampling == "every k-th" else "x:"
        left.plot(shown["images"], 100 * shown["luma error, worst band (mean)"], style, label=f"{subject}, {sampling}")
    left.set(xscale="log", yscale="log", xlabel="images", ylabel="error of δ, worst luma band, %")
    left.set_title("How few images suffice", fontsize=10, loc="left")
    for subject, part in bands[bands["component"] == "Y"].groupby("subject", sort=False):
        right.plot(range(1, 65), np.sort(part["delta"])[::-1], ".-", label=subject)
    for threshold in (20, 60):
        right.axhline(threshold, color="#7a7a7a", linewidth=0.8, linestyle=":")
    right.set(yscale="log", xlabel="luma band by rank", ylabel="δ (dotted: the paper's T1 = 20, T2 = 60)")
    right.set_title("Band statistics", fontsize=10, loc="left")
    for axes in (left, right):
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.legend(frameon=False, fontsize=8)
    return figure


if __name__ == "__main__":
    main(run, __file__)
