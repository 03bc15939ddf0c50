"""Of small images most bytes are tables: whole files, entropy-coded parts, and streams that share their tables.

Usage: python experiments/small_images/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

import dnjpeg
from dnjpeg.evaluation import Contender, parse_contenders
from dnjpeg.evaluation.bootstrap import interval, resampled_means
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.measure import entropy_coded_bytes
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.subjects import Subject

WAYS = {
    "standard": "whole file, standard Huffman tables",
    "optimal": "whole file, its own Huffman tables",
    "coded": "entropy-coded part, its own Huffman tables",
    "abbreviated": "no tables in the file: Huffman tables shared by all",
    "abbreviated coded": "entropy-coded part, shared Huffman tables",
}
REFERENCE = "JPEG 100"
Pixels = npt.NDArray[np.uint8]


def run(experiment: Experiment) -> None:
    """Measure sizes of all contenders in all ways."""
    tables = [summarize(measure(experiment, subject), subject.name) for subject in experiment.subjects]
    table = pd.concat(tables, ignore_index=True)
    table.round(4).to_csv(experiment.results / "sizes.csv", index=False, lineterminator="\n")
    (experiment.results / "sizes.png").write_bytes(render(draw(table), "png"))


def measure(experiment: Experiment, subject: Subject) -> pd.DataFrame:
    """Bytes of every image, contender and way; a row an image and contender."""
    config = experiment.config
    statistics = experiment.statistics(subject, config["subsampling"])
    contenders = parse_contenders(
        [*config["fixed"], *config["designed"]], statistics=statistics, subsampling=config["subsampling"]
    )
    sample = [photo.open().pixels() for photo in subject.calibrating.limited(config["sample"]).photos]
    images = [photo.open().pixels() for photo in subject.tested.photos]
    rows = []
    for contender in contenders:
        experiment.check_time(f"before {contender.name}")
        sizes = measure_contender(contender, sample, images, config["subsampling"])
        experiment.say(f"{subject.name}: {contender.name}")
        names = {"image": [photo.identifier for photo in subject.tested.photos], "contender": contender.name}
        rows.append(pd.DataFrame({**names, **{way: sizes[:, place] for place, way in enumerate(WAYS)}}))
    table = pd.concat(rows, ignore_index=True).astype(dict.fromkeys(WAYS, "int32"))
    path = experiment.file("rows", subject.name, suffix=".parquet")
    table.to_parquet(path, index=False, compression="zstd", compression_level=15)
    return table


def measure_contender(
    contender: Contender, sample: list[Pixels], images: list[Pixels], subsampling: str
) -> npt.NDArray[np.int64]:
    """Bytes of the images in all ways, (images, ways)."""
    how: dict[str, Any] = {"tables": contender.tables, "subsampling": subsampling}
    shared = dnjpeg.shared_tables(sample, **how)
    found = []
    for image in images:
        optimal = dnjpeg.encode(image, **how)
        abbreviated = dnjpeg.encode(image, coding_tables=shared, subsampling=subsampling, jfif=False)
        sizes = (len(dnjpeg.encode(image, optimize=False, **how)), len(optimal), entropy_coded_bytes(optimal))
        found.append((*sizes, len(abbreviated), entropy_coded_bytes(abbreviated)))
    return np.array(found)


def summarize(rows: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Mean bytes of each contender and way, and the ratio of quality 100's, with paired bootstrap intervals."""
    wide = rows.pivot(index="image", columns="contender", values=list(WAYS))
    keys = list(wide.columns)
    means, drawn = wide.to_numpy(np.float64).mean(axis=0), resampled_means(wide.to_numpy(np.float64), 1000)
    found = []
    for place, (way, contender) in enumerate(keys):
        base = keys.index((way, REFERENCE))
        low, high = interval((drawn[:, base] / drawn[:, place])[:, None])
        size_low, size_high = interval(drawn[:, [place]])
        found.append(
            {
                "subject": subject,
                "contender": contender,
                "way": WAYS[way],
                "images": len(wide),
                "bytes": means[place],
                "bytes_low": size_low[0],
                "bytes_high": size_high[0],
                "CR (QF 100)": means[base] / means[place],
                "CR_low": low[0],
                "CR_high": high[0],
            }
        )
    order = {name: place for place, name in enumerate(dict.fromkeys(rows["contender"]))}
    ways = {name: place for place, name in enumerate(WAYS.values())}
    places = [order[line["contender"]] * len(ways) + ways[line["way"]] for line in found]
    return pd.DataFrame(found).iloc[np.argsort(places)].reset_index(drop=True)


def draw(table: pd.DataFrame) -> Figure:
    """Mean bytes of each contender, a bar for each way."""
    subjects = list(table.groupby("subject", sort=False))
    figure = Figure(figsize=(11, 4.4 * len(subjects)), layout="constrained")
    for place, (subject, part) in enumerate(subjects, start=1):
        axes = figure.add_subplot(len(subjects), 1, place)
        names = list(dict.fromkeys(part["contender"]))
        for offset, way in enumerate(WAYS.values()):
            height = part[part["way"] == way].set_index("contender")["bytes"].reindex(names)
            axes.bar(np.arange(len(names)) + 0.17 * (offset - 2), height, 0.16, label=way)
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=8)
        axes.set_ylabel("mean bytes an image")
        axes.set_title(f"{subject}, {part['images'].iloc[0]:,} images", fontsize=10, loc="left")
        axes.legend(frameon=False, fontsize=8)
    return figure


if __name__ == "__main__":
    main(run, __file__)
