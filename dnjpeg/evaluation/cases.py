"""What networks trained on one version of the images make of another: DeepN-JPEG's CASE 1, CASE 2, and both alike.

Everything is computed from a `Correct`: for each version trained on, seed of the training, and version tested on, which
of the test images were right.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnjpeg.evaluation.bootstrap import interval, resampled_means
from dnjpeg.evaluation.metrics import JPEG_FAMILY, Z95, wilson
from dnjpeg.evaluation.rows import ORIGINAL

__all__ = ["CASES", "Correct", "Key", "Size", "accuracies", "against_jpeg", "cases"]

CASES = ("CASE 1", "CASE 2", "alike")
"""Trained clean and tested compressed; trained compressed and tested clean; trained and tested on the same version."""

_DRAWS = 2000


class Key(NamedTuple):
    """Which version a network was trained on, with which seed, and on which it was tested."""

    trained: str
    seed: int
    tested: str


class Size(NamedTuple):
    """Mean bytes of a version's test images: whole files, and their entropy-coded parts (NaN of raw ones)."""

    file: float
    entropy: float


Correct = Mapping[Key, npt.NDArray[np.bool_]]
Means = npt.NDArray[np.float64]


def accuracies(correct: Correct, sizes: Mapping[str, Size]) -> pd.DataFrame:
    """Give every training's accuracy on every version it was tested on, with Wilson's 95 % interval.

    Parameters
    ----------
    correct : mapping of Key to ndarray, bool, (images,)
        Which test images were right.
    sizes : mapping of str to Size
        Of each version tested.
    """
    lines = []
    for key, right in correct.items():
        low, high = wilson(right.sum(), len(right))
        size = sizes[key.tested]
        named = {**key._asdict(), "images": len(right), "bytes tested": size.file, "entropy bytes tested": size.entropy}
        lines.append({**named, "accuracy": right.mean(), "accuracy_low": low, "accuracy_high": high})
    return pd.DataFrame(lines)


def cases(correct: Correct) -> pd.DataFrame:
    """Compare each version, in each case, with the control, trained and tested on uncompressed images.

    Where there are several seeds their mean is compared. ``change_low`` and ``change_high`` are a 95 % paired bootstrap
    interval over the images, for these very trainings. ``total_low`` and ``total_high`` add what another training would
    change: the standard deviation between seeds (``seed_sd``, pooled over all versions of that case that have several).
    They are NaN if no version has.

    Parameters
    ----------
    correct : mapping of Key to ndarray, bool, (images,)
        Which test images were right; among them the control.
    """
    control = _mean(correct, ORIGINAL, ORIGINAL)
    tables = []
    for case in CASES:
        versions = _versions(correct, case)
        if not versions:
            continue
        lines, changes = [], []
        for version in versions:
            changes.append(_case(correct, case, version) - control)
            seeds = _each_seed(correct, case, version)
            line = {"case": case, "version": version, "seeds": len(seeds), "accuracy": float(np.mean(seeds))}
            lines.append({**line, "lowest": min(seeds), "highest": max(seeds), "change": changes[-1].mean()})
        sd = _between_trainings(correct, case, versions)
        table = pd.DataFrame(lines)
        table["change_low"], table["change_high"] = interval(resampled_means(np.stack(changes, axis=1), _DRAWS))
        table["share"] = 1 / table["seeds"] + (0 if case == "CASE 1" else 1 / len(_seeds(correct, ORIGINAL)))
        tables.append(_with_trainings(table, "change", sd).drop(columns="share").assign(seed_sd=sd))
    return pd.concat(tables, ignore_index=True)


