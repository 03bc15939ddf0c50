"""Who does the work: processes of this machine, or a Ray cluster. The bytes are the same."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Literal

from dnjpeg.shards.records import Outcome
from dnjpeg.shards.units import Unit
from dnjpeg.shards.work import Job

__all__ = ["ENGINES", "Engine", "outcomes"]

Engine = Literal["local", "ray"]
ENGINES = ("local", "ray")


def outcomes(engine: Engine, job: Job, units: Sequence[Unit], jobs: int | None) -> Generator[Outcome]:
    """Do all units; yield their outcomes as they come.

    Parameters
    ----------
    engine : {"local", "ray"}
    job : Job
    units : sequence of Unit
    jobs : int, optional
        How many units to work on at a time; None: as many as there are cores.

    Raises
    ------
    ModuleNotFoundError
        If the engine is not installed.
    """
    if engine == "ray":
        from dnjpeg.shards.engines.ray import run  # noqa: PLC0415 - an extra
    else:
        from dnjpeg.shards.engines.local import run  # noqa: PLC0415
    return run(job, units, jobs)
