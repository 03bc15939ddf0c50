"""Processes of this machine. One that dies takes no other with it: its unit is tried again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from dnjpeg.parallel import available_cores
from dnjpeg.shards.records import Outcome
from dnjpeg.shards.units import Unit
from dnjpeg.shards.work import Job, work

__all__ = ["run"]

ATTEMPTS = 3  # at a unit on which worker processes die


def run(job: Job, units: Sequence[Unit], jobs: int | None) -> Generator[Outcome]:
    """Do all units; yield their outcomes as they come. If there are few units, several threads share one."""
    jobs = jobs or available_cores()
    workers = min(jobs, len(units))
    if workers <= 1:
        for unit in units:
            yield work(replace(job, threads=jobs), unit)
        return
    pool = _Pool(replace(job, threads=max(1, jobs // workers)), workers)
    try:
        yield from pool.outcomes(units)
    finally:
        pool.stop()


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    unit: Unit | None = None


class _Pool:
    """Worker processes, each with a pipe of its own, so that it is known what a dead one was doing."""

    def __init__(self, job: Job, size: int) -> None:
        self.job = job
        self.context = multiprocessing.get_context("spawn")
        self.workers: list[_Worker] = []
        self.deaths: Counter[str] = Counter()
        self.answers = 0
        for _ in range(size):
            self.workers.append(self._start())

    def _start(self) -> _Worker:
        mine, theirs = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(theirs, self.job), daemon=True)
        process.start()
        theirs.close()  # or the end of the process would not be noticed
        return _Worker(process, mine)

    def outcomes(self, units: Sequence[Unit]) -> Generator[Outcome]:
        waiting = deque(units)
        while True:
            for worker in self.workers:
                if worker.unit is None and waiting:
                    worker.unit = waiting.popleft()
                    self._send(worker)
            busy = {worker.connection: worker for worker in self.workers if worker.unit is not None}
            if not busy:
                return
            for ready in wait(list(busy)):
                worker = busy[ready]  # type: ignore[index]
                unit = worker.unit
                outcome = _receive(worker.connection)
                worker.unit = None
                if outcome is not None:
                    self.answers += 1
                    yield outcome
                elif unit is not None and (failed := self._replace(worker, unit)):
                    yield failed
                elif unit is not None:
                    waiting.appendleft(unit)

    def _send(self, worker: _Worker) -> None:
        with suppress(OSError):  # if it has died, its end of the pipe tells next
            worker.connection.send(worker.unit)

    def _replace(self, worker: _Worker, unit: Unit) -> Outcome | None:
        """Start another in the place of a worker that died; give up its unit if this happens again and again."""
        worker.process.join()
        code = worker.process.exitcode or 0
        how = signal.Signals(-code).name if code < 0 else f"status {code}"
        worker.connection.close()
        self.deaths[unit.target] += 1
        if not self.answers and self.deaths.total() >= ATTEMPTS * len(self.workers):
            raise OSError(f'worker processes do not start ({how}): a script needs if __name__ == "__main__":')
        self.workers[self.workers.index(worker)] = self._start()
        if self.deaths[unit.target] < ATTEMPTS:
            return None
        return Outcome(unit.name, unit.target, error=f"{ATTEMPTS} worker processes died on it ({how}); out of memory?")

    def stop(self) -> None:
        """End all workers, whatever they are doing."""
        for worker in self.workers:
            worker.connection.close()
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()


def _receive(connection: Connection) -> Outcome | None:
    try:
        outcome: Outcome = connection.recv()
    except (EOFError, OSError):
        return None
    return outcome


def _serve(connection: Connection, job: Job) -> None:
    """Do units until there are no more. Ctrl-C is the parent's business; without a parent nobody wants the rest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            unit = connection.recv()
        except (EOFError, OSError):
            return
        connection.send(work(job, unit))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
