"""How much a file may ask for before it is refused."""

from __future__ import annotations

from dataclasses import dataclass

from dnjpeg.codec.format.hashing import hashed_once
from dnjpeg.errors import LimitError

__all__ = ["DEFAULT_LIMITS", "Limits"]


@hashed_once
@dataclass(frozen=True)
class Limits:
    """Bounds on one call, checked before memory is taken.

    Parameters
    ----------
    max_pixels : int
        Largest ``height * width`` that a frame header may declare; half of it if samples have 12 bits.
    max_scans : int
        Largest number of scans in one file.
    max_bytes : int
        Largest input, in bytes.
    max_segments : int
        Largest number of marker segments in one file: each costs time and memory, however short it is.
    """

    max_pixels: int = 1 << 28
    max_scans: int = 500
    max_bytes: int = 1 << 30
    max_segments: int = 1 << 16

    def check_pixels(self, height: int, width: int, offset: int, *, precision: int = 8) -> None:
        """Raise `LimitError` if the frame header at byte `offset` declares too large an image."""
        if height * width * (1 if precision == 8 else 2) > self.max_pixels:
            each = "" if precision == 8 else f" of {precision} bits, each counted as two,"
            raise LimitError(
                f"{width}x{height} pixels{each} are more than the limit of {self.max_pixels}",
                offset=offset,
                marker="SOF",
            )

    def check_scans(self, scans: int, offset: int) -> None:
        """Raise `LimitError` if the scan header at byte `offset` is one too many."""
        if scans > self.max_scans:
            raise LimitError(f"more than {self.max_scans} scans", offset=offset, marker="SOS")

    def check_segments(self, segments: int, offset: int, marker: str) -> None:
        """Raise `LimitError` if the segment at byte `offset` is one too many."""
        if segments > self.max_segments:
            raise LimitError(f"more than {self.max_segments} segments", offset=offset, marker=marker)

    def check_bytes(self, size: int) -> None:
        """Raise `LimitError` if the input is too large."""
        if size > self.max_bytes:
            raise LimitError(f"{size} bytes are more than the limit of {self.max_bytes}")


DEFAULT_LIMITS = Limits()
