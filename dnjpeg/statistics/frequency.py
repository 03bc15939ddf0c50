"""FrequencyStatistics: the distribution of each component's DCT coefficients, band by band."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.statistics import storage
from dnjpeg.statistics.counting import REACH
from dnjpeg.statistics.origin import Failure, Origin
from dnjpeg.statistics.totals import BINS, UNITS, ComponentTotals, fingerprint

__all__ = ["FrequencyStatistics"]

Bands = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class FrequencyStatistics:
    """Count, moments and histogram of the DCT coefficients of a set of images, per component and band.

    Coefficients are those of the orthonormal 8x8 DCT of level-shifted 8-bit samples (DC = 8 x mean), the scale of
    T.81 A.3.3 and of quantization steps. Arrays are (8, 8) in natural order: row = vertical frequency. A component is
    named by its index or its name. Blocks at the right and bottom edges count like the others, padded as an encoder
    pads them.

    Use `collect_statistics` to make one, and ``+`` or `merge` to join several; the result is the same in any order.

    Parameters
    ----------
    components : tuple of str
        ``("Y", "Cb", "Cr")``, ``("R", "G", "B")``, ``("Y",)`` or, after `pooled`, one name.
    totals : tuple of ComponentTotals
        One a component; they are the statistics' own from here on, and are made read-only.
    origin : Origin
        Where they come from.
    failures : tuple of Failure
        What could not be read. They are neither compared nor saved, only their number is.
    """

    components: tuple[str, ...]
    totals: tuple[ComponentTotals, ...]
    origin: Origin
    failures: tuple[Failure, ...] = ()

    def __post_init__(self) -> None:
        if not self.components or len(self.components) != len(self.totals):
            raise ValueError(f"{len(self.totals)} totals do not fit the components {self.components}")
        for totals in self.totals:
            totals.sums.flags.writeable = False
            totals.histogram.flags.writeable = False

    @property
    def provenance(self) -> dict[str, Any]:
        """Where they come from, as a dictionary that JSON can hold; it names no paths."""
        return self.origin.to_json()

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the numbers and the components' names, 64 hexadecimal digits; the provenance is not part of it."""
        return fingerprint(self.components, self.totals)

    def count(self, component: int | str) -> int:
        """Count the blocks, which is how many coefficients every band has."""
        return self.totals[self._index(component)].blocks

    def mean(self, component: int | str) -> Bands:
        """Give the mean coefficient, float64 (8, 8).

        Raises
        ------
        ValueError
            If there is no such component, or the images held no block of it; likewise for the other statistics.
        """
        totals = self._filled(component)
        return _by_band(lambda total, _, __: total / (UNITS * totals.blocks), totals)

    def std(self, component: int | str) -> Bands:
        """Give the standard deviation of the coefficients (of the population: divided by n), float64 (8, 8).

        This is the δ of DeepN-JPEG (Liu et al., DAC 2018).
        """
        count = self._filled(component).blocks
        # Integers up to the division: no cancellation, and the quotient is rounded once.
        variance = _by_band(
            lambda total, _, squares: (count * squares - total * total) / (UNITS * count) ** 2, self._filled(component)
        )
        return np.sqrt(variance)

    def mean_abs(self, component: int | str) -> Bands:
        """Give the mean absolute coefficient, float64 (8, 8)."""
        totals = self._filled(component)
        return _by_band(lambda _, absolute, __: absolute / (UNITS * totals.blocks), totals)

    def histogram(self, component: int | str) -> npt.NDArray[np.int64]:
        """Give the number of coefficients in each bin, int64 (8, 8, 4097); see `histogram_edges` for the bins."""
        counts = self.totals[self._index(component)].histogram
        return np.ascontiguousarray(counts.T).reshape(8, 8, BINS)

    def laplace_scale(self, component: int | str) -> Bands:
        """Fit the scale λ of a Laplace distribution, exp(-abs(c - m) / λ) / 2λ, to each band, float64 (8, 8).

        The maximum of the likelihood is the mean absolute distance from the location m. That is 0 for AC, exactly
        `mean_abs` (the λ of OptS, ICIP 2023), and the median for DC, both to half a histogram bin (1/4). Coefficients
        that were quantized before make λ too small in the bands that lost much to zero.
        """
        scale = self.mean_abs(component)
        direct = self.totals[self._index(component)].histogram[:, 0]
        centres = np.sign(_SIGNED) * (abs(_SIGNED) / 2 + 0.25)
        median = centres[np.searchsorted(np.cumsum(direct), direct.sum() / 2)]
        scale[0, 0] = float(direct @ abs(centres - median)) / float(direct.sum())
        return scale

    def entropy(self, component: int | str, table: npt.ArrayLike) -> Bands:
        """Give the entropy of the quantized coefficients, bits a coefficient, float64 (8, 8).

        That of each band alone, -Σ p(k) log2 p(k) over the quantized values k = round(c / q), halves away from zero:
        what an ideal coder of independent coefficients would spend. The counts p are those that the encoder would get
        (coefficients beyond ±1024.5 aside, which pixels cannot give), since every threshold is an edge of a bin.

        Parameters
        ----------
        component : int or str
            Its index or name.
        table : array-like of int, (8, 8)
            Quantization steps, 1..65535, natural order.

        Raises
        ------
        ValueError
            If the table is none, or the component is empty.
        """
        steps = _check_table(table).reshape(64)
        histogram = self._filled(component).histogram
        return np.array([_entropy(histogram[:, band], int(steps[band])) for band in range(64)]).reshape(8, 8)

    def pooled(self, components: Sequence[int | str] | None = None) -> FrequencyStatistics:
        """Throw several components' coefficients together, as one component.

        Parameters
        ----------
        components : sequence of int or str, optional
            Which, each weighing by its number of blocks. All of them if None: the new component is ``"pooled"``;
            otherwise its name joins theirs, ``"Cb+Cr"``.
        """
        indices = range(len(self.components)) if components is None else [self._index(name) for name in components]
        if len(set(indices)) != len(indices) or not indices:
            raise ValueError(f"cannot pool {components}: name one or more components, each once")
        total = ComponentTotals()
        for index in indices:
            total.merge(self.totals[index])
        name = "pooled" if components is None else "+".join(self.components[index] for index in indices)
        return replace(self, components=(name,), totals=(total,))

    def merge(self, *others: FrequencyStatistics) -> FrequencyStatistics:
        """Join statistics of several sets of images; the same as if all had been collected at once.

        Raises
        ------
        ValueError
            If they do not count the same: other components, colour, domain or subsampling.
        """
        totals = tuple(ComponentTotals() for _ in self.components)
        origin, failures = self.origin, list(self.failures)
        for other in others:
            self._check_alike(other)
            origin = origin.merged(other.origin)
            failures.extend(other.failures)
        for one in (self, *others):
            for total, part in zip(totals, one.totals, strict=True):
                total.merge(part)
        return FrequencyStatistics(self.components, totals, origin, tuple(sorted(failures)))

    def __add__(self, other: object) -> FrequencyStatistics:
        if not isinstance(other, FrequencyStatistics):
            return NotImplemented
        return self.merge(other)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FrequencyStatistics):
            return NotImplemented
        return (self.components, self.origin) == (other.components, other.origin) and self.totals == other.totals

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        blocks = ", ".join(f"{name} {part.blocks:,}" for name, part in zip(self.components, self.totals, strict=True))
        images = "1 image" if self.origin.images == 1 else f"{self.origin.images:,} images"
        return f"<FrequencyStatistics of {images}: blocks {blocks}; hash {self.hash[:12]}>"

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write a JSON file, see `dnjpeg.statistics.storage` for its layout.

        Raises
        ------
        FileExistsError
            If there is a file and `overwrite` is False.
        OSError
            If it cannot be written.
        """
        storage.save(storage.Content(self.components, self.totals, self.origin), path, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> FrequencyStatistics:
        """Read what `save` wrote: an equal value.

        Raises
        ------
        ValueError
            If the file holds something else, was damaged, or is of a later version.
        OSError
            If it cannot be read.
        """
        return cls(*storage.load(path))

    def _index(self, component: int | str) -> int:
        if component in self.components:
            return self.components.index(str(component))
        if isinstance(component, int) and 0 <= component < len(self.components):
            return component
        raise ValueError(f"there is no component {component!r}, only {', '.join(self.components)}")

    def _filled(self, component: int | str) -> ComponentTotals:
        index = self._index(component)
        if not self.totals[index].blocks:
            raise ValueError(f"component {self.components[index]} is empty: none of the images has it (gray images?)")
        return self.totals[index]

    def _check_alike(self, other: FrequencyStatistics) -> None:
        mine, theirs = (
            (one.components, one.origin.color, one.origin.domain, one.origin.subsampling) for one in (self, other)
        )
        if mine != theirs:
            raise ValueError(f"statistics that count different things cannot be merged: {mine} and {theirs}")


_SIGNED = np.arange(-REACH, REACH + 1)
"""Bins as signed magnitudes, in half coefficients."""


def _by_band(value: Callable[[int, int, int], float], totals: ComponentTotals) -> Bands:
    """Evaluate a function of a band's three sums for every band."""
    return np.array([value(*sums) for sums in totals.sums.T]).reshape(8, 8)


def _check_table(table: npt.ArrayLike) -> npt.NDArray[np.int64]:
    steps = np.asarray(table)
    if steps.shape != (8, 8) or not np.issubdtype(steps.dtype, np.integer):
        raise ValueError(f"a quantization table is (8, 8) integers, not {steps.dtype} {steps.shape}")
    if steps.min() < 1 or steps.max() > 65535:
        raise ValueError(f"quantization steps are 1 to 65535, not {steps.min()} to {steps.max()}")
    return steps.astype(np.int64)


def _entropy(counts: npt.NDArray[np.int64], step: int) -> float:
    # 2c lies in [bin, bin + 1), so floor((2c + q) / 2q), which is round(c / q), follows from the bin.
    levels = np.sign(_SIGNED) * ((abs(_SIGNED) + step) // (2 * step))
    starts = np.flatnonzero(np.diff(levels, prepend=levels[0] - 1))
    occupied = np.add.reduceat(counts, starts)
    shares = occupied[occupied > 0] / counts.sum()
    return max(0.0, float(-(shares * np.log2(shares)).sum()))
