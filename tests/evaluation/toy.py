"""A toy world for the evaluator: flat coloured photos, a classifier that sees their colour, Pillow's JPEG."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import PIL
import torch
from PIL import Image

from dnjpeg.evaluation.classifiers import Classifier, hash_weights
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.vision.networks import View

Pixels = npt.NDArray[np.uint8]
CLASSES = ("red", "green", "blue")


class MeanColor(torch.nn.Module):
    """Logits are the mean colour channels."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(4.0))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.gain * images.mean(dim=(2, 3))


def preprocess(image: Image.Image) -> torch.Tensor:
    small = image.resize((8, 8), Image.Resampling.BOX)
    return torch.from_numpy(np.array(small)).permute(2, 0, 1).float() / 255


def make() -> SimpleNamespace:
    """What an entry point returns."""
    return SimpleNamespace(
        name="mean colour", model=MeanColor(), preprocess=preprocess, preprocessing="8x8 box", class_names=CLASSES
    )


def make_edges() -> SimpleNamespace:
    """What an entry point returns whose network minds every frequency, and can be asked for gradients."""
    torch.manual_seed(1)
    layers = (torch.nn.Conv2d(3, 16, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten())
    view = View(24, filter="bilinear", mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0))
    return SimpleNamespace(
        name="edges",
        model=torch.nn.Sequential(*layers, torch.nn.Linear(256, 3)),
        preprocess=_middle,
        preprocessing="middle 24x24",
        class_names=CLASSES,
        view=view,
    )


def _middle(image: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(image)[:, 8:32]).permute(2, 0, 1).float() / 255


def untrained(classes: int) -> torch.nn.Module:
    """What an entry point for trainings returns."""
    return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, classes))


def classifier() -> Classifier:
    model = MeanColor()
    return Classifier("mean colour", model, preprocess, "8x8 box", hash_weights(model), CLASSES)


def photo(label: int, seed: int, size: tuple[int, int] = (24, 40)) -> Pixels:
    """Noise around gray with more of one colour, not always enough for the classifier to notice."""
    random = np.random.default_rng([label, seed])
    pixels = random.integers(90, 150, (*size, 3))
    pixels[..., label] += random.integers(-4, 40)
    return pixels.clip(0, 255).astype(np.uint8)


def write_folder(folder: Path, count: int, *, suffix: str = ".png", first: int = 0) -> list[tuple[str, int]]:
    """Write photos and their labels.csv; return its entries."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for index in range(first, first + count):
        name, label = f"{index:03d}{suffix}", index % len(CLASSES)
        Image.fromarray(photo(label, index)).save(folder / name)
        entries.append((name, label))
    with (folder / "labels.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("file", "label"), *entries])
    return entries


def pillow_encode(pixels: Pixels, quality: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, subsampling="4:2:0", optimize=True)
    return stream.getvalue()


def pillow_decode(data: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(data)))


def pillow_contenders(qualities: Sequence[int]) -> list[Contender]:
    return [
        Contender(
            name=f"JPEG {quality}",
            family="JPEG",
            setting=quality,
            settings={"quality": quality},
            encode=lambda pixels, quality=quality: pillow_encode(pixels, quality),
            decode=pillow_decode,
            encoder=f"Pillow {PIL.__version__}",
            decoder=f"Pillow {PIL.__version__}",
        )
        for quality in qualities
    ]
