"""What the random directions of sensitivities do: ladders from new ones against the shipped one, on calibration photos.

    DNJPEG_DATA=... python draws.py NAME=SENSITIVITY.json...

The files are of `dnjpeg sensitivity`; `run.sh` must have made work/calibration and work/statistics.json. Files per
image at six steps, judged by three networks; ratios of bytes at equal divergence to the shipped ladder go to
results/draws.csv.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image
from run import JUDGES

import dnjpeg
from dnjpeg import FrequencyStatistics
from dnjpeg.evaluation import Contender, align, compare, load_classifier, load_dataset, sweep
from dnjpeg.evaluation.photos import PixelPhoto
from dnjpeg.machine import TableLadder, shipped_ladder
from dnjpeg.statistics.sensitivity import Sensitivity

HERE = Path(__file__).parent
SHIPPED = "shipped"
STEPS = (16, 30, 45, 64, 90, 128)


def main(named: list[str]) -> None:
    """Judge the ladders and write the table."""
    torch.set_num_threads(1)
    ladders = {SHIPPED: shipped_ladder()}
    for name, _, path in (argument.partition("=") for argument in named):
        ladders[name] = ladder_from(Sensitivity.load(path))
    contenders = [
        Contender(
            name=f"{name} {step}",
            family=name,
            setting=float(step),
            settings={},
            encode=partial(dnjpeg.encode_for_machines, step=step, ladder=ladder, effort="fast"),
            decode=dnjpeg.decode,
            encoder=f"dnjpeg {dnjpeg.__version__}",
            decoder="dnjpeg",
        )
        for name, ladder in ladders.items()
        for step in STEPS
    ]
    dataset = load_dataset(str(Path(os.environ["DNJPEG_DATA"]) / "photos/calibration"))
    prepared = HERE / "work/calibration"
    photos = [
        PixelPhoto(photo.identifier, photo.label, partial(Image.open, prepared / f"{Path(photo.identifier).stem}.png"))
        for photo in dataset.photos
    ]
    dataset, found = replace(dataset, photos=tuple(photos)), []
    for number, judge in enumerate(JUDGES[:3]):
        classifier = load_classifier(judge, device="cpu", engine="auto" if number < 2 else "torch")
        aligned = align(dataset, classifier.class_count, classifier.class_names)
        compared = compare(sweep(aligned, classifier, contenders, fidelity=False).rows, reference=SHIPPED)
        found += [
            {
                "judge": classifier.name,
                "images": compared.images,
                "kl": target.value,
                "sensitivities": standing.family,
                "ratio": standing.ratio,
                "low": standing.ratio_low,
                "high": standing.ratio_high,
            }
            for target, standings in compared.standings.items()
            for standing in standings
            if target.measure == "kl" and standing.family != SHIPPED
        ]
    table = pd.DataFrame(found)
    table.to_csv(HERE / "results/draws.csv", index=False, float_format="%.4g", lineterminator="\n")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))
    print(np.exp(np.log(table["ratio"]).groupby([table["sensitivities"], table["kl"]]).mean()).round(3))


def ladder_from(sensitivity: Sensitivity) -> TableLadder:
    """Tables as `run.sh` designs them, at the steps of the shipped ones."""
    statistics = FrequencyStatistics.load(HERE / "work/statistics.json")
    steps = shipped_ladder().rungs
    options = {"quantizer": "rounding", "ceiling": 3}
    return TableLadder({step: dnjpeg.design.opts(sensitivity, statistics, step=step, **options) for step in steps})


if __name__ == "__main__":
    main(sys.argv[1:])
