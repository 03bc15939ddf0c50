"""What the pieces of a file hold: entries, tables, the frame, and each scan with the tables that it was coded with."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.huffman import STANDARD, HuffmanTable
from dnjpeg.codec.format.progression import Progression, check_progression
from dnjpeg.codec.format.syntax import ScanHeader, Segment
from dnjpeg.codec.format.table_segments import HuffmanSegment, QuantizationSegment, RestartSegment
from dnjpeg.errors import FormatError
from dnjpeg.inspection.application import Meaning, counted
from dnjpeg.inspection.meaning import frame_of, meaning, wide_tables
from dnjpeg.inspection.values import HuffmanEntry, SegmentEntry
from dnjpeg.inspection.walk import Piece, Trail

__all__ = ["Contents", "RawQuantization", "RawScan"]

ROLES = ("luma", "chroma")
MAX_TABLES = 1 << 12  # that are kept, of each kind: a small segment can define thousands


@dataclass(frozen=True, eq=False)
class RawQuantization:
    """A quantization table and where it is; `precision` is 8 or 16 bits."""

    offset: int
    slot: int
    precision: int
    steps: npt.NDArray[np.uint16]


@dataclass
class RawScan:
    """A scan header, what was in force when it came, and where its data are.

    Parameters
    ----------
    segment : Segment
        SOS.
    header : ScanHeader
    indices : tuple of int or None
        Its components, as indices into the frame's; None if the frame has not all of them.
    huffman : dict
        Tables by class and slot.
    restart_interval : int
    data : Piece or None
        The entropy-coded data.
    """

    segment: Segment
    header: ScanHeader
    indices: tuple[int, ...] | None
    huffman: dict[tuple[int, int], HuffmanTable]
    restart_interval: int
    data: Piece | None = None


@dataclass
class Contents:
    """Everything that a trail leads to. Problems are added to the trail's."""

    trail: Trail
    given: CodingTables = field(default_factory=CodingTables)  # what an abbreviated file leaves out
    entries: list[SegmentEntry] = field(default_factory=list)
    frame: Frame | None = None
    frame_segment: Segment | None = None
    quantization: list[RawQuantization] = field(default_factory=list)
    huffman: list[HuffmanEntry] = field(default_factory=list)
    scans: list[RawScan] = field(default_factory=list)
    latched: dict[int, RawQuantization] = field(default_factory=dict)  # by component: the table of its first scan

    def __post_init__(self) -> None:
        self._huffman: dict[tuple[int, int], HuffmanTable] = (
            STANDARD | self.given.huffman
        )  # Motion-JPEG leaves out the standard ones
        self._steps: dict[int, RawQuantization] = {}
        self._progression: Progression | None = None
        self._restart_interval = 0
        self._open: RawScan | None = None  # the scan whose data come next
        self._full: set[str] = set()  # markers of which there are too many tables
        self._profile: dict[tuple[int, int], int] = {}  # ICC: number and count of each chunk, and its offset
        for piece in self.trail.pieces:
            self.entries.append(self._entry(piece))
        self._check_profile()

    def _entry(self, piece: Piece) -> SegmentEntry:
        length = piece.end - piece.begin
        if piece.segment is None:
            line, fields = self._meaning_of_bytes(piece)
            return SegmentEntry(piece.kind, piece.begin, length, line, fields)
        found = self._described(piece.segment, piece.whole)
        self._open = None
        with suppress(FormatError):  # what is malformed has been said
            self._collect(piece.segment)
        return SegmentEntry(piece.segment.name, piece.begin, length, found.line, found.fields)

    def _meaning_of_bytes(self, piece: Piece) -> tuple[str, dict[str, int]]:
        match piece.kind:
            case "data":
                if self._open is not None:
                    self._open.data = piece
                restarts = f", {counted(piece.restarts, 'restart marker')}" if piece.restarts else ""
                return f"entropy-coded data{restarts}", {"restart_markers": piece.restarts}
            case "fill":
                return "fill bytes", {}
            case "trailing":
                another = self.trail.data.find(b"\xff\xd8\xff", piece.begin)
                if another >= 0:
                    return f"behind the image; another JPEG begins at byte {another}", {"jpeg_offset": another}
                return "behind the image", {}
            case _:
                return "bytes of no segment", {}

    def _described(self, segment: Segment, whole: bool) -> Meaning:
        try:
            found = meaning(segment)
        except FormatError as error:
            if not whole:
                return Meaning("cut short", {})
            self._wrong(error)
            return Meaning(f"malformed: {error.reason}", {})
        if found.fields.get("kind") == "ICC":
            self._profile.setdefault((found.fields["chunk"], found.fields["chunks"]), segment.offset)
        return found if whole else Meaning(f"cut short: {found.line}", found.fields)

    def _wrong(self, error: FormatError) -> None:
        self.trail.problem(error.offset or 0, error.reason, error.marker)

    def _collect(self, segment: Segment) -> None:
        """Keep what later segments and the summary need."""
        match segment.code:
            case syntax.DQT:
                self._keep_steps(segment)
            case syntax.DHT:
                self._keep_codes(segment)
            case syntax.DRI:
                self._restart_interval = RestartSegment.parse(segment).interval
            case syntax.SOS:
                self._start_scan(segment)
            case code if code in syntax.FRAMES:
                self._start_frame(segment)

    def _keep_steps(self, segment: Segment) -> None:
        for part, wide in zip(QuantizationSegment.parse(segment), wide_tables(segment), strict=False):
            self._steps[part.slot] = RawQuantization(segment.offset, part.slot, 16 if wide else 8, part.table)
            if self._has_room(self.quantization, segment):
                self.quantization.append(self._steps[part.slot])

    def _keep_codes(self, segment: Segment) -> None:
        for part in HuffmanSegment.parse(segment):
            self._huffman[part.table_class, part.slot] = part.table
            if not self._has_room(self.huffman, segment):
                continue
            standard = next((ROLES[slot] for slot in (0, 1) if STANDARD[part.table_class, slot] == part.table), None)
            counts, symbols = tuple(part.table.counts), tuple(part.table.values)
            name = ("DC", "AC")[part.table_class]
            self.huffman.append(HuffmanEntry(segment.offset, name, part.slot, counts, symbols, standard))

    def _has_room(self, tables: Sequence[object], segment: Segment) -> bool:
        reason = f"more than {MAX_TABLES} tables; later ones are not shown"
        if len(tables) >= MAX_TABLES and segment.name not in self._full:
            self._full.add(segment.name)
            self._wrong(segment.error(reason))
        return len(tables) < MAX_TABLES

    def _start_frame(self, segment: Segment) -> None:
        if self.frame_segment is not None:
            self._wrong(segment.error("a second frame header"))
            return
        self.frame_segment = segment
        self.frame = frame_of(segment, self._lines())
        identifiers = [component.identifier for component in self.frame.components]
        twice = next((identifier for identifier in identifiers if identifiers.count(identifier) > 1), None)
        if twice is not None:
            self._wrong(segment.error(f"several components with the identifier {twice}"))
        if self.frame.progressive:
            self._progression = Progression(len(self.frame.components))

    def _lines(self) -> int | None:
        """Height in a DNL segment."""
        for piece in self.trail.pieces:
            if piece.segment is not None and piece.segment.code == syntax.DNL and len(piece.segment.payload) == 2:
                return int.from_bytes(piece.segment.payload, "big")
        return None

    def _start_scan(self, segment: Segment) -> None:
        header = ScanHeader.parse(segment)
        indices = self._indices(segment, header)
        for index in indices or ():
            steps = self._steps.get(self.frame.components[index].table) if self.frame else None
            if steps is not None:
                self.latched.setdefault(index, steps)
        self._open = RawScan(segment, header, indices, dict(self._huffman), self._restart_interval)
        self.scans.append(self._open)
        self._follow(segment, header, indices or ())

    def _follow(self, segment: Segment, header: ScanHeader, indices: tuple[int, ...]) -> None:
        """Note which bits a progressive scan sends, and whether it should."""
        if self._progression is None:
            return
        check_progression(header, segment)
        contradiction = self._progression.contradiction(indices, header)
        if contradiction is not None:
            self._wrong(segment.error(contradiction))
        self._progression.add(indices, header)

    def _indices(self, segment: Segment, header: ScanHeader) -> tuple[int, ...] | None:
        try:
            return None if self.frame is None else header.indices_in(self.frame, segment)
        except FormatError:  # which decoding tells
            return None

    def _check_profile(self) -> None:
        counts = {count for _, count in self._profile}
        if len(counts) > 1 or (counts and len(self._profile) != max(counts)):
            found = ", ".join(f"{number} of {count}" for number, count in sorted(self._profile)[:8])
            self.trail.problem(min(self._profile.values()), f"the ICC profile is not complete: chunks {found}", "APP2")
