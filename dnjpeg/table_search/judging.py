"""One candidate weighed: bytes of the real codec, and how far networks' answers move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dnjpeg.api import decode, encode
from dnjpeg.table_search.journal import Journal
from dnjpeg.tables import QuantizationTables, resolve
from dnjpeg.tables.steps import MAX_BASELINE_STEP

__all__ = ["Judge", "Observer", "Steps", "Verdict", "whole"]

Pixels = npt.NDArray[np.uint8]
Steps = npt.NDArray[np.float64]
Observer = Callable[[Sequence[Pixels]], npt.NDArray[np.floating]]
"""From images to log-probabilities, (N, classes)."""

QUALITIES = (8, 12, 17, 23, 30, 40, 52, 65, 76, 85, 91, 95)  # of standard JPEG, that others are compared with
CLOSE = 1e-3  # part of the bytes by which a scaled table may miss what it should spend
HALVINGS = 24
TOGETHER = 16  # images that networks get at a time


@dataclass(frozen=True)
class Verdict:
    """What became of some images.

    Parameters
    ----------
    size : float
        Mean bytes of the whole files.
    divergence : float
        Mean Kullback-Leibler divergence, in nats, from what networks say of the images to what they say of the files.
    ratio : float
        Bytes as a ratio to those of standard JPEG at this divergence, between its qualities 8 and 95; beyond them it is
        extrapolated.
    """

    size: float
    divergence: float
    ratio: float


class Judge:
    """Images and who looks at them.

    Parameters
    ----------
    images : sequence of ndarray, uint8, (H, W, 3)
        RGB.
    observers : mapping of str to callable
        Networks by name.
    subsampling : str
        Of candidates; standard JPEG is 4:2:0 whatever they are.
    journal : Journal, optional
        What is known of tables already.

    Raises
    ------
    ValueError
        If there are no images or no observers.
    """

    def __init__(
        self,
        images: Sequence[Pixels],
        observers: Mapping[str, Observer],
        *,
        subsampling: str = "4:2:0",
        journal: Journal | None = None,
    ) -> None:
        if not images or not observers:
            raise ValueError("a search needs images and networks")
        self.images, self.observers, self.subsampling = images, observers, subsampling
        self.journal = Journal(None, {}) if journal is None else journal

    @cached_property
    def _before(self) -> dict[str, npt.NDArray[np.float64]]:
        return {name: self._answers(observer, self.images) for name, observer in self.observers.items()}

    @staticmethod
    def _answers(observer: Observer, images: Sequence[Pixels]) -> npt.NDArray[np.float64]:
        parts = [observer(images[first : first + TOGETHER]) for first in range(0, len(images), TOGETHER)]
        return np.concatenate(parts).astype(np.float64)

    def size(self, tables: QuantizationTables) -> float:
        """Mean bytes of the files."""
        return float(np.mean([len(data) for data in self._files(tables, self.subsampling)]))

    def _files(self, tables: QuantizationTables, subsampling: str) -> list[bytes]:
        return [encode(image, tables=tables, subsampling=subsampling) for image in self.images]

    def measured(self, tables: QuantizationTables, subsampling: str | None = None) -> tuple[float, float]:
        """Mean bytes and mean divergence, from the journal if they are there."""
        sampled = subsampling or self.subsampling
        key = f"{tables.digest} {sampled}"
        known = self.journal.get(key)
        if known is None:
            files = self._files(tables, sampled)
            decoded = [decode(data) for data in files]
            apart = []
            for name, observer in self.observers.items():
                before, after = self._before[name], self._answers(observer, decoded)
                apart.append((np.exp(before) * (before - after)).sum(axis=1).mean())
            known = [float(np.mean([len(data) for data in files])), float(np.mean(apart))]
            self.journal.add(key, known)
        return known[0], known[1]

    @cached_property
    def reference(self) -> npt.NDArray[np.float64]:
        """Bytes and divergences of standard JPEG at `QUALITIES`, (2, n), both rising or falling all along."""
        curve = np.array([self.measured(resolve(quality), "4:2:0") for quality in QUALITIES]).T
        curve[1] = np.minimum.accumulate(curve[1])
        return curve

    def verdict(self, tables: QuantizationTables) -> Verdict:
        """Weigh tables."""
        size, divergence = self.measured(tables)
        return Verdict(size, divergence, size / self._standard_size(divergence))

    def _standard_size(self, divergence: float) -> float:
        sizes, apart = np.log(np.maximum(self.reference, 1e-9))
        apart, sizes = apart[::-1] + 1e-9 * np.arange(len(apart)), sizes[::-1]
        wanted = np.log(max(divergence, 1e-9))
        place = int(np.clip(np.searchsorted(apart, wanted), 1, len(apart) - 1))
        part = (wanted - apart[place - 1]) / (apart[place] - apart[place - 1])
        return float(np.exp(sizes[place - 1] + np.clip(part, -5, 5) * (sizes[place] - sizes[place - 1])))

    def scaled(self, steps: Steps, size: float) -> QuantizationTables:
        """Scale steps so that files have so many bytes on average, as nearly as whole steps allow.

        Parameters
        ----------
        steps : ndarray, float64, (tables, 8, 8)
            Above 0, on any scale.
        size : float
            Bytes.

        Raises
        ------
        ValueError
            If no factor comes near it.
        """
        logs = np.log(steps)
        low, high = -logs.max(), np.log(MAX_BASELINE_STEP) - logs.min()
        best, missed = None, np.inf
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            tables = whole(np.exp(logs + middle))
            found = self.size(tables)
            if abs(found / size - 1) < missed:
                best, missed = tables, abs(found / size - 1)
            if missed < CLOSE:
                break
            low, high = (middle, high) if found > size else (low, middle)
        if best is None or missed > 0.1:
            raise ValueError(f"no scale of these steps gives files of {size:.0f} bytes")
        return best


def whole(steps: Steps) -> QuantizationTables:
    """Round steps to tables of 1 to 255."""
    return QuantizationTables(*np.clip(np.rint(steps), 1, MAX_BASELINE_STEP).astype(np.uint16))
