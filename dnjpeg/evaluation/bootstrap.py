"""Resampling of images: how far a mean over this sample may be from the mean over all such images."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["interval", "resampled_means"]

Matrix = npt.NDArray[np.float64]
SEED = 1803


def resampled_means(values: Matrix, draws: int, *, seed: int = SEED) -> Matrix:
    """Means of the columns over images drawn with replacement (Efron's bootstrap).

    Every column of one call sees the same draws, and so does every call with as many images and the same seed:
    differences and ratios of such means are paired.

    Parameters
    ----------
    values : ndarray, float64, (images, columns)
        One line per image.
    draws : int
        How many samples to draw.
    seed : int
        Of the random numbers; fixed, so that a report can be repeated.

    Returns
    -------
    ndarray, float64, (draws, columns)
    """
    n = len(values)
    random = np.random.default_rng(seed)
    means = np.empty((draws, values.shape[1]))
    for draw in range(draws):
        means[draw] = np.bincount(random.integers(0, n, n), minlength=n) @ values / n
    return means


def interval(resampled: Matrix) -> tuple[Matrix, Matrix]:
    """95 % percentile interval of each column; NaN where more than 5 % of the draws are NaN."""
    low, high = np.full((2, resampled.shape[1]), np.nan)
    enough = np.isnan(resampled).mean(axis=0) <= 0.05
    if enough.any():
        low[enough], high[enough] = np.nanpercentile(resampled[:, enough], (2.5, 97.5), axis=0)
    return low, high
