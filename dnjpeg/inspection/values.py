"""The values that an inspection is made of; their fields are the keys of its JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "ComponentUsage",
    "Findings",
    "FrameComponent",
    "FrameInfo",
    "HuffmanEntry",
    "Problem",
    "QualityEstimate",
    "QuantizationEntry",
    "ScanInfo",
    "SegmentEntry",
    "TableMatch",
    "Usage",
]


@dataclass(frozen=True)
class Problem:
    """Something wrong with the file: the byte where it shows, the marker segment if one is concerned, and what."""

    offset: int
    marker: str | None
    reason: str

    def __str__(self) -> str:
        return f"{f'{self.marker} at ' if self.marker else ''}byte {self.offset}: {self.reason}"


@dataclass(frozen=True)
class SegmentEntry:
    """A stretch of the file; all of them together are the file, from its first byte to its last.

    Parameters
    ----------
    marker : str
        Name of the marker as T.81 spells it, or what else it is: ``"data"`` (entropy-coded), ``"fill"`` (bytes 0xFF
        before a marker), ``"junk"`` (what belongs to no segment) or ``"trailing"`` (what stands behind EOI).
    offset, length : int
        In bytes; markers and fields of length are part of it.
    meaning : str
        One line for people.
    fields : dict
        The same for machines; the keys depend on the marker.
    """

    marker: str
    offset: int
    length: int
    meaning: str
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FrameComponent:
    """A component of the frame.

    Parameters
    ----------
    identifier, horizontal, vertical, quantization_table : int
        Ci, Hi, Vi and Tqi (T.81 B.2.2).
    name : str or None
        What it means: ``"Y"``, ``"Cb"``, ...; None if that is not known.
    lines, samples : int
        Size of the component (A.1.1).
    block_rows, block_cols : int
        8x8 blocks that hold its samples; 0 in processes without DCT.
    """

    identifier: int
    name: str | None
    horizontal: int
    vertical: int
    quantization_table: int
    lines: int
    samples: int
    block_rows: int
    block_cols: int


@dataclass(frozen=True)
class FrameInfo:
    """The frame header and the geometry that follows from it.

    Parameters
    ----------
    offset : int
        Of the SOFn marker.
    marker, process : str
        ``"SOF0"`` and so on, and the coding process in words.
    width, height, precision : int
        X, Y (from DNL if the header leaves it open; 0 if it is missing) and P.
    color : str or None
        What the components mean, by libjpeg's rules; None for what is not decoded.
    subsampling : str or None
        ``"4:2:0"`` and so on; None if it has no such name.
    mcu_width, mcu_height : int
        Size of an interleaved MCU in pixels; 0 in processes without DCT.
    mcu_cols, mcu_rows : int
        How many there are.
    components : tuple of FrameComponent
        In the order of the header.
    """

    offset: int
    marker: str
    process: str
    width: int
    height: int
    precision: int
    color: str | None
    subsampling: str | None
    mcu_width: int
    mcu_height: int
    mcu_cols: int
    mcu_rows: int
    components: tuple[FrameComponent, ...]


@dataclass(frozen=True)
class TableMatch:
    """The standard table that a quantization table is, or comes nearest to.

    Parameters
    ----------
    table : str
        ``"luma"`` (T.81 table K.1) or ``"chroma"`` (K.2).
    quality : int
        1..100, as libjpeg scales them.
    difference : int
        Sum of the absolute differences of all 64 steps; 0 if it is this table.
    """

    table: str
    quality: int
    difference: int


@dataclass(frozen=True, eq=False)
class QuantizationEntry:
    """A quantization table.

    Parameters
    ----------
    offset : int
        Of the DQT marker.
    slot, precision : int
        Tq, and 8 or 16 bits a step.
    steps : ndarray, uint16, (8, 8)
        Natural order (row = vertical frequency).
    match : TableMatch
        The standard table that it is, or the nearest.
    shipped : str or None
        Name of the tables that come with dnjpeg of which it is one.
    """

    offset: int
    slot: int
    precision: int
    steps: npt.NDArray[np.uint16]
    match: TableMatch
    shipped: str | None


@dataclass(frozen=True)
class HuffmanEntry:
    """A Huffman table.

    Parameters
    ----------
    offset : int
        Of the DHT marker.
    table_class : str
        ``"DC"`` or ``"AC"``.
    slot : int
        Th.
    counts : tuple of int
        How many codes have length 1, 2, ... 16.
    symbols : tuple of int
        In the order of their codes.
    standard : str or None
        ``"luma"`` or ``"chroma"`` if it is a typical table of T.81 K.3.
    """

    offset: int
    table_class: str
    slot: int
    counts: tuple[int, ...]
    symbols: tuple[int, ...]
    standard: str | None


@dataclass(frozen=True)
class ComponentUsage:
    """Entropy-coded bits of one component, in a scan or in all; None where they cannot be told apart."""

    identifier: int
    dc_bits: int | None
    ac_bits: int | None


@dataclass(frozen=True)
class ScanInfo:
    """A scan.

    Parameters
    ----------
    offset : int
        Of the SOS marker.
    kind : str
        What it codes, in words.
    components : tuple of ComponentUsage
        In the order of the scan header, with the bits that they take in this scan.
    huffman_tables : tuple of (int, int)
        Td and Ta of each.
    spectral_start, spectral_end, approximation_high, approximation_low : int
        Ss, Se, Ah and Al.
    restart_interval, restart_markers : int
        Ri in force (0: no restarts), and how many RSTm there are.
    data_offset, data_bytes : int
        Where the entropy-coded data are.
    stuffed_bytes : int
        Zero bytes after 0xFF among them.
    fault : str or None
        Why the bits are counted only up to a place, or not at all; None if nothing is wrong.
    """

    offset: int
    kind: str
    components: tuple[ComponentUsage, ...]
    huffman_tables: tuple[tuple[int, int], ...]
    spectral_start: int
    spectral_end: int
    approximation_high: int
    approximation_low: int
    restart_interval: int
    restart_markers: int
    data_offset: int
    data_bytes: int
    stuffed_bytes: int
    fault: str | None

    @property
    def counted_bits(self) -> int:
        """Bits that a component is known to take."""
        return sum((part.dc_bits or 0) + (part.ac_bits or 0) for part in self.components)


@dataclass(frozen=True)
class Usage:
    """Where the bytes of the file go.

    Parameters
    ----------
    total_bytes : int
        Size of the file; the sum of the following four.
    header_bytes : int
        Markers and segments that a decoder needs (tables, frame and scan headers, SOI, EOI, fill bytes).
    metadata_bytes : int
        APPn and COM.
    data_bytes : int
        Entropy-coded data of all scans.
    other_bytes : int
        Junk, and what stands behind EOI.
    components : tuple of ComponentUsage
        Bits in all scans, in the order of the frame.
    overhead_bits : int
        The rest of the entropy-coded data: stuffed zeros, padding and restart markers, and what could not be counted.
    exact : bool
        True if every bit could be counted.
    note : str or None
        Why not.
    """

    total_bytes: int
    header_bytes: int
    metadata_bytes: int
    data_bytes: int
    other_bytes: int
    components: tuple[ComponentUsage, ...]
    overhead_bits: int
    exact: bool
    note: str | None


@dataclass(frozen=True)
class QualityEstimate:
    """The quality of libjpeg's scale that an image was encoded with, or comes nearest to.

    Parameters
    ----------
    quality : int
        1..100.
    difference : int
        Sum of the absolute differences from the standard tables at this quality, over the tables of all components;
        0 if it is these tables.
    custom : bool
        True if they are other tables.
    """

    quality: int
    difference: int
    custom: bool


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found in a file.

    Parameters
    ----------
    size : int
        Of the file, in bytes.
    is_jpeg : bool
        False if no JPEG data begin anywhere in it; then there is one problem and little else.
    segments : tuple of SegmentEntry
        All of the file, in order.
    frame : FrameInfo or None
        The first one.
    quality : QualityEstimate or None
        None without a frame or its tables.
    quantization_tables : tuple of QuantizationEntry
        In the order of the file, with those that are defined again.
    huffman_tables : tuple of HuffmanEntry
        Likewise.
    scans : tuple of ScanInfo
        In the order of the file.
    usage : Usage
        Where the bytes go.
    problems : tuple of Problem
        What is wrong, by offset.
    unsupported : str or None
        What keeps it from being decoded, though T.81 (or a later standard) allows it.
    """

    size: int
    is_jpeg: bool
    segments: tuple[SegmentEntry, ...]
    frame: FrameInfo | None
    quality: QualityEstimate | None
    quantization_tables: tuple[QuantizationEntry, ...]
    huffman_tables: tuple[HuffmanEntry, ...]
    scans: tuple[ScanInfo, ...]
    usage: Usage
    problems: tuple[Problem, ...]
    unsupported: str | None
