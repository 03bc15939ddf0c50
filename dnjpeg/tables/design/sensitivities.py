"""What designs ask of sensitivities, and how two chroma components come to share one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.steps import MAX_BASELINE_STEP

__all__ = [
    "CEILING",
    "CHROMA",
    "STEP",
    "BandSensitivity",
    "Bands",
    "Weights",
    "bounded",
    "check_positive",
    "made",
    "weigh",
]

Bands = npt.NDArray[np.float64]

STEP = "Step of luma's average band; the larger, the smaller the files."
CHROMA = "Factor on how much an error in chroma counts; above 1: finer chroma."
CEILING = "No step is larger than this many times STEP: no band is quite given up. [default: no such bound]"


class BandSensitivity(Protocol):
    """What a design asks of sensitivities; `dnjpeg.statistics.sensitivity.Sensitivity` has it."""

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the components, for example ``("Y", "Cb", "Cr")``."""

    @property
    def hash(self) -> str:
        """A hash of the numbers."""

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where they come from."""

    def mean_square(self, component: int, /) -> Bands:
        """Mean squared gradient of a coefficient, float64 (8, 8), natural order."""

    def mean_abs(self, component: int, /) -> Bands:
        """Mean magnitude of a coefficient's gradient, float64 (8, 8), natural order."""


@dataclass(frozen=True, eq=False)
class Weights:
    """How much a squared error in each band counts, one map a component; luma's geometric mean is 1.

    Parameters
    ----------
    maps : tuple of ndarray, float64, (8, 8)
        One a component, natural order.
    origin : mapping
        Their part of a table's provenance.
    """

    maps: tuple[Bands, ...]
    origin: Mapping[str, Any]

    @property
    def chroma(self) -> Bands:
        """Mean of all components after the first, which share a table."""
        mean: Bands = np.mean(self.maps[1:], axis=0)
        return mean


def weigh(sensitivity: BandSensitivity, *, magnitudes: bool = False, chroma: float = 1.0) -> Weights:
    """Return the weights of Y, Cb and Cr.

    Parameters
    ----------
    sensitivity : BandSensitivity
        What networks mind.
    magnitudes : bool
        Mean magnitudes of gradients, and not mean squares.
    chroma : float
        Factor on the weights of chroma.

    Raises
    ------
    ValueError
        If it has no three components, a weight is not a positive number, or the factor is not.
    """
    check_positive(chroma, "the factor on chroma")
    if len(sensitivity.components) != 3:
        raise ValueError(f"sensitivities of Y, Cb and Cr are needed; these are of {', '.join(sensitivity.components)}")
    maps = [sensitivity.mean_abs(i) if magnitudes else sensitivity.mean_square(i) for i in range(3)]
    if not all(np.isfinite(each).all() and each.min() > 0 for each in maps):
        raise ValueError("a sensitivity is zero or not a finite number")
    mean = np.exp(np.log(maps[0]).mean())
    weights = tuple(each / mean * (chroma if index else 1) for index, each in enumerate(maps))
    return Weights(weights, {"sensitivity": {"hash": sensitivity.hash, **dict(sensitivity.provenance)}})


def check_positive(number: object, what: str) -> float:
    """Return a number above zero; ValueError, beginning with `what`, if it is none."""
    if isinstance(number, bool) or not isinstance(number, int | float | np.number) or not 0 < number < np.inf:
        raise ValueError(f"{what} is a number above 0, not {number!s:.40}")
    return float(number)


def bounded(
    maps: tuple[Bands, Bands], step: float, ceiling: float | None
) -> tuple[tuple[Bands, Bands], dict[str, float]]:
    """Hold steps under `ceiling` times `step`, and say so for the provenance; None: leave them as they are."""
    if ceiling is None:
        return maps, {}
    most = check_positive(ceiling, "the ceiling") * step
    return (np.minimum(maps[0], most), np.minimum(maps[1], most)), {"ceiling": ceiling}


def made(
    maps: tuple[Bands, Bands],
    name: str,
    description: str,
    parameters: Mapping[str, Any],
    origin: Mapping[str, Any],
    source: str,
) -> QuantizationTables:
    """Round steps to what a baseline file can hold, and make tables of them."""
    return QuantizationTables(
        *(np.clip(np.rint(steps), 1, MAX_BASELINE_STEP).astype(np.uint16) for steps in maps),
        name=name,
        provenance={
            "method": name,
            "description": description,
            "parameters": dict(parameters),
            **origin,
            "source": source,
        },
    )
