"""Calibration images: the statistics that tables are designed from, never of images that are tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from dnjpeg.evaluation import array_datasets
from dnjpeg.evaluation.datasets import LABELS_FILE, load_dataset
from dnjpeg.evaluation.photos import Dataset, FilePhoto, Photo
from dnjpeg.folders import image_files
from dnjpeg.statistics import FrequencyStatistics, collect_statistics

__all__ = ["Calibration", "calibrate", "load_calibration"]

Planes = Literal["ycbcr", "rgb"]


class Calibration:
    """Images, or a file made of them, that give statistics.

    Parameters
    ----------
    collect : callable
        Returns the statistics of ``"ycbcr"`` or ``"rgb"`` planes; called once for each.
    description : str
        One line for reports.
    checked : bool
        Whether it is certain that no test image is among the calibration images.
    """

    def __init__(self, collect: Callable[[Planes], FrequencyStatistics], description: str, checked: bool) -> None:
        self.description = description
        self.checked = checked
        self._collect = collect
        self._collected: dict[str, FrequencyStatistics] = {}

    def statistics(self, color: Planes = "ycbcr") -> FrequencyStatistics:
        """Statistics of ``"ycbcr"`` or ``"rgb"`` planes."""
        if color not in self._collected:
            self._collected[color] = self._collect(color)
        return self._collected[color]

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each calibration image that could not be read."""
        return tuple(dict.fromkeys(str(failure) for s in self._collected.values() for failure in s.failures))


def load_calibration(
    spec: str, tested: Dataset, *, every: int = 1, subsampling: str = "4:2:0", root: Path | None = None
) -> Calibration:
    """Collect statistics of a folder's images or a dataset's, or load a file of statistics.

    Parameters
    ----------
    spec : str
        A file that `FrequencyStatistics.save` wrote, a folder of images, or what `load_dataset` takes.
    tested : Dataset
        The test images.
    every : int
        Take every k-th image of each class.
    subsampling, root
        See `collect_statistics` and `load_dataset`.

    Raises
    ------
    ValueError
        If calibration and test images overlap, or there are none, or a file holds no statistics.
    OSError
        If something cannot be read.
    """
    path = Path(spec)
    if path.is_file() and path.suffix != array_datasets.SUFFIX:
        if every != 1:
            raise ValueError(f"{spec}: of a file of statistics, every {every}th image cannot be taken any more")
        statistics = FrequencyStatistics.load(path)
        return Calibration(
            lambda _: statistics, f"{statistics.origin.images:,} images, from a file of statistics", checked=False
        )
    if path.is_dir() and not (path / LABELS_FILE).is_file() and image_files(path):
        photos: tuple[Photo, ...] = tuple(_unlabelled(path))
    else:
        photos = load_dataset(spec, root=root).photos
    return calibrate(photos, tested, every=every, subsampling=subsampling)


def _unlabelled(folder: Path) -> Iterator[Photo]:
    """All images of a folder; those of one sub-folder are one class."""
    classes: dict[Path, int] = {}
    for file in image_files(folder):
        label = classes.setdefault(file.parent, len(classes))
        yield FilePhoto(file.relative_to(folder).as_posix(), label, file)


def calibrate(photos: tuple[Photo, ...], tested: Dataset, *, every: int = 1, subsampling: str = "4:2:0") -> Calibration:
    """Collect statistics of photos, after making sure that none of them is tested; parameters as above.

    Raises
    ------
    ValueError
        If calibration and test images overlap, or no photo could be read.
    OSError
        If a photo cannot be opened.
    """
    known = {_digest(photo) for photo in photos} - {None}
    shared = [photo.identifier for photo in tested.photos if _digest(photo) in known]
    if shared:
        raise ValueError(
            f"calibration and test images overlap: {len(shared)} of {len(tested.photos)} test images are among the "
            f"calibration images, {shared[0]} for one; accuracy on them would prove nothing"
        )
    labels = [photo.label for photo in photos]

    def collect(color: Planes) -> FrequencyStatistics:
        sources = (photo.path if isinstance(photo, FilePhoto) else photo.open().pixels() for photo in photos)
        sampled = subsampling if color == "ycbcr" else None
        return collect_statistics(sources, every=every, labels=labels, color=color, subsampling=sampled)

    rule = "" if every == 1 else f", every {every}th of each class"
    return Calibration(collect, f"{len(photos):,} images{rule}, none of them tested", checked=True)


def _digest(photo: Photo) -> str | None:
    try:
        return photo.open().digest
    except (OSError, ValueError):
        return None  # whoever needs the photo will report it
