"""What an experiment is about: test photos, calibration photos and classifiers, as its configuration names them.

::

    [[subject]]
    name = "photos"
    images = "$DNJPEG_DATA/photos/eval"             # what `dnjpeg evaluate` takes
    calibration = "$DNJPEG_DATA/photos/calibration"
    classifiers = ["efficientnet-lite0"]
    side = 256                                      # optional: resize and crop before anything else
    limit = 500                                     # optional: so many photos, spread evenly
    calibration_limit = 2000                        # optional: likewise

``$NAME`` and ``${NAME}`` are environment variables. Without ``$CIFAR10``, a folder with ``train.npz`` and ``test.npz``
(see `dnjpeg.evaluation.array_datasets`), torchvision's copy of CIFAR-10 is meant, and downloaded if it is not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from PIL import Image

from dnjpeg.evaluation.calibration import Calibration, calibrate
from dnjpeg.evaluation.classes import align
from dnjpeg.evaluation.classifiers import Classifier, load_classifier
from dnjpeg.evaluation.datasets import load_dataset
from dnjpeg.evaluation.photos import Dataset, Photo, PixelPhoto

__all__ = ["Subject", "center_square", "parse_subjects"]

_CIFAR10 = {"$CIFAR10/train.npz": "torchvision:CIFAR10:train", "$CIFAR10/test.npz": "torchvision:CIFAR10:test"}
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


@dataclass(frozen=True)
class Subject:
    """Photos and classifiers of one experiment.

    Parameters
    ----------
    name : str
        What reports call it.
    images, calibration : str
        What `dnjpeg.evaluation.load_dataset` takes; the two must not overlap.
    classifiers : tuple of str
        What `dnjpeg.evaluation.load_classifier` takes.
    side : int, optional
        Photos are first made squares of this side, see `center_square`.
    limit, calibration_limit : int, optional
        At most so many photos.
    extra : mapping
        The rest of the entry: what only one experiment understands.
    """

    name: str
    images: str
    calibration: str
    classifiers: tuple[str, ...]
    side: int | None = None
    limit: int | None = None
    calibration_limit: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def tested(self) -> Dataset:
        """The photos that are reported on."""
        return self._load(self.images, self.limit)

    @cached_property
    def calibrating(self) -> Dataset:
        """The photos that parameters are chosen on."""
        return self._load(self.calibration, self.calibration_limit)

    def statistics(self, subsampling: str) -> Calibration:
        """Give the statistics of the calibration photos, after making sure that none of them is tested."""
        return calibrate(self.calibrating.photos, self.tested, subsampling=subsampling)

    def classifier(self, spec: str, engine: str = "auto") -> Classifier:
        """Load one of the classifiers."""
        return load_classifier(spec, engine=engine)

    def aligned(self, dataset: Dataset, classifier: Classifier) -> Dataset:
        """Give a dataset with the classifier's class numbers."""
        return align(dataset, classifier.class_count, classifier.class_names)

    def _load(self, spec: str, limit: int | None) -> Dataset:
        dataset = load_dataset(spec).limited(limit)
        if self.side is None:
            return dataset
        photos: tuple[Photo, ...] = tuple(
            PixelPhoto(photo.identifier, photo.label, partial(_square, photo, self.side)) for photo in dataset.photos
        )
        return replace(dataset, name=f"{dataset.name} at {self.side}x{self.side}", photos=photos)


def _square(photo: Photo, side: int) -> Image.Image:
    return center_square(Image.fromarray(photo.open().pixels()), side)


def center_square(image: Image.Image, side: int) -> Image.Image:
    """Cut out the middle square of a picture and resize it (bicubic), as networks are usually tested."""
    short = min(image.size)
    left, top = (image.width - short) / 2, (image.height - short) / 2
    return image.resize((side, side), Image.Resampling.BICUBIC, box=(left, top, left + short, top + short))


def parse_subjects(
    config: Mapping[str, Any], *, names: tuple[str, ...] = (), limit: int | None = None
) -> list[Subject]:
    """Read the subjects of a configuration.

    Parameters
    ----------
    config : mapping
        The configuration, with a list under ``subject``.
    names : tuple of str
        Only these; none: all.
    limit : int, optional
        At most so many test photos, for a trial.

    Raises
    ------
    ValueError
        If a subject lacks something, an environment variable is not set, or there is no subject of a name.
    """
    subjects = [_parse(entry) for entry in config.get("subject", ())]
    known = [subject.name for subject in subjects]
    if missing := [name for name in names if name not in known]:
        raise ValueError(f"no subject {missing[0]!r}: choose from {', '.join(known)}")
    chosen = [subject for subject in subjects if not names or subject.name in names]
    if limit is None:
        return chosen
    return [replace(subject, limit=min(limit, subject.limit or limit)) for subject in chosen]


def _parse(entry: Mapping[str, Any]) -> Subject:
    own = {field.name for field in fields(Subject)} - {"images", "calibration", "classifiers", "extra"}
    try:
        return Subject(
            images=_expand(entry["images"]),
            calibration=_expand(entry["calibration"]),
            classifiers=tuple(_expand(spec) for spec in entry["classifiers"]),
            extra={
                key: value for key, value in entry.items() if key not in {*own, "images", "calibration", "classifiers"}
            },
            **{key: value for key, value in entry.items() if key in own},
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"subject {entry.get('name', '')!r}: {error}") from None


def _expand(text: str) -> str:
    if text in _CIFAR10 and "CIFAR10" not in os.environ:
        return _CIFAR10[text]

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise ValueError(f"{text}: the environment variable {found[1]} is not set")
        return os.environ[found[1]]

    return str(Path(_VARIABLE.sub(value, text))) if text.startswith("$") else _VARIABLE.sub(value, text)
