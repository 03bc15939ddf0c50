"""What commands leave behind, looked at."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from dnjpeg.cli import failures


def files_below(folder: Path | str) -> set[str]:
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}


def decoded(data: bytes | Path | str) -> np.ndarray:
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as image:
        return np.asarray(image)


def one_error(outcome, text: str) -> None:
    """Assert that a command failed with one line that holds this text."""
    assert outcome.status == failures.ERROR
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1
    assert outcome.stderr.startswith("error: ")
    assert text in outcome.stderr
