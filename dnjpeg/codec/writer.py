"""Coefficients to bytes: count symbols, make Huffman tables, write headers, code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.coefficients import CoefficientImage
from dnjpeg.codec.frame import Frame
from dnjpeg.codec.huffman import STANDARD, HuffmanTable, encoding_lookup, optimal_table
from dnjpeg.codec.jit import kernel
from dnjpeg.codec.layout import AC_TABLE, DC_TABLE, component_layout, scan_layout
from dnjpeg.codec.scan import finish_scan, start_scan
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.sequential_encoder import count_symbols, encode_mcu_row, row_bytes
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

__all__ = ["CodeRows", "HuffmanTables", "SequentialScan", "write"]

HuffmanTables = dict[tuple[int, int], HuffmanTable]  # by class (0 DC, 1 AC) and slot
CodeRows = Callable[[npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.uint8], int, int], tuple[int, int]]

LARGEST_DC_SIZE, LARGEST_AC_SIZE = 11, 10  # size categories of 8-bit samples (tables F.1, F.2)


@dataclass(frozen=True)
class SequentialScan:
    """One scan of all components in a frame, as libjpeg writes it: luma has Huffman slots 0, chroma has slots 1."""

    frame: Frame
    color: str
    tables: tuple[npt.NDArray[np.uint16], ...]
    restart_interval: int
    layout: npt.NDArray[np.int64]

    def slots(self) -> list[int]:
        """Huffman table slot of each component."""
        return [int(self.color == "YCbCr" and index > 0) for index in range(len(self.frame.components))]

    def geometry(self, table_size: int) -> tuple[npt.NDArray[np.int64], int, int]:
        """`scan_layout` whose Huffman tables are `table_size` items each: the DC tables of both slots, then the AC."""
        scan, mcu_rows, mcu_cols = scan_layout(self.layout, range(len(self.frame.components)), self.frame)
        for component, slot in zip(scan, self.slots(), strict=True):
            component[DC_TABLE], component[AC_TABLE] = slot * table_size, (2 + slot) * table_size
        return scan, mcu_rows, mcu_cols

    def optimal_tables(self, coefficients: npt.NDArray[np.int16]) -> HuffmanTables:
        """Huffman tables made for these coefficients (K.2).

        Raises
        ------
        ValueError
            If a coefficient is out of range.
        """
        frequencies = np.zeros(4 * 256, np.int64)
        scan, mcu_rows, mcu_cols = self.geometry(256)
        count_symbols(start_scan(self.restart_interval), scan, 0, 0, mcu_rows, mcu_cols, coefficients, frequencies)
        by_table = frequencies.reshape(2, 2, 256)
        if by_table[0, :, LARGEST_DC_SIZE + 1 :].any() or by_table[1].reshape(2, 16, 16)[..., LARGEST_AC_SIZE + 1 :].any():
            raise ValueError("coefficient out of range: AC must be -1023..1023, DC differences -2047..2047")
        return {
            (table_class, slot): optimal_table(by_table[table_class, slot])
            for table_class in (0, 1)
            for slot in set(self.slots())
        }

    def headers(self, huffman: HuffmanTables) -> bytes:
        """All that stands before the entropy-coded data, in libjpeg's order."""
        parts = [b"\xff\xd8", Adobe(0).write() if self.color == "RGB" else Jfif().write()]
        written = set()
        for component, table in zip(self.frame.components, self.tables, strict=True):
            if component.table not in written:
                parts.append(QuantizationSegment(component.table, table).write())
                written.add(component.table)
        parts.append(write_frame_header(self.frame))
        for slot in dict.fromkeys(self.slots()):
            parts += [HuffmanSegment(table_class, slot, huffman[table_class, slot]).write() for table_class in (0, 1)]
        if self.restart_interval:
            parts.append(RestartSegment(self.restart_interval).write())
        components = zip(self.frame.components, self.slots(), strict=True)
        parts.append(ScanHeader(tuple(ScanComponent(c.identifier, slot, slot) for c, slot in components)).write())
        return b"".join(parts)

    def file(self, huffman: HuffmanTables, code_rows: CodeRows) -> bytes:
        """Write the whole file.

        Parameters
        ----------
        huffman : dict
            The tables to code with.
        code_rows : callable
            ``code_rows(state, coded, out, written, row) -> (row, written)`` codes rows of MCUs from `row` on until
            all are done, or there is no room in `out` for one more.
        """
        scan, mcu_rows, mcu_cols = self.geometry(256)
        row_room = 2 * row_bytes(scan, mcu_cols) + (3 * mcu_cols if self.restart_interval else 0)
        coded = scratch("coded", row_bytes(scan, mcu_cols))
        state = start_scan(self.restart_interval)
        out = scratch("file", max(1 << 16, self.frame.height * self.frame.width // 2) + 2 * row_room)
        row = written = 0
        while True:
            row, written = code_rows(state, coded, out, written, row)
            if row == mcu_rows:
                break
            out = np.concatenate([out, np.empty_like(out)])
        written = finish_scan(state, coded, out, written)
        return self.headers(huffman) + out[:written].tobytes() + b"\xff\xd9"


def codes_of(huffman: HuffmanTables) -> npt.NDArray[np.int64]:
    """Lookups for coding, in the order of `SequentialScan.geometry`."""
    codes = np.zeros((2, 2, 256), np.int64)
    for (table_class, slot), table in huffman.items():
        codes[table_class, slot] = encoding_lookup(table)
    return codes.reshape(-1)


@kernel
def _code_rows(state, scan, mcu_rows, mcu_cols, coefficients, codes, coded, out, written, row):  # type: ignore[no-untyped-def]
    room = 2 * len(coded) + (3 * mcu_cols if state[3] > 0 else 0)
    while row < mcu_rows and written + room <= len(out):
        written = encode_mcu_row(state, scan, row, 0, mcu_cols, coefficients, codes, coded, out, written)
        row += 1
    return row, written


def write_coefficients(scan: SequentialScan, coefficients: npt.NDArray[np.int16], *, optimize: bool) -> bytes:
    """Write coefficients that lie as the scan's layout says.

    Raises
    ------
    ValueError
        If a coefficient is out of range.
    """
    best = scan.optimal_tables(coefficients)
    huffman = best if optimize else {key: STANDARD[key] for key in best}
    geometry, mcu_rows, mcu_cols = scan.geometry(256)
    codes = codes_of(huffman)

    def code_rows(
        state: npt.NDArray[np.int64], coded: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8], written: int, row: int
    ) -> tuple[int, int]:
        return _code_rows(state, geometry, mcu_rows, mcu_cols, coefficients, codes, coded, out, written, row)  # type: ignore[no-any-return]

    return scan.file(huffman, code_rows)


def write(image: CoefficientImage, *, optimize: bool) -> bytes:
    """Write a whole file; see `dnjpeg.write`."""
    largest = max(int(table.max()) for table in image.tables)
    frame = Frame(
        image.frame.height, image.frame.width, image.frame.components, process=0 if largest <= 255 else 1
    )
    scan = SequentialScan(frame, image.color, image.tables, image.restart_interval, component_layout(frame))
    return write_coefficients(scan, _joined(image.coefficients), optimize=optimize)


def _joined(arrays: Sequence[npt.NDArray[np.int16]]) -> npt.NDArray[np.int16]:
    return np.concatenate([array.reshape(-1) for array in arrays])
