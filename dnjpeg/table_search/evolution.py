"""Evolution: a normal distribution of smooth changes to a table that learns from what networks say (CMA-ES)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from dnjpeg.table_search.judging import Judge, Steps
from dnjpeg.table_search.results import described
from dnjpeg.tables import QuantizationTables, resolve

__all__ = ["directions", "evolution"]

ORDERS = 3  # of cosines along rows and columns of a table, together
SPREAD = 0.15  # of the first candidates: standard deviation along each direction, in logarithms of steps


def directions() -> npt.NDArray[np.float64]:
    """Give the directions in which the logarithms of two tables' steps are changed, (21, 2, 8, 8).

    For each table cosines of the first orders over rows and columns, ten of them, and its DC by itself; the two
    constants are one, chroma against luma, as the common scale follows from the bytes.
    """
    waves = np.cos(np.pi * np.outer(np.arange(ORDERS + 1), np.arange(8) + 0.5) / 8)
    shapes = [
        np.outer(waves[i], waves[j]) for i in range(ORDERS + 1) for j in range(ORDERS + 1 - i) if (i, j) != (0, 0)
    ]
    dc = np.zeros((8, 8))
    dc[0, 0] = 1
    shapes = [shape / np.sqrt(np.mean(shape**2)) for shape in shapes] + [dc]
    made = [np.stack([np.ones((8, 8)), -np.ones((8, 8))])]
    for table in range(2):
        for shape in shapes:
            both = np.zeros((2, 8, 8))
            both[table] = shape
            made.append(both)
    return np.stack(made)


def evolution(
    judge: Judge,
    *,
    quality: int = 75,
    start: QuantizationTables | None = None,
    evaluations: int = 400,
    seed: int = 0,
    progress: Callable[[int], object] = lambda tables: None,
) -> QuantizationTables:
    """Change a table smoothly by a distribution that learns which changes networks like.

    CMA-ES draws a generation of candidates from a normal distribution over 21 directions (see `directions`), moves it
    towards the better ones and adapts its covariance. Each candidate is scaled to spend as many bytes as standard JPEG
    of a quality, and what counts is bytes at equal divergence.

    Parameters
    ----------
    judge : Judge
        Images and networks.
    quality : int
        1..100, of standard JPEG, whose bytes are spent.
    start : QuantizationTables, optional
        Where it begins; the standard tables.
    evaluations : int
        How many candidates networks look at.
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
    ImportError
        If the package cma is not installed.

    Notes
    -----
    Source: N. Hansen: The CMA evolution strategy: a tutorial, arXiv 1604.00772; the package is his. It stands here for
    Bayesian search: both learn a model of the objective from what was asked so far.
    """
    import cma  # noqa: PLC0415 - an extra

    if evaluations < 1:
        raise ValueError("networks are asked about 1 candidate or more")
    begun = resolve("annex-k") if start is None else start
    logs = np.log(np.stack([begun.arrays[0], begun.for_components(3)[1]]).astype(np.float64))
    basis = directions()
    target = judge.measured(resolve(quality), "4:2:0")[0]

    def tables_of(point: npt.ArrayLike) -> QuantizationTables:
        steps: Steps = np.exp(logs + np.tensordot(np.asarray(point, np.float64), basis, 1))
        return judge.scaled(steps, target)

    best = tables_of(np.zeros(len(basis)))
    least = judge.verdict(best).ratio
    # Its seed 0 means the clock.
    search = cma.CMAEvolutionStrategy(np.zeros(len(basis)), SPREAD, {"seed": seed + 1, "verbose": -9})
    asked = 0
    while asked < evaluations and not search.stop():
        points = search.ask()
        ratios = []
        for point in points:
            tables = tables_of(point)
            ratios.append(judge.verdict(tables).ratio)
            if ratios[-1] < least:
                best, least = tables, ratios[-1]
            progress(1)
        search.tell(points, ratios)
        asked += len(points)
    # The middle of the distribution is less a matter of luck than its best draw.
    middle = tables_of(search.result.xfavorite)
    if judge.verdict(middle).ratio < least * 1.002:
        best = middle
    parameters = {"quality": quality, "start": begun.name or begun.digest, "evaluations": asked, "seed": seed}
    return described(judge, best, "evolution", "Evolution of smooth changes (CMA-ES), judged by networks.", parameters)
