"""The part of a sweep that runs on threads: read a photo, look up what is known, compress what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.errors import JpegError
from dnjpeg.evaluation.cache import Measurement, MeasurementCache
from dnjpeg.evaluation.classifiers import Classifier
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.crops import CROPS, views
from dnjpeg.evaluation.fidelity import Fidelity, compare, variant
from dnjpeg.evaluation.measure import Compressed, compress, uncompressed
from dnjpeg.evaluation.photos import OpenPhoto, Photo, photo_decoder
from dnjpeg.evaluation.provenance import code_identity
from dnjpeg.evaluation.rows import ORIGINAL

__all__ = ["Failure", "PhotoWork", "Preparer", "Version"]

# What reading, coding and preprocessing one image may raise: the image is reported, and the others go on.
_IMAGE_ERRORS = (JpegError, ValueError, OSError, RuntimeError, MemoryError)


@dataclass(frozen=True)
class Failure:
    """A photo, or one contender's version of it, that could not be measured."""

    image: str
    contender: str | None
    reason: str

    def __str__(self) -> str:
        return f"{self.image}{f' ({self.contender})' if self.contender else ''}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Version:
    """One version of one photo, compressed and waiting to be classified: its views, float32 ``(views, 3, h, w)``."""

    name: str
    key: str
    shape: tuple[int, ...]
    compressed: Compressed
    fidelity: Fidelity | None
    views: torch.Tensor


@dataclass(eq=False)
class PhotoWork:
    """One photo, and what is known about it so far.

    Parameters
    ----------
    photo : Photo
        The photo.
    digest, file_bytes
        See `OpenPhoto`.
    original : ndarray, float32, (views, classes), optional
        The classifier's log-probabilities for the uncompressed photo, once they are known.
    measured : dict
        Measurements by the contender's name.
    versions : list of Version
        What is still to be classified; the uncompressed photo is the first, if it is among them.
    failures : list of Failure
        What will not be measured.
    """

    photo: Photo
    digest: str = ""
    file_bytes: int | None = None
    original: npt.NDArray[np.float32] | None = None
    measured: dict[str, Measurement] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def fail(self, contender: str | None, error: Exception) -> None:
        """Note that a contender (None: every one) fails on this photo."""
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            reason = error.strerror
        self.failures.append(Failure(self.photo.identifier, contender, reason))


class Preparer:
    """Prepares photos for the classifier; one object serves many threads.

    Parameters
    ----------
    classifier : Classifier
        Whose preprocessing is applied.
    contenders : sequence of Contender
        Who compress.
    cache : MeasurementCache, optional
        What is known already.
    crops : str
        What the classifier is shown, see `dnjpeg.evaluation.crops.views`.
    fidelity : bool
        Whether decoded pictures are compared with the originals, see `dnjpeg.evaluation.fidelity`.
    """

    def __init__(
        self,
        classifier: Classifier,
        contenders: Sequence[Contender],
        cache: MeasurementCache | None,
        *,
        crops: str = "center",
        fidelity: bool = True,
    ) -> None:
        self._classifier = classifier
        self._contenders = contenders
        self._cache = cache
        self._crops = crops
        self._fidelity = fidelity
        compared = variant() if fidelity else None
        self._common = (code_identity(), photo_decoder(), *classifier.identity, crops, compared)

    def __call__(self, photo: Photo) -> PhotoWork:
        """Read a photo, and prepare those of its versions that the cache does not know."""
        work = PhotoWork(photo)
        try:
            opened = photo.open()
            work.digest, work.file_bytes = opened.digest, opened.file_bytes
            unknown = self._look_up(work)
            if unknown:
                self._prepare(work, opened, unknown)
        except _IMAGE_ERRORS as error:
            work.measured.clear()
            work.versions.clear()
            work.failures.clear()
            work.fail(None, error)
        return work

    def _key(self, work: PhotoWork, contender: Contender | None) -> str:
        identity = None if contender is None else contender.identity
        return MeasurementCache.key((self._common, work.digest, work.photo.label, identity))

    def _look_up(self, work: PhotoWork) -> list[Contender | None]:
        """Take from the cache what it knows; return the others, None being the uncompressed photo."""
        unknown: list[Contender | None] = []
        for contender in (None, *self._contenders):
            found = self._cache.get(self._key(work, contender)) if self._cache else None
            if found is None:
                unknown.append(contender)
                continue
            work.measured[contender.name if contender else ORIGINAL] = found[0]
            if contender is None:
                work.original = None if found[1] is None else found[1].reshape(len(CROPS[self._crops]), -1)
        return unknown

    def _prepare(self, work: PhotoWork, opened: OpenPhoto, unknown: Sequence[Contender | None]) -> None:
        pixels, kept = opened.pixels(), self._classifier.kept
        for contender in unknown:
            try:
                compressed, decoded = compress(pixels, contender) if contender else uncompressed(pixels)
                version = Version(
                    contender.name if contender else ORIGINAL,
                    self._key(work, contender),
                    pixels.shape,
                    compressed,
                    compare(pixels, decoded) if contender and self._fidelity else None,
                    torch.stack([self._classifier.prepare(view) for view in views(decoded, self._crops, kept)]),
                )
            except _IMAGE_ERRORS as error:
                if contender is None:
                    raise
                work.fail(contender.name, error)
            else:
                work.versions.append(version)
