"""What was weighed so far, in a file of one JSON object a line: a search that begins anew finds it there.

A search proposes the same candidates again for the same seed and the same verdicts, so nothing else need be saved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Journal"]


class Journal:
    """Numbers by a key, kept in a file or in memory only.

    Parameters
    ----------
    path : Path or None
        Where they are kept; None: nowhere.
    settings : mapping
        All that they depend on, as JSON can hold it; the file's first line.

    Raises
    ------
    ValueError
        If the file is of other settings, or is no journal.
    OSError
        If it cannot be read or written.
    """

    def __init__(self, path: Path | None, settings: Mapping[str, Any]) -> None:
        self.path = path
        self._known: dict[str, list[float]] = {}
        if path is None:
            return
        first = json.dumps({"format": "dnjpeg search", "settings": settings}, sort_keys=True)
        if not path.exists() or not path.stat().st_size:
            path.write_text(first + "\n", encoding="utf-8")
            return
        lines = path.read_text(encoding="utf-8").splitlines()
        if lines[0] != first:
            raise ValueError(f"{path}: a journal of another search; go on with its settings, or remove it")
        for number, line in enumerate(lines[1:], 2):
            try:
                key, *numbers = json.loads(line)
                self._known[key] = [float(each) for each in numbers]
            except (ValueError, TypeError):
                if number < len(lines):
                    raise ValueError(f"{path}, line {number}: this is no entry of a journal") from None
                # The last line of a run that was killed: what it was about is weighed again.
                whole = "\n".join(lines[:-1]) + "\n"
                path.write_text(whole, encoding="utf-8")

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> list[float] | None:
        """Return the numbers of a key, if they are known."""
        return self._known.get(key)

    def add(self, key: str, numbers: list[float]) -> None:
        """Keep the numbers of a key."""
        self._known[key] = numbers
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, *numbers]) + "\n")
