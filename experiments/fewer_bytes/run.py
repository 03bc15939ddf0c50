"""Files of every contender, then every judge on them: rows.

    DNJPEG_DATA=... python run.py [--set NAME]... [--count N] [--work FOLDER] [--mozjpeg FOLDER] [--judge N]...

Files are kept in the work folder and judgements in its cache: a stopped run goes on.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from contenders import BATCH, Entry, Pixels, entries

from dnjpeg.evaluation import Contender, MeasurementCache, align, load_classifier, load_dataset, sweep, write_rows
from dnjpeg.evaluation.photos import Dataset

HERE = Path(__file__).parent
JUDGES = (
    "efficientnet-lite0",
    "efficientnet-lite2",
    f"{HERE / 'mobilenet_v2.py'}:load",
    f"{HERE / 'finetuned.py'}:load",
)

# What is compared with standard JPEG in one set of rows. Sets may have different numbers of photos.
SETS = {
    "tables": ("JPEG", "fixed table", "fixed table, our chroma", "per image"),
    "networks": ("JPEG", "networks in the loop"),
    "formats": (
        "JPEG",
        "JPEG 4:4:4",
        "mozjpeg",
        "mozjpeg without trellis",
        "jpegli",
        "WebP",
        "AVIF",
        "JPEG 2000",
        "JPEG XL",
    ),
}


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--work", type=Path, default=HERE / "work")
    parser.add_argument("--mozjpeg", type=Path)
    parser.add_argument("--judge", type=int, action="append", choices=range(len(JUDGES)))
    parser.add_argument("--set", action="append", choices=SETS, dest="sets")
    parser.add_argument("--jobs", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    dataset = load_dataset(str(Path(os.environ["DNJPEG_DATA"]) / "photos/eval")).limited(asked.count)
    names = [Path(photo.identifier).stem for photo in dataset.photos]
    pixels = [photo.open().pixels() for photo in dataset.photos]
    for chosen in asked.sets or SETS:
        competing = [entry for entry in entries(asked.mozjpeg, names) if entry.family in SETS[chosen]]
        contenders = [_made(entry, names, pixels, asked.work / "files") for entry in competing]
        for number in asked.judge if asked.judge is not None else range(len(JUDGES)):
            _judge(number, dataset, contenders, chosen, asked.work, asked.jobs)


def _made(entry: Entry, names: list[str], pixels: list[Pixels], folder: Path) -> Contender:
    """Make the files that are missing, and a contender that hands them out."""
    own = folder / entry.name.replace(" ", "-").replace(":", "")
    own.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(names), BATCH):
        files = [own / name for name in names[first : first + BATCH]]
        if entry.family.startswith("mozjpeg") or not all(file.exists() for file in files):
            for file, data in zip(files, entry.encode(pixels[first : first + BATCH]), strict=True):
                file.with_suffix(".part").write_bytes(data)
                file.with_suffix(".part").replace(file)
    by_digest = {_digest(image): own / name for image, name in zip(pixels, names, strict=True)}
    content = hashlib.sha256(b"".join(file.read_bytes() for file in by_digest.values())).hexdigest()
    print(f"{entry.name}: {np.mean([file.stat().st_size for file in by_digest.values()]):.0f} bytes", file=sys.stderr)
    return Contender(
        name=entry.name,
        family=entry.family,
        setting=float(entry.setting),
        settings={"files": content},
        encode=lambda image: by_digest[_digest(image)].read_bytes(),
        decode=entry.decode,
        encoder=entry.encoder,
        decoder="dnjpeg" if entry.decode.__module__.startswith("dnjpeg") else entry.encoder,
    )


def _digest(image: Pixels) -> str:
    return hashlib.sha256(np.ascontiguousarray(image).tobytes()).hexdigest()


def _judge(number: int, dataset: Dataset, contenders: list[Contender], chosen: str, work: Path, jobs: int) -> None:
    classifier = load_classifier(JUDGES[number], device="cpu", engine="auto" if number < 2 else "torch")
    cache = MeasurementCache(work / f"judge-{number}.sqlite")
    try:
        photos = align(dataset, classifier.class_count, classifier.class_names)
        result = sweep(photos, classifier, contenders, cache=cache, jobs=jobs, fidelity=False)
    finally:
        cache.close()
    for failure in result.failures:
        print(failure, file=sys.stderr)
    target = HERE / "results" / f"{chosen}-{classifier.name}.parquet"
    target.parent.mkdir(exist_ok=True)
    rows = result.rows.astype({"settings": "string"})
    write_rows(rows, target)
    print(f"{classifier.name}: {len(rows)} rows", file=sys.stderr)
    print(pd.DataFrame(rows).groupby("contender", sort=False)[["bytes", "kl", "top1", "agreement"]].mean().round(4))


if __name__ == "__main__":
    main()
