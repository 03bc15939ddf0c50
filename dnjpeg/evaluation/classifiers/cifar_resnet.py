"""The residual networks for CIFAR of He et al. (CVPR 2016, section 4.2), with weights from the user's own file."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

from dnjpeg.evaluation.classifiers.base import Classifier, ClassifierError, hash_weights
from dnjpeg.vision.networks import View

__all__ = ["CLASSES", "CifarResNet", "Preprocessing", "load"]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
"""CIFAR-10's, in the order of its labels."""

_SPEC = re.compile(r"cifar-resnet(\d+)(?::(.+))?", re.IGNORECASE)


class _Block(nn.Module):
    """Two 3x3 convolutions; where the shape changes the shortcut skips pixels and pads channels with 0 (option A)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.stride, self.added = stride, after - before

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = functional.relu(self.bn1(self.conv1(x)))
        if self.added:
            x = x[:, :, :: self.stride, :: self.stride]
            x = functional.pad(x, (0, 0, 0, 0, self.added // 2, self.added - self.added // 2))
        return functional.relu(self.bn2(self.conv2(inner)) + x)


def _stage(before: int, after: int, stride: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(_Block(before, after, stride), *(_Block(after, after, 1) for _ in range(blocks - 1)))


class CifarResNet(nn.Module):
    """ResNet-(6n+2) for 32x32 pixels.

    Parameters
    ----------
    depth : int
        20, 32, 44, 56, 110, ...: 6n + 2.
    classes : int
        How many it tells apart.

    Raises
    ------
    ValueError
        If no network has this depth.
    """

    def __init__(self, depth: int, classes: int = 10) -> None:
        super().__init__()
        if depth < 8 or (depth - 2) % 6:
            raise ValueError(f"a ResNet for CIFAR has 6n + 2 layers, not {depth}")
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks = (depth - 2) // 6
        self.layer1 = _stage(16, 16, 1, blocks)
        self.layer2 = _stage(16, 32, 2, blocks)
        self.layer3 = _stage(32, 64, 2, blocks)
        self.linear = nn.Linear(64, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits, float32 (N, classes), of images, float32 (N, 3, 32, 32)."""
        x = functional.relu(self.bn1(self.conv1(x)))
        for stage in (self.layer1, self.layer2, self.layer3):
            x = stage(x)
        logits: torch.Tensor = self.linear(x.mean(dim=(2, 3)))
        return logits


class Preprocessing:
    """32x32 pixels as they are (others bilinear to 32x32), then ImageNet's mean and deviation a channel."""

    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)

    def __call__(self, image: Image.Image) -> torch.Tensor:
        """Turn a Pillow RGB image into a float32 tensor ``(3, 32, 32)``."""
        if image.size != (32, 32):
            image = image.resize((32, 32), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
        mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in (self.mean, self.std))
        return (pixels.float() / 255 - mean) / std

    def __str__(self) -> str:
        return f"to 32x32 (bilinear, if it is another size), (x / 255 - {self.mean}) / {self.std}"


def matches(spec: str) -> bool:
    """Whether a classifier is written as ``cifar-resnetDEPTH:FILE``."""
    return _SPEC.fullmatch(spec) is not None


def load(spec: str, device: str) -> Classifier:
    """Load ``cifar-resnetDEPTH:FILE``.

    FILE is a PyTorch file of the network's state, by itself or under the key ``state_dict``; names may begin with
    ``module.``. Its ten classes are CIFAR-10's, in their order.

    Raises
    ------
    ClassifierError
        If there is no such network, or the file is not its weights.
    """
    found = _SPEC.fullmatch(spec)
    if found is None or found[2] is None:
        raise ClassifierError(f"{spec}: write cifar-resnet20:WEIGHTS_FILE; this network's weights are yours to bring")
    name = f"cifar-resnet{found[1]}"
    path = Path(found[2])
    try:
        state = _state(torch.load(path, map_location="cpu", weights_only=True))
        network = CifarResNet(int(found[1]), len(state["linear.weight"]))
        network.load_state_dict(state)
    except OSError as error:
        raise ClassifierError(f"{spec}: {path}: {error.strerror or error}") from None
    except (KeyError, ValueError, RuntimeError, AttributeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:200]
        raise ClassifierError(f"{spec}: {path} does not hold the weights of {name} ({reason})") from None
    preprocessing = Preprocessing()
    mean, std = ((255 * red, 255 * green, 255 * blue) for red, green, blue in (preprocessing.mean, preprocessing.std))
    return Classifier(
        name=name,
        model=network,
        preprocess=preprocessing,
        preprocessing=str(preprocessing),
        weights_hash=hash_weights(network),
        class_names=CLASSES if network.linear.out_features == len(CLASSES) else None,
        device=device,
        kept=1.0,
        view=View(32, filter="bilinear", mean=mean, std=std),  # of a square picture; others are cut, not squeezed
    )


def _state(loaded: Any) -> dict[str, torch.Tensor]:
    states = loaded.get("state_dict", loaded)
    return {name.removeprefix("module."): tensor for name, tensor in states.items()}
