"""One network in the encoder's loop, another as judge: the ResNets for CIFAR against each other.

Usage: python experiments/loop_on_cifar/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from matplotlib.figure import Figure

import dnjpeg
from dnjpeg.evaluation import Contender, compare
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.pieces import compact
from dnjpeg.evaluation.plots import render
from dnjpeg.evaluation.rows import ORIGINAL, write_rows
from dnjpeg.evaluation.subjects import Subject
from dnjpeg.machine import TableLadder
from dnjpeg.vision.in_the_loop import Search, encode_for_networks
from dnjpeg.vision.networks import Network
from dnjpeg.vision.sensitivity import Picture, collect_sensitivity

Pixels = npt.NDArray[np.uint8]

BATCH = 50  # images that a network looks at together
VERSION = f"dnjpeg {dnjpeg.__version__}"
SIZES = {"whole file": "bytes", "entropy-coded part": "entropy_bytes"}


def run(experiment: Experiment) -> None:
    """Measure every contender by every network, and compare at equal divergence."""
    torch.set_num_threads(1)
    ratios = []
    for subject in experiment.subjects:
        competing = list(contenders(experiment, subject))
        for spec in subject.classifiers:
            judge = subject.classifier(spec)
            rows = experiment.rows(subject.aligned(subject.tested, judge), judge, competing, piece=5000)
            write_rows(compact(rows), experiment.results / f"rows-{subject.name}-{judge.name}.parquet")
            ratios += [
                at_equal_divergence(experiment, rows, measured).assign(judge=judge.name, size=size)
                for size, measured in SIZES.items()
            ]
    table = pd.concat(ratios, ignore_index=True)
    order = ["judge", "size", "at", "kl", "family", "bytes", "ratio", "low", "high"]
    table[order].round(4).to_csv(experiment.results / "ratios.csv", index=False, lineterminator="\n")
    (experiment.results / "ratios.png").write_bytes(render(draw(table), "png"))


def contenders(experiment: Experiment, subject: Subject) -> Iterator[Contender]:
    """Make all: standard JPEG, and tables made for each network with and without it in the loop."""
    config = experiment.config
    images = [photo.open().pixels() for photo in subject.tested.photos]
    for quality in config["qualities"]:
        yield ready("JPEG", quality, images, lambda some, q=quality: [dnjpeg.encode(one, quality=q) for one in some])
    for spec in subject.classifiers:
        network = subject.classifier(spec, engine="torch").network()
        ladder = designed(experiment, subject, network)
        asking = {"trust": config["trust"], "search": Search(**config["search"])}
        plainly = {"trust": 0.0, "search": Search(iterations=0)}
        for family, how in (("tables for", plainly), ("loop with", asking)):
            for step in config["steps"]:
                experiment.check_time(f"before {family} {network.name}, step {step}")
                yield ready(
                    f"{family} {network.name}",
                    step,
                    images,
                    partial(encode_for_networks, networks=[network], step=step, ladder=ladder, **how),
                )


def designed(experiment: Experiment, subject: Subject, network: Network) -> TableLadder:
    """Make tables from what one network minds and what images hold: training images alone."""
    drawn = subject.calibrating.limited(experiment.config["drawn"]).photos
    pictures = [Picture(photo.identifier, lambda p=photo: p.open().pixels()) for photo in drawn]
    sensitivity, _ = collect_sensitivity(pictures, [network], batch_size=BATCH)
    held = experiment.statistics(subject, experiment.config["subsampling"])
    options = {"quantizer": "rounding", "ceiling": 3}
    steps = experiment.config["rungs"]
    return TableLadder({float(step): dnjpeg.design.opts(sensitivity, held, step=step, **options) for step in steps})


def ready(
    family: str, setting: float, images: Sequence[Pixels], encode: Callable[[Sequence[Pixels]], list[bytes]]
) -> Contender:
    """Make the files of all images, a batch at a time, and a contender that hands them out."""
    files = [data for at in range(0, len(images), BATCH) for data in encode(images[at : at + BATCH])]
    by_digest = {digest(image): data for image, data in zip(images, files, strict=True)}
    return Contender(
        name=f"{family} @{setting:g}",
        family=family,
        setting=setting,
        settings={"files": hashlib.sha256(b"".join(files)).hexdigest()},
        encode=lambda image: by_digest[digest(image)],
        decode=dnjpeg.decode,
        encoder=VERSION,
        decoder=VERSION,
    )


def digest(image: Pixels) -> str:
    """Tell images apart."""
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()


def at_equal_divergence(experiment: Experiment, rows: pd.DataFrame, measured: str) -> pd.DataFrame:
    """Give bytes as a ratio to standard JPEG's, where JPEG of some qualities is on these images."""
    means = rows.groupby("contender")["kl"].mean()
    levels = {quality: round(float(means[f"JPEG @{quality}"]), 5) for quality in experiment.config["compared_at"]}
    sized = rows.assign(bytes=rows[measured].fillna(rows["bytes"]))  # the uncompressed images have no such part
    found = compare(sized, kls=list(levels.values()))
    return pd.DataFrame(
        [
            {
                "at": f"JPEG {quality}",
                "kl": kl,
                "family": standing.family,
                "bytes": standing.least if standing.measured else np.nan,
                "ratio": standing.ratio,
                "low": standing.ratio_low,
                "high": standing.ratio_high,
            }
            for quality, kl in levels.items()
            for target, standings in found.standings.items()
            for standing in standings
            if (target.measure, target.value) == ("kl", kl) and standing.family not in ("JPEG", ORIGINAL)
        ]
    )


def draw(table: pd.DataFrame) -> Figure:
    """Ratios: a row of panels a size, a panel a judge."""
    judges = list(dict.fromkeys(table["judge"]))
    figure = Figure(figsize=(4.2 * len(judges) + 2.5, 7), layout="constrained")
    panels = figure.subplots(len(SIZES), len(judges), sharex=True, sharey="row", squeeze=False)
    for (size, judge), part in table.groupby(["size", "judge"], sort=False):
        panel = panels[list(SIZES).index(size)][judges.index(judge)]
        for number, (family, line) in enumerate(part.groupby("family", sort=False)):
            low, high = (line[end].replace([0, np.inf], np.nan).fillna(line["ratio"]) for end in ("low", "high"))
            errors = np.stack([line["ratio"] - low, high - line["ratio"]]).clip(0)
            style = {"marker": "o", "ls": "-" if "loop" in family else ":", "ms": 4, "capsize": 2, "lw": 1.2}
            panel.errorbar(np.arange(len(line)) + 0.06 * (number - 1.5), line["ratio"], errors, label=family, **style)
        panel.axhline(1, color="#4d4d4d", lw=1)
        panel.set_xticks(range(part["at"].nunique()), list(dict.fromkeys(part["at"])))
        panel.set_title(f"judged by {judge}: {size}", fontsize=9)
        panel.grid(alpha=0.3)
    for panel in panels[:, 0]:
        panel.set_ylabel("as a ratio to standard JPEG")
    panels[0][-1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


if __name__ == "__main__":
    main(run, __file__)
