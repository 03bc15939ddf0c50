"""The little of EXIF that matters to whoever shows or rewrites an image: orientation, and where the thumbnail is."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from dnjpeg.codec.syntax import Segment

__all__ = ["Exif"]

SIGNATURE = b"Exif\0"  # a pad byte follows, zero by rule
HEADER = 6

# Tags of an image file directory (TIFF 6.0, EXIF 2.3), their types and the sizes of these.
ORIENTATION, THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0112, 0x0201, 0x0202
_FORMATS = {3: "H", 4: "I"}  # SHORT, LONG
ENTRY_BYTES = 12


@dataclass(frozen=True)
class Exif:
    """What an EXIF APP1 segment says.

    Parameters
    ----------
    byte_order : str
        ``"little"`` or ``"big"``.
    orientation : int or None
        1..8: which way is up (tag 274); None if it does not say, or something else.
    thumbnail : tuple of int, or None
        Position in the payload and length of an embedded JPEG thumbnail.
    """

    byte_order: str
    orientation: int | None
    thumbnail: tuple[int, int] | None

    @classmethod
    def parse(cls, segment: Segment) -> Exif | None:
        """Parse an APP1 segment; None if it is not EXIF.

        Raises
        ------
        FormatError
            If its directories are broken; at the byte where that shows.
        """
        payload = segment.payload
        if payload[:5] != SIGNATURE:
            return None
        order = {b"II*\0": "<", b"MM\0*": ">"}.get(payload[HEADER : HEADER + 4])
        if order is None:
            raise segment.error("EXIF without a TIFF header", HEADER)
        first, following = _directory(segment, order, HEADER + 4)
        second = _directory(segment, order, following)[0] if following else {}
        orientation = first.get(ORIENTATION, 0)
        place, length = second.get(THUMBNAIL_OFFSET, 0), second.get(THUMBNAIL_LENGTH, 0)
        return cls(
            "little" if order == "<" else "big",
            orientation if 1 <= orientation <= 8 else None,
            (HEADER + place, length) if place and length else None,
        )


def _directory(segment: Segment, order: str, pointer: int) -> tuple[dict[int, int], int]:
    """Single numbers of the directory that a pointer leads to, by tag, and where the next pointer is (0: none)."""
    payload = segment.payload
    if pointer + 4 > len(payload):
        raise segment.error("EXIF ends before its directory", pointer)
    (place,) = struct.unpack_from(f"{order}I", payload, pointer)
    if place == 0:
        return {}, 0
    begin = HEADER + place
    if begin + 2 > len(payload):
        raise segment.error("EXIF directory beyond the segment", pointer)
    (count,) = struct.unpack_from(f"{order}H", payload, begin)
    end = begin + 2 + ENTRY_BYTES * count
    if end > len(payload):
        raise segment.error("EXIF directory longer than the segment", begin)
    numbers = {}
    for at in range(begin + 2, end, ENTRY_BYTES):
        tag, kind, values = struct.unpack_from(f"{order}HHI", payload, at)
        if kind in _FORMATS and values == 1:
            (numbers[tag],) = struct.unpack_from(f"{order}{_FORMATS[kind]}", payload, at + 8)
    return numbers, end if end + 4 <= len(payload) else 0
