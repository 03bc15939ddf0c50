"""A Ray cluster, through Ray Data: every unit is a block, and Ray sees to workers and machines that fail."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Generator, Sequence
from typing import Any

from dnjpeg.shards.records import Outcome
from dnjpeg.shards.units import Unit
from dnjpeg.shards.work import Job, work

__all__ = ["run"]


def run(job: Job, units: Sequence[Unit], jobs: int | None) -> Generator[Outcome]:
    """Do all units; yield their outcomes as they come.

    The cluster is the one that this process is connected to, else the one that the environment variable RAY_ADDRESS
    names, else one of this machine alone. Its machines need dnjpeg and must reach source and target by the same names.

    Parameters
    ----------
    jobs : int, optional
        How many units to work on at a time; None: as many as the cluster has cores.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody unasked
    import ray  # noqa: PLC0415 - an extra
    import ray.data  # noqa: PLC0415

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    started_here = not ray.is_initialized()
    if started_here:
        ray.init(logging_level=logging.ERROR, log_to_driver=False)
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1  # a unit that its workers cannot survive is missed at the end, not fatal
        rows = [{"unit": pickle.dumps(unit)} for unit in units]
        shared = ray.put(job)

        def perform(row: dict[str, Any]) -> dict[str, Any]:
            outcome = work(ray.get(shared), pickle.loads(row["unit"]))
            return {"outcome": pickle.dumps(outcome)}

        data = ray.data.from_items(rows, override_num_blocks=len(rows))
        for row in data.map(perform, num_cpus=1, concurrency=jobs).iter_rows():
            yield pickle.loads(row["outcome"])
    finally:
        if started_here:
            ray.shutdown()
