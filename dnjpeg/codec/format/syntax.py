"""Marker segments (T.81 Annex B) as values: each is parsed and written in one place."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.codec.format.huffman import HuffmanTable
from dnjpeg.codec.format.zigzag import from_zigzag, to_zigzag
from dnjpeg.errors import FormatError, TruncatedError, UnsupportedError

__all__ = [
    "DEFAULT_JFIF",
    "EOI",
    "SOI",
    "Adobe",
    "ConditioningSegment",
    "HuffmanSegment",
    "Jfif",
    "Metadata",
    "QuantizationSegment",
    "RestartSegment",
    "ScanComponent",
    "ScanHeader",
    "Segment",
    "frame_header",
    "marker_name",
    "next_segment",
    "write_frame_header",
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


@dataclass(frozen=True)
class Segment:
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


def _written(code: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, code, len(payload) + 2) + payload


def frame_header(segment: Segment) -> Frame:
    """Parse a frame header (B.2.2)."""
    payload = segment.payload
    if len(payload) < 6:
        raise segment.error("frame header too short")
    precision, height, width, count = struct.unpack_from(">BHHB", payload)
    segment.require(6 + 3 * count)
    if width == 0:
        raise segment.error("width 0", 3)
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
    return _written(SOF0 + frame.process, payload)


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

    @classmethod
    def parse(cls, segment: Segment) -> ScanHeader:
        """Parse an SOS segment; slots are taken as they are."""
        payload = segment.payload
        count = payload[0] if payload else 0
        segment.require(4 + 2 * count)
        if not 1 <= count <= 4:
            raise segment.error(f"{count} components, must be 1 to 4")
        components = tuple(
            ScanComponent(payload[at], payload[at + 1] >> 4, payload[at + 1] & 15) for at in range(1, 1 + 2 * count, 2)
        )
        start, end, approximation = payload[-3:]
        return cls(components, start, end, approximation >> 4, approximation & 15)

    def check_slots(self, segment: Segment) -> None:
        """Refuse slots that no table can have."""
        for number, c in enumerate(self.components):
            if c.dc_table > 3 or c.ac_table > 3:
                raise segment.error("entropy coding table slot above 3", 2 + 2 * number)

    def write(self) -> bytes:
        """Return the SOS segment."""
        payload = bytes([len(self.components)])
        for c in self.components:
            payload += bytes([c.identifier, c.dc_table << 4 | c.ac_table])
        approximation = self.approximation_high << 4 | self.approximation_low
        return _written(SOS, payload + bytes([self.spectral_start, self.spectral_end, approximation]))


@dataclass(frozen=True, eq=False)
class QuantizationSegment:
    """One table of a DQT segment (B.2.4.1): its slot and its steps, uint16 ``(8, 8)`` in natural order."""

    slot: int
    table: npt.NDArray[np.uint16]

    @classmethod
    def parse(cls, segment: Segment, *, strict: bool = True) -> Iterator[QuantizationSegment]:
        """Parse all tables of a DQT segment; `strict`: a step of 0 is an error."""
        payload, at = segment.payload, 0
        while at < len(payload):
            precision, slot = payload[at] >> 4, payload[at] & 15
            if precision > 1:
                raise segment.error(f"precision {precision}, must be 0 or 1", at)
            if slot > 3:
                raise segment.error(f"slot {slot}, must be 0 to 3", at)
            size = 64 * (precision + 1)
            if at + 1 + size > len(payload):
                raise segment.error("segment too short for its table", at)
            steps = np.frombuffer(payload, ">u2" if precision else "u1", 64, at + 1)
            if strict and not steps.all():
                raise segment.error("step 0", at + 1 + int(np.argmin(steps)) * (precision + 1))
            yield cls(slot, from_zigzag(steps))
            at += 1 + size

    def write(self) -> bytes:
        """Return the DQT segment, with 8-bit steps where they fit."""
        steps = to_zigzag(self.table)
        if steps.max() > 255:
            return _written(DQT, bytes([0x10 | self.slot]) + steps.astype(">u2").tobytes())
        return _written(DQT, bytes([self.slot]) + steps.astype(np.uint8).tobytes())


@dataclass(frozen=True)
class HuffmanSegment:
    """One table of a DHT segment (B.2.4.2): class (0 DC, 1 AC), slot and table."""

    table_class: int
    slot: int
    table: HuffmanTable

    @classmethod
    def parse(cls, segment: Segment) -> Iterator[HuffmanSegment]:
        """Parse all tables of a DHT segment."""
        payload, at = segment.payload, 0
        while at < len(payload):
            table_class, slot = payload[at] >> 4, payload[at] & 15
            if table_class > 1 or slot > 3:
                raise segment.error(f"table class {table_class}, slot {slot}: must be 0 or 1, and 0 to 3", at)
            counts = payload[at + 1 : at + 17]
            values = payload[at + 17 : at + 17 + sum(counts)]
            try:
                yield cls(table_class, slot, HuffmanTable(counts, values))
            except FormatError as error:
                raise segment.error(error.reason, at) from None
            at += 17 + len(values)

    def write(self) -> bytes:
        """Return the DHT segment."""
        return _written(DHT, bytes([self.table_class << 4 | self.slot]) + self.table.counts + self.table.values)


@dataclass(frozen=True)
class ConditioningSegment:
    """One entry of a DAC segment (B.2.4.3): class (0 DC, 1 AC), slot, and value: U << 4 | L for DC, Kx for AC."""

    table_class: int
    slot: int
    value: int

    @classmethod
    def parse(cls, segment: Segment, *, strict: bool = True) -> Iterator[ConditioningSegment]:
        """Parse all entries of a DAC segment; any Kx is taken, as libjpeg does; `strict`: no slots above 3."""
        payload = segment.payload
        segment.require(len(payload) & ~1)
        for at in range(0, len(payload), 2):
            table_class, slot, value = payload[at] >> 4, payload[at] & 15, payload[at + 1]
            if table_class > 1 or (strict and slot > 3):
                raise segment.error(f"table class {table_class}, slot {slot}: must be 0 or 1, and 0 to 3", at)
            if table_class == 0 and value & 15 > value >> 4:
                raise segment.error(f"DC bounds {value & 15} and {value >> 4}: the first must not be larger", at + 1)
            yield cls(table_class, slot, value)

    @staticmethod
    def write(entries: Iterable[ConditioningSegment]) -> bytes:
        """Return the DAC segment of all entries."""
        return _written(DAC, b"".join(bytes([e.table_class << 4 | e.slot, e.value]) for e in entries))


@dataclass(frozen=True)
class RestartSegment:
    """A DRI segment (B.2.4.4): MCUs a restart interval."""

    interval: int

    @classmethod
    def parse(cls, segment: Segment) -> RestartSegment:
        """Parse a DRI segment."""
        segment.require(2)
        return cls(segment.payload[0] << 8 | segment.payload[1])

    def write(self) -> bytes:
        """Return the DRI segment."""
        return _written(DRI, struct.pack(">H", self.interval))


@dataclass(frozen=True)
class Metadata:
    """A segment that the image itself does not need: COM or APPn."""

    code: int
    payload: bytes

    def write(self) -> bytes:
        """Return the segment."""
        return _written(self.code, self.payload)


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
        return _written(APP0, b"JFIF\0" + struct.pack(">BBBHHBB", *self.version, self.unit, *self.density, 0, 0))


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
        return _written(APP14, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, self.transform))


def unsupported_process(frame: Frame, offset: int) -> UnsupportedError:
    """Return the error that names the process of a frame header."""
    return UnsupportedError(
        f"{PROCESSES[frame.process]} (SOF{frame.process}), {frame.precision} bits a sample", offset=offset, marker="SOF"
    )
