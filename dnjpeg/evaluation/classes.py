"""Which of a classifier's classes a dataset's classes are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources

from dnjpeg.evaluation.photos import Dataset

__all__ = ["align", "imagenet_synsets"]

_SYNSET = re.compile(r"n\d{8}")


@cache
def imagenet_synsets() -> tuple[str, ...]:
    """WordNet synsets of the 1,000 classes of ILSVRC 2012, in class order (which is their sorted order)."""
    return tuple(resources.files(__package__).joinpath("imagenet_synsets.txt").read_text("ascii").split())


def align(dataset: Dataset, class_count: int, class_names: Sequence[str] | None) -> Dataset:
    """Renumber a dataset's labels to a classifier's classes.

    Classes named by synsets are those of ImageNet-1k; else classes are matched by name; else, where both have equally
    many, by their sorted order. Labels without names are the classifier's numbers already.

    Parameters
    ----------
    dataset : Dataset
        Any.
    class_count : int
        How many classes the classifier tells apart.
    class_names : sequence of str, optional
        The classifier's names for them.

    Returns
    -------
    Dataset
        With ``class_names=None``.

    Raises
    ------
    ValueError
        If the classes cannot be matched.
    """
    if dataset.class_names is None:
        return _checked(dataset, class_count)
    numbers = _match(dataset.class_names, class_count, class_names)
    if numbers is None:
        raise ValueError(
            f"{dataset.name} has {len(dataset.class_names)} classes ({', '.join(dataset.class_names[:3])}, ...) whose "
            f"names are not among the classifier's {class_count}: number them as the classifier does, in labels.csv"
        )
    photos = tuple(photo.with_label(numbers[photo.label]) for photo in dataset.photos)
    return replace(dataset, photos=photos, class_names=None)


def _checked(dataset: Dataset, class_count: int) -> Dataset:
    for photo in dataset.photos:
        if not 0 <= photo.label < class_count:
            raise ValueError(
                f"{dataset.name}: {photo.identifier} has label {photo.label}, and the classifier's classes are "
                f"0 to {class_count - 1}"
            )
    return dataset


def _match(names: Sequence[str], class_count: int, class_names: Sequence[str] | None) -> list[int] | None:
    synsets = imagenet_synsets()
    if class_count == len(synsets) and all(_SYNSET.fullmatch(name) for name in names):
        return [synsets.index(name) for name in names] if set(names) <= set(synsets) else None
    if class_names is not None:
        known = [_plain(name) for name in class_names]
        wanted = [_plain(name) for name in names]
        if all(known.count(name) == 1 for name in wanted):
            return [known.index(name) for name in wanted]
    return list(range(class_count)) if len(names) == class_count else None


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().lower()
