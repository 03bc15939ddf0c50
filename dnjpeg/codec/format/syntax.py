"""Markers, marker segments, and the headers of frame and scan (T.81 B.1 to B.2.3), parsed and written in one place."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import NamedTuple, TypeVar

from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.errors import FormatError, JpegError, TruncatedError, UnsupportedError

__all__ = [
    "EOI",
    "SOI",
    "ScanComponent",
    "ScanHeader",
    "Segment",
    "ends_in_scan_header",
    "frame_header",
    "marker_name",
    "next_segment",
    "remembered",
    "unsupported_process",
    "write_frame_header",
    "written",
]

# Second bytes of markers (table B.1).
TEM, SOF0, DHT, JPG, DAC, RST0, SOI, EOI = 0x01, 0xC0, 0xC4, 0xC8, 0xCC, 0xD0, 0xD8, 0xD9
SOS, DQT, DNL, DRI, DHP, EXP = 0xDA, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF
APP0, APP1, APP14, COM = 0xE0, 0xE1, 0xEE, 0xFE

SOF55 = 0xF7  # of T.87

MARKER = re.compile(rb"\xff[\x01-\xfe]")  # no stuffed zero, and not the fill bytes before it (B.1.1.2)

METADATA = frozenset({*range(APP0, APP0 + 16), COM})
FRAMES = frozenset(range(0xC0, 0xD0)) - {DHT, JPG, DAC}
ALONE = frozenset({TEM, SOI, EOI, *range(RST0, RST0 + 8)})  # markers without a segment

# fmt: off
_NAMES = {
    TEM: "TEM", DHT: "DHT", JPG: "JPG", DAC: "DAC", SOI: "SOI", EOI: "EOI", SOS: "SOS",
    DQT: "DQT", DNL: "DNL", DRI: "DRI", DHP: "DHP", EXP: "EXP", COM: "COM",
}
# fmt: on

PROCESSES = {
    0: "baseline sequential DCT, Huffman",
    1: "extended sequential DCT, Huffman",
    2: "progressive DCT, Huffman",
    3: "lossless, Huffman",
    5: "differential sequential DCT, Huffman",
    6: "differential progressive DCT, Huffman",
    7: "differential lossless, Huffman",
    9: "extended sequential DCT, arithmetic",
    10: "progressive DCT, arithmetic",
    11: "lossless, arithmetic",
    13: "differential sequential DCT, arithmetic",
    14: "differential progressive DCT, arithmetic",
    15: "differential lossless, arithmetic",
}

# Markers that announce what is no DCT-based process with one frame.
OTHER_PROCESSES = {
    DHP: "hierarchical JPEG",
    EXP: "hierarchical JPEG",
    JPG: "JPEG extensions (marker JPG)",
    SOF55: "JPEG-LS (SOF55)",
}


def marker_name(code: int) -> str:
    """Name of a marker by its second byte, as T.81 spells it."""
    if code in FRAMES:
        return f"SOF{code - SOF0}"
    if RST0 <= code < RST0 + 8:
        return f"RST{code - RST0}"
    if APP0 <= code < APP0 + 16:
        return f"APP{code - APP0}"
    if code == SOF55:
        return "SOF55"
    return _NAMES.get(code, f"0xFF{code:02X}")


class Segment(NamedTuple):
    """A marker and what belongs to it.

    Parameters
    ----------
    code : int
        Second byte of the marker.
    offset : int
        Position of its 0xFF in the file.
    payload : bytes
        The parameters, without the length.
    """

    code: int
    offset: int
    payload: bytes

    @property
    def name(self) -> str:
        """Name of the marker."""
        return marker_name(self.code)

    @property
    def end(self) -> int:
        """Position behind the segment."""
        return self.offset + 2 + (0 if self.code in ALONE else 2 + len(self.payload))

    def error(self, reason: str, at: int = 0) -> FormatError:
        """Return an error about byte `at` of the payload; about the marker if it has none."""
        return FormatError(reason, offset=self.offset + (4 + at if self.payload else 0), marker=self.name)

    def require(self, length: int) -> None:
        """Raise `FormatError` if the payload is not this long."""
        if len(self.payload) != length:
            raise self.error(f"length {len(self.payload) + 2}, must be {length + 2}")


def next_segment(data: memoryview, position: int, *, strict: bool = True) -> Segment:
    """Find the next marker at or behind `position` and return its segment; bytes before it are skipped.

    Parameters
    ----------
    data : memoryview
    position : int
    strict : bool
        An impossible length is always an error; otherwise metadata of such a length are empty, as in libjpeg.

    Raises
    ------
    TruncatedError
        If there is none, or the file ends within it.
    FormatError
        If its length is impossible.
    """
    size = len(data)
    found = MARKER.search(data, position)
    if found is None:
        raise TruncatedError("the file ends where a marker was expected", offset=size)
    position = found.start()
    code = data[position + 1]
    if code in ALONE:
        return Segment(code, position, b"")
    if position + 4 > size:
        raise TruncatedError("the file ends within a segment", offset=size, marker=marker_name(code))
    length = data[position + 2] << 8 | data[position + 3]
    if length < 2 and not strict and code in METADATA:
        length = 2
    if length < 2:
        raise FormatError(f"length {length}, must be at least 2", offset=position + 2, marker=marker_name(code))
    if position + 2 + length > size:
        raise TruncatedError("the file ends within a segment", offset=size, marker=marker_name(code))
    return Segment(code, position, bytes(data[position + 4 : position + 2 + length]))


def ends_in_scan_header(data: memoryview, position: int) -> bool:
    """Tell whether the next marker is SOS, and the file ends within Ss, Se, Ah and Al, which not every scan needs."""
    found = MARKER.search(data, position)
    if found is None or data[found.end() - 1] != SOS or len(data) < found.end() + 2:
        return False
    missing = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big") - len(data)
    return 1 <= missing <= 3


T = TypeVar("T")

REMEMBERED = 256  # segments of each kind ...
LARGEST_REMEMBERED = 2048  # ... and bytes of each


def remembered(parse: Callable[..., T]) -> Callable[..., T]:
    """Parse equal segments once: many images have the same tables. The value must not be changed by anyone."""

    @lru_cache(REMEMBERED)
    def parsed(code: int, payload: bytes, **options: bool) -> T:
        return parse(Segment(code, 0, payload), **options)

    @wraps(parse)
    def parse_once(segment: Segment, **options: bool) -> T:
        if len(segment.payload) > LARGEST_REMEMBERED:
            return parse(segment, **options)
        try:
            return parsed(segment.code, segment.payload, **options)
        except JpegError:
            return parse(segment, **options)  # which tells where in the file it is

    return parse_once


def written(code: int, payload: bytes) -> bytes:
    """Return a segment as it stands in a file (B.1.1.4)."""
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


def frame_header(segment: Segment) -> Frame:
    """Parse a frame header (B.2.2). Those that differ in size have the rest in common, and equal ones are the same."""
    payload = segment.payload
    if len(payload) < 6:
        raise segment.error("frame header too short")
    _, height, width, count = struct.unpack_from(">BHHB", payload)
    segment.require(6 + 3 * count)
    if width == 0:
        raise segment.error("width 0", 3)
    of_one_pixel = segment._replace(payload=payload[:1] + b"\0\1\0\1" + payload[5:])
    return _frame_of_one_pixel(of_one_pixel).resized(height, width)


@remembered
def _frame_of_one_pixel(segment: Segment) -> Frame:
    payload = segment.payload
    precision, height, width, count = struct.unpack_from(">BHHB", payload)
    if count == 0:
        raise segment.error("no components", 5)
    components = []
    for at in range(6, len(payload), 3):
        identifier, factors, table = payload[at : at + 3]
        horizontal, vertical = factors >> 4, factors & 15
        if not (1 <= horizontal <= 4 and 1 <= vertical <= 4):
            raise segment.error(f"sampling factors {horizontal}x{vertical}, must be 1 to 4", at + 1)
        if table > 3:
            raise segment.error(f"quantization table slot {table}, must be 0 to 3", at + 2)
        components.append(Component(identifier, horizontal, vertical, table))
    return Frame(height, width, tuple(components), precision, segment.code - SOF0)


def write_frame_header(frame: Frame) -> bytes:
    """Write a frame header (B.2.2)."""
    payload = struct.pack(">BHHB", frame.precision, frame.height, frame.width, len(frame.components))
    for c in frame.components:
        payload += bytes([c.identifier, c.horizontal << 4 | c.vertical, c.table])
    return written(SOF0 + frame.process, payload)


@dataclass(frozen=True)
class ScanComponent:
    """One component's parameters in a scan header: Csj, Tdj, Taj."""

    identifier: int
    dc_table: int
    ac_table: int


