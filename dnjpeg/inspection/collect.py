"""Bytes to `Inspection`: walk, describe, count, decode to see whether it can be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.frame import SUBSAMPLINGS, Frame
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.reader import Reader
from dnjpeg.codec.scan_reader import read_scans
from dnjpeg.errors import FormatError, JpegError, LimitError, UnsupportedError
from dnjpeg.inspection.contents import Contents, RawQuantization, RawScan
from dnjpeg.inspection.inspection import Inspection
from dnjpeg.inspection.meaning import scan_kind
from dnjpeg.inspection.quality import CHROMA, LUMA, estimate_quality, match_table, shipped_name
from dnjpeg.inspection.usage import ScanBits, count_bits
from dnjpeg.inspection.values import (
    ComponentUsage,
    FrameComponent,
    FrameInfo,
    Problem,
    QualityEstimate,
    QuantizationEntry,
    ScanInfo,
    Usage,
)
from dnjpeg.inspection.walk import walk

__all__ = ["inspect"]

LOSSLESS = frozenset({3, 7, 11, 15})  # n of SOFn of processes without DCT
_NAMES = {
    "grayscale": ("Y",),
    "YCbCr": ("Y", "Cb", "Cr"),
    "RGB": ("R", "G", "B"),
    "CMYK": ("C", "M", "Y", "K"),
    "YCCK": ("Y", "Cb", "Cr", "K"),
}
_SUBSAMPLINGS = {ratio: name for name, ratio in SUBSAMPLINGS.items()}


def inspect(
    data: bytes | bytearray | memoryview, *, limits: Limits, coding_tables: CodingTables | None = None
) -> Inspection:
    """Walk through a file; see `dnjpeg.inspect`."""
    whole = bytes(data)
    trail = walk(whole)
    contents = Contents(trail, coding_tables or CodingTables())
    begin = next((piece.begin for piece in trail.pieces if piece.segment), 0)
    color, error = _decoded(whole, begin, limits, coding_tables) if contents.frame or contents.scans else (None, None)
    scans, wrong = _scans(whole, contents, limits)
    problems = [*trail.problems, *wrong]
    if trail.found and contents.frame_segment is None and not (contents.quantization or contents.huffman):
        problems.append(Problem(len(whole), None, "neither a frame nor tables"))
    if isinstance(error, FormatError) and error.offset not in {problem.offset for problem in problems}:
        problems.append(Problem(error.offset or 0, error.marker, error.reason))
    return Inspection(
        len(whole),
        trail.found,
        tuple(contents.entries),
        _frame(contents, color),
        _quality(contents, color),
        tuple(_quantization_entry(each, contents.frame, color) for each in contents.quantization),
        tuple(contents.huffman),
        scans,
        _usage(contents, scans, error),
        tuple(sorted(problems, key=lambda problem: problem.offset)),
        error.reason if isinstance(error, UnsupportedError) else None,
    )


def _decoded(
    data: bytes, begin: int, limits: Limits, coding_tables: CodingTables | None
) -> tuple[str | None, JpegError | None]:
    """Decode the coefficients. Returns what the components mean, and the first thing that went wrong."""
    reader = None
    error: JpegError | None = None
    try:
        reader = Reader(memoryview(data)[begin:], True, limits, coding_tables)
        first = reader.next_scan()
        if first is None:
            raise FormatError("no image: EOI before the first scan", offset=reader.position - 2)
        read_scans(reader, first)
    except JpegError as raised:
        offset = None if raised.offset is None else raised.offset + begin
        error = type(raised)(raised.reason, offset=offset, marker=raised.marker)
    except MemoryError:
        error = LimitError("its coefficients do not fit into memory")
    return (reader.color() if reader is not None and reader.frame is not None else None), error


def _frame(contents: Contents, color: str | None) -> FrameInfo | None:
    frame, segment = contents.frame, contents.frame_segment
    if frame is None or segment is None:
        return None
    blocks = 0 if frame.process in LOSSLESS else 8
    return FrameInfo(
        segment.offset,
        segment.name,
        syntax.PROCESSES[frame.process],
        frame.width,
        frame.height,
        frame.precision,
        color,
        _subsampling(frame),
        blocks * frame.max_horizontal,
        blocks * frame.max_vertical,
        frame.mcu_cols if blocks else 0,
        frame.mcu_rows if blocks else 0,
        tuple(_component(frame, index, color) for index in range(len(frame.components))),
    )


def _component(frame: Frame, index: int, color: str | None) -> FrameComponent:
    component = frame.components[index]
    names = _NAMES.get(color or "", ())
    return FrameComponent(
        component.identifier,
        names[index] if index < len(names) else None,
        component.horizontal,
        component.vertical,
        component.table,
        *frame.sample_shape(index),
        *((0, 0) if frame.process in LOSSLESS else frame.block_shape(index)),
    )


def _subsampling(frame: Frame) -> str | None:
    """Name the ratio of the first component to the second and third, if all others are like the first."""
    factors = [(component.horizontal, component.vertical) for component in frame.components]
    largest = (frame.max_horizontal, frame.max_vertical)
    if len(factors) < 3 or factors[1] != factors[2] or any(each != largest for each in factors[:1] + factors[3:]):
        return None
    if largest[0] % factors[1][0] or largest[1] % factors[1][1]:
        return None
    return _SUBSAMPLINGS.get((largest[0] // factors[1][0], largest[1] // factors[1][1]))


def _role(slot: int, frame: Frame | None, color: str | None) -> int:
    """Tell what a quantization table is for: all components of RGB, CMYK and gray are coded as luma is."""
    first = frame.components[0].table if frame is not None else 0
    return LUMA if slot == first or color in {"grayscale", "RGB", "CMYK"} else CHROMA


def _quantization_entry(raw: RawQuantization, frame: Frame | None, color: str | None) -> QuantizationEntry:
    match = match_table(raw.steps, _role(raw.slot, frame, color))
    shipped = shipped_name(raw.steps) if match.difference else None
    return QuantizationEntry(raw.offset, raw.slot, raw.precision, raw.steps, match, shipped)


def _quality(contents: Contents, color: str | None) -> QualityEstimate | None:
    """Estimate from the tables that components have, each once; of a file without scans from all that it has."""
    used = list(contents.latched.values()) or contents.quantization
    distinct = {id(raw): raw for raw in used}.values()
    if contents.frame is None or not distinct:
        return None
    return estimate_quality([(raw.steps, _role(raw.slot, contents.frame, color)) for raw in distinct])


def _scans(data: bytes, contents: Contents, limits: Limits) -> tuple[tuple[ScanInfo, ...], list[Problem]]:
    """Count the bits of all scans. Returns what they are, and what is wrong with their data."""
    numbers = np.frombuffer(data, np.uint8)
    scans, problems = [], []
    for number, scan in enumerate(contents.scans):
        begin, end = (scan.data.begin, scan.data.end) if scan.data else (scan.segment.end, scan.segment.end)
        stuffed = data.count(b"\xff\x00", begin, end)
        if number < limits.max_scans:
            bits = count_bits(numbers, contents.frame, scan, stuffed)
        else:
            bits = ScanBits(tuple((None, None) for _ in scan.header.components), f"more than {limits.max_scans} scans")
        if bits.fault_offset is not None and bits.reason is not None:
            problems.append(Problem(bits.fault_offset, "SOS", bits.reason))
        scans.append(_scan_info(contents.frame, scan, begin, end, stuffed, bits))
    return tuple(scans), problems


def _scan_info(frame: Frame | None, scan: RawScan, begin: int, end: int, stuffed: int, bits: ScanBits) -> ScanInfo:
    header = scan.header
    return ScanInfo(
        scan.segment.offset,
        scan_kind(frame, header),
        tuple(ComponentUsage(c.identifier, *part) for c, part in zip(header.components, bits.parts, strict=True)),
        tuple((c.dc_table, c.ac_table) for c in header.components),
        header.spectral_start,
        header.spectral_end,
        header.approximation_high,
        header.approximation_low,
        scan.restart_interval,
        scan.data.restarts if scan.data else 0,
        begin,
        end - begin,
        stuffed,
        bits.reason,
    )


def _usage(contents: Contents, scans: Sequence[ScanInfo], error: JpegError | None) -> Usage:
    sizes = dict.fromkeys(("header", "metadata", "data", "other"), 0)
    for piece in contents.trail.pieces:
        sizes[_purpose(piece.kind, piece.segment)] += piece.end - piece.begin
    counted = sum(scan.counted_bits for scan in scans)
    notes = dict.fromkeys(scan.fault for scan in scans if scan.fault is not None)
    if isinstance(error, UnsupportedError | LimitError):
        notes[f"not decoded: {error.reason}"] = None
    return Usage(
        len(contents.trail.data),
        sizes["header"],
        sizes["metadata"],
        sizes["data"],
        sizes["other"],
        _totals(contents, scans),
        8 * sizes["data"] - counted,
        bool(scans) and all(scan.fault is None for scan in scans),
        "; ".join(notes) or None,
    )


def _purpose(kind: str, segment: syntax.Segment | None) -> str:
    if segment is None:
        return {"data": "data", "fill": "header"}.get(kind, "other")
    return "metadata" if segment.code in syntax.METADATA else "header"


def _totals(contents: Contents, scans: Sequence[ScanInfo]) -> tuple[ComponentUsage, ...]:
    """Bits of each component of the frame in all scans; None if they are not known of a scan that it is in."""
    totals = []
    for index, component in enumerate(contents.frame.components if contents.frame else ()):
        parts = [
            part
            for raw, scan in zip(contents.scans, scans, strict=True)
            for place, part in enumerate(scan.components)
            if (raw.indices[place] == index if raw.indices else part.identifier == component.identifier)
        ]
        dc, ac = [part.dc_bits for part in parts], [part.ac_bits for part in parts]
        totals.append(
            ComponentUsage(
                component.identifier,
                None if None in dc or not dc else sum(bits or 0 for bits in dc),
                None if None in ac or not ac else sum(bits or 0 for bits in ac),
            )
        )
    return tuple(totals)
