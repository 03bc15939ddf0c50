"""Coefficients to bytes: count symbols, make Huffman tables, write headers, code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.coefficients import CoefficientImage
from dnjpeg.codec.frame import Frame
from dnjpeg.codec.huffman import STANDARD, HuffmanTable, encoding_lookup, optimal_table
from dnjpeg.codec.jit import kernel
from dnjpeg.codec.layout import AC_TABLE, DC_TABLE, component_layout, scan_layout
from dnjpeg.codec.scan import finish_scan, start_scan
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.sequential_encoder import count_symbols, encode_mcu_row, row_bytes, row_room
from dnjpeg.codec.syntax import (
    Adobe,
    HuffmanSegment,
    Jfif,
    QuantizationSegment,
    RestartSegment,
    ScanComponent,
    ScanHeader,
    write_frame_header,
)
from dnjpeg.codec.vector import span

__all__ = [
    "CodeRows",
    "Headers",
    "HuffmanTables",
    "ScanPlan",
    "codes_of",
    "plan_scan",
    "standard_tables",
    "write",
    "write_coefficients",
    "write_file",
]

HuffmanTables = dict[tuple[int, int], HuffmanTable]  # by class (0 DC, 1 AC) and slot
CodeRows = Callable[[npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.uint8], int, int], tuple[int, int]]

LARGEST_DC_SIZE, LARGEST_AC_SIZE = 11, 10  # size categories of 8-bit samples (tables F.1, F.2)
SYMBOLS = 256


@dataclass(frozen=True)
class ScanPlan:
    """One scan of all components of a frame, as libjpeg writes it.

    Parameters
    ----------
    layout : ndarray, int64, (components + 1, COLUMNS)
        `component_layout`.
    scan : ndarray, int64, (components, COLUMNS)
        `scan_layout`; the Huffman tables are 256 items each: the DC tables of both slots, then the AC tables.
    mcu_rows, mcu_cols : int
        Of the scan.
    slots : tuple of int
        Huffman table slot of each component: 0 for luma, 1 for chroma.
    """

    layout: npt.NDArray[np.int64]
    scan: npt.NDArray[np.int64]
    mcu_rows: int
    mcu_cols: int
    slots: tuple[int, ...]


@lru_cache(256)
def plan_scan(frame: Frame, color: str, *, kept_rows: int | None = None) -> ScanPlan:
    """Plan the scan; the coefficients of `kept_rows` rows of MCUs are kept (all by default)."""
    layout = component_layout(frame, mcu_rows=kept_rows)
    indices = range(len(frame.components))
    scan, mcu_rows, mcu_cols = scan_layout(layout, indices, frame)
    slots = tuple(int(color == "YCbCr" and index > 0) for index in indices)
    for component, slot in zip(scan, slots, strict=True):
        component[DC_TABLE], component[AC_TABLE] = slot * SYMBOLS, (2 + slot) * SYMBOLS
    return ScanPlan(layout, scan, mcu_rows, mcu_cols, slots)


def optimal_tables(plan: ScanPlan, interval: int, coefficients: npt.NDArray[np.int16]) -> HuffmanTables:
    """Huffman tables made for these coefficients (K.2).

    Raises
    ------
    ValueError
        If a coefficient is out of range.
    """
    frequencies = np.zeros((2, 2, SYMBOLS), np.int64)
    count_symbols(start_scan(interval), plan.scan, plan.mcu_rows, plan.mcu_cols, coefficients, frequencies.reshape(-1))
    sizes = frequencies.reshape(2, 2, 16, 16).sum(axis=2)
    if sizes[0, :, LARGEST_DC_SIZE + 1 :].any() or sizes[1, :, LARGEST_AC_SIZE + 1 :].any():
        raise ValueError("coefficient out of range: AC must be -1023..1023, DC differences -2047..2047")
    return {
        (table_class, slot): optimal_table(frequencies[table_class, slot])
        for table_class in (0, 1)
        for slot in set(plan.slots)
    }


def standard_tables(plan: ScanPlan) -> HuffmanTables:
    """Return the standard Huffman tables (K.3) that the scan needs."""
    return {(table_class, slot): STANDARD[table_class, slot] for table_class in (0, 1) for slot in set(plan.slots)}


def codes_of(huffman: HuffmanTables) -> npt.NDArray[np.int64]:
    """Lookups for coding, in the order of `ScanPlan.scan`."""
    codes = np.zeros((2, 2, SYMBOLS), np.int64)
    for (table_class, slot), table in huffman.items():
        codes[table_class, slot] = encoding_lookup(table)
    return codes.reshape(-1)


@dataclass(frozen=True)
class Headers:
    """What stands before the entropy-coded data of a file."""

    frame: Frame
    color: str
    tables: tuple[npt.NDArray[np.uint16], ...]
    restart_interval: int

    def write(self, slots: tuple[int, ...], huffman: HuffmanTables) -> bytes:
        """Return the bytes, in libjpeg's order."""
        parts = [b"\xff\xd8", Adobe(0).write() if self.color == "RGB" else Jfif().write()]
        written = set()
        for component, table in zip(self.frame.components, self.tables, strict=True):
            if component.table not in written:
                parts.append(QuantizationSegment(component.table, table).write())
                written.add(component.table)
        parts.append(write_frame_header(self.frame))
        for slot in dict.fromkeys(slots):
            parts += [HuffmanSegment(table_class, slot, huffman[table_class, slot]).write() for table_class in (0, 1)]
        if self.restart_interval:
            parts.append(RestartSegment(self.restart_interval).write())
        components = zip(self.frame.components, slots, strict=True)
        parts.append(ScanHeader(tuple(ScanComponent(c.identifier, slot, slot) for c, slot in components)).write())
        return b"".join(parts)


