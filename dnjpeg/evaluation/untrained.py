"""Networks without weights, to be trained here: two small ones for small images, torchvision's, and the user's own."""

from __future__ import annotations

import re
from itertools import pairwise

import torch
import torchvision
from torch import nn

from dnjpeg.evaluation.classifiers import ClassifierError
from dnjpeg.evaluation.classifiers.cifar_resnet import CifarResNet
from dnjpeg.evaluation.classifiers.entry_point import find_function

__all__ = ["SmallResNet", "SmallVgg", "untrained"]

_CIFAR_RESNET = re.compile(r"cifar-resnet(\d+)")


def _convolution(before: int, after: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )


class _Residual(nn.Module):
    """Two 3x3 convolutions, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Sequential(_convolution(channels, channels), _convolution(channels, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        added: torch.Tensor = x + self.inner(x)
        return added


class SmallResNet(nn.Sequential):
    """A residual network of ten layers for images of about 32x32 pixels, made to be trained within minutes on a CPU.

    Three stages of a convolution and a residual block, each at half the resolution of the one before, then the maximum
    over the picture. The first convolution is 4x4, so that it sees every frequency of the picture that it halves. 0.5
    million weights.

    Parameters
    ----------
    classes : int
        How many it tells apart.
    width : int
        Channels of the first stage; the others have twice and four times as many.
    """

    def __init__(self, classes: int, width: int = 32) -> None:
        super().__init__(
            _convolution(3, width, 4, 2),
            _Residual(width),
            _convolution(width, 2 * width),
            nn.MaxPool2d(2),
            _Residual(2 * width),
            _convolution(2 * width, 4 * width),
            nn.MaxPool2d(2),
            _Residual(4 * width),
            nn.AdaptiveMaxPool2d(1),
            nn.Flatten(),
            nn.Linear(4 * width, classes),
        )


class SmallVgg(nn.Sequential):
    """A network as those of 2012 to 2014 were, AlexNet and VGG: 3x3 convolutions, pooling, two dense layers, dropout.

    Nothing is normalised and nothing is added. Five convolutions for images of 32x32 pixels; others are averaged to as
    many cells. 0.8 million weights.

    Parameters
    ----------
    classes : int
        How many it tells apart.
    width : int
        Channels of the first convolution; the last have four times as many.
    """

    def __init__(self, classes: int, width: int = 32) -> None:
        channels = (3, width, 2 * width, 2 * width, 4 * width, 4 * width)
        layers: list[nn.Module] = []
        for place, (before, after) in enumerate(pairwise(channels)):
            convolution = nn.Conv2d(before, after, 3, 1, 1)
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
            nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
            layers += [convolution, nn.ReLU(inplace=True)]
            if place in (0, 2, 4):
                layers.append(nn.MaxPool2d(2))
        dense = [nn.Linear(16 * 4 * width, 8 * width), nn.ReLU(inplace=True), nn.Dropout(0.3)]
        super().__init__(
            *layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Dropout(0.3), *dense, nn.Linear(8 * width, classes)
        )


_SMALL: dict[str, type[SmallResNet | SmallVgg]] = {"small-resnet": SmallResNet, "small-vgg": SmallVgg}


def untrained(spec: str, classes: int, seed: int) -> nn.Module:
    """Make a network with random weights.

    ================================  =============================================================================
    ``small-resnet``, ``small-vgg``   `SmallResNet`, `SmallVgg`
    ``cifar-resnet20``, ...           `dnjpeg.evaluation.classifiers.cifar_resnet.CifarResNet`
    ``resnet18``, ``alexnet``, ...    any classification network of torchvision; some want images of 64 pixels or more
    ``module:function``,              a function of your own, called with the number of classes, that returns the
    ``file.py:function``              `torch.nn.Module`
    ================================  =============================================================================

    Parameters
    ----------
    spec : str
        As above.
    classes : int
        How many it shall tell apart.
    seed : int
        Of its weights.

    Raises
    ------
    ClassifierError
        If there is no such network, or it cannot be made.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if spec in _SMALL:
            return _SMALL[spec](classes)
        if found := _CIFAR_RESNET.fullmatch(spec):
            return CifarResNet(int(found[1]), classes)
        name = spec.removeprefix("torchvision:")
        if name in torchvision.models.list_models(module=torchvision.models):
            return torchvision.models.get_model(name, weights=None, num_classes=classes)  # type: ignore[no-any-return]
        if ":" not in name:
            raise ClassifierError(
                f"unknown network {spec!r}: choose {', '.join(_SMALL)}, cifar-resnet20, a classification network of "
                "torchvision's, or a function of your own as module:function"
            )
        function, _ = find_function(spec)
        try:
            made = function(classes)
        except Exception as error:  # whatever the user's function raises
            raise ClassifierError(f"{spec} failed ({type(error).__name__}: {error})") from error
    if not isinstance(made, nn.Module):
        raise ClassifierError(f"{spec}: what it returned is a {type(made).__name__}, not a torch.nn.Module")
    return made
