"""Labelled photos: a folder with ``labels.csv`` or of class folders, a NumPy file, or a torchvision dataset by name."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from dnjpeg.evaluation import array_datasets
from dnjpeg.evaluation.photos import Dataset, FilePhoto
from dnjpeg.folders import image_files

__all__ = ["LABELS_FILE", "load_dataset"]

LABELS_FILE = "labels.csv"
FILE_COLUMNS = ("file", "filename", "file_name", "image", "path")
LABEL_COLUMNS = ("label", "class", "class_index", "label_index", "target")


def load_dataset(spec: str, *, root: Path | None = None) -> Dataset:
    """Find the labelled photos that a name stands for.

    Parameters
    ----------
    spec : str
        A folder with ``labels.csv``, a folder of class folders (as torchvision's `ImageFolder`), a ``.npz`` file with
        the arrays ``images`` and ``labels``, or ``torchvision:NAME[:SPLIT]`` (the prefix may be left out).
    root : Path, optional
        Where torchvision datasets are kept.

    Raises
    ------
    ValueError
        If there are no labelled photos, or the labels are wrong.
    OSError
        If a folder cannot be read.
    """
    folder = Path(spec)
    if folder.is_dir():
        labels = folder / LABELS_FILE
        return _from_labels(spec, labels) if labels.is_file() else _from_class_folders(spec, folder)
    if folder.suffix == array_datasets.SUFFIX and folder.is_file():
        return array_datasets.load(spec)
    if folder.exists():
        raise ValueError(f"{spec}: not a folder")

    from dnjpeg.evaluation import torchvision_datasets  # noqa: PLC0415 - imports PyTorch, which a folder does not need

    if torchvision_datasets.is_name(spec):
        return torchvision_datasets.load(spec, root)
    raise ValueError(f"{spec}: neither a folder nor a torchvision dataset such as CIFAR10 or Imagenette")


def _from_labels(name: str, labels: Path) -> Dataset:
    entries = _read_labels(labels)
    missing = [file for file, _ in entries if not (labels.parent / file).is_file()]
    if missing:
        some = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise ValueError(f"{labels} names {len(missing)} missing file{'s' if len(missing) > 1 else ''}: {some}")
    names: tuple[str, ...] | None = None
    if all(label.isdecimal() for _, label in entries):
        numbers = [int(label) for _, label in entries]
    else:
        names = tuple(sorted({label for _, label in entries}))
        numbers = [names.index(label) for _, label in entries]
    photos = tuple(
        FilePhoto(file, number, labels.parent / file) for (file, _), number in zip(entries, numbers, strict=True)
    )
    return Dataset(name, photos, names)


def _read_labels(labels: Path) -> list[tuple[str, str]]:
    """(file, label) of each line, both as written."""
    try:
        with labels.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True, strict=True)
            columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
            file_column = _pick(columns, FILE_COLUMNS, labels)
            label_column = _pick(columns, LABEL_COLUMNS, labels)
            entries: dict[str, str] = {}
            for row in reader:
                file, label = (row[file_column] or "").strip(), (row[label_column] or "").strip()
                if not file or not label:
                    raise ValueError(f"{labels}, line {reader.line_num}: a file and a label are needed")
                if file in entries:
                    raise ValueError(f"{labels}, line {reader.line_num}: {file} is labelled twice")
                entries[file] = label
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{labels}: not a CSV file ({error})") from None
    if not entries:
        raise ValueError(f"{labels}: no photo is labelled")
    return list(entries.items())


def _pick(columns: dict[str, str], accepted: Sequence[str], labels: Path) -> str:
    for name in accepted:
        if name in columns:
            return columns[name]
    raise ValueError(f"{labels}: the first line names no column {' or '.join(accepted)}")


def _from_class_folders(name: str, folder: Path) -> Dataset:
    """Class folders in sorted order are classes 0, 1, ..., as torchvision's `ImageFolder` has it."""
    classes = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    photos = tuple(
        FilePhoto(path.relative_to(folder).as_posix(), number, path)
        for number, class_name in enumerate(classes)
        for path in image_files(folder / class_name)
    )
    if not photos:
        if not any(folder.iterdir()):
            raise ValueError(f"{name}: the folder is empty")
        raise ValueError(f"{name}: no labelled photos: neither {LABELS_FILE} nor class folders with images")
    return Dataset(name, photos, tuple(classes))