@dataclass(frozen=True)
class ScanHeader:
    """A scan header (B.2.3): components, spectral selection Ss..Se and successive approximation Ah, Al."""

    components: tuple[ScanComponent, ...]
    spectral_start: int = 0
    spectral_end: int = 63
    approximation_high: int = 0
    approximation_low: int = 0

    @staticmethod
    @remembered
    def parse(segment: Segment) -> ScanHeader:
        """Parse an SOS segment; slots are taken as they are."""
        payload = segment.payload
        count = payload[0] if payload else 0
        segment.require(4 + 2 * count)
        if not 1 <= count <= 4:
            raise segment.error(f"{count} components, must be 1 to 4")
        components = [
            ScanComponent(payload[at], payload[at + 1] >> 4, payload[at + 1] & 15) for at in range(1, 1 + 2 * count, 2)
        ]
        start, end, approximation = payload[-3:]
        return ScanHeader(tuple(components), start, end, approximation >> 4, approximation & 15)

    def check_slots(self, segment: Segment) -> None:
        """Refuse slots that no table can have."""
        for number, c in enumerate(self.components):
            if c.dc_table > 3 or c.ac_table > 3:
                raise segment.error("entropy coding table slot above 3", 2 + 2 * number)

    def indices_in(self, frame: Frame, segment: Segment) -> tuple[int, ...]:
        """Return the places of its components in the frame.

        Raises
        ------
        FormatError
            If it has others, or one of them twice; some files give several the same identifier.
        """
        try:
            present = tuple([part.identifier for part in frame.components])
            return _places(present, tuple([part.identifier for part in self.components]))
        except FormatError as error:
            raise segment.error(error.reason) from None

    def write(self) -> bytes:
        """Return the SOS segment."""
        payload = bytes([len(self.components)])
        for c in self.components:
            payload += bytes([c.identifier, c.dc_table << 4 | c.ac_table])
        approximation = self.approximation_high << 4 | self.approximation_low
        return written(SOS, payload + bytes([self.spectral_start, self.spectral_end, approximation]))


@lru_cache(256)
def _places(identifiers: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    indices: list[int] = []
    for identifier in wanted:
        if identifier not in identifiers:
            raise FormatError(f"component {identifier} is not in the frame")
        matching = [i for i, other in enumerate(identifiers) if other == identifier]
        index = next((i for i in matching if i not in indices), None)
        if index is None:
            raise FormatError(f"component {identifier} twice")
        indices.append(index)
    return tuple(indices)


def unsupported_process(frame: Frame, offset: int) -> UnsupportedError:
    """Return the error that names the process of a frame header."""
    return UnsupportedError(
        f"{PROCESSES[frame.process]} (SOF{frame.process}), {frame.precision} bits a sample", offset=offset, marker="SOF"
    )
