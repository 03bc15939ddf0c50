"""Coefficients to the bytes of a progressive file: the scans of a script, each with Huffman tables of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.headers import EOI_MARKER, Headers
from dnjpeg.codec.progressive_encoder import CORRECTIONS, code_progressive_rows, count_progressive_symbols
from dnjpeg.codec.scan import start_scan
from dnjpeg.codec.scan_writer import SYMBOLS, coded_scan, codes_of, optimal_tables, plan_scan
from dnjpeg.codec.script import ScriptScan

__all__ = ["write_progressive"]


def write_progressive(headers: Headers, coefficients: npt.NDArray[np.int16], script: Sequence[ScriptScan]) -> bytes:
    """Write a whole file.

    Parameters
    ----------
    headers : Headers
    coefficients : ndarray, int16
        Of all components, as `component_layout` has them.
    script : sequence of ScriptScan

    Raises
    ------
    ValueError
        If a coefficient is out of range.
    """
    parts = [headers.before_scans()]
    for number, scan in enumerate(script):
        parts += _scan(headers, coefficients, scan, first=number == 0)
    return b"".join([*parts, EOI_MARKER])


def _scan(
    headers: Headers, coefficients: npt.NDArray[np.int16], scan: ScriptScan, *, first: bool
) -> tuple[bytes, bytes]:
    """Return headers and data of one scan."""
    plan = plan_scan(headers.frame, headers.color, scan.components)
    corrections = np.empty(CORRECTIONS, np.uint8)
    frequencies = np.zeros((2, 2, SYMBOLS), np.int64)
    geometry = (plan.scan, plan.mcu_rows, plan.mcu_cols)
    state = start_scan(headers.restart_interval)
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

    coded = coded_scan(headers.frame, plan, headers.restart_interval, code_rows, slack=CORRECTIONS)
    return headers.before_scan(scan, plan.slots, huffman, first=first), coded.tobytes()
