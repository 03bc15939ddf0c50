"""Time real data loaders: RandomResizedCrop(224) of photos on disk, in workers, dnjpeg beside its peers.

``python -m benchmarks.loader [PHOTOS]``. Two sets are written to a temporary folder first: 500x375 photos, and such of
12 megapixels laid together from them; photos are repeated if there are too few, for an epoch must be long beside what
its start takes. Each contender reads all files once a round, contenders taking turns and drawing the same order and
crops, its workers started and warm; what counts is the median over rounds, of rates and of ratios within a round.

Peers are as fast as their usual form allows: tensors whose channels lie together, as decoders give them, which PyTorch
resizes in half of the time that planes take.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import simplejpeg
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

import dnjpeg
from benchmarks.environment import describe
from benchmarks.photos import Pixels, load_crops, mosaic
from dnjpeg.vision import DecodeJpeg, DecodeRandomResizedCrop, JpegFolder

__all__ = ["contenders", "time_loaders", "write_photos"]


def _pillow(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _pillow_draft(path: str) -> Image.Image:
    """Scaled decoding by Pillow, as far as it can go without knowing the crop: the whole image at least 2 x 224."""
    with Image.open(path) as image:
        image.draft("RGB", (448, 448))
        return image.convert("RGB")


def _torchvision_io(path: str) -> torch.Tensor:
    """Give a tensor whose channels lie together: planes would take twice the time to resize."""
    return torchvision.io.decode_image(torchvision.io.read_file(path), torchvision.io.ImageReadMode.RGB)


def _simplejpeg(path: str) -> torch.Tensor:
    return torch.from_numpy(simplejpeg.decode_jpeg(Path(path).read_bytes())).permute(2, 0, 1)


def contenders(folder: Path, size: int) -> dict[str, Dataset]:
    """Give the datasets by name: all yield uint8 tensors (3, size, size) and classes."""
    root = str(folder)
    tensor = v2.RandomResizedCrop(size, antialias=True)
    pillow = v2.Compose([v2.RandomResizedCrop(size, antialias=True), v2.PILToTensor()])
    return {
        "dnjpeg": JpegFolder(root, decode=DecodeRandomResizedCrop(size)),
        "dnjpeg, oversampling 2": JpegFolder(root, decode=DecodeRandomResizedCrop(size, oversampling=2)),
        "dnjpeg, decoding all": JpegFolder(root, tensor, decode=DecodeJpeg()),
        "Pillow": ImageFolder(root, pillow, loader=_pillow),
        "Pillow, draft mode": ImageFolder(root, pillow, loader=_pillow_draft),
        "torchvision.io": ImageFolder(root, tensor, loader=_torchvision_io),
        "simplejpeg": ImageFolder(root, tensor, loader=_simplejpeg),
    }


def write_photos(
    folder: Path, crops: list[Pixels], small: int, large: int, quality: int
) -> dict[str, tuple[Path, int]]:
    """Write both sets, of so many 4:2:0 files; returns their folders and how many files there are, by name."""
    sets: dict[str, tuple[Path, int]] = {}
    makers: dict[str, tuple[int, Callable[[int], Pixels]]] = {
        "500x375": (small, lambda index: crops[index % len(crops)]),
        "4000x3000": (large, lambda index: mosaic(crops[7 * index % len(crops) :] + crops[: 7 * index % len(crops)])),
    }
    for name, (count, make) in makers.items():
        if not count:
            continue
        for index in range(count):
            path = folder / name / f"class{index % 2}" / f"{index:04}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(dnjpeg.encode(make(index), quality=quality))
        sets[name] = folder / name, count
    return sets


def time_loaders(datasets: dict[str, Dataset], rounds: int, workers: int, batch: int) -> dict[str, list[float]]:
    """Seconds of each round over all images, for each contender."""
    options: dict[str, Any] = {"shuffle": True, "num_workers": workers, "persistent_workers": workers > 0}
    loaders = {name: DataLoader(dataset, batch, **options) for name, dataset in datasets.items()}
    seconds: dict[str, list[float]] = {name: [] for name in loaders}
    for round_ in range(rounds + 1):  # the first one warms up and is not counted
        for name, loader in loaders.items():
            torch.manual_seed(round_)
            start = time.perf_counter()
            shapes = {tuple(images.shape[1:]) for images, _ in loader}
            spent = time.perf_counter() - start
            assert len(shapes) == 1
            if round_:
                seconds[name].append(spent)
    return seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loader", description=__doc__)
    parser.add_argument("photos", nargs="?", type=Path, help="folder of photos (default: $DNJPEG_DATA)")
    parser.add_argument("--count", type=int, default=1000, help="500x375 photos (default 1000)")
    parser.add_argument("--large", type=int, default=32, help="photos of 12 megapixels (default 32)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--quality", type=int, default=90, help="of the files (default 90)")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="contenders whose names contain one of these")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


def main() -> None:
    """Print a table a set of photos: images a second, and time of each contender to ours."""
    options = _arguments()
    dnjpeg.warmup()
    crops = load_crops(options.photos, max(options.count, 64))
    environment = describe() | {"torch": torch.__version__, "torchvision": torchvision.__version__}
    print(", ".join(f"{name} {value}" for name, value in environment.items()))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        sets = write_photos(Path(folder), crops, options.count, options.large, options.quality)
        for name, (path, count) in sets.items():
            datasets = contenders(path, options.size)
            if options.only:
                datasets = {key: d for key, d in datasets.items() if any(word in key for word in options.only)}
            batch = min(options.batch, max(1, count // (2 * max(options.workers, 1))))
            seconds = time_loaders(datasets, options.rounds, options.workers, batch)
            own = next(iter(seconds.values()))
            print(f"\n{name}, {count} files, {options.workers} workers, batches of {batch}")
            print("| contender | images a second | time to ours |\n|---|---|---|")
            for contender, spent in seconds.items():
                rate = count / median(spent)
                ratio = median(theirs / ours for theirs, ours in zip(spent, own, strict=True))
                print(f"| {contender} | {rate:.0f} | {ratio:.2f} |", flush=True)
                rows.append({"photos": name, "contender": contender, "seconds": spent, "ratio": ratio, "rate": rate})
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        settings = {key: value for key, value in vars(options).items() if key not in {"json", "photos"}}
        result = {"environment": environment, "settings": settings, "rows": rows}
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