def against_jpeg(correct: Correct, sizes: Mapping[str, Size]) -> pd.DataFrame:
    """Compare each version that is not standard JPEG with standard JPEG of as many bytes, in each case.

    Between the two nearest of standard JPEG's versions each image is taken to be right in a part that is a straight
    line over the logarithm of the bytes: of whole files (``bytes`` is ``file``) or of entropy-coded parts. A version
    beyond the ends is left out. ``gain`` is the version's accuracy minus that, with a 95 % paired bootstrap interval
    over the images, and ``total_low`` and ``total_high`` as in `cases`; in CASE 1, where the same networks are tested
    on both, by the standard deviation of the gain between them.

    Parameters
    ----------
    correct, sizes
        See `accuracies`.
    """
    tables = []
    for case in CASES:
        versions = _versions(correct, case)
        lines, gains, same_networks = [], [], []
        for kind in Size._fields:
            curve = sorted((getattr(sizes[name], kind), name) for name in versions if _is_jpeg(name))
            for version in versions:
                bytes_ = getattr(sizes[version], kind)
                near = _neighbours(curve, bytes_)
                if _is_jpeg(version) or near is None:
                    continue
                (below, low), (above, high) = near
                part = math.log(bytes_ / below) / math.log(above / below) if above > below else 0.0
                parts = {version: 1.0, low: part - 1, high: -part}
                gains.append(np.sum([weight * _case(correct, case, name) for name, weight in parts.items()], axis=0))
                line: dict[str, Any] = {"case": case, "version": version, "bytes": kind, "between": f"{low}, {high}"}
                trainings = {name: _each_seed(correct, case, name) for name in parts}
                if case == "CASE 1":
                    each = [
                        sum(map(operator.mul, parts.values(), seed)) for seed in zip(*trainings.values(), strict=True)
                    ]
                    same_networks.append(each)
                    line["share"] = 1 / len(each)
                else:
                    line["share"] = sum(weight**2 / len(trainings[name]) for name, weight in parts.items())
                lines.append(line)
        if lines:
            table = pd.DataFrame(lines)
            table["gain"] = [gain.mean() for gain in gains]
            table["gain_low"], table["gain_high"] = interval(resampled_means(np.stack(gains, axis=1), _DRAWS))
            sd = _pooled(same_networks) if case == "CASE 1" else _between_trainings(correct, case, versions)
            tables.append(_with_trainings(table, "gain", sd).drop(columns="share"))
    columns = ["case", "version", "bytes", "between", "gain", "gain_low", "gain_high", "total_low", "total_high"]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=columns)


def _between_trainings(correct: Correct, case: str, versions: list[str]) -> float:
    """Pool the standard deviation between seeds over versions; in CASE 1 that of what a version costs."""
    if case == "CASE 1":
        return _pooled([_drops(correct, version) for version in versions])
    trained = [(case, version) for version in versions] + [("CASE 2", ORIGINAL)] * bool(_seeds(correct, ORIGINAL))
    return _pooled([_each_seed(correct, *each) for each in trained])


def _with_trainings(table: pd.DataFrame, name: str, sd: float) -> pd.DataFrame:
    """Add the interval that another training would give; ``share`` of the variance `sd` squared counts."""
    for side, sign in (("low", -1), ("high", 1)):
        apart = table[f"{name}_{side}"] - table[name]
        table[f"total_{side}"] = table[name] + sign * np.sqrt(apart**2 + (Z95 * sd) ** 2 * table["share"])
    return table


def _is_jpeg(version: str) -> bool:
    """Tell standard JPEG of a quality, ``JPEG 50``."""
    return version.removeprefix(f"{JPEG_FAMILY} ").isdecimal()


def _neighbours(curve: list[tuple[float, str]], size: float) -> tuple[tuple[float, str], tuple[float, str]] | None:
    for below, above in pairwise(curve):
        if below[0] <= size <= above[0]:
            return below, above
    return None


def _seeds(correct: Correct, trained: str) -> list[int]:
    return sorted({key.seed for key in correct if key.trained == trained})


def _pair(case: str, version: str) -> tuple[str, str]:
    """Name the versions trained and tested on."""
    return {"CASE 1": (ORIGINAL, version), "CASE 2": (version, ORIGINAL), "alike": (version, version)}[case]


def _versions(correct: Correct, case: str) -> list[str]:
    """List the versions that a case was measured for, without the uncompressed one."""
    pairs = {(key.trained, key.tested) for key in correct}
    names = dict.fromkeys(name for key in correct for name in (key.tested, key.trained) if name != ORIGINAL)
    return [name for name in names if _pair(case, name) in pairs]


def _mean(correct: Correct, trained: str, tested: str) -> Means:
    """Give the part of the seeds that got each image right."""
    means: Means = np.mean([correct[Key(trained, seed, tested)] for seed in _seeds(correct, trained)], axis=0)
    return means


def _case(correct: Correct, case: str, version: str) -> Means:
    return _mean(correct, *_pair(case, version))


def _each_seed(correct: Correct, case: str, version: str) -> list[float]:
    trained, tested = _pair(case, version)
    return [float(correct[Key(trained, seed, tested)].mean()) for seed in _seeds(correct, trained)]


def _drops(correct: Correct, version: str) -> list[float]:
    """Give what each network that was trained clean loses: of CASE 1 the noise is that of this difference."""
    clean, compressed = (_each_seed(correct, "CASE 1", name) for name in (ORIGINAL, version))
    return [after - before for before, after in zip(clean, compressed, strict=True)]


def _pooled(groups: list[list[float]]) -> float:
    """Pool the standard deviation within groups, NaN if none has two."""
    free = sum(len(group) - 1 for group in groups)
    squares = sum(float(np.square(np.array(group) - np.mean(group)).sum()) for group in groups)
    return math.sqrt(squares / free) if free else math.nan
