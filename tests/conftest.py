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

from dnjpeg.cli import main

Pixels = npt.NDArray[np.uint8]


def make_photo(height: int, width: int, *, seed: int = 0, gray: bool = False) -> Pixels:
    """Return a picture with the spectrum of a photo (amplitude 1/f), coloured areas and hard edges; uint8 RGB or gray.

    The same arguments give the same picture.
    """
    rng = np.random.default_rng([seed, height, width])
    rows, cols = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    amplitude = 1 / np.maximum(np.hypot(rows, cols), 1 / max(height, width))
    planes = []
    for strength in (40, 25, 15):  # brightness, then two colour axes
        noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((height, width))) * amplitude, (height, width))
        planes.append(strength * noise / max(noise.std(), 1e-9))
    brightness, warm, green = planes
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - height * rng.random(), x - width * rng.random()) < min(height, width) / 3
    brightness = brightness + 120 + np.where(inside, 60, 0)
    channels = [brightness + warm, brightness + green, brightness - warm - green]
    pixels = np.clip(np.rint(np.stack(channels, axis=2)), 0, 255).astype(np.uint8)
    return pixels[..., 1].copy() if gray else pixels


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
