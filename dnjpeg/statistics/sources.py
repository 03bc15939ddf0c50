"""Which images the statistics are collected from: files, folders and images in memory, and every k-th of each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.folders import image_files

__all__ = ["Image", "Item", "Labels", "Source", "Sources", "every_kth", "expand"]

Image = bytes | npt.NDArray[np.uint8] | CoefficientImage
Source = str | PathLike[str] | Image
Sources = Source | Iterable[Source]
Labels = Mapping[str, Hashable] | Sequence[Hashable]


@dataclass(frozen=True, eq=False)
class Item:
    """One image to be read.

    Parameters
    ----------
    name : str
        What it is called when it fails: its path, or its place among the images in memory.
    content : Path, bytes, ndarray or CoefficientImage
        The image, or where it is.
    label : hashable
        Its class.
    """

    name: str
    content: Path | Image
    label: Hashable = None


def expand(sources: Sources, labels: Labels | None = None) -> Iterator[Item]:
    """Resolve sources to images, one after the other.

    Parameters
    ----------
    sources : path, bytes, ndarray, CoefficientImage, or an iterable of these
        A folder stands for the images in it and in its sub-folders, sorted by their paths; hidden files and files
        without an image's suffix are left out. An array is one image, (H, W) or (H, W, 3), or many, (N, H, W, 3).
    labels : mapping or sequence, optional
        A mapping from file names (below their folder, or the last part alone) to classes, or a sequence of one class
        for each image. Without it a file's class is its folder, and images in memory are one class.

    Raises
    ------
    OSError
        If a path does not exist or a folder cannot be listed.
    ValueError
        If a folder holds no image, or a file has no label, or there are more or fewer labels than images.
    """
    numbered = (item for place, source in enumerate(_each(sources)) for item in _expand_one(source, place))
    if labels is None:
        return numbered
    if isinstance(labels, Mapping):
        return (replace(item, label=_look_up(item, labels)) for item in numbered)
    return _with_labels(numbered, labels)


def every_kth(items: Iterable[Item], every: int) -> Iterator[Item]:
    """Take the first image of each class, and every k-th of that class from there on."""
    seen: Counter[Hashable] = Counter()
    for item in items:
        if seen[item.label] % every == 0:
            yield item
        seen[item.label] += 1


def _each(sources: Sources) -> Iterable[Source]:
    one_image = isinstance(sources, np.ndarray) and sources.ndim < 4
    if one_image or isinstance(sources, str | PathLike | bytes | CoefficientImage):
        return [sources]  # type: ignore[list-item]  # mypy does not follow one_image
    if not isinstance(sources, Iterable):
        raise ValueError(f"sources are paths, bytes, arrays or an iterable of these, not {type(sources).__name__}")
    return sources


def _expand_one(source: Source, place: int) -> Iterator[Item]:
    if not isinstance(source, str | PathLike):
        yield Item(f"image {place}", source)
        return
    path = Path(source)
    path.stat()  # raises what is wrong with it
    if not path.is_dir():
        yield Item(str(path), path, str(path.parent))
        return
    files = image_files(path)
    if not files:
        raise ValueError(f"{path}: there is no image in this folder")
    yield from (Item(str(file), file, str(file.parent)) for file in files)


def _look_up(item: Item, labels: Mapping[str, Hashable]) -> Hashable:
    """Find the label under the longest part of the path that has one, down to the file name alone."""
    parts = Path(item.name).parts
    for start in range(len(parts)):
        name = "/".join(parts[start:])
        if name in labels:
            return labels[name]
    raise ValueError(f"{item.name}: there is no label for this image")


def _with_labels(items: Iterator[Item], labels: Sequence[Hashable]) -> Iterator[Item]:
    count = 0
    for count, item in enumerate(items, start=1):
        if count > len(labels):
            break
        yield replace(item, label=labels[count - 1])
    if count != len(labels):
        raise ValueError(f"there are {len(labels)} labels for {'more' if count > len(labels) else count} images")
