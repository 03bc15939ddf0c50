"""A file from segment to segment: headers, tables, and where its scans are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.bits import stuffed_length
from dnjpeg.codec.entropy.scan import FAULT, FAULT_BEGIN, FAULT_CONSUMED, FAULTS, OUT_OF_DATA, OVERRUN, SOURCE
from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.application_data import ApplicationData
from dnjpeg.codec.format.coding import Restart
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.decoding_lookup import SEQUENTIAL
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.headers import EOI_MARKER, Headers
from dnjpeg.codec.format.layout import MCU_BLOCKS
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.format.line_count import line_count
from dnjpeg.codec.format.placed_tables import find_tables
from dnjpeg.codec.format.progression import Progression, check_progression
from dnjpeg.codec.format.syntax import ScanHeader
from dnjpeg.codec.frame_header import read_frame
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.said import NO_TABLE, NOTHING, Answers, Said
from dnjpeg.codec.scan_header import Found, Scan, arithmetic_limits, huffman_lookups, lookups_in_place
from dnjpeg.errors import FormatError, TruncatedError, UnsupportedError

__all__ = ["Reader", "Scan"]

Bytes = npt.NDArray[np.uint8]

END = syntax.Segment(syntax.EOI, 0, b"")
SOI_MARKER = bytes([0xFF, syntax.SOI])


class Reader:
    """Reads one file from segment to segment.

    Parameters
    ----------
    data : bytes-like
        The whole file.
    strict : bool
        Faults in the entropy-coded data are errors; otherwise they are noted in `warnings`.
    limits : Limits
        Bounds on size.
    coding_tables : CodingTables, optional
        Tables that an abbreviated file leaves out.
    sequential : {SEQUENTIAL, COUNTING}
        Kind of lookups for sequential scans.

    Attributes
    ----------
    frame : Frame or None
        When its header was read.
    frame_at : int
        Offset of its header.
    overlooked : bool
        Whether something was wrong that is passed over if reading is not strict.
    progression : Progression or None
        Of a progressive frame.
    warnings : list of str

    Raises
    ------
    FormatError
        If it does not begin with SOI.
    LimitError
        If it is too large.
    """

    # What holds at the beginning of each file. Values are put in the place of these, never into them.
    frame: Frame | None = None
    frame_at = -1
    overlooked = False
    progression: Progression | None = None
    position = 2
    _scans = _segments = 0
    _unparsed: Sequence[int] = ()  # offsets of DHT segments that were found right, and `_said` does not know yet
    _places: Mapping[tuple[int, int], int] = MappingProxyType({})  # of tables in them that the first scan may need
    _complete = False  # whether nothing more may come: the first scan was sequential and had all components
    _color: str | None = None  # decided before the first scan
    _said, _shared = NOTHING, True  # with other files

    def __init__(
        self,
        data: bytes | bytearray | memoryview,
        strict: bool,
        limits: Limits,
        coding_tables: CodingTables | None = None,
        sequential: int = SEQUENTIAL,
    ) -> None:
        self._take(data)
        self.strict, self.limits, self.sequential = strict, limits, sequential
        self.warnings: list[str] = []
        limits.check_bytes(len(self.view))
        if self.view[:2] != SOI_MARKER:
            raise FormatError("not a JPEG file: it does not begin with the marker SOI", offset=0)
        if coding_tables is not None:
            self._said, self._shared = Said(coding_tables.at_image(), {}, ApplicationData()), False

    def _take(self, data: bytes | bytearray | memoryview) -> None:
        self.view = memoryview(data).cast("B").toreadonly()  # one type for kernels, whatever the buffer
        self.bytes = np.frombuffer(self.view, np.uint8)

    def next_scan(self) -> Scan | None:
        """Read up to the data of the next scan; None at the end of the image.

        Raises
        ------
        JpegError
            If a segment is malformed, or asks for what is not supported.
        """
        segment = self._next_scan_header()
        return None if segment is None else self._start_scan(segment)

    def read_to_frame(self) -> bool:
        """Read the frame header and what stands before it; returns whether there is one before the first scan.

        Raises
        ------
        JpegError
            As `next_scan`.
        """
        while self.frame is None:
            if self._take_segment() is not None:
                return False
        return True

    def pass_tables(self) -> None:
        """Pass over the Huffman tables that come next, if nothing else stands before the scan: it alone may need them.

        They are parsed as soon as anything else may.
        """
        found = find_tables(self.bytes, self.position)
        if found is not None and self._segments + len(found.offsets) <= self.limits.max_segments:
            self._places, self._unparsed, self.position = found
            self._segments += len(self._unparsed)

    def _parse_tables(self) -> None:
        offsets, self._unparsed, self._places = self._unparsed, Reader._unparsed, Reader._places
        for offset in offsets:
            self._define(syntax.next_segment(self.view, offset))

    def begin_like(self, other: Reader, height: int, width: int) -> None:
        """Take over all that another file has said, at its first scan at most, but for the size of its picture.

        Raises
        ------
        LimitError
            If that of this one is too large.
        """
        assert other.frame is not None
        self.limits.check_pixels(height, width, other.frame_at, precision=other.frame.precision)
        self.frame, self._color, self.frame_at = other.frame.resized(height, width), other._color, other.frame_at
        self.warnings += other.warnings
        self.position, self.overlooked = other.position, other.overlooked
        self._scans, self._segments, self._complete = other._scans, other._segments, other._complete
        self.progression = None if other.progression is None else other.progression.copy()
        self._said, self._shared = other._said, True

    def _own(self) -> None:
        """Copy what is shared with other files: this one is about to say more. It comes before each change."""
        if self._shared:
            self._said, self._shared = self._said.copy(), False

    def _next_scan_header(self) -> syntax.Segment | None:
        while True:
            segment = self._take_segment()
            if segment is not None:
                return segment if segment.code == syntax.SOS else None

    def _take_segment(self) -> syntax.Segment | None:
        """Take over what the next segment says; if it is SOS or EOI, return it instead."""
        self._segments += 1
        if self._complete and self.view[self.position : self.position + 2] == EOI_MARKER:  # what mostly comes
            self.limits.check_segments(self._segments, self.position, "EOI")
            self.position += 2
            return END
        segment = self._next_segment()
        if self._segments > self.limits.max_segments:
            self.limits.check_segments(self._segments, segment.offset, segment.name)
        self.position = segment.end
        if segment.code == syntax.EOI:
            return segment
        self._own()
        if self._unparsed and (self._scans > 0 or segment.code != syntax.SOS):
            self._parse_tables()
        match segment.code:
            case syntax.SOS:
                return segment
            case syntax.SOI:
                raise segment.error("a second SOI")
            case syntax.DNL:
                self._check_lines(segment)
            case code if code in syntax.METADATA:
                self._said.keep(segment)
            case code if code in syntax.FRAMES:
                self._start_frame(segment)
            case code if code in syntax.OTHER_PROCESSES:
                reason = syntax.OTHER_PROCESSES[code]
                raise UnsupportedError(reason, offset=segment.offset, marker=segment.name)
            case _:
                self._define(segment)
        return None

    def _next_segment(self) -> syntax.Segment:
        try:
            segment = syntax.next_segment(self.view, self.position, strict=False)
        except TruncatedError as error:
            if not syntax.ends_in_scan_header(self.view, self.position):
                raise
            self._overlook(error)
            self._take(bytes(self.view) + 2 * EOI_MARKER)  # which libjpeg takes what is missing for
            segment = syntax.next_segment(self.view, self.position)
        if segment.code in syntax.METADATA and not segment.payload:
            try:
                syntax.next_segment(self.view, segment.offset)
            except FormatError as error:
                self._overlook(error)
        return segment

    def _overlook(self, error: FormatError) -> None:
        """Pass over what libjpeg does not mind, with a warning; if reading is strict, it is an error wherever it is."""
        self.overlooked = True
        if self.strict:
            raise error
        self.warnings.append(str(error))

    def headers(self) -> Headers:
        """Read up to the first scan header, which is not looked into.

        Raises
        ------
        JpegError
            As `next_scan`; also if there is no frame header, or no scan.
        """
        segment = self._next_scan_header()
        if segment is None:
            raise FormatError("no image: EOI before the first scan", offset=self.position - 2)
        if self.frame is None:
            raise segment.error("scan before the frame header")
        known = self.answers().known
        return Headers(
            self.frame,
            self.color(),
            tuple(self._said.tables.quantization.get(component.table, NO_TABLE) for component in self.frame.components),
            Restart(self.restart_interval),
            known.density,
            known.metadata,
        )

    def _define(self, segment: syntax.Segment) -> None:
        """Take over tables; if reading is not strict, also what libjpeg takes: steps of 0, and slots above 3."""
        try:
            self._said.define(segment)
        except FormatError as error:
            if segment.code not in {syntax.DQT, syntax.DAC}:
                raise
            self._said.define(segment, strict=False)
            self._overlook(error)

    def _start_frame(self, segment: syntax.Segment) -> None:
        if self.frame is not None:
            raise segment.error("a second frame header")
        self.frame, alone = read_frame(self.view, segment, self.limits)
        self.frame_at = segment.offset
        if self.frame.progressive:
            self.progression = Progression(len(self.frame.components), alone)

    def _check_lines(self, segment: syntax.Segment) -> None:
        """Refuse a DNL segment that contradicts the frame header; if reading is not strict, that has the last word."""
        try:
            lines = line_count(segment)
            if self.frame is not None and lines != self.frame.height:
                raise segment.error(f"{lines} lines, but the frame has {self.frame.height}")
        except FormatError as error:
            self._overlook(error)

    def _start_scan(self, segment: syntax.Segment) -> Scan:
        if self.frame is None:
            raise segment.error("scan before the frame header")
        if self._scans == 0:
            self._color, guess = self._color_space()
            if guess is not None:  # strictly too: the file may be well-formed, and what it shows is not known
                self.warnings.append(guess)
        self._scans += 1
        self.limits.check_scans(self._scans, segment.offset)
        header = ScanHeader.parse(segment)
        try:
            header.check_slots(segment)
        except FormatError as error:  # libjpeg looks only for the tables that are needed
            self._overlook(error)
        if self._complete:  # libjpeg gives up here
            self.overlooked = True
            raise segment.error("another scan, but the first one has all that a sequential image is made of")
        indices = header.indices_in(self.frame, segment)
        for index in indices:
            self._said.latch(index, self.frame.components[index].table, segment)
        self._complete = self.progression is None and len(indices) == len(self.frame.components)
        if len(indices) > 1:
            blocks = sum(self.frame.components[i].horizontal * self.frame.components[i].vertical for i in indices)
            if blocks > MCU_BLOCKS:
                raise segment.error(f"{blocks} blocks in an MCU, must be at most {MCU_BLOCKS}")
        if self.progression is not None:
            check_progression(header, segment)
            self.progression.add(indices, header)
        lookups, lent, starts = self._lookups(header, segment)
        tables = self._said.tables
        limits = arithmetic_limits(self.frame, header, tables)
        return Scan(indices, header, lookups, starts, limits, segment.end, lent)

    def _lookups(self, header: ScanHeader, segment: syntax.Segment) -> Found:
        assert self.frame is not None
        if self._places:
            found = lookups_in_place(self.frame, header, self.bytes, self._places, self.sequential)
            if found is not None:
                return found
            self._parse_tables()
        return huffman_lookups(self.frame, header, self._said.tables, segment, self.sequential)

    def left(self) -> tuple[int, int]:
        """How many more scans and segments the limits allow."""
        return self.limits.max_scans - self._scans, self.limits.max_segments - self._segments

    def pass_over(self, offsets: Sequence[int]) -> tuple[int, ...]:
        """Take note of segments that somebody else has read, and found right: DHT, and SOS of a progressive frame.

        Parameters
        ----------
        offsets : sequence of int
            Where they are; the last one is SOS.

        Returns
        -------
        tuple of int
            Components of the last scan, as indices into the frame's; none if there are no segments.
        """
        self._own()
        indices: tuple[int, ...] = ()
        for offset in offsets:
            if self.view[offset + 1] == syntax.SOS:
                indices = self._note_scan(syntax.next_segment(self.view, offset))
            else:
                self._unparsed = [*self._unparsed, offset]
        self._segments += len(offsets)
        return indices

    def _note_scan(self, segment: syntax.Segment) -> tuple[int, ...]:
        assert self.frame is not None
        assert self.progression is not None
        header = ScanHeader.parse(segment)
        indices = header.indices_in(self.frame, segment)
        for index in indices:
            self._said.latch(index, self.frame.components[index].table, segment)
        self._scans += 1
        self.progression.add(indices, header)
        return indices

    def finish_scan(self, state: npt.NDArray[np.int64]) -> None:
        """Go on behind a scan that was decoded with this state.

        Raises
        ------
        FormatError
            If it had a fault, and reading is strict.
        """
        self.position = int(state[SOURCE])
        fault = int(state[FAULT])
        if fault == 0:
            return
        reason = FAULTS[fault]
        begin, consumed = int(state[FAULT_BEGIN]), int(state[FAULT_CONSUMED])
        offset = min(begin + stuffed_length(self.bytes, begin, consumed), self.position)
        if self.strict:
            raise (TruncatedError if fault == OUT_OF_DATA else FormatError)(reason, offset=offset, marker="SOS")
        self.warnings.append(f"{reason} (byte {offset})")

    @property
    def restart_interval(self) -> int:
        """Ri as it was told last; 0 for none."""
        return self._said.tables.restart_interval

    def color(self) -> str:
        """Tell what the components mean, see `color_space`; what comes behind the first scan header changes nothing."""
        return self._color or self._color_space()[0]

    def _color_space(self) -> tuple[str, str | None]:
        assert self.frame is not None
        return self._said.application.color_space([component.identifier for component in self.frame.components])

    def answers(self) -> Answers:
        """Return steps, density and metadata, as far as they were told."""
        assert self.frame is not None
        return self._said.answers(self.frame, self.color())

    def missing(self) -> list[int]:
        """List the identifiers of components that had no scan."""
        if self._complete:
            return []
        assert self.frame is not None
        return [c.identifier for index, c in enumerate(self.frame.components) if index not in self._said.latched]

    def lacks_detail(self) -> bool:
        """Tell whether progressive scans are missing that would have sent further bits."""
        return self.progression is not None and self.progression.lacks_detail()

    def unstuffed_scratch(self) -> Bytes:
        """Memory for the unstuffed bytes of any interval that is left."""
        return scratch("coded", len(self.view) - self.position + OVERRUN)
