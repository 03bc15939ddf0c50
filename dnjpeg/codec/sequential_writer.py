"""One scan of a sequential file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.headers import Headers, HuffmanTables
from dnjpeg.codec.huffman import STANDARD
from dnjpeg.codec.jit import kernel
from dnjpeg.codec.scan import end_interval, start_scan
from dnjpeg.codec.scan_writer import (
    SYMBOLS,
    CodedScan,
    ScanPlan,
    codes_of,
    huffman_scan,
    optimal_tables,
    plan_scan,
)
from dnjpeg.codec.script import ScriptScan
from dnjpeg.codec.sequential_encoder import count_symbols, encode_mcu_row, row_room
from dnjpeg.codec.vector import span

__all__ = ["code_sequential", "standard_tables"]


def standard_tables(scan: ScriptScan, plan: ScanPlan) -> HuffmanTables:
    """Return the standard Huffman tables (K.3) that the scan needs."""
    return {
        (table_class, slot): STANDARD[table_class, slot]
        for slot in {plan.slots[index] for index in scan.components}
        for table_class in (0, 1)
    }


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


def code_sequential(
    headers: Headers, coefficients: npt.NDArray[np.int16], scan: ScriptScan, *, optimize: bool
) -> CodedScan:
    """Code one scan.

    Parameters
    ----------
    headers : Headers
    coefficients : ndarray, int16
        Of all components, as `component_layout` has them.
    scan : ScriptScan
    optimize : bool
        As in `dnjpeg.encode`.

    Raises
    ------
    ValueError
        If a coefficient is out of range.
    """
    plan = plan_scan(headers.frame, headers.color, scan.components)
    frequencies = np.zeros((2, 2, SYMBOLS), np.int64)
    state = start_scan(headers.restart.interval(plan.mcu_cols))
    count_symbols(state, plan.scan, plan.mcu_rows, plan.mcu_cols, coefficients, frequencies.reshape(-1))
    best = optimal_tables(frequencies)
    huffman = best if optimize else standard_tables(scan, plan)
    codes = codes_of(huffman)

    def code_rows(
        state: npt.NDArray[np.int64], coded: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8], written: int, row: int
    ) -> tuple[int, int]:
        return _code_rows(state, plan.scan, plan.mcu_rows, plan.mcu_cols, coefficients, codes, coded, out, written, row)

    return huffman_scan(headers, scan, plan, huffman, code_rows)
