"""Entropy coding of one scan into memory that grows as needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.frame import Frame
from dnjpeg.codec.headers import Headers, HuffmanTables
from dnjpeg.codec.huffman import encoding_lookup, optimal_table
from dnjpeg.codec.layout import AC_TABLE, DC_TABLE, component_layout, scan_layout
from dnjpeg.codec.scan import start_scan
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.script import ScriptScan
from dnjpeg.codec.sequential_encoder import row_bytes, row_room

__all__ = [
    "OUT_OF_RANGE",
    "SYMBOLS",
    "CodeRows",
    "CodedScan",
    "ScanPlan",
    "codes_of",
    "huffman_scan",
    "optimal_tables",
    "plan_scan",
]

CodeRows = Callable[[npt.NDArray[np.int64], npt.NDArray[np.uint8], npt.NDArray[np.uint8], int, int], tuple[int, int]]

LARGEST_DC_SIZE, LARGEST_AC_SIZE = 11, 10  # size categories of 8-bit samples (tables F.1, F.2)
OUT_OF_RANGE = "coefficient out of range: AC must be -1023..1023, DC differences -2047..2047"
SYMBOLS = 256


@dataclass(frozen=True)
class ScanPlan:
    """Where kernels find what belongs to one scan.

    Parameters
    ----------
    layout : ndarray, int64, (components + 1, COLUMNS)
        `component_layout` of the frame.
    scan : ndarray, int64, (components of the scan, COLUMNS)
        `scan_layout`; the Huffman tables are 256 items each: the DC tables of both slots, then the AC tables.
    mcu_rows, mcu_cols : int
        Of the scan.
    slots : tuple of int
        Huffman table slot of each component of the frame, as libjpeg has it: 0 for luma, 1 for chroma.
    """

    layout: npt.NDArray[np.int64]
    scan: npt.NDArray[np.int64]
    mcu_rows: int
    mcu_cols: int
    slots: tuple[int, ...]


@dataclass(frozen=True)
class CodedScan:
    """One scan, coded.

    Parameters
    ----------
    scan : ScriptScan
    plan : ScanPlan
    huffman : dict
        The Huffman tables that it needs; none if coding is arithmetic.
    data : bytes
        Entropy-coded data.
    """

    scan: ScriptScan
    plan: ScanPlan
    huffman: HuffmanTables
    data: bytes


@lru_cache(1024)
def plan_scan(frame: Frame, color: str, components: tuple[int, ...], *, kept_rows: int | None = None) -> ScanPlan:
    """Plan the scan of some components; the coefficients of `kept_rows` rows of MCUs are kept (all by default)."""
    layout = component_layout(frame, mcu_rows=kept_rows)
    scan, mcu_rows, mcu_cols = scan_layout(layout, components, frame)
    slots = tuple(int(color == "YCbCr" and index > 0) for index in range(len(frame.components)))
    for row, index in zip(scan, components, strict=True):
        row[DC_TABLE], row[AC_TABLE] = slots[index] * SYMBOLS, (2 + slots[index]) * SYMBOLS
    return ScanPlan(layout, scan, mcu_rows, mcu_cols, slots)


def optimal_tables(frequencies: npt.NDArray[np.int64]) -> HuffmanTables:
    """Huffman tables made for symbols that occur this often (K.2); none for a table without symbols.

    Parameters
    ----------
    frequencies : ndarray, int64, (2, 2, 256)
        By class (0 DC, 1 AC), slot and symbol.

    Raises
    ------
    ValueError
        If a symbol tells of a coefficient out of range.
    """
    sizes = frequencies.reshape(2, 2, 16, 16).sum(axis=2)
    if sizes[0, :, LARGEST_DC_SIZE + 1 :].any() or sizes[1, :, LARGEST_AC_SIZE + 1 :].any():
        raise ValueError(OUT_OF_RANGE)
    return {
        (table_class, slot): optimal_table(frequencies[table_class, slot])
        for table_class in (0, 1)
        for slot in (0, 1)
        if sizes[table_class, slot].any()
    }


def codes_of(huffman: HuffmanTables) -> npt.NDArray[np.int64]:
    """Lookups for coding, in the order of `ScanPlan.scan`."""
    codes = np.zeros((2, 2, SYMBOLS), np.int64)
    for (table_class, slot), table in huffman.items():
        codes[table_class, slot] = encoding_lookup(table)
    return codes.reshape(-1)


def huffman_scan(
    headers: Headers, scan: ScriptScan, plan: ScanPlan, huffman: HuffmanTables, code_rows: CodeRows, *, slack: int = 0
) -> CodedScan:
    """Code one scan with these tables.

    Parameters
    ----------
    headers, scan, plan, huffman
    code_rows : callable
        ``code_rows(state, coded, out, written, row) -> (row, written)`` codes rows of MCUs from `row` on until all are
        done, or there is no room in `out` for one more (`row_room`).
    slack : int
        Bytes that a row may need beyond `row_bytes`.
    """
    frame = headers.frame
    coded = scratch("coded", row_bytes(plan.scan, plan.mcu_cols) + slack)
    state = start_scan(headers.restart.interval(plan.mcu_cols))
    room = row_room.py_func(len(coded), plan.mcu_cols)
    out = scratch("file", max(1 << 16, frame.height * frame.width // 2) + 2 * room)
    row = written = 0
    while True:
        row, written = code_rows(state, coded, out, written, row)
        if row == plan.mcu_rows:
            return CodedScan(scan, plan, huffman, out[:written].tobytes())
        out = np.concatenate([out, np.empty_like(out)])
