"""One evaluation from end to end, as a value: what was asked, what was measured, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dnjpeg.evaluation.classifiers import Classifier
from dnjpeg.evaluation.comparison import Comparison
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.metrics import JPEG_FAMILY
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.rows import ORIGINAL
from dnjpeg.evaluation.sweeping import SweepResult

__all__ = ["FEW", "TOLERANCE", "Study", "at_comparable_size", "smallest_within"]

TOLERANCE = 0.01  # of top-1, in the headline: one point
FEW = 300  # photos; with fewer, an accuracy is no verdict


@dataclass(frozen=True, eq=False)
class Study:
    """All that a report tells.

    Parameters
    ----------
    dataset : Dataset
        The photos, labelled with the classifier's classes.
    classifier : Classifier
        The judge.
    contenders : tuple of Contender
        Who competed.
    result : SweepResult
        The rows.
    summary : DataFrame
        What `summarize` made of them.
    references : tuple of str
        What the summary's compression ratios refer to; plots show the first.
    subsampling : str
        Of all contenders that don't say otherwise.
    calibration : str or None
        What tables were designed from.
    command : str
        What to type to do it again.
    notes : tuple of str
        What a reader must know before trusting it.
    comparison : Comparison, optional
        Bytes at equal accuracy; None where standard JPEG is no curve among the contenders.
    correlations : DataFrame, optional
        What `rank_correlations` found.
    """

    dataset: Dataset
    classifier: Classifier
    contenders: tuple[Contender, ...]
    result: SweepResult
    summary: pd.DataFrame
    references: tuple[str, ...]
    subsampling: str
    calibration: str | None
    command: str
    notes: tuple[str, ...] = ()
    comparison: Comparison | None = None
    correlations: pd.DataFrame | None = None

    @property
    def images(self) -> int:
        """How many photos the summary is about."""
        return int(self.summary["images"].iloc[0])

    @property
    def fidelity(self) -> str | None:
        """Which variants of PSNR, SSIM and MS-SSIM the rows have; None if they have none."""
        named = self.result.rows["fidelity"].dropna()
        return None if named.empty else str(named.iloc[0])

    def contender(self, name: str) -> Contender:
        """Find a contender by its name."""
        return next(contender for contender in self.contenders if contender.name == name)


def smallest_within(summary: pd.DataFrame, tolerance: float = TOLERANCE) -> pd.DataFrame:
    """Lines of the summary: of each family the smallest contender that loses at most `tolerance` of top-1, if any."""
    kept = summary[(summary["family"] != ORIGINAL) & (summary["top1_change"] >= -tolerance - 1e-12)]
    return kept.loc[kept.groupby("family", sort=False)["bytes"].idxmin()].sort_values("bytes")


def at_comparable_size(summary: pd.DataFrame, most: int = 6) -> Sequence[str]:
    """Names of contenders to show side by side: of each family one, as close in mean size as they come.

    The size is a small one, the median of the families' smallest, for there it shows what they do.

    Parameters
    ----------
    summary : DataFrame
        What `summarize` returned.
    most : int
        How many families; standard JPEG is the first.
    """
    points = summary[summary["family"] != ORIGINAL]
    sizes = np.log(points["bytes"])
    target = sizes.groupby(points["family"]).min().median()
    nearest = (sizes - target).abs().groupby(points["family"], sort=False).idxmin()
    chosen = points.loc[nearest]
    order = chosen["family"].ne(JPEG_FAMILY).sort_values(kind="stable").index
    return [str(name) for name in chosen.loc[order, "contender"].head(most)]
