"""Who needs fewest bytes for the same accuracy, and whether chance could have made it so: the numbers.

For each target, a drop of top-1 or a divergence, and each family of contenders that is a curve: the bytes that its
curve needs, and their ratio to the reference's, with paired bootstrap intervals. The words are in
`dnjpeg.evaluation.verdicts`.

Between its points a curve is a straight line in the logarithm of the bytes: of top-1, and of the logarithm of the
divergence. Where noise lets a score fall although the bytes rise, points are pooled (isotonic regression, see
`dnjpeg.evaluation.curves`). A target beyond a curve's end is known to need less than the smallest files, or more than
the largest; such a bound takes part in the intervals as what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnjpeg.evaluation.bootstrap import resampled_means
from dnjpeg.evaluation.curves import Curve, closeness
from dnjpeg.evaluation.metrics import JPEG_FAMILY, MIN_IMAGES, Pairing, pair
from dnjpeg.evaluation.rows import ORIGINAL

__all__ = ["KLS", "MIN_IMAGES", "TOP1_DROPS", "Comparison", "Standing", "Target", "compare"]

Matrix = npt.NDArray[np.float64]

TOP1_DROPS = (0.005, 0.01, 0.02, 0.05)
KLS = (0.03, 0.087, 0.167, 0.355)
LEVEL = 0.05


@dataclass(frozen=True)
class Target:
    """What is held equal: ``"top1_drop"`` (a proportion) or ``"kl"`` (nats), and how much of it."""

    measure: str
    value: float

    def __str__(self) -> str:
        if self.measure == "kl":
            return f"KL {self.value:g}"
        points = f"{100 * self.value:g}"
        return f"a top-1 drop of {points} {'point' if points == '1' else 'points'}"


@dataclass(frozen=True)
class Standing:
    """What one family needs at one target.

    Parameters
    ----------
    family : str
        Who.
    least, most : float
        Between which mean bytes an image it lies as measured: twice the same where the target is on the curve; 0 and
        the smallest size if even that is better; the largest size and infinity if even that is worse.
    low, high : float
        95 % interval of the bytes, open ends included.
    ratio : float
        To the reference's bytes; NaN unless both are on their curves.
    ratio_low, ratio_high : float
        95 % interval of the ratio, paired over images; 0 and infinity where it is open.
    behind : bool
        Whether this family needs more than the target's winner beyond chance, at 95 % for all of them together.
    """

    family: str
    least: float
    most: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    behind: bool

    @property
    def measured(self) -> bool:
        """Whether the target is on the family's curve."""
        return self.least == self.most


@dataclass(frozen=True)
class Comparison:
    """All families at all targets.

    Parameters
    ----------
    reference : str
        The family that ratios refer to.
    images : int
        How many.
    families : tuple of str
        The curves.
    points : tuple of str
        Families of a single contender: they have no curve.
    standings : mapping of Target to tuple of Standing
        In the order of `families`.
    """

    reference: str
    images: int
    families: tuple[str, ...]
    points: tuple[str, ...]
    standings: dict[Target, tuple[Standing, ...]]

    def winner(self, target: Target) -> Standing | None:
        """Find who needs fewest bytes as measured; None if no family gets there."""
        best = min(self.standings[target], key=lambda standing: standing.most)
        return best if np.isfinite(best.most) else None


