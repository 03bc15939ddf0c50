"""What stands for quantization tables: a value, a shipped name, a file, or a quality."""

from __future__ import annotations

import os
import re
from os import PathLike
from pathlib import Path

import numpy as np

from dnjpeg.tables.catalogue import shipped, shipped_names
from dnjpeg.tables.quantization import QuantizationTables
from dnjpeg.tables.standard import standard

__all__ = ["TablesLike", "resolve"]

TablesLike = QuantizationTables | str | PathLike[str] | int


def resolve(spec: TablesLike) -> QuantizationTables:
    """Turn what the caller named into quantization tables.

    Parameters
    ----------
    spec : QuantizationTables, str, path or int
        A value, which is returned; a shipped name (see `shipped_names`); the path of a table file; or a quality
        1..100 of the standard tables, as a number or as digits. A shipped name wins over a file of that name in the
        current folder: ``./annex-k`` is the file.

    Raises
    ------
    ValueError
        If it is none of these; it lists the names that come close.
    OSError
        If the file cannot be read.
    """
    if isinstance(spec, QuantizationTables):
        return spec
    if isinstance(spec, str):
        return _resolve_text(spec)
    if isinstance(spec, int | np.integer):
        return standard(spec)
    if isinstance(spec, PathLike):
        return QuantizationTables.load(spec)
    raise ValueError(
        f"quantization tables are a value, a shipped name, a table file or a quality 1 to 100, not {spec!r:.80}"
    )


def _resolve_text(text: str) -> QuantizationTables:
    if re.fullmatch(r"[+-]?[0-9]+", text):
        return standard(int(text))
    if text in shipped_names():
        return shipped(text)
    if _may_be_file(text):
        return QuantizationTables.load(text)
    import difflib  # noqa: PLC0415 - who names tables rightly does not wait for it

    close = difflib.get_close_matches(text.lower(), shipped_names(), n=3, cutoff=0.55)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(shipped_names())}"
    raise ValueError(f"no quantization tables or table file are called {text[:80]!r}; {hint}")


def _may_be_file(text: str) -> bool:
    """Tell a path from a misspelt name: it exists, or has a folder or a suffix."""
    if not text or "\0" in text:
        return False
    path = Path(text)
    return os.path.lexists(path) or path.name != text or bool(path.suffix)