def write_file(headers: Headers, plan: ScanPlan, huffman: HuffmanTables, code_rows: CodeRows) -> bytes:
    """Write a whole file of one scan.

    Parameters
    ----------
    headers, plan, huffman
        What to write, and with which tables.
    code_rows : callable
        ``code_rows(state, coded, out, written, row) -> (row, written)`` codes rows of MCUs from `row` on until all are
        done, or there is no room in `out` for one more (`row_room`).
    """
    coded = scratch("coded", row_bytes(plan.scan, plan.mcu_cols))
    state = start_scan(headers.restart_interval)
    frame = headers.frame
    out = scratch("file", max(1 << 16, frame.height * frame.width // 2) + 2 * row_room(len(coded), plan.mcu_cols))
    row = written = 0
    while True:
        row, written = code_rows(state, coded, out, written, row)
        if row == plan.mcu_rows:
            break
        out = np.concatenate([out, np.empty_like(out)])
    written = finish_scan(state, coded, out, written)
    return b"".join([headers.write(plan.slots, huffman), out[:written].data, b"\xff\xd9"])


@kernel
def _code_rows(state, scan, mcu_rows, mcu_cols, coefficients, codes, coded, out, written, row):
    state, scan, coefficients, codes = span(state), span(scan), span(coefficients), span(codes)
    coded, out = span(coded), span(out)
    while row < mcu_rows and written + row_room(len(coded), mcu_cols) <= len(out):
        written = encode_mcu_row(state, scan, row, 0, mcu_cols, coefficients, codes, coded, out, written)
        row += 1
    return row, written


def write_coefficients(
    headers: Headers, plan: ScanPlan, coefficients: npt.NDArray[np.int16], *, optimize: bool
) -> bytes:
    """Write a whole file from coefficients that lie as the plan says.

    Raises
    ------
    ValueError
        If a coefficient is out of range.
    """
    best = optimal_tables(plan, headers.restart_interval, coefficients)
    huffman = best if optimize else standard_tables(plan)
    codes = codes_of(huffman)

    def code_rows(
        state: npt.NDArray[np.int64], coded: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8], written: int, row: int
    ) -> tuple[int, int]:
        return _code_rows(state, plan.scan, plan.mcu_rows, plan.mcu_cols, coefficients, codes, coded, out, written, row)

    return write_file(headers, plan, huffman, code_rows)


def write(image: CoefficientImage, *, optimize: bool) -> bytes:
    """Write a whole file; see `dnjpeg.write`."""
    process = int(max(int(table.max()) for table in image.tables) > 255)  # 16-bit steps need extended sequential
    frame = replace(image.frame, process=process)
    headers = Headers(frame, image.color, image.tables, image.restart_interval)
    coefficients = np.concatenate([array.reshape(-1) for array in image.coefficients])
    return write_coefficients(headers, plan_scan(frame, image.color), coefficients, optimize=optimize)
