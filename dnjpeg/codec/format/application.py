"""Segments of comments and application data (T.81 B.2.4.5, B.2.4.6): kept as they are, or JFIF's and Adobe's."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dnjpeg.codec.format.hashing import hashed_once
from dnjpeg.codec.format.syntax import APP0, APP14, Segment, written

__all__ = ["DEFAULT_JFIF", "Adobe", "Jfif", "Metadata"]


@hashed_once
@dataclass(frozen=True)
class Metadata:
    """A segment that the image itself does not need: COM or APPn."""

    code: int
    payload: bytes

    def write(self) -> bytes:
        """Return the segment."""
        return written(self.code, self.payload)


@hashed_once
@dataclass(frozen=True)
class Jfif:
    """The JFIF APP0 segment (JFIF 1.02): version, density unit (0 aspect ratio, 1 per inch, 2 per cm), densities."""

    version: tuple[int, int] = (1, 1)
    unit: int = 0
    density: tuple[int, int] = (1, 1)

    @classmethod
    def parse(cls, segment: Segment) -> Jfif | None:
        """Parse an APP0 segment; None if it is not JFIF."""
        if segment.payload[:5] != b"JFIF\0" or len(segment.payload) < 14:
            return None
        major, minor, unit, x, y = struct.unpack_from(">BBBHH", segment.payload, 5)
        return cls((major, minor), unit, (x, y))

    def write(self) -> bytes:
        """Return the APP0 segment, without a thumbnail."""
        return written(APP0, b"JFIF\0" + struct.pack(">BBBHHBB", *self.version, self.unit, *self.density, 0, 0))


DEFAULT_JFIF = Jfif()


@dataclass(frozen=True)
class Adobe:
    """The Adobe APP14 segment: which colour transform was applied (0 none, 1 YCbCr, 2 YCCK)."""

    transform: int

    @classmethod
    def parse(cls, segment: Segment) -> Adobe | None:
        """Parse an APP14 segment; None if it is not Adobe's."""
        if segment.payload[:5] != b"Adobe" or len(segment.payload) < 12:
            return None
        return cls(segment.payload[11])

    def write(self) -> bytes:
        """Return the APP14 segment, of version 100 and without flags."""
        return written(APP14, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, self.transform))
