"""Any classification network of torchvision, with its own weights and preprocessing."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout

import torch
import torchvision
from torchvision.models import WeightsEnum
from torchvision.transforms._presets import ImageClassification

from dnjpeg.evaluation.classifiers.base import Classifier, ClassifierError, hash_weights
from dnjpeg.vision.networks import FILTERS, View

__all__ = ["PREFIX", "load", "names"]

PREFIX = "torchvision:"


def names() -> list[str]:
    """Names of torchvision's classification networks."""
    return torchvision.models.list_models(module=torchvision.models)  # type: ignore[no-any-return]


def load(name: str, device: str) -> Classifier:
    """Load ``NAME`` or ``NAME:WEIGHTS``, for example ``resnet50`` or ``resnet50:IMAGENET1K_V1``.

    Without WEIGHTS, torchvision's default ones. They are downloaded on first use.

    Raises
    ------
    ClassifierError
        If the weights are unknown or cannot be downloaded.
    """
    model_name, _, weights_name = name.partition(":")
    weights = _find_weights(model_name, weights_name or "DEFAULT")
    try:
        with redirect_stdout(sys.stderr):  # where the download announces itself
            model = torchvision.models.get_model(model_name, weights=weights)
    except OSError as error:  # urllib's errors, and a broken or unwritable download
        raise ClassifierError(
            f"{name}: its weights are not in {torch.hub.get_dir()} and cannot be downloaded ({error})"
        ) from None
    transform = weights.transforms()
    return Classifier(
        name=f"{PREFIX}{model_name}:{weights.name}",
        model=model,
        preprocess=transform,
        preprocessing=f"torchvision {torchvision.__version__} {' '.join(str(transform).split())}",
        weights_hash=hash_weights(model),
        class_names=tuple(weights.meta["categories"]),
        device=device,
        kept=_kept(transform),
        view=_view(transform),
    )


def _kept(transform: object) -> float | None:
    """Part of the shorter side that a centre crop after resizing keeps; None for other kinds of preprocessing."""
    crop, resized = getattr(transform, "crop_size", None), getattr(transform, "resize_size", None)
    if not crop or not resized or len({*crop, crop[0]}) != 1 or len(resized) != 1:
        return None
    return min(1.0, float(crop[0] / resized[0]))


def _view(transform: object) -> View | None:
    """Describe torchvision's usual preprocessing, `ImageClassification`, so that it has gradients; None for others."""
    if not isinstance(transform, ImageClassification) or _kept(transform) is None:
        return None
    mean, std = (tuple(255 * value for value in values) for values in (transform.mean, transform.std))
    kind = transform.interpolation.value
    if kind not in FILTERS:
        return None
    return View(transform.crop_size[0], transform.resize_size[0], filter=kind, mean=mean, std=std)


def _find_weights(model_name: str, weights_name: str) -> WeightsEnum:
    known = torchvision.models.get_model_weights(model_name)
    try:
        return known[weights_name]
    except KeyError:
        choices = ", ".join(weights.name for weights in known)
        raise ClassifierError(f"{model_name} has no weights {weights_name!r}: choose from {choices}") from None
