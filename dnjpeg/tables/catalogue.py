"""The tables that dnjpeg ships: their names and their files."""

from __future__ import annotations

import functools
from pathlib import Path

from dnjpeg.tables import files
from dnjpeg.tables.quantization import QuantizationTables

__all__ = ["shipped", "shipped_names"]


@functools.cache
def _folder() -> Path:
    """Find the table files: beside this module in an installed package, at the top of the repository otherwise."""
    here = Path(__file__).resolve().parent
    candidates = (here / "shipped", here.parent.parent / "tables")
    for folder in candidates:
        if any(folder.glob(f"*{files.JSON_SUFFIX}")):
            return folder
    raise FileNotFoundError(f"the table files are missing from the installation: they belong in {candidates[0]}")


@functools.cache
def _paths() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_folder().glob(f"*{files.JSON_SUFFIX}"), key=lambda path: path.stem)}


def shipped_names() -> tuple[str, ...]:
    """Names of the tables that come with dnjpeg, sorted; `resolve` takes them."""
    return tuple(_paths())


@functools.cache
def shipped(name: str) -> QuantizationTables:
    """Read the shipped tables of a name.

    Raises
    ------
    KeyError
        If there are none.
    """
    return QuantizationTables.load(_paths()[name])
