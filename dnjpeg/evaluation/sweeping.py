"""Every contender on every photo: compressed on threads, classified in batches, remembered by content."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from dnjpeg.evaluation.cache import Entry, Measurement, MeasurementCache
from dnjpeg.evaluation.classifiers import Classifier
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.crops import CROPS, require_known
from dnjpeg.evaluation.fidelity import NOT_COMPARED, variant
from dnjpeg.evaluation.judges import Judges, judges_for
from dnjpeg.evaluation.measure import judge
from dnjpeg.evaluation.photos import Dataset, Photo, photo_decoder
from dnjpeg.evaluation.preparation import Failure, PhotoWork, Preparer, Version
from dnjpeg.evaluation.rows import ORIGINAL, Row, to_frame

__all__ = ["SweepResult", "sweep"]

_Batch = list[tuple[PhotoWork, Version]]

# How many prepared images may wait for the classifier: 256 of 224x224 pixels are 150 MB.
MAX_WAITING = 256


@dataclass(frozen=True)
class SweepResult:
    """What a sweep found.

    Parameters
    ----------
    rows : DataFrame
        One row per image and contender, the uncompressed image first; see `dnjpeg.evaluation.rows.Row`.
    failures : tuple of Failure
        What is missing from the rows, and why.
    cached, measured : int
        How many rows came from the cache, and how many were measured.
    """

    rows: pd.DataFrame
    failures: tuple[Failure, ...]
    cached: int
    measured: int


def sweep(
    dataset: Dataset,
    classifier: Classifier,
    contenders: Sequence[Contender],
    *,
    cache: MeasurementCache | None = None,
    jobs: int | None = None,
    batch_size: int | None = None,
    crops: str = "center",
    fidelity: bool = True,
    progress: Callable[[int], object] = lambda rows: None,
) -> SweepResult:
    """Measure every contender, and the uncompressed image, on every photo.

    Parameters
    ----------
    dataset : Dataset
        Labels are the classifier's classes (see `dnjpeg.evaluation.classes.align`).
    classifier : Classifier
        The judge.
    contenders : sequence of Contender
        With names that differ.
    cache : MeasurementCache, optional
        Where measurements are looked up and kept, batch by batch: whatever ends a sweep, what it had measured stays.
    jobs : int, optional
        Threads that decode, compress and preprocess; on a CPU as many classify. By default one per core.
    batch_size : int, optional
        Images the classifier gets at a time; by default 4 on a CPU, 32 elsewhere.
    crops : str
        ``"center"``: the classifier sees what its own preprocessing keeps. ``"five"``: also the four corners, so that
        starving the border costs something; see `dnjpeg.evaluation.crops.views`, and `Row` for how views are averaged.
    fidelity : bool
        Whether to compute PSNR, SSIM and MS-SSIM.
    progress : callable
        Called with the number of rows that are settled since its last call.

    Returns
    -------
    SweepResult
        Rows in the order of photos and contenders, whatever the number of threads. Photos and contenders that fail
        are reported and the rest go on.

    Raises
    ------
    ValueError
        If two contenders have one name, or the crops cannot be had from this classifier.
    ModuleNotFoundError
        If fidelity is asked for and TorchMetrics is not installed.
    """
    names = [ORIGINAL, *(contender.name for contender in contenders)]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two contenders are called {name!r}")
    require_known(crops, classifier.kept)
    threads = jobs or os.cpu_count() or 1
    prepare = Preparer(classifier, contenders, cache, crops=crops, fidelity=fidelity)
    ahead = max(2, min(threads + 2, MAX_WAITING // (len(names) * len(CROPS[crops]))))
    compared = variant() if fidelity else None
    with judges_for(classifier, threads) as judges:
        size = max(1, (batch_size or judges.batch_size) // len(CROPS[crops]))
        judging = _Judging(classifier, contenders, cache, judges, size, crops, compared, progress)
        for work in _in_order(prepare, dataset.photos, threads, ahead):
            judging.take(work)
        return judging.finish()


def _in_order(prepare: Preparer, photos: Sequence[Photo], jobs: int, ahead: int) -> Iterator[PhotoWork]:
    """Prepare photos on threads, at most `ahead` of the one that is asked for."""
    # One thread of PyTorch's for each of these: they are as many as there are cores already.
    executor = ThreadPoolExecutor(jobs, thread_name_prefix="dnjpeg-sweep", initializer=lambda: torch.set_num_threads(1))
    waiting: deque[Future[PhotoWork]] = deque()
    try:
        for photo in photos:
            waiting.append(executor.submit(prepare, photo))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(cancel_futures=True)


class _Judging:
    """Collects prepared images into batches, has them classified, and makes the rows; all in the calling thread."""

    def __init__(
        self,
        classifier: Classifier,
        contenders: Sequence[Contender],
        cache: MeasurementCache | None,
        judges: Judges,
        batch_size: int,
        crops: str,
        compared: str | None,
        progress: Callable[[int], object],
    ) -> None:
        self._classifier = classifier
        self._judges = judges
        self._contenders = contenders
        self._cache = cache
        self._batch_size = batch_size
        self._crops = crops
        self._compared = compared
        self._progress = progress
        self._photo_decoder = photo_decoder()
        self._works: deque[PhotoWork] = deque()
        self._queue: deque[tuple[PhotoWork, Version]] = deque()
        self._running: deque[tuple[_Batch, Future[npt.NDArray[np.float32]]]] = deque()
        self._rows: list[Row] = []
        self._failures: list[Failure] = []
        self._cached = 0

    def take(self, work: PhotoWork) -> None:
        """Take over a photo, and classify while there is a full batch."""
        self._works.append(work)
        self._queue.extend((work, version) for version in work.versions)
        self._cached += len(work.measured)
        self._progress(len(self._contenders) + 1 - len(work.versions))
        while len(self._queue) >= self._batch_size:
            self._hand_over()
        self._collect()

    def finish(self) -> SweepResult:
        """Classify what is left and return all rows."""
        while self._queue:
            self._hand_over()
        while self._running:
            self._settle()
        self._collect()
        return SweepResult(to_frame(self._rows), tuple(self._failures), self._cached, len(self._rows) - self._cached)

    def _hand_over(self) -> None:
        """Have a batch classified; wait for an earlier one if all judges are busy."""
        batch = [self._queue.popleft() for _ in range(min(self._batch_size, len(self._queue)))]
        tensors = [view for _, version in batch for view in version.views]
        self._running.append((batch, self._judges.classify(tensors)))
        if len(self._running) > self._judges.count:
            self._settle()

    def _settle(self) -> None:
        """Take in the oldest batch's answers; in this order the uncompressed photo's comes first."""
        batch, answers = self._running.popleft()
        entries: list[Entry] = []
        of_images = answers.result().reshape(len(batch), len(CROPS[self._crops]), -1)
        for (work, version), answer in zip(batch, of_images, strict=True):
            if version.name == ORIGINAL:
                work.original = answer
            measurement = _measurement(work, version, answer)
            work.measured[version.name] = measurement
            work.versions.remove(version)
            entries.append((version.key, measurement, answer if version.name == ORIGINAL else None))
        if self._cache:
            self._cache.put(entries)
        self._progress(len(batch))

    def _collect(self) -> None:
        """Make rows of the photos that are settled, in their order."""
        while self._works and not self._works[0].versions:
            work = self._works.popleft()
            self._failures += work.failures
            if ORIGINAL in work.measured:
                self._rows.append(self._row(work, None))
            self._rows += [self._row(work, c) for c in self._contenders if c.name in work.measured]

    def _row(self, work: PhotoWork, contender: Contender | None) -> Row:
        return Row(
            image=work.photo.identifier,
            image_hash=work.digest,
            contender=contender.name if contender else ORIGINAL,
            family=contender.family if contender else ORIGINAL,
            setting=contender.setting if contender else None,
            settings=contender.settings_json if contender else "{}",
            table_hash=contender.table_hash if contender else None,
            photo_decoder=self._photo_decoder,
            encoder=contender.encoder if contender else None,
            decoder=contender.decoder if contender else None,
            classifier=self._classifier.name,
            weights_hash=self._classifier.weights_hash,
            preprocessing=self._classifier.preprocessing,
            label=work.photo.label,
            fidelity=self._compared if contender else None,
            crops=self._crops,
            engine=self._classifier.engine,
            **asdict(work.measured[contender.name if contender else ORIGINAL]),
        )


def _measurement(work: PhotoWork, version: Version, answer: npt.NDArray[np.float32]) -> Measurement:
    if work.original is None:
        raise RuntimeError("the uncompressed photo is classified before its compressed versions")
    height, width = version.shape[:2]
    return Measurement(
        height=height,
        width=width,
        channels=version.shape[2] if len(version.shape) == 3 else 1,
        file_bytes=work.file_bytes,
        bytes=version.compressed.bytes,
        header_bytes=version.compressed.header_bytes,
        entropy_bytes=version.compressed.entropy_bytes,
        **asdict(judge(answer, work.photo.label, work.original)),
        **asdict(version.fidelity or NOT_COMPARED),
    )
