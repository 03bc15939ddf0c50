"""A Ray cluster, through Ray Data: every unit is a block, and Ray sees to workers and machines that fail."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Generator, Sequence
from typing import Any

from dnjpeg import __version__
from dnjpeg.shards.records import Outcome
from dnjpeg.shards.units import Unit
from dnjpeg.shards.work import Job, work

__all__ = ["run"]

ATTEMPTS = 3  # at a unit on which workers die; Ray Data alone would try for ever


def run(job: Job, units: Sequence[Unit], jobs: int | None) -> Generator[Outcome]:
    """Do all units; yield their outcomes as they come.

    The cluster is the one that this process is connected to, else the one that the environment variable RAY_ADDRESS
    names or that runs on this machine, else one that is started for the purpose. Its machines need the same version of
    dnjpeg and must reach source and target by the same names.

    Parameters
    ----------
    jobs : int, optional
        How many units to work on at a time; None: as many as the cluster has cores.

    Raises
    ------
    OSError
        If dnjpeg is missing on a machine of the cluster, or of another version.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody unasked
    import ray  # noqa: PLC0415 - an extra
    import ray.data  # noqa: PLC0415

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    connected_here = not ray.is_initialized()
    if connected_here:
        ray.init(logging_level=logging.ERROR, log_to_driver=False)
    try:
        _check_machines(ray)
        yield from _on_cluster(ray, job, units, jobs)
    finally:
        if connected_here:
            ray.shutdown()


def _on_cluster(ray: Any, job: Job, units: Sequence[Unit], jobs: int | None) -> Generator[Outcome]:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = -1  # what has no result is missed at the end of the run
    shared = ray.put(job)
    attempts = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(_Attempts).remote()

    def perform(row: dict[str, Any]) -> dict[str, Any]:
        unit: Unit = pickle.loads(row["unit"])
        if ray.get(attempts.begin.remote(unit.target)) > ATTEMPTS:
            outcome = Outcome(unit.name, unit.target, error=f"{ATTEMPTS} workers died on it; out of memory?")
        else:
            outcome = work(ray.get(shared), unit)
        return {"outcome": pickle.dumps(outcome)}

    rows = [{"unit": pickle.dumps(unit)} for unit in units]
    compute = ray.data.TaskPoolStrategy(size=jobs)
    data = ray.data.from_items(rows, override_num_blocks=len(rows)).map(perform, num_cpus=1, compute=compute)
    for row in data.iter_rows():
        yield pickle.loads(row["outcome"])


class _Attempts:
    """How often each unit was begun."""

    def __init__(self) -> None:
        self.begun: dict[str, int] = {}

    def begin(self, target: str) -> int:
        """Count another attempt."""
        self.begun[target] = self.begun.get(target, 0) + 1
        return self.begun[target]


def _check_machines(ray: Any) -> None:
    """Ask each machine for its version of dnjpeg, since Ray would try again for ever where it is missing."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

    def version() -> str:  # within a function, so that it is sent as a whole and not looked up in dnjpeg
        import dnjpeg  # noqa: PLC0415

        return dnjpeg.__version__

    asked = {}
    for node in ray.nodes():
        if node["Alive"]:
            there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            probe = ray.remote(num_cpus=0, max_retries=1, scheduling_strategy=there)(version)
            asked[node["NodeManagerAddress"]] = probe.remote()
    for machine, answer in asked.items():
        try:
            found = ray.get(answer)
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise OSError(f"{machine}: dnjpeg cannot be used on this machine of the cluster: {reason}") from None
        if found != __version__:
            raise OSError(f"{machine}: this machine of the cluster has dnjpeg {found}, not {__version__}")
