"""The little of EXIF that matters to whoever shows or rewrites an image: orientation, size, where the thumbnail is."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace

from dnjpeg.codec.format.application import Metadata
from dnjpeg.codec.format.syntax import APP1, Segment
from dnjpeg.errors import FormatError

__all__ = ["UPRIGHT", "Exif", "Turn", "orientation_of", "reoriented", "resized"]

SIGNATURE = b"Exif\0"  # a pad byte follows, zero by rule
HEADER = 6

# Tags of an image file directory (TIFF 6.0, EXIF 2.3), their types and the sizes of these.
ORIENTATION, THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0112, 0x0201, 0x0202
EXIF_DIRECTORY, PIXEL_WIDTH, PIXEL_HEIGHT = 0x8769, 0xA002, 0xA003
SHORT, LONG = 3, 4
_FORMATS = {SHORT: "H", LONG: "I"}
ENTRY_BYTES = 12


@dataclass(frozen=True)
class Turn:
    """Turning or mirroring: rows and columns exchanged, then mirrored left to right, then top to bottom."""

    exchange: bool
    across: bool
    down: bool


# What puts an image upright, by its orientation.
UPRIGHT = {
    2: Turn(exchange=False, across=True, down=False),
    3: Turn(exchange=False, across=True, down=True),
    4: Turn(exchange=False, across=False, down=True),
    5: Turn(exchange=True, across=False, down=False),
    6: Turn(exchange=True, across=True, down=False),
    7: Turn(exchange=True, across=True, down=True),
    8: Turn(exchange=True, across=False, down=True),
}


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
        if segment.payload[:5] != SIGNATURE:
            return None
        order = _byte_order(segment)
        entries, following = _directory(segment, order, HEADER + 4)
        first = _numbers(segment, order, entries)
        second = _numbers(segment, order, _directory(segment, order, following)[0]) if following else {}
        orientation = first.get(ORIENTATION, 0)
        place, length = second.get(THUMBNAIL_OFFSET, 0), second.get(THUMBNAIL_LENGTH, 0)
        return cls(
            "little" if order == "<" else "big",
            orientation if 1 <= orientation <= 8 else None,
            (HEADER + place, length) if place and length else None,
        )


def orientation_of(item: Metadata) -> int | None:
    """Find out which way is up, 1..8; None if the segment does not say, or its first directory is broken."""
    if item.code != APP1 or item.payload[:5] != SIGNATURE:
        return None
    segment = Segment(item.code, 0, item.payload)
    try:
        order = _byte_order(segment)
        orientation = _numbers(segment, order, _directory(segment, order, HEADER + 4)[0]).get(ORIENTATION, 0)
    except FormatError:
        return None
    return orientation if 1 <= orientation <= 8 else None


def reoriented(item: Metadata, orientation: int) -> Metadata:
    """Return an EXIF segment with another orientation, where it has one."""
    return _changed(item, None, SHORT, {ORIENTATION: orientation})


def resized(item: Metadata, height: int, width: int) -> Metadata:
    """Return an EXIF segment with another size of the image, where it has one; any other segment as it is."""
    return _changed(item, EXIF_DIRECTORY, LONG, {PIXEL_WIDTH: width, PIXEL_HEIGHT: height})


def _changed(item: Metadata, directory: int | None, kind: int, values: Mapping[int, int]) -> Metadata:
    """Change numbers in the first directory, or in one that it refers to; a broken segment stays as it is."""
    if item.code != APP1 or item.payload[:5] != SIGNATURE:
        return item
    segment = Segment(item.code, 0, item.payload)
    try:
        order = _byte_order(segment)
        entries, _ = _directory(segment, order, HEADER + 4)
        if directory is not None:
            entries = _directory(segment, order, entries[directory] + 8)[0] if directory in entries else {}
    except FormatError:
        return item
    payload = bytearray(item.payload)
    for tag in values.keys() & entries.keys():
        number = struct.pack(order + _FORMATS[kind], values[tag])
        struct.pack_into(f"{order}HI4s", payload, entries[tag] + 2, kind, 1, number)
    return replace(item, payload=bytes(payload))


def _byte_order(segment: Segment) -> str:
    """Read the TIFF header; returns the byte order as `struct` writes it."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(segment.payload[HEADER : HEADER + 4])
    if order is None:
        raise segment.error("EXIF without a TIFF header", HEADER)
    return order


def _directory(segment: Segment, order: str, pointer: int) -> tuple[dict[int, int], int]:
    """Find the entries of the directory that a pointer leads to, by tag, and where the next pointer is (0: none)."""
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
    entries = {struct.unpack_from(f"{order}H", payload, at)[0]: at for at in range(begin + 2, end, ENTRY_BYTES)}
    return entries, end if end + 4 <= len(payload) else 0


def _numbers(segment: Segment, order: str, entries: Mapping[int, int]) -> dict[int, int]:
    """Values of the entries that hold a single number, by tag."""
    numbers = {}
    for tag, at in entries.items():
        kind, values = struct.unpack_from(f"{order}HI", segment.payload, at + 2)
        if kind in _FORMATS and values == 1:
            (numbers[tag],) = struct.unpack_from(f"{order}{_FORMATS[kind]}", segment.payload, at + 8)
    return numbers
