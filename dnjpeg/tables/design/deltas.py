"""The numbers that designs start from: δ, the standard deviation of each band's coefficients."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import numpy.typing as npt

__all__ = ["COMPONENTS", "BandStatistics", "Bands", "Deltas", "Statistics", "select", "strongest_first"]

Bands = npt.NDArray[np.float64]

COMPONENTS = {
    "per-component": "a table for each component",
    "luma": "one table, from luma",
    "rgb": "one table, from R, G and B thrown together",
}
"""Whose δ make the tables; see `select`."""


@runtime_checkable
class BandStatistics(Protocol):
    """What a design asks of frequency statistics; `dnjpeg.FrequencyStatistics` has it."""

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the components, for example ``("Y", "Cb", "Cr")``."""

    @property
    def hash(self) -> str:
        """A hash of the numbers."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where they come from."""

    def std(self, component: int, /) -> Bands:
        """Return the standard deviation of the orthonormal DCT coefficients, float64 (8, 8), natural order."""

    def pooled(self) -> BandStatistics:
        """Return the statistics of all components thrown together."""


Statistics = BandStatistics | npt.ArrayLike
"""Frequency statistics, or δ themselves: (8, 8), or (n, 8, 8) for n components; natural order, 8-bit scale."""


@dataclass(frozen=True)
class Deltas:
    """The δ that a design turns into tables, one map a table.

    Parameters
    ----------
    maps : tuple of ndarray, float64, (8, 8)
        Standard deviations, natural order.
    origin : mapping
        Their part of the tables' provenance: ``statistics`` (hash and components) and ``data``.
    """

    maps: tuple[Bands, ...]
    origin: Mapping[str, Any]


def select(statistics: Statistics, components: str) -> Deltas:
    """Choose the δ that make the tables.

    Parameters
    ----------
    statistics : FrequencyStatistics, or array-like of float, (8, 8) or (n, 8, 8)
        Statistics, or standard deviations of the orthonormal DCT coefficients of 8-bit samples, natural order.
    components : {"per-component", "luma", "rgb"}
        A table for each of the components as they are coded; one table from luma for all; or one table for all from
        R, G and B thrown together: from statistics of these, or from one map that already is of all three.

    Raises
    ------
    ValueError
        If it is none of these, the statistics do not have these components, or a δ is negative or not finite.
    """
    if components not in COMPONENTS:
        raise ValueError(f"components {components!r}, must be one of {', '.join(COMPONENTS)}")
    if not isinstance(statistics, BandStatistics):
        return _select_numbers(statistics, components)
    names = tuple(statistics.components)
    if components == "rgb":
        if names != ("R", "G", "B"):
            raise ValueError(f"components rgb needs statistics of R, G and B; these are of {', '.join(names)}")
        chosen = [statistics.pooled().std(0)]
    elif names[0] != "Y":
        raise ValueError(f"components {components} needs statistics of Y, Cb and Cr; these are of {', '.join(names)}")
    else:
        chosen = [statistics.std(index) for index in range(len(names) if components == "per-component" else 1)]
    origin = {
        "statistics": {"hash": statistics.hash, "components": list(names)},
        "data": dict(statistics.provenance),
    }
    return Deltas(tuple(map(_check, chosen)), origin)


def _select_numbers(numbers: npt.ArrayLike, components: str) -> Deltas:
    try:
        maps = np.asarray(numbers, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError("statistics must be FrequencyStatistics or an (8, 8) or (n, 8, 8) array of numbers") from None
    if maps.shape[-2:] != (8, 8) or maps.ndim not in {2, 3} or not 1 <= maps.size // 64 <= 4:
        raise ValueError(f"standard deviations must be (8, 8), or (n, 8, 8) for 1 to 4 components, not {maps.shape}")
    maps = maps.reshape(-1, 8, 8)
    if components == "rgb" and len(maps) != 1:
        raise ValueError(
            f"components rgb needs one map, of R, G and B thrown together, not {len(maps)}; statistics can be pooled"
        )
    chosen = maps if components == "per-component" else maps[:1]
    digest = hashlib.sha256(b"dnjpeg deltas 1" + maps.astype("<f8").tobytes()).hexdigest()
    return Deltas(tuple(map(_check, chosen)), {"statistics": {"hash": digest, "components": len(maps)}})


def _check(delta: npt.NDArray[Any]) -> Bands:
    if not np.isfinite(delta).all() or delta.min() < 0:
        raise ValueError("a standard deviation is negative or not a finite number")
    return cast("Bands", delta)


def strongest_first(delta: Bands) -> npt.NDArray[np.intp]:
    """Rank the bands by δ, the largest first; of equal ones the lower frequency (row + column, then row).

    Returns
    -------
    ndarray, int, (64,)
        Indices 8 * row + column.
    """
    row, col = np.indices((8, 8)).reshape(2, 64)
    return np.lexsort((row, row + col, -delta.reshape(64)))
