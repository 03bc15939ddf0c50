"""What all tests share: pictures made by formula, the data folder, and the command line in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from click.testing import CliRunner
from pictures import make_photo

from dnjpeg.cli import main

Pixels = npt.NDArray[np.uint8]


@pytest.fixture(scope="session")
def photo() -> Callable[..., Pixels]:
    """`make_photo`."""
    return make_photo


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of test data (photos, models, JPEG files), which is not part of the repository."""
    named = os.environ.get("DNJPEG_DATA")
    if not named:
        pytest.skip("DNJPEG_DATA does not name the folder of test data")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip(f"DNJPEG_DATA names {folder}, which is not a folder")
    return folder.resolve()


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit status and what it wrote."""

    status: int
    stdout: str
    stderr: str
    stdout_bytes: bytes


@pytest.fixture
def cli() -> Callable[..., Outcome]:
    """Run ``dnjpeg ARGUMENTS`` in this process."""

    def run(*arguments: str | Path, stdin: bytes = b"") -> Outcome:
        words: Sequence[str] = [str(argument) for argument in arguments]
        result = CliRunner().invoke(main, words, input=stdin, prog_name="dnjpeg")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        text = result.stdout_bytes.decode(errors="replace")
        return Outcome(result.exit_code, text, result.stderr, result.stdout_bytes)

    return run
