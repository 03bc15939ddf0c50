"""Bytes to coefficients: headers, tables, scans."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from dnjpeg.codec import syntax
from dnjpeg.codec.arithmetic import BINS, DEFAULT_CONDITIONING, conditioning, start_arithmetic_scan, with_bins
from dnjpeg.codec.arithmetic_decoder import decode_arithmetic_rows
from dnjpeg.codec.bits import stuffed_length
from dnjpeg.codec.coding import Restart
from dnjpeg.codec.coefficients import CoefficientImage
from dnjpeg.codec.frame import Frame
from dnjpeg.codec.headers import Headers
from dnjpeg.codec.huffman import LOOKUP_SIZE, STANDARD, HuffmanTable, decoding_lookup
from dnjpeg.codec.jit import kernel
from dnjpeg.codec.layout import AC_TABLE, DC_TABLE, FIRST, coefficient_arrays, component_layout, scan_layout
from dnjpeg.codec.limits import Limits
from dnjpeg.codec.progressive_decoder import decode_progressive_rows
from dnjpeg.codec.scan import (
    FAULT,
    FAULT_BEGIN,
    FAULT_CONSUMED,
    FAULTS,
    OUT_OF_DATA,
    OVERRUN,
    SOURCE,
    start_scan,
    stopped,
)
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.sequential_decoder import decode_mcu_row
from dnjpeg.codec.syntax import (
    DEFAULT_JFIF,
    Adobe,
    ConditioningSegment,
    HuffmanSegment,
    Jfif,
    Metadata,
    QuantizationSegment,
    RestartSegment,
    ScanHeader,
)
from dnjpeg.codec.vector import span
from dnjpeg.errors import FormatError, TruncatedError, UnsupportedError

__all__ = ["Reader", "Scan", "read"]

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Scan:
    """A scan header and what was in force when it came.

    Parameters
    ----------
    indices : tuple of int
        Its components, as indices into the frame's.
    header : ScanHeader
        Spectral selection and successive approximation.
    lookups : ndarray, int32
        `decoding_lookup` of its Huffman tables: two a component, DC and AC; empty if coding is arithmetic.
    limits : ndarray, int64
        `conditioning` of its components, for arithmetic coding.
    begin : int
        Where its entropy-coded data begin.
    """

    indices: tuple[int, ...]
    header: ScanHeader
    lookups: npt.NDArray[np.int32]
    limits: npt.NDArray[np.int64]
    begin: int

    @property
    def band(self) -> tuple[int, int, int, int]:
        """``(Ss, Se, Ah, Al)``."""
        h = self.header
        return h.spectral_start, h.spectral_end, h.approximation_high, h.approximation_low


@dataclass
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

    Raises
    ------
    FormatError
        If it does not begin with SOI.
    LimitError
        If it is too large.
    """

    data: bytes | bytearray | memoryview
    strict: bool
    limits: Limits
    frame: Frame | None = None
    restart_interval: int = 0
    warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.view = memoryview(self.data).cast("B")
        self.bytes = np.frombuffer(self.view, np.uint8)
        self.bytes.flags.writeable = False  # one type for kernels, whatever the buffer
        self.limits.check_bytes(len(self.view))
        if bytes(self.view[:2]) != b"\xff\xd8":
            raise FormatError("not a JPEG file: it does not begin with the marker SOI", offset=0)
        self.position = 2
        self.frame_offset = 0
        self._scans = 0
        self._steps: dict[int, npt.NDArray[np.uint16]] = {}
        self._huffman: dict[tuple[int, int], HuffmanTable] = dict(STANDARD)  # Motion-JPEG leaves these out
        self._conditioning: dict[tuple[int, int], int] = {}
        self._bits: dict[int, npt.NDArray[np.int64]] = {}  # progressive: lowest bit sent, by component and coefficient
        self._latched: dict[int, npt.NDArray[np.uint16]] = {}  # tables by component: those of its first scan
        self._jfif: Jfif | None = None
        self._adobe: Adobe | None = None
        self._metadata: list[Metadata] = []

    def next_scan(self) -> Scan | None:
        """Read up to the data of the next scan; None at the end of the image.

        Raises
        ------
        JpegError
            If a segment is malformed, or asks for what is not supported.
        """
        segment = self._next_scan_header()
        return None if segment is None else self._start_scan(segment)

    def _next_scan_header(self) -> syntax.Segment | None:
        while True:
            segment = syntax.next_segment(self.view, self.position)
            self.position = segment.end
            match segment.code:
                case syntax.EOI:
                    return None
                case syntax.SOS:
                    return segment
                case syntax.DQT:
                    self._steps.update((part.slot, part.table) for part in QuantizationSegment.parse(segment))
                case syntax.DHT:
                    self._huffman.update(
                        ((part.table_class, part.slot), part.table) for part in HuffmanSegment.parse(segment)
                    )
                case syntax.DAC:
                    self._conditioning.update(
                        ((part.table_class, part.slot), part.value) for part in ConditioningSegment.parse(segment)
                    )
                case syntax.DRI:
                    self.restart_interval = RestartSegment.parse(segment).interval
                case code if code in syntax.METADATA:
                    self._keep_metadata(segment)
                case code if code in syntax.FRAMES:
                    self._start_frame(segment)
                case syntax.DHP | syntax.EXP:
                    raise UnsupportedError("hierarchical JPEG", offset=segment.offset, marker=segment.name)

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
        none = np.ones((8, 8), np.uint16)
        return Headers(
            self.frame,
            self.color(),
            tuple(self._steps.get(component.table, none) for component in self.frame.components),
            Restart(self.restart_interval),
            self.density(),
            self.metadata(),
        )

    def _keep_metadata(self, segment: syntax.Segment) -> None:
        jfif = Jfif.parse(segment) if segment.code == syntax.APP0 else None
        adobe = Adobe.parse(segment) if segment.code == syntax.APP14 else None
        if jfif is None and adobe is None:
            self._metadata.append(Metadata(segment.code, segment.payload))
        self._jfif = jfif or self._jfif
        self._adobe = adobe or self._adobe

    def _start_frame(self, segment: syntax.Segment) -> None:
        if self.frame is not None:
            raise segment.error("a second frame header")
        frame = syntax.frame_header(segment)
        if frame.process not in (0, 1, 2, 9, 10) or frame.precision != 8:
            raise syntax.unsupported_process(frame, segment.offset)
        if frame.height == 0:
            raise UnsupportedError("height given by DNL", offset=segment.offset, marker=segment.name)
        if len(frame.components) not in (1, 3):
            raise UnsupportedError(f"{len(frame.components)} components", offset=segment.offset, marker=segment.name)
        self.limits.check_pixels(frame.height, frame.width, segment.offset)
        if len(frame.components) == 1:  # its sampling factors mean nothing, and libjpeg writes them as 1 and 1
            frame = replace(frame, components=(replace(frame.components[0], horizontal=1, vertical=1),))
        self.frame = frame
        self.frame_offset = segment.offset

    def _start_scan(self, segment: syntax.Segment) -> Scan:
        if self.frame is None:
            raise segment.error("scan before the frame header")
        self._scans += 1
        self.limits.check_scans(self._scans, segment.offset)
        header = ScanHeader.parse(segment)
        identifiers = [component.identifier for component in self.frame.components]
        indices = []
        for part in header.components:
            if part.identifier not in identifiers:
                raise segment.error(f"component {part.identifier} is not in the frame")
            index = identifiers.index(part.identifier)
            if index in indices:
                raise segment.error(f"component {part.identifier} twice")
            indices.append(index)
            self._latch(index, segment)
        blocks = sum(self.frame.components[i].horizontal * self.frame.components[i].vertical for i in indices)
        if len(indices) > 1 and blocks > 10:
            raise segment.error(f"{blocks} blocks in an MCU, must be at most 10")
        if self.frame.progressive:
            _check_progression(header, segment)
            for index in indices:
                bits = self._bits.setdefault(index, np.full(64, -1))
                bits[header.spectral_start : header.spectral_end + 1] = header.approximation_low
        return Scan(tuple(indices), header, self._lookups(header, segment), self._limits(header), segment.end)

    def _latch(self, index: int, segment: syntax.Segment) -> None:
        assert self.frame is not None
        slot = self.frame.components[index].table
        if index not in self._latched:
            if slot not in self._steps:
                raise segment.error(f"quantization table {slot} is missing")
            self._latched[index] = self._steps[slot]

    def _lookups(self, header: ScanHeader, segment: syntax.Segment) -> npt.NDArray[np.int32]:
        assert self.frame is not None
        lookups = [np.empty(0, np.int32)]
        for part in () if self.frame.arithmetic else header.components:
            for key in ((0, part.dc_table), (1, part.ac_table)):
                if self.frame.progressive and (key[0] == 0) != (header.spectral_start == 0):
                    lookups.append(np.zeros(LOOKUP_SIZE, np.int32))  # of the other kind of scan
                    continue
                if key not in self._huffman:
                    raise segment.error(f"{('DC', 'AC')[key[0]]} Huffman table {key[1]} is missing")
                try:
                    lookups.append(decoding_lookup(self._huffman[key], bool(key[0])))
                except FormatError as error:
                    raise segment.error(error.reason) from None
        return np.concatenate(lookups)

    def _limits(self, header: ScanHeader) -> npt.NDArray[np.int64]:
        dc, ac = DEFAULT_CONDITIONING
        return conditioning(
            (self._conditioning.get((0, part.dc_table), dc), self._conditioning.get((1, part.ac_table), ac))
            for part in header.components
        )

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
        offset = min(begin + stuffed_length(self.bytes[begin:], consumed), self.position)
        if self.strict:
            raise (TruncatedError if fault == OUT_OF_DATA else FormatError)(reason, offset=offset, marker="SOS")
        self.warnings.append(f"{reason} (byte {offset})")

    def color(self) -> str:
        """Tell what the components mean, by libjpeg's rules: JFIF, then Adobe's transform, then the identifiers."""
        assert self.frame is not None
        if len(self.frame.components) == 1:
            return "grayscale"
        identifiers = bytes(component.identifier for component in self.frame.components)
        if self._jfif is None and (self._adobe.transform == 0 if self._adobe is not None else identifiers == b"RGB"):
            return "RGB"
        return "YCbCr"

    def tables(self) -> tuple[npt.NDArray[np.uint16], ...]:
        """Quantization table of each component; ones where the component had no scan."""
        assert self.frame is not None
        none = np.ones((8, 8), np.uint16)
        return tuple(self._latched.get(index, none) for index in range(len(self.frame.components)))

    def density(self) -> Jfif:
        """Version and density of the file's JFIF segment, or the usual ones, as libjpeg would write them again."""
        if self._jfif is None or self._jfif.version[0] in (1, 2):
            return self._jfif or DEFAULT_JFIF
        return replace(self._jfif, version=DEFAULT_JFIF.version)

    def metadata(self) -> tuple[Metadata, ...]:
        """Return the segments that the image does not need, in order."""
        return tuple(self._metadata)

    def missing(self) -> list[int]:
        """List the identifiers of components that had no scan."""
        assert self.frame is not None
        return [c.identifier for index, c in enumerate(self.frame.components) if index not in self._latched]

    def lacks_detail(self) -> bool:
        """Tell whether progressive scans are missing that would have sent further bits."""
        return any(bits.any() for bits in self._bits.values())

    def unstuffed_scratch(self) -> Bytes:
        """Memory for the unstuffed bytes of any interval that is left."""
        return scratch("coded", len(self.view) - self.position + OVERRUN)


