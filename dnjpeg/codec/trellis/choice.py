"""What is weighed against what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["RateDistortion", "Weights"]

Weights = npt.NDArray[np.float64]

NAMED = ("error", "steps")


@dataclass(frozen=True, eq=False)
class RateDistortion:
    """How levels are chosen for rate and distortion together.

    ::

        J = sum w (c - q k)^2 + lambda R,        lambda = strength * geometric mean of w q^2 over the first table

    with coefficients c on the scale of the orthonormal DCT, steps q, levels k, and the bits R of a sequential scan.
    Since lambda follows the table and the weights, one strength suits all qualities: a strength of ``ln 2 / 6 = 0.12``
    is the slope of rounding itself at high rates in the table's average band.

    Parameters
    ----------
    strength : float
        How much bits count, above 0.
    weights : "error", "steps", or ndarray (8, 8) or sequence of them
        What a squared error counts. ``"error"``: the same everywhere, the mean squared error of each component as it is
        coded. ``"steps"``: ``1 / q^2``, what the table says. Or numbers above 0 in natural order, for all components,
        or for one each, of which the last counts for those that follow; their common scale has no meaning.
    passes : int
        Huffman tables are made for the image and levels chosen by them so many times; with tables that are given,
        once.

    Raises
    ------
    ValueError
        If an argument is none of this.
    """

    strength: float
    weights: str | npt.ArrayLike | Sequence[npt.ArrayLike] = "error"
    passes: int = 2

    def __post_init__(self) -> None:
        if isinstance(self.strength, bool) or not isinstance(self.strength, int | float | np.number):
            raise ValueError(f"the strength is a number above 0, not {self.strength!r:.40}")
        if not 0 < self.strength < np.inf:
            raise ValueError(f"the strength is a number above 0, not {self.strength}")
        if isinstance(self.passes, bool) or not isinstance(self.passes, int) or self.passes < 1:
            raise ValueError(f"passes are a whole number from 1 on, not {self.passes!r:.40}")
        object.__setattr__(self, "weights", _checked(self.weights))

    def resolved(self, tables: Sequence[npt.NDArray[np.uint16]]) -> list[Weights]:
        """Weights of each component, given its steps, divided by lambda: what an error counts, in bits."""
        squares = [table.astype(np.float64) ** 2 for table in tables]
        if isinstance(self.weights, str):
            each = [np.ones((8, 8)) if self.weights == "error" else 1 / square for square in squares]
        else:
            given = np.asarray(self.weights)
            each = [given[min(index, len(given) - 1)] for index in range(len(tables))]
        mean = np.exp(np.log(each[0] * squares[0]).mean())
        return [weights / (self.strength * mean) for weights in each]


def _checked(weights: object) -> str | tuple[Weights, ...]:
    if isinstance(weights, str):
        if weights not in NAMED:
            raise ValueError(f"weights {weights!r}, must be one of {', '.join(NAMED)}, or numbers")
        return weights
    try:
        array = np.array(weights, np.float64)
    except (TypeError, ValueError):
        raise ValueError("weights are 8x8 numbers, for all components or for each") from None
    maps = array[None] if array.ndim == 2 else array
    if maps.ndim != 3 or maps.shape[1:] != (8, 8) or not len(maps):
        raise ValueError(f"weights are 8x8 numbers, for all components or for each, not of shape {array.shape}")
    if not (np.isfinite(maps).all() and maps.min() > 0):
        raise ValueError("weights are finite numbers above 0")
    return tuple(maps)
