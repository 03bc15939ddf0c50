"""One network in the encoder's loop, another as judge: the ResNets for CIFAR against each other.

Usage: python experiments/loop_on_cifar/run.py [--minutes 3] [--help]
"""

from __future__ import annotations

import hashlib
import pickle
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
from dnjpeg.evaluation.provenance import code_identity
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
    made = _Made(experiment, subject)
    for quality in config["qualities"]:
        yield made.contender("JPEG", quality, partial(_standard, quality=quality))
    plainly = {"trust": 0.0, "search": Search(iterations=0)}
    asking = {"trust": config["trust"], "search": Search(**config["search"])}
    for spec in subject.classifiers:
        network = subject.classifier(spec, engine="torch").network()
        ladder = designed(experiment, subject, network)
        for family, how in (("tables for", plainly), ("loop with", asking)):
            for step in config["steps"]:
                encode = partial(encode_for_networks, networks=[network], step=step, ladder=ladder, **how)
                yield made.contender(f"{family} {network.name}", step, encode)


def _standard(images: Sequence[Pixels], quality: int) -> list[bytes]:
    return [dnjpeg.encode(image, quality=quality) for image in images]


def designed(experiment: Experiment, subject: Subject, network: Network) -> TableLadder:
    """Make tables from what one network minds and what images hold: training images alone."""
    drawn = subject.calibrating.limited(experiment.config["drawn"]).photos
    pictures = [Picture(photo.identifier, lambda p=photo: p.open().pixels()) for photo in drawn]
    sensitivity, _ = collect_sensitivity(pictures, [network], batch_size=BATCH)
    held = experiment.statistics(subject, experiment.config["subsampling"])
    options = {"quantizer": "rounding", "ceiling": 3}
    steps = experiment.config["rungs"]
    return TableLadder({float(step): dnjpeg.design.opts(sensitivity, held, step=step, **options) for step in steps})


class _Made:
    """Files of all images, made a batch at a time and kept, in contenders that hand them out."""

    def __init__(self, experiment: Experiment, subject: Subject) -> None:
        self.experiment = experiment
        self.images = [photo.open().pixels() for photo in subject.tested.photos]
        code = code_identity("machine/*.py", "vision/**/*.py")
        how = [experiment.config[name] for name in ("rungs", "drawn", "trust", "search")]
        self.parts = (code, subject.tested.digest, subject.calibrating.digest, repr(how))

    def contender(self, family: str, setting: float, encode: Callable[[Sequence[Pixels]], list[bytes]]) -> Contender:
        """Make one point of a curve."""
        key = hashlib.sha256(repr((*self.parts, family, setting)).encode()).hexdigest()
        path = self.experiment.work / f"files-{key[:20]}.pickle"
        if not path.exists():
            self.experiment.check_time(f"before {family}, {setting}")
            self.experiment.say(f"{family}, {setting}")
            batches = [self.images[at : at + BATCH] for at in range(0, len(self.images), BATCH)]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pickle.dumps([data for batch in batches for data in encode(batch)]))
        files = pickle.loads(path.read_bytes())
        by_digest = {digest(image): data for image, data in zip(self.images, files, strict=True)}
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
