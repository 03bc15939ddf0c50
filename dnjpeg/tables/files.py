"""Table files: JSON that keeps everything, and the text that cjpeg takes with ``-qtables``.

JSON::

    {"format": "dnjpeg quantization tables", "version": 1, "name": "...", "order": "natural", "provenance": {...},
     "tables": [8 rows of 8 steps, ...]}

Text: one to four tables of 64 steps, any white space between them, ``#`` begins a comment. Both in natural order (row =
vertical frequency). Which of the two a file is, its content says.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from dnjpeg.files import write_text
from dnjpeg.tables.steps import MAX_STEP, MAX_TABLES, Table

__all__ = ["JSON_SUFFIX", "Content", "Tables", "from_bytes", "load", "refusal", "save", "to_json", "to_text"]

FORMAT = "dnjpeg quantization tables"
VERSION = 1
ORDER = "natural"
JSON_SUFFIX = ".json"
_LARGEST_FILE = 1 << 20  # bytes; four tables with a long provenance are a few thousand


class Tables(Protocol):
    """What a file is written from: the part of `QuantizationTables` that it holds."""

    @property
    def arrays(self) -> tuple[Table, ...]:
        """The tables, (8, 8), natural order."""

    @property
    def name(self) -> str | None:
        """What they are called."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What each table is for."""

    @property
    def max_step(self) -> int:
        """The largest step of all."""

    @property
    def provenance(self) -> dict[str, Any]:
        """Where they come from."""


class Content(NamedTuple):
    """What was read from a file; of JSON the steps, the name and the provenance are still to be checked."""

    tables: list[Any]
    name: Any
    provenance: dict[str, Any]


def save(tables: Tables, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write a table file, whole or not at all; see `QuantizationTables.save`."""
    text = to_json(tables) if Path(path).suffix.lower() == JSON_SUFFIX else to_text(tables)
    write_text(path, text, overwrite=overwrite)


def load(path: str | PathLike[str]) -> Content:
    """Read a table file; see `QuantizationTables.load`."""
    with Path(path).open("rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    return from_bytes(data, os.fspath(path))


def from_bytes(data: bytes, source: str) -> Content:
    """Read the content of a table file.

    Parameters
    ----------
    data : bytes
        JSON or text, in UTF-8 with or without a byte order mark.
    source : str
        Where it comes from, for errors. Tables without a name of their own get its last part's, less the suffix.

    Raises
    ------
    ValueError
        If it holds no quantization tables; the message begins with the source and, for text, the line.
    """
    if len(data) > _LARGEST_FILE:
        raise ValueError(f"{source}: too large for a table file (more than {_LARGEST_FILE} bytes)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{source}: not a table file: neither JSON nor text") from None
    stem = "".join(character for character in Path(source).stem if character.isprintable()).strip() or None
    if text.lstrip().startswith(("{", "[")):
        return _from_json(text, source, stem)
    return _from_text(text, source, stem)


def refusal(source: str | PathLike[str], error: object) -> str:
    """Say that a file's content is none of quantization tables, and why."""
    return f"{os.fspath(source)}: not a file of quantization tables: {error}"


def to_json(tables: Tables) -> str:
    """Lay tables out as JSON, each row of each table on a line of its own."""
    head = {"format": FORMAT, "version": VERSION, "name": tables.name, "order": ORDER, "provenance": tables.provenance}
    body = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}")
    grids = (",\n".join(f"      [{', '.join(row)}]" for row in grid) for grid in _columns(tables))
    return body + ',\n  "tables": [\n    [\n' + "\n    ], [\n".join(grids) + "\n    ]\n  ]\n}\n"


def to_text(tables: Tables) -> str:
    """Lay tables out as text for ``cjpeg -qtables``, with comments that say what they are."""
    provenance = tables.provenance
    about = [f"# {tables.name}"] if tables.name else []
    about += [f"# {json.dumps(provenance, sort_keys=True)}"] if provenance else []
    grids = (
        "\n".join([f"# {label}", *map(" ".join, grid)])
        for label, grid in zip(tables.labels, _columns(tables), strict=True)
    )
    return "\n".join([*about, "\n\n".join(grids)]) + "\n"


def _columns(tables: Tables) -> list[list[list[str]]]:
    """Write each step of each row of each table, all of the same width."""
    width = len(str(tables.max_step))
    return [[[f"{step:{width}d}" for step in row] for row in table.tolist()] for table in tables.arrays]


def _from_json(text: str, source: str, stem: str | None) -> Content:
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f'"format" is not "{FORMAT}"')
        if content.get("version") != VERSION:
            raise ValueError(f"its version is {content.get('version')!r}, and only version {VERSION} can be read")
        if content.get("order", ORDER) != ORDER:
            raise ValueError(f"its order is {content['order']!r}, and only natural order can be read")
        tables, provenance = content.get("tables"), content.get("provenance", {})
        if not isinstance(tables, list) or not isinstance(provenance, dict):
            raise ValueError('"tables" must be a list and "provenance" an object')
        return Content([_grid(table) for table in tables], content.get("name", stem), provenance)
    except (ValueError, RecursionError) as error:
        raise ValueError(refusal(source, error)) from None


def _grid(table: Any) -> Any:
    """Pass on what may be a table. NumPy would turn a list with a number that is too large into an array of floats."""
    if not isinstance(table, list) or not all(isinstance(row, list) for row in table):
        raise ValueError("a table must be 8 rows of 8 steps")
    return np.array(table, dtype=np.object_)


def _from_text(text: str, source: str, stem: str | None) -> Content:
    steps: list[int] = []
    line = 1
    for line, word in _words(text):
        steps.append(_step(word, f"{source}, line {line}"))
        if len(steps) > 64 * MAX_TABLES:
            raise ValueError(f"{source}, line {line}: more than {MAX_TABLES} tables of 64 steps")
    if not steps:
        raise ValueError(f"{source}: there are no steps in this file")
    if len(steps) % 64:
        raise ValueError(
            f"{source}, line {line}: the file ends after {len(steps)} steps, and a table has 64 "
            f"(table {len(steps) // 64 + 1} lacks {64 - len(steps) % 64})"
        )
    return Content(list(np.array(steps).reshape(-1, 8, 8)), stem, {})


def _words(text: str) -> Iterator[tuple[int, str]]:
    """Yield each word that is not in a comment, with the number of its line."""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        for word in line.partition("#")[0].split():
            yield number, word


def _step(word: str, place: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", word):
        raise ValueError(f"{place}: {word[:20]!r} is not a whole number")
    if len(word) > 20 or not 1 <= int(word) <= MAX_STEP:
        raise ValueError(f"{place}: step {word[:20]}, must be 1 to {MAX_STEP}")
    return int(word)
