"""Quantization steps: their range, and how a quality scales them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "MAX_BASELINE_STEP",
    "MAX_SCALED_STEP",
    "MAX_STEP",
    "MAX_TABLES",
    "Table",
    "check_quality",
    "check_step",
    "scaled_steps",
]

Table = npt.NDArray[np.uint16]

MAX_STEP = 65535  # of a 16-bit DQT (T.81 B.2.4.1)
MAX_BASELINE_STEP = 255  # of an 8-bit one, all that a baseline file may have
MAX_SCALED_STEP = 32767  # that libjpeg scales up to
MAX_TABLES = 4  # Tq is 0..3


def scaled_steps(table: Table, quality: int, largest: int = MAX_BASELINE_STEP) -> Table:
    """Scale one table as `QuantizationTables.scaled` does, up to a largest step."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return ((table.astype(np.int64) * percent + 50) // 100).clip(1, largest).astype(np.uint16)


def check_quality(quality: object) -> int:
    """Return a quality as an int.

    Raises
    ------
    ValueError
        If it is not an integer from 1 to 100.
    """
    if not isinstance(quality, int | np.integer) or isinstance(quality, bool) or not 1 <= quality <= 100:
        raise ValueError(f"a quality is a whole number from 1 to 100, not {quality!s:.40}")
    return int(quality)


def _shown(step: object) -> str:
    """Show a step of any type briefly; a string so that it is seen to be one."""
    return f"{step!r:.40}" if isinstance(step, str) else f"{step!s:.40}"


def check_step(step: object, place: str) -> int:
    """Return a quantization step as an int.

    Raises
    ------
    ValueError
        If it is not an integer from 1 to 65535; the message begins with the place.
    """
    if not isinstance(step, int | np.integer) or isinstance(step, bool):
        raise ValueError(f"{place}: {_shown(step)} is not a whole number")
    if not 1 <= step <= MAX_STEP:
        raise ValueError(f"{place}: step {step!s:.40}, must be 1 to {MAX_STEP}")
    return int(step)
