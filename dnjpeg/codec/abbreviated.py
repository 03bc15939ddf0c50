"""Tables without an image (T.81 B.5), for images without tables (B.4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.encoder import symbol_frequencies
from dnjpeg.codec.entropy.scan_writer import largest_sizes
from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.headers import EOI_MARKER
from dnjpeg.codec.format.huffman import STANDARD, optimal_table
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.format.subsampling import Subsampling
from dnjpeg.codec.format.table_segments import HuffmanSegment, QuantizationSegment
from dnjpeg.errors import FormatError

__all__ = ["read_tables", "shared_tables", "write_tables"]

SOI_MARKER = b"\xff\xd8"


def shared_tables(
    images: Iterable[npt.NDArray[np.uint8]],
    tables: Sequence[npt.NDArray[np.uint16]],
    *,
    subsampling: Subsampling,
    color: str | None,
    coding: Coding,
) -> CodingTables:
    """Make tables for many images; see `dnjpeg.shared_tables`."""
    frequencies = np.zeros((2, 2, 256), np.int64)
    for pixels in images:
        frequencies += symbol_frequencies(pixels, tables, subsampling=subsampling, color=color, coding=coding)
    used = frequencies.any(axis=2)
    if used.any():
        possible = _possible_symbols()
        huffman = {
            (table_class, slot): optimal_table(frequencies[table_class, slot] + possible[table_class])
            for table_class, slot in np.argwhere(used).tolist()
        }
    else:
        huffman = dict(STANDARD)
    return CodingTables(dict(enumerate(tables)), huffman)


def _possible_symbols() -> npt.NDArray[np.int64]:
    """Count each symbol that an image of 8-bit samples can need once, by class (tables F.1, F.2, F.5)."""
    dc_size, ac_size = largest_sizes(8)
    possible = np.zeros((2, 16, 16), np.int64)
    possible[0, 0, : dc_size + 1] = 1
    possible[1, :, 1 : ac_size + 1] = 1
    possible[1, [0, 15], 0] = 1  # end of block, and a run of sixteen zeros
    return possible.reshape(2, 256)


def write_tables(coding_tables: CodingTables) -> bytes:
    """Write a file of tables, in libjpeg's order (jpeg_write_tables); see `dnjpeg.write_tables`."""
    coding_tables.check()
    parts = [
        QuantizationSegment.write([QuantizationSegment(slot, coding_tables.quantization[slot])])
        for slot in range(4)
        if slot in coding_tables.quantization
    ]
    parts += [
        HuffmanSegment.write([HuffmanSegment(table_class, slot, coding_tables.huffman[table_class, slot])])
        for slot in range(4)
        for table_class in (0, 1)
        if (table_class, slot) in coding_tables.huffman
    ]
    if not parts:
        raise ValueError("no tables to write")
    return b"".join([SOI_MARKER, *parts, EOI_MARKER])


def read_tables(data: bytes | bytearray | memoryview, *, limits: Limits) -> CodingTables:
    """Read the tables of a file; see `dnjpeg.read_tables`."""
    view = memoryview(data).cast("B")
    limits.check_bytes(len(view))
    if bytes(view[:2]) != SOI_MARKER:
        raise FormatError("not a JPEG file: it does not begin with the marker SOI", offset=0)
    tables = CodingTables()
    position = 2
    while True:
        segment = syntax.next_segment(view, position)
        position = segment.end
        if segment.code in (syntax.EOI, syntax.SOS):
            break
        tables.define(segment)
    if not tables.quantization and not tables.huffman:
        raise FormatError("the file defines no tables", offset=segment.offset, marker=segment.name)
    return tables.at_image()