def compare(
    rows: pd.DataFrame,
    *,
    reference: str = JPEG_FAMILY,
    top1_drops: Sequence[float] = TOP1_DROPS,
    kls: Sequence[float] = KLS,
    draws: int = 2000,
) -> Comparison:
    """Compare the families in the rows of one sweep.

    Parameters
    ----------
    rows : DataFrame
        See `dnjpeg.evaluation.rows`.
    reference : str
        A family of at least two contenders.
    top1_drops, kls : sequence of float
        The targets: drops against the uncompressed images as proportions (with fewer than 100 images none are
        compared), and mean divergences in nats.
    draws : int
        Bootstrap samples of the images.

    Raises
    ------
    ValueError
        If the reference is no curve among the rows, or see `dnjpeg.evaluation.metrics.pair`.
    """
    pairing = pair(rows)
    names = [name for name in pairing.contenders["family"].unique() if name != ORIGINAL]
    counts = pairing.contenders["family"].value_counts()
    families = tuple(name for name in names if counts[name] > 1)
    if reference not in families:
        raise ValueError(
            f"the reference {reference!r} is not among the families with several settings: choose from "
            f"{', '.join(families) or 'none'}"
        )
    drops = top1_drops if len(pairing.images) >= MIN_IMAGES else ()
    targets = (*(Target("top1_drop", drop) for drop in drops), *(Target("kl", kl) for kl in kls))
    values = np.hstack([pairing.bytes, pairing.top1, pairing.kl])
    measured = _needed(values.mean(axis=0, keepdims=True), pairing, families, targets)[0]
    resampled = _needed(resampled_means(values, draws), pairing, families, targets)
    at = families.index(reference)
    standings = {
        target: _standings(families, at, measured[:, place], resampled[:, :, place])
        for place, target in enumerate(targets)
    }
    singles = tuple(name for name in names if counts[name] == 1)
    return Comparison(reference, len(pairing.images), families, singles, standings)


def _needed(means: Matrix, pairing: Pairing, families: Sequence[str], targets: Sequence[Target]) -> Matrix:
    """Bounds of the bytes that families need, ``(samples, families, targets, 2)``, for samples of means."""
    size, top1, divergence = np.split(means, 3, axis=1)
    close = closeness(divergence)
    original = pairing.column(ORIGINAL)
    of_family = pairing.contenders["family"].to_numpy()
    needed = np.empty((len(means), len(families), len(targets), 2))
    for place, family in enumerate(families):
        on = np.flatnonzero(of_family == family)
        for sample in range(len(means)):
            by_top1 = Curve.through(size[sample, on], top1[sample, on])
            by_kl = Curve.through(size[sample, on], close[sample, on])
            for index, target in enumerate(targets):
                if target.measure == "kl":
                    bounds = by_kl.bounds_at(float(closeness(np.array(target.value))))
                else:
                    bounds = by_top1.bounds_at(top1[sample, original] - target.value)
                needed[sample, place, index] = bounds
    return needed


def _standings(families: Sequence[str], reference: int, measured: Matrix, resampled: Matrix) -> tuple[Standing, ...]:
    """Make one target's standings; `measured` is ``(families, 2)`` and `resampled` ``(samples, families, 2)``."""
    winner = int(np.argmin(measured[:, 1]))
    # Each rival may be ahead by chance: together they are given the 5 % (Bonferroni).
    shared = LEVEL / max(1, len(families) - 1)
    standings = []
    for place, family in enumerate(families):
        least, most = measured[place]
        low, high = _interval(resampled[:, place], LEVEL)
        exact = least == most and measured[reference, 0] == measured[reference, 1]
        ratio_low, ratio_high = _interval(_ratio(resampled[:, place], resampled[:, reference]), LEVEL)
        if place == reference:
            ratio_low = ratio_high = 1.0
        over = _interval(_ratio(resampled[:, place], resampled[:, winner]), shared)[0]
        standings.append(
            Standing(
                family=family,
                least=float(least),
                most=float(most),
                low=low,
                high=high,
                ratio=float(least / measured[reference, 0]) if exact else float("nan"),
                ratio_low=ratio_low,
                ratio_high=ratio_high,
                behind=place != winner and over > 1,
            )
        )
    return tuple(standings)


def _ratio(own: Matrix, other: Matrix) -> Matrix:
    """Bounds of the ratio of two bounded sizes, ``(samples, 2)`` each: 0 to infinity where nothing is known."""
    with np.errstate(divide="ignore"):
        return np.stack([own[:, 0] / other[:, 1], own[:, 1] / other[:, 0]], axis=1)


def _interval(bounds: Matrix, level: float) -> tuple[float, float]:
    """Percentile interval of bounded values, ``(samples, 2)``: low end of the lower bounds, high end of the upper."""
    low = np.quantile(bounds[:, 0], level / 2, method="lower")
    high = np.quantile(bounds[:, 1], 1 - level / 2, method="higher")
    return float(low), float(high)
