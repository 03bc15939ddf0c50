"""One scan of a progressive file, with Huffman tables of its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.headers import Headers
from dnjpeg.codec.progressive_encoder import CORRECTIONS, code_progressive_rows, count_progressive_symbols
from dnjpeg.codec.scan import start_scan
from dnjpeg.codec.scan_writer import SYMBOLS, CodedScan, codes_of, huffman_scan, optimal_tables, plan_scan
from dnjpeg.codec.script import ScriptScan

__all__ = ["code_progressive"]


def code_progressive(headers: Headers, coefficients: npt.NDArray[np.int16], scan: ScriptScan) -> CodedScan:
    """Code one scan.

    Parameters
    ----------
    headers : Headers
    coefficients : ndarray, int16
        Of all components, as `component_layout` has them.
    scan : ScriptScan

    Raises
    ------
    ValueError
        If a coefficient is out of range.
    """
    plan = plan_scan(headers.frame, headers.color, scan.components)
    corrections = np.empty(CORRECTIONS, np.uint8)
    frequencies = np.zeros((2, 2, SYMBOLS), np.int64)
    geometry = (plan.scan, plan.mcu_rows, plan.mcu_cols)
    state = start_scan(headers.restart.interval(plan.mcu_cols))
    count_progressive_symbols(state, *geometry, coefficients, scan.band, frequencies.reshape(-1), corrections)
    huffman = optimal_tables(frequencies)
    if scan.start == 0 and scan.high != 0:
        huffman = {}  # single bits need no codes
    codes = codes_of(huffman)

    def code_rows(
        state: npt.NDArray[np.int64], coded: npt.NDArray[np.uint8], out: npt.NDArray[np.uint8], written: int, row: int
    ) -> tuple[int, int]:
        return code_progressive_rows(
            state, *geometry, coefficients, scan.band, codes, corrections, coded, out, written, row
        )

    return huffman_scan(headers, scan, plan, huffman, code_rows, slack=CORRECTIONS)
