"""Which quality of libjpeg's scale a file's tables are, or come nearest to."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.inspection.values import QualityEstimate, TableMatch
from dnjpeg.tables import resolve, shipped_names
from dnjpeg.tables.steps import MAX_BASELINE_STEP, Table, scaled_steps

__all__ = ["CHROMA", "LUMA", "estimate_quality", "match_table", "shipped_name"]

LUMA, CHROMA = 0, 1
ROLES = ("luma", "chroma")
STANDARD = "annex-k"
LARGEST_UNFORCED = 32767  # that libjpeg scales to when the file need not be baseline


def match_table(table: Table, role: int) -> TableMatch:
    """Find the standard table that is nearest; of two that are equally near, that of the role (`LUMA`, `CHROMA`)."""
    differences = _differences(table)
    best_role = role if differences[role].min() <= differences[1 - role].min() else 1 - role
    best = int(differences[best_role].argmin())
    return TableMatch(ROLES[best_role], best + 1, int(differences[best_role, best]))


def estimate_quality(tables: Sequence[tuple[Table, int]]) -> QualityEstimate:
    """Find the quality at which the standard tables are nearest to all of an image's.

    Parameters
    ----------
    tables : sequence of (ndarray, int)
        Each table that a component has, ``(8, 8)`` in natural order, once, with its role.
    """
    totals = np.sum([_differences(table)[role] for table, role in tables], axis=0)
    best = int(totals.argmin())
    return QualityEstimate(best + 1, int(totals[best]), bool(totals[best]))


def shipped_name(table: Table) -> str | None:
    """Name of the tables that come with dnjpeg of which this is one, the standard ones apart."""
    return _shipped().get(np.ascontiguousarray(table, np.uint16).tobytes())


def _differences(table: Table) -> npt.NDArray[np.int64]:
    """Sum up the absolute differences from the standard tables, ``(2, 100)`` by role and quality - 1."""
    largest = MAX_BASELINE_STEP if int(table.max()) <= MAX_BASELINE_STEP else LARGEST_UNFORCED
    differences: npt.NDArray[np.int64] = np.abs(_standard(largest) - table.astype(np.int64)).sum(axis=(2, 3))
    return differences


@functools.cache
def _standard(largest: int) -> npt.NDArray[np.int64]:
    """Tables K.1 and K.2 at all qualities, ``(2, 100, 8, 8)``."""
    tables = resolve(STANDARD).arrays
    scaled = [[scaled_steps(table, quality, largest) for quality in range(1, 101)] for table in tables]
    return np.array(scaled, np.int64)


@functools.cache
def _shipped() -> dict[bytes, str]:
    names: dict[bytes, str] = {}
    for name in shipped_names():
        if name != STANDARD:
            tables = resolve(name)
            for label, table in zip(tables.labels, tables.arrays, strict=True):
                for steps in (table, np.minimum(table, MAX_BASELINE_STEP)):  # the latter is what a baseline file has
                    names.setdefault(steps.tobytes(), f"{name}, {label}")
    return names
