"""Fair timing: contenders take turns image by image, so that a drift of the machine's speed meets all alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

__all__ = ["interleaved"]


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
