"""From predictions to accuracies, with Wilson's intervals and paired differences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dnjpeg.evaluation.bootstrap import interval, resampled_means
from dnjpeg.evaluation.metrics import wilson

__all__ = ["accuracies"]


def accuracies(rows: pd.DataFrame, keys: Sequence[str], *, baseline: str = "none", draws: int = 2000) -> pd.DataFrame:
    """Condense predictions to one line for each setting and defence.

    Parameters
    ----------
    rows : DataFrame
        Columns ``image``, ``defence``, ``correct`` and the keys.
    keys : sequence of str
        What makes a setting: the attack, the attacker's knowledge, and the like. Within one every defence has the
        same images.
    baseline : str
        The defence that the others are compared with.
    draws : int
        Bootstrap samples.

    Returns
    -------
    DataFrame
        The keys, defence, images, accuracy with Wilson's 95 % interval, and gain: the difference to the baseline in
        the same setting, with its paired bootstrap interval; NaN where the setting has no baseline.
    """
    found = []
    for setting, part in rows.groupby(list(keys), sort=False):
        wide = part.pivot(index="image", columns="defence", values="correct")
        if wide.isna().to_numpy().any():
            raise ValueError(f"the defences of {setting} have different images")
        order = list(dict.fromkeys(part["defence"]))
        values = wide[order].to_numpy(np.float64)
        gains = np.full((3, len(order)), np.nan)
        if baseline in order:
            change = values - values[:, [order.index(baseline)]]
            gains = np.stack([change.mean(axis=0), *interval(resampled_means(change, draws))])
        for place, defence in enumerate(order):
            low, high = wilson(values[:, place].sum(), len(values))
            found.append(
                {
                    **dict(zip(keys, setting, strict=True)),
                    "defence": defence,
                    "images": len(values),
                    "accuracy": values[:, place].mean(),
                    "accuracy_low": low,
                    "accuracy_high": high,
                    "gain": gains[0, place],
                    "gain_low": gains[1, place],
                    "gain_high": gains[2, place],
                }
            )
    return pd.DataFrame(found)
