"""Comparison with a curve: who needs fewer bytes at equal accuracy, and who is more accurate at equal bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Curve", "closeness"]

Matrix = npt.NDArray[np.float64]
_LEAST = 1e-9  # nats: below what a network's arithmetic tells apart


@dataclass(frozen=True, eq=False)
class Curve:
    """A score that does not fall with the bytes, linear between its points in the logarithm of the bytes.

    Make one with `through`. It says nothing beyond its ends.

    Parameters
    ----------
    log_bytes : ndarray, float64, (points,)
        Natural logarithms of mean bytes, ascending.
    score : ndarray, float64, (points,)
        Higher is better; not descending.
    """

    log_bytes: Matrix
    score: Matrix

    @classmethod
    def through(cls, size: Matrix, score: Matrix) -> Curve:
        """Fit the curve to measured points, ``(points,)`` each, in any order.

        Where noise lets the score fall although the bytes rise, the points are pooled to their mean (the least-squares
        fit that does not fall: pool adjacent violators, Ayer et al., 1955).
        """
        order = np.argsort(size, kind="stable")
        return cls(np.log(size[order]), _not_descending(score[order]))

    def score_at(self, size: float) -> float:
        """Score at so many bytes; NaN beyond the ends."""
        return float(np.interp(np.log(size), self.log_bytes, self.score, left=np.nan, right=np.nan))

    def bytes_at(self, score: float) -> float:
        """Fewest bytes with this score; NaN beyond the ends."""
        low, high = self.bounds_at(score)
        return low if low == high else float("nan")

    def bounds_at(self, score: float) -> tuple[float, float]:
        """Between which bytes the fewest with this score lie.

        Twice the same on the curve; 0 and the smallest size where even that has a better score, the largest size and
        infinity where even that has a worse one.
        """
        if score < self.score[0]:
            return 0.0, float(np.exp(self.log_bytes[0]))
        if not score <= self.score[-1]:
            return float(np.exp(self.log_bytes[-1])), float("inf")
        found = self._bytes_on(score)
        return found, found

    def _bytes_on(self, score: float) -> float:
        after = int(np.searchsorted(self.score, score, side="left"))
        if after == 0:
            return float(np.exp(self.log_bytes[0]))
        step = slice(after - 1, after + 1)
        return float(np.exp(np.interp(score, self.score[step], self.log_bytes[step])))


def closeness(divergence: Matrix) -> Matrix:
    """Score of a mean divergence: its negated logarithm, whose curves are nearly straight lines.

    With the point left out, JPEG's and DeepN's bytes at a measured divergence are met to about 2 %; between the
    divergences themselves a straight line errs by up to 10 %, and always upwards.
    """
    return np.asarray(-np.log(np.maximum(divergence, _LEAST)))


def _not_descending(values: Matrix) -> Matrix:
    """Fit the closest sequence that does not fall."""
    means: list[float] = []
    counts: list[int] = []
    for value in values.tolist():
        means.append(value)
        counts.append(1)
        while len(means) > 1 and means[-2] > means[-1]:
            count = counts[-2] + counts[-1]
            means[-2:] = [(means[-2] * counts[-2] + means[-1] * counts[-1]) / count]
            counts[-2:] = [count]
    return np.repeat(means, counts)
