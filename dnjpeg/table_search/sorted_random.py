"""Sorted random search: steps drawn by chance that rise along the zigzag sequence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.table_search.judging import Judge, Steps
from dnjpeg.table_search.proxy import Proxy
from dnjpeg.table_search.results import described
from dnjpeg.tables import QuantizationTables, resolve

__all__ = ["drawn", "sorted_random"]

WIDEST = 64.0  # largest step to smallest of a candidate
CHROMA = (0.25, 4.0)  # chroma's steps to luma's


def drawn(chance: np.random.Generator) -> Steps:
    """Draw two tables of steps, (2, 8, 8), on no scale.

    Each table has its own width, up to `WIDEST`, and 64 steps whose logarithms are uniform in it, sorted along the
    zigzag sequence; chroma's are coarser or finer than luma's by a factor of its own.
    """
    steps = np.empty((2, 64))
    for table in steps:
        width = chance.uniform(0, np.log(WIDEST))
        table[list(ZIGZAG)] = np.exp(np.sort(chance.uniform(-width / 2, width / 2, 64)))
    steps[1] *= np.exp(chance.uniform(*np.log(CHROMA)))
    return steps.reshape(2, 8, 8)


def sorted_random(
    judge: Judge,
    *,
    quality: int = 75,
    candidates: int = 20000,
    asked: int = 100,
    proxy: Proxy | None = None,
    seed: int = 0,
    progress: Callable[[int], object] = lambda tables: None,
) -> QuantizationTables:
    """Draw tables by chance, rising along the zigzag sequence, and keep the best.

    Candidates are scaled to spend as many bytes, on the judge's images, as standard JPEG of a quality. With a proxy
    those are shown to the networks that it ranks first; without one, the first that were drawn.

    Parameters
    ----------
    judge : Judge
        Images and networks.
    quality : int
        1..100, of standard JPEG, whose bytes are spent.
    candidates : int
        How many are drawn, if there is a proxy.
    asked : int
        How many the networks look at.
    proxy : Proxy, optional
        What ranks them before.
    seed : int
        The same seed gives the same table.
    progress : callable
        Called with the number of tables that networks have looked at since its last call.

    Returns
    -------
    QuantizationTables
        Two tables.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    Source: sorted random search, one of the three of Z. Li, C. De Sa, A. Sampson: Optimizing JPEG quantization for
    classification networks, 2020 (arXiv 2003.02874). How steps are distributed before they are sorted, and the ranking
    by a proxy, are ours.
    """
    if candidates < 1 or asked < 1:
        raise ValueError("candidates, and those that networks are asked about, are 1 or more")
    chance = np.random.default_rng(seed)
    target = judge.measured(resolve(quality), "4:2:0")[0]
    if proxy is None:
        chosen = [drawn(chance) for _ in range(asked)]
    else:
        drafts = [drawn(chance) for _ in range(max(candidates, asked))]
        bits = proxy.bits(resolve(quality).arrays)
        errors = [proxy.error_at(steps, bits) for steps in drafts]
        chosen = [drafts[place] for place in np.argsort(errors, kind="stable")[:asked]]
    best = None
    for steps in chosen:
        tables = judge.scaled(steps, target)
        verdict = judge.verdict(tables)
        if best is None or verdict.ratio < best[0]:
            best = verdict.ratio, tables
        progress(1)
    assert best is not None
    parameters = {"quality": quality, "candidates": candidates if proxy else asked, "asked": asked, "seed": seed}
    return described(judge, best[1], "sorted-random", "Sorted random search, judged by networks.", parameters)