def _check_progression(header: ScanHeader, segment: syntax.Segment) -> None:
    """Refuse parameters that a progressive scan cannot have (G.1.1.1, table B.3)."""
    start, end = header.spectral_start, header.spectral_end
    high, low = header.approximation_high, header.approximation_low
    if not (start == end == 0 or (1 <= start <= end <= 63 and len(header.components) == 1)):
        raise segment.error(f"spectral selection {start} to {end} of {len(header.components)} components")
    if low > 13 or (high != 0 and high != low + 1):
        raise segment.error(f"successive approximation from {high} to {low}")


@kernel
def _decode_rows(state, scan, mcu_rows, mcu_cols, data, coded, lookups, coefficients, filler):
    state, scan, data, coded = span(state), span(scan), span(data), span(coded)
    lookups, coefficients = span(lookups), span(coefficients)
    for row in range(mcu_rows):
        decode_mcu_row(state, scan, row, 0, mcu_cols, data, coded, lookups, coefficients, filler)
        if stopped(state):
            return


def with_lookups(scan: npt.NDArray[np.int64]) -> None:
    """Set `DC_TABLE` and `AC_TABLE` to where `Scan.lookups` has them."""
    starts = np.arange(len(scan)) * 2 * LOOKUP_SIZE
    scan[:, DC_TABLE], scan[:, AC_TABLE] = starts, starts + LOOKUP_SIZE


