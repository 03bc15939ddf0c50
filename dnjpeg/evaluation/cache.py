"""Measurements kept by content, so that a stopped sweep goes on and a repeated one is instant."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs

__all__ = ["Measurement", "MeasurementCache", "default_cache_file"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """The part of a row that takes work; see `dnjpeg.evaluation.rows.Row` for the fields."""

    height: int
    width: int
    channels: int
    file_bytes: int | None
    bytes: int
    header_bytes: int | None
    entropy_bytes: int | None
    prediction: int
    top1: bool
    top5: bool
    probability: float
    confidence: float
    agreement: bool
    kl: float
    psnr: float | None
    ssim: float | None
    ms_ssim: float | None


LogProbabilities = npt.NDArray[np.float32]
Entry = tuple[str, Measurement, LogProbabilities | None]


def default_cache_file() -> Path:
    """``$DNJPEG_CACHE_DIR/evaluation.sqlite``, or the same in the user's cache folder."""
    base = os.environ.get("DNJPEG_CACHE_DIR") or platformdirs.user_cache_dir("dnjpeg", appauthor=False)
    return Path(base) / "evaluation.sqlite"


class MeasurementCache:
    """An SQLite file from keys to measurements. Any thread may use it; several processes may share it.

    Parameters
    ----------
    path : Path
        The file; made, with its folder, if it is not there.

    Raises
    ------
    OSError
        If the file cannot be opened or is something else.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
            with self._connection:
                self._connection.execute(
                    "CREATE TABLE IF NOT EXISTS measurements"
                    " (key TEXT PRIMARY KEY, measurement TEXT NOT NULL, log_probabilities BLOB) WITHOUT ROWID"
                )
        except sqlite3.Error as error:
            raise OSError(f"{path}: the cache of measurements cannot be used ({error})") from None

    @staticmethod
    def key(parts: Sequence[object]) -> str:
        """Hash everything that decides a measurement (values that JSON has)."""
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def get(self, key: str) -> tuple[Measurement, LogProbabilities | None] | None:
        """Look a measurement up, with the class log-probabilities if they were kept."""
        with self._lock:
            found = self._connection.execute(
                "SELECT measurement, log_probabilities FROM measurements WHERE key = ?", (key,)
            ).fetchone()
        if found is None:
            return None
        kept = None if found[1] is None else np.frombuffer(found[1], np.float32)
        return Measurement(**json.loads(found[0])), kept

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep measurements; all of them are on disk when this returns, or, if it fails, none."""
        values = [
            (key, json.dumps(asdict(measurement)), None if kept is None else kept.astype(np.float32).tobytes())
            for key, measurement, kept in entries
        ]
        try:
            with self._lock, self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO measurements VALUES (?, ?, ?)", values)
        except sqlite3.Error as error:
            raise OSError(f"{self.path}: the cache of measurements cannot be written ({error})") from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> MeasurementCache:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
