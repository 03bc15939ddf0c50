"""Coefficients to the bytes of a sequential file: one scan of all components, as libjpeg writes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.frame import Frame
from dnjpeg.codec.headers import EOI_MARKER, Headers, HuffmanTables
from dnjpeg.codec.huffman import STANDARD
from dnjpeg.codec.jit import kernel
from dnjpeg.codec.scan import end_interval, start_scan
from dnjpeg.codec.scan_writer import SYMBOLS, CodeRows, ScanPlan, coded_scan, codes_of, optimal_tables, plan_scan
from dnjpeg.codec.script import ScriptScan
from dnjpeg.codec.sequential_encoder import count_symbols, encode_mcu_row, row_room
from dnjpeg.codec.vector import span

__all__ = ["plan_sequential", "sequential_scan", "standard_tables", "write_coefficients", "write_sequential"]


def sequential_scan(frame: Frame) -> ScriptScan:
    """Return the only scan: all of all components."""
    return ScriptScan(tuple(range(len(frame.components))), 0, 63, 0, 0)


def plan_sequential(frame: Frame, color: str, *, kept_rows: int | None = None) -> ScanPlan:
    """Plan the scan; the coefficients of `kept_rows` rows of MCUs are kept (all by default)."""
    return plan_scan(frame, color, sequential_scan(frame).components, kept_rows=kept_rows)


def standard_tables(plan: ScanPlan) -> HuffmanTables:
    """Return the standard Huffman tables (K.3) that the scan needs."""
    return {(table_class, slot): STANDARD[table_class, slot] for table_class in (0, 1) for slot in set(plan.slots)}


def write_sequential(headers: Headers, plan: ScanPlan, huffman: HuffmanTables, code_rows: CodeRows) -> bytes:
    """Write a whole file of one scan; `code_rows` as in `coded_scan`."""
    scan = sequential_scan(headers.frame)
    coded = coded_scan(headers.frame, plan, headers.restart_interval, code_rows)
    parts = [headers.before_scans(), headers.before_scan(scan, plan.slots, huffman), coded.tobytes(), EOI_MARKER]
    return b"".join(parts)


@kernel
def _code_rows(state, scan, mcu_rows, mcu_cols, coefficients, codes, coded, out, written, row):
    state, scan, coefficients, codes = span(state), span(scan), span(coefficients), span(codes)
    coded, out = span(coded), span(out)
    while row < mcu_rows and written + row_room(len(coded), mcu_cols) <= len(out):
        written = encode_mcu_row(state, scan, row, 0, mcu_cols, coefficients, codes, coded, out, written)
        row += 1
    if row == mcu_rows:
        written = end_interval(state, coded, out, written)
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
    frequencies = np.zeros((2, 2, SYMBOLS), np.int64)
    state = start_scan(headers.restart_interval)
    count_symbols(state, plan.scan, plan.mcu_rows, plan.mcu_cols, coefficients, frequencies.reshape(-1))
    best = optimal_tables(frequencies)
    huffman = best if optimize else standard_tables(plan)
    codes = codes_of(huffman)

    def code_rows(
        state: npt.NDArray[np.int64], coded: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8], written: int, row: int
    ) -> tuple[int, int]:
        return _code_rows(state, plan.scan, plan.mcu_rows, plan.mcu_cols, coefficients, codes, coded, out, written, row)

    return write_sequential(headers, plan, huffman, code_rows)
