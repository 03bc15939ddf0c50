"""From marker to marker through any bytes: what is wrong is noted, and the walk goes on behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.syntax import Segment, marker_name
from dnjpeg.inspection.values import Problem

__all__ = ["MAX_PIECES", "Piece", "Trail", "walk"]

MAX_PIECES = 1 << 14  # more than any sane file has; each takes memory many times its size in the file
CHUNK = 1 << 20  # bytes that are looked at together
JPEG_LS = 0xF7  # SOF55 of T.87, whose data have other rules

START = re.compile(rb"\xff\xd8\xff")
# A marker that is no stuffed zero, no fill byte, and none of the reserved codes 0x02 to 0xBF (table B.1).
MARKER = re.compile(rb"\xff[\x01\xc0-\xfe]")
# What ends a scan: the same, without restart markers and the codes that are reserved for extensions.
END_OF_SCAN = re.compile(rb"\xff[\x01\xc0-\xcf\xd8-\xdf\xe0-\xef\xfe]")
END_OF_LS_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xdf\xe0-\xfe]")
STRAY = re.compile(rb"\xff[\x02-\xbf\xf0-\xfd]")


@dataclass(frozen=True)
class Piece:
    """A stretch of the file.

    Parameters
    ----------
    kind : str
        ``"segment"``, or as in `SegmentEntry`: ``"data"``, ``"fill"``, ``"junk"``, ``"trailing"``.
    begin, end : int
        Positions in the file.
    segment : Segment or None
        The marker segment, its payload as long as the file has it.
    whole : bool
        False if the segment has not the length that it should have.
    restarts : int
        Restart markers in entropy-coded data.
    """

    kind: str
    begin: int
    end: int
    segment: Segment | None = None
    whole: bool = True
    restarts: int = 0


@dataclass
class Trail:
    """The pieces of a file, in order and without gaps, and what was wrong on the way."""

    data: bytes
    pieces: list[Piece] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    found: bool = True  # whether there is a JPEG at all

    def problem(self, offset: int, reason: str, marker: str | None = None) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(offset, marker, reason))

    def add_gap(self, begin: int, end: int) -> None:
        """Add what stands between two segments: fill bytes, which are allowed (B.1.1.2), or junk."""
        if begin == end:
            return
        between = self.data[begin:end]
        kind = "fill" if between.count(0xFF) == len(between) else "junk"
        self.pieces.append(Piece(kind, begin, end))
        if kind == "junk":
            self.problem(begin, f"{_bytes(end - begin)} of no segment")


def walk(data: bytes) -> Trail:
    """Find the pieces of a file, in time proportional to its length."""
    trail = Trail(data)
    position = _begin(trail)
    ended = not trail.found
    end_of_scan = END_OF_SCAN
    while not ended and position < len(data):
        match = MARKER.search(data, position)
        begin = match.start() if match else len(data)
        trail.add_gap(position, begin)
        if match is None:
            break
        if len(trail.pieces) >= MAX_PIECES:
            trail.problem(begin, f"more than {MAX_PIECES} segments; what follows was not looked at")
            trail.pieces.append(Piece("junk", begin, len(data)))
            return trail
        segment, position = _add_segment(trail, begin)
        if segment.code == JPEG_LS:
            end_of_scan = END_OF_LS_SCAN
        if segment.code == syntax.SOS:
            position = _add_data(trail, position, end_of_scan)
        ended = segment.code == syntax.EOI
    if not ended:
        trail.problem(len(data), "the file ends without EOI")
    elif trail.found:
        _add_trailing(trail, position)
    return trail


def _begin(trail: Trail) -> int:
    """Find SOI, and note what is before it. Returns where to go on."""
    data = trail.data
    if data.startswith(b"\xff\xd8"):
        return 0
    kind = _other_format(data)
    match = None if kind else START.search(data)
    if match is None:
        trail.found = False
        trail.problem(0, f"not a JPEG file{f', but {kind}' if kind else ''}: it does not begin with the marker SOI")
        if data:
            trail.pieces.append(Piece("junk", 0, len(data)))
        return len(data)
    trail.problem(0, f"{_bytes(match.start())} before SOI")
    trail.pieces.append(Piece("junk", 0, match.start()))
    return match.start()


def _add_segment(trail: Trail, begin: int) -> tuple[Segment, int]:
    """Add the segment whose marker is at `begin`. Returns it, and where to go on."""
    data, code = trail.data, trail.data[begin + 1]
    name = marker_name(code)
    if code in syntax.ALONE:
        if code == syntax.SOI and any(piece.kind == "segment" for piece in trail.pieces):
            trail.problem(begin, "a second SOI", name)
        elif code not in {syntax.SOI, syntax.EOI, syntax.TEM}:
            trail.problem(begin, "a restart marker outside a scan", name)
        segment = Segment(code, begin, b"")
        trail.pieces.append(Piece("segment", begin, segment.end, segment))
        return segment, segment.end
    length = int.from_bytes(data[begin + 2 : begin + 4], "big")
    end, there = begin + 2 + length, min(begin + 4, len(data))
    whole = length >= 2 and end <= len(data)
    if there < begin + 4:
        trail.problem(begin, "the file ends within its length", name)
        end = there
    elif length < 2:
        trail.problem(begin + 2, f"length {length}, must be at least 2", name)
        end = there
    elif end > len(data):
        trail.problem(begin + 2, f"length {length}, but the file ends {_bytes(end - len(data))} too early", name)
        # If the file ends as it should, the length is wrong; otherwise the file was cut within the segment.
        end = there if data.endswith(b"\xff\xd9") else len(data)
    segment = Segment(code, begin, data[there:end])
    trail.pieces.append(Piece("segment", begin, end, segment, whole))
    return segment, end


def _add_data(trail: Trail, begin: int, end_of_scan: re.Pattern[bytes]) -> int:
    """Add the entropy-coded data of a scan. Returns where to go on."""
    data = trail.data
    match = end_of_scan.search(data, begin)
    end = match.start() if match else len(data)
    while end > begin and data[end - 1] == 0xFF:  # fill bytes of the marker
        end -= 1
    restarts = _count_restarts(trail, begin, end)
    stray = STRAY.search(data, begin, end) if end_of_scan is END_OF_SCAN else None
    if stray:
        name = marker_name(data[stray.start() + 1])
        trail.problem(stray.start(), f"the reserved marker {name} in entropy-coded data", "SOS")
    if end > begin:
        trail.pieces.append(Piece("data", begin, end, restarts=restarts))
    else:
        trail.problem(begin, "a scan without data", "SOS")
    return end


def _count_restarts(trail: Trail, begin: int, end: int) -> int:
    """Count the restart markers among entropy-coded data; the first one that is out of turn is noted."""
    count = 0
    in_order = True
    for chunk in range(begin, end, CHUNK):
        size = min(CHUNK + 1, end - chunk)  # with the first byte of the next: a marker may lie across
        window = np.frombuffer(trail.data, np.uint8, size, chunk)
        places = np.flatnonzero((window[:-1] == 0xFF) & (window[1:] & 0xF8 == syntax.RST0))
        wrong = np.flatnonzero((window[places + 1] & 7) != (count + np.arange(len(places))) % 8)
        if in_order and len(wrong):
            in_order = False
            found = marker_name(int(window[places[wrong[0]] + 1]))
            expected = marker_name(syntax.RST0 + (count + int(wrong[0])) % 8)
            trail.problem(chunk + int(places[wrong[0]]), f"{found} where {expected} belongs", "SOS")
        count += len(places)
    return count


def _add_trailing(trail: Trail, begin: int) -> None:
    """Add what stands behind EOI; other images are allowed there if a multi-picture segment announces them."""
    if begin == len(trail.data):
        return
    announced = any(
        piece.segment and piece.segment.code == syntax.APP0 + 2 and piece.segment.payload.startswith(b"MPF\0")
        for piece in trail.pieces
    )
    if not announced:
        trail.problem(begin, f"{_bytes(len(trail.data) - begin)} behind EOI")
    trail.pieces.append(Piece("trailing", begin, len(trail.data)))


def _other_format(data: bytes) -> str | None:
    """Name the format of what is no JPEG file, by its first bytes."""
    kind = {b"ftypavif": "AVIF", b"ftypheic": "HEIF", b"ftypmif1": "HEIF"}.get(data[4:12])
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        kind = "WebP"
    for signature, name in _SIGNATURES.items():
        if data.startswith(signature):
            kind = name
    return "an empty file" if not data else f"a file in the format {kind}" if kind else None


_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF-": "PDF",
    b"\0\0\0\x0cjP  \r\n": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n": "JPEG XL",
}


def _bytes(count: int) -> str:
    return f"{count} byte{'s' * (count != 1)}"