def read(data: bytes | bytearray | memoryview, *, strict: bool, limits: Limits) -> CoefficientImage:
    """Read the coefficients of a whole file; see `dnjpeg.read`."""
    reader = Reader(data, strict, limits)
    scan = reader.next_scan()
    if scan is None:
        raise FormatError("no image: EOI before the first scan", offset=reader.position - 2)
    return read_scans(reader, scan)


def read_scans(reader: Reader, first: Scan) -> CoefficientImage:
    """Read the coefficients of all scans, of which `first` was found."""
    frame = reader.frame
    assert frame is not None
    layout = component_layout(frame)
    coefficients = np.zeros(int(layout[-1, FIRST]) + 64, np.int16)  # one block more for what has no place
    scan: Scan | None = first
    while scan is not None:
        reader.finish_scan(_read_scan(reader, scan, frame, layout, coefficients))
        scan = _following(reader)
    return CoefficientImage(
        frame,
        coefficient_arrays(coefficients, layout),
        reader.tables(),
        reader.color(),
        reader.restart_interval,
        reader.density(),
        reader.metadata(),
        tuple(reader.warnings),
    )


def _read_scan(
    reader: Reader, scan: Scan, frame: Frame, layout: npt.NDArray[np.int64], coefficients: npt.NDArray[np.int16]
) -> npt.NDArray[np.int64]:
    """Read the coefficients of one scan; returns the state in which it ended."""
    geometry, mcu_rows, mcu_cols = scan_layout(layout, scan.indices, frame)
    data, coded = reader.bytes, reader.unstuffed_scratch()
    target = (coefficients, len(coefficients) - 64)
    if frame.arithmetic:
        state = start_arithmetic_scan(reader.restart_interval, scan.begin, strict=reader.strict)
        geometry = with_bins(geometry, ((part.dc_table, part.ac_table) for part in scan.header.components))
        band = scan.band if frame.progressive else (0, 63, 0, 0)
        bins = np.empty(BINS, np.uint8)
        decode_arithmetic_rows(state, geometry, mcu_rows, mcu_cols, band, scan.limits, bins, data, coded, *target)
        return state
    state = start_scan(reader.restart_interval, scan.begin, strict=reader.strict)
    with_lookups(geometry)
    if frame.progressive:
        decode_progressive_rows(state, geometry, mcu_rows, mcu_cols, *scan.band, data, coded, scan.lookups, *target)
    else:
        _decode_rows(state, geometry, mcu_rows, mcu_cols, data, coded, scan.lookups, *target)
    return state


def _following(reader: Reader) -> Scan | None:
    """Next scan; a file whose components are complete may lack EOI, as many do."""
    try:
        scan = reader.next_scan()
        if scan is None and reader.missing():
            raise FormatError(f"component {reader.missing()[0]} has no scan", offset=reader.position - 2, marker="EOI")
    except FormatError as error:
        if reader.missing() or reader.lacks_detail():
            if reader.strict:
                raise
            reader.warnings.append(str(error))
        return None
    return scan
