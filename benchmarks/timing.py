"""Fair timing: contenders take turns image by image, so that a drift of the machine's speed meets all alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

__all__ = ["Stage", "Stages", "interleaved", "least_times"]


def interleaved(contenders: dict[str, Callable[[int], object]], images: int, rounds: int) -> dict[str, float]:
    """Median over rounds of the mean seconds an image, for each contender."""
    for call in contenders.values():
        call(0)
    totals: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        spent = dict.fromkeys(contenders, 0.0)
        for image in range(images):
            for name, call in contenders.items():
                start = time.perf_counter()
                call(image)
                spent[name] += time.perf_counter() - start
        for name, seconds in spent.items():
            totals[name].append(seconds / images)
    return {name: median(seconds) for name, seconds in totals.items()}


@dataclass(frozen=True)
class Stage:
    """What is timed, and what must be done before it each time."""

    call: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


Stages = dict[str, Stage]


def least_times(photos: list[Stages], rounds: int) -> dict[str, float]:
    """Seconds of processor time of each stage: the mean over photos of the least of several rounds."""
    least = [dict.fromkeys(stages, float("inf")) for stages in photos]
    for _ in range(rounds):
        for stages, times in zip(photos, least, strict=True):
            for name, stage in stages.items():
                stage.prepare()
                start = time.thread_time()
                stage.call()
                times[name] = min(times[name], time.thread_time() - start)
    return {name: sum(times[name] for times in least) / len(least) for name in least[0]}
