"""What the caller named, resolved: quantization tables and the choices of entropy coding."""

from __future__ import annotations

from functools import lru_cache
from os import PathLike

from dnjpeg.codec.format.coding import Coding, Restart
from dnjpeg.codec.format.script_text import ScriptLike, resolve_script
from dnjpeg.codec.trellis.choice import RateDistortion
from dnjpeg.tables import QuantizationTables, resolve

__all__ = ["TablesLike", "check_threads", "chosen_coding", "chosen_levels", "chosen_tables"]

TablesLike = QuantizationTables | str | PathLike[str] | int

_coding = lru_cache(256)(Coding)  # the same value for the same choices: it is a part of keys, for each image

SMALLEST = "smallest"
"""In the place of a scan script: find one."""


def chosen_tables(tables: TablesLike | None, quality: int | None, *, wide: bool) -> QuantizationTables | None:
    """Tables that were named, scaled if a quality was given too; None if neither was."""
    if quality is None:
        return None if tables is None else resolve(tables)
    if tables is None and not wide:
        return resolve(quality)
    return resolve("annex-k" if tables is None else tables).scaled(quality, wide=wide)


def chosen_coding(
    optimize: bool,
    progressive: bool | None,
    arithmetic: bool | None,
    scans: ScriptLike | None,
    restart: int | None,
    restart_rows: int | None,
    compact: bool = False,
) -> Coding:
    """Return the choices of entropy coding; for their meaning see `dnjpeg.encode`."""
    markers = None if restart is None and restart_rows is None else Restart(restart or 0, restart_rows or 0)
    if scans is None:
        return _coding(optimize, progressive, arithmetic, markers, compact=compact)
    script = None if scans == SMALLEST else resolve_script(scans)  # errors name the file that a script is of
    return Coding(optimize, progressive, arithmetic, markers, script, script is None, compact)


def chosen_levels(rdo: RateDistortion | float | None) -> RateDistortion | None:
    """Return how levels are chosen; a number is a strength, None the nearest ones."""
    return rdo if rdo is None or isinstance(rdo, RateDistortion) else RateDistortion(rdo)


def check_threads(threads: int) -> None:
    """Raise `ValueError` if this is no number of threads for one picture."""
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads is a whole number from 1 on, not {threads!r}")
