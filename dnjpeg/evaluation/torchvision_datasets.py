"""Torchvision's datasets by name, downloaded when they are not there yet."""

from __future__ import annotations

import inspect
import os
import re
import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import torchvision

from dnjpeg.evaluation.photos import Dataset, PixelPhoto

__all__ = ["is_name", "load"]

PREFIX = "torchvision:"
TEST_SPLITS = ("test", "val", "valid")


def is_name(spec: str) -> bool:
    """Whether `spec` is written as ``torchvision:NAME[:SPLIT]``, or names a dataset that torchvision has."""
    return spec.startswith(PREFIX) or _find(spec.partition(":")[0]) is not None


def load(spec: str, root: Path | None) -> Dataset:
    """Load a classification dataset, its test part unless a split is named.

    Parameters
    ----------
    spec : str
        ``[torchvision:]NAME[:SPLIT]``; NAME in any case, with or without hyphens.
    root : Path, optional
        Where the files are, or are downloaded to; by default below the user's cache folder.

    Raises
    ------
    ValueError
        If there is no such dataset or split, it cannot be downloaded, or it is not one of labelled images.
    """
    name, _, split = spec.removeprefix(PREFIX).partition(":")
    kind = _find(name)
    if kind is None:
        raise ValueError(f"{spec}: torchvision has no dataset {name!r}")
    data = _open(kind, root or _default_root(), split or None)
    labels = _labels(kind, data)
    photos = tuple(
        PixelPhoto(f"{index:06d}", label, partial(_image, data, index)) for index, label in enumerate(labels)
    )
    if not photos:
        raise ValueError(f"{spec}: no photos")
    return Dataset(f"{PREFIX}{kind.__name__}" + (f":{split}" if split else ""), photos, _class_names(data))


def _find(name: str) -> type[Any] | None:
    wanted = re.sub(r"[-_ ]", "", name).lower()
    for known in torchvision.datasets.__all__:
        kind = getattr(torchvision.datasets, known)
        if known.lower() == wanted and inspect.isclass(kind) and known not in ("ImageFolder", "DatasetFolder"):
            return kind
    return None


def _default_root() -> Path:
    base = os.environ.get("DNJPEG_CACHE_DIR") or platformdirs.user_cache_dir("dnjpeg", appauthor=False)
    return Path(base) / "datasets"


def _open(kind: type[Any], root: Path, split: str | None) -> Any:
    """Open what is on disk, or else download it."""
    parameters = inspect.signature(kind).parameters
    problem: Exception | None = None
    for download in (False, True) if "download" in parameters else (False,):
        if download:
            root.mkdir(parents=True, exist_ok=True)
        options = {"download": download} if "download" in parameters else {}
        for part in _split_options(parameters, split):
            try:
                with redirect_stdout(sys.stderr):  # where the download announces itself
                    return kind(root, **part, **options)
            except ValueError as error:  # no split of that name
                problem = error
            except Exception as error:  # torchvision raises what the file, archive or network library raised
                problem = error
                break
    reason = " ".join(str(problem).split())
    raise ValueError(
        f"{kind.__name__}: not found below {root} and not to be had from its home page ({reason})"
        if not isinstance(problem, ValueError)
        else f"{kind.__name__}: {reason}"
    )


def _split_options(parameters: Any, split: str | None) -> list[dict[str, Any]]:
    """Ways to ask a torchvision dataset for the wanted split, to be tried in turn."""
    if "train" in parameters:
        if split not in (None, "train", "test"):
            raise ValueError(f"no split {split!r}: choose train or test")
        return [{"train": split == "train"}]
    if "split" in parameters:
        return [{"split": name} for name in ([split] if split else TEST_SPLITS)]
    if split:
        raise ValueError(f"no split {split!r}: this dataset has only one")
    return [{}]


def _labels(kind: type[Any], data: Any) -> list[int]:
    for attribute in ("targets", "labels", "_labels"):
        found = getattr(data, attribute, None)
        if found is not None and len(found) == len(data):
            return [int(label) for label in found]
    samples = getattr(data, "_samples", None)  # (file, label) in the datasets that have no list of labels alone
    if samples is not None and len(samples) == len(data):
        return [int(label) for _, label in samples]
    labels = [data[index][1] for index in range(len(data))]
    if not all(isinstance(label, int) for label in labels):
        raise ValueError(f"{kind.__name__}: not a dataset of images with one class each")
    return labels


def _class_names(data: Any) -> tuple[str, ...] | None:
    """Synsets where the dataset has them, else the classes' names (the first, where they have several)."""
    names = getattr(data, "wnids", None) or getattr(data, "classes", None)
    if not names:
        return None
    return tuple(name if isinstance(name, str) else name[0] for name in names)


def _image(data: Any, index: int) -> Any:
    return data[index][0]
