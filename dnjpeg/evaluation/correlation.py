"""Whether the measures of image quality rank contenders as the classifier does."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from dnjpeg.evaluation.metrics import Pairing
from dnjpeg.evaluation.rows import ORIGINAL

__all__ = ["MEASURES", "rank_correlations"]

# Measure -> sign that makes more of it better
MEASURES = {"psnr": 1, "ssim": 1, "ms_ssim": 1, "kl": -1, "bytes": 1}
LEAST = 3  # contenders; two are always in one order or the other


def rank_correlations(pairing: Pairing) -> pd.DataFrame:
    """Correlate the contenders' ranks by each measure with their ranks by top-1.

    The numbers are over contenders, each at its means over the images. Bytes stand beside the measures because quality
    and accuracy both rise with them: a measure says something only where it does better than they.

    Parameters
    ----------
    pairing : Pairing
        Rows.

    Returns
    -------
    DataFrame
        A line per measure that the rows have: measure, contenders (how many have it, and are not lossless), srocc
        (Spearman), krcc (Kendall's tau-b). A divergence counts as better the smaller it is. Empty with fewer than
        three contenders, or where all have one accuracy.
    """
    compressed = np.flatnonzero((pairing.contenders["family"] != ORIGINAL).to_numpy())
    top1 = pairing.top1[:, compressed].mean(axis=0)
    lines = []
    for measure, sign in MEASURES.items():
        values = sign * getattr(pairing, measure)[:, compressed].mean(axis=0)
        known = np.isfinite(values)
        if known.sum() < LEAST or np.ptp(values[known]) == 0 or np.ptp(top1[known]) == 0:
            continue
        lines.append(
            {
                "measure": measure,
                "contenders": int(known.sum()),
                "srocc": float(stats.spearmanr(values[known], top1[known]).statistic),
                "krcc": float(stats.kendalltau(values[known], top1[known]).statistic),
            }
        )
    return pd.DataFrame(lines, columns=["measure", "contenders", "srocc", "krcc"])
