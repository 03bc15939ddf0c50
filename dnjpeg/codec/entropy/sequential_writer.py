"""One scan of a sequential file."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.gathering import list_spans
from dnjpeg.codec.entropy.scan import start_scan
from dnjpeg.codec.entropy.scan_writer import CodedScan, ScanPlan, Tokens, plan_scan, token_scan
from dnjpeg.codec.entropy.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.entropy.tokens import CODES, COUNTS, count_symbols, join_counts
from dnjpeg.codec.format.headers import Headers
from dnjpeg.codec.format.script import ScriptScan
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import clear, span

__all__ = ["code_sequential", "scan_tokens"]


@kernel
def _tokenize(state, scan, mcu_rows, mcu_cols, coefficients, lists, tokens, counts, wide):
    """Make and count the tokens of all rows of MCUs; returns their number."""
    state, scan, coefficients, tokens = span(state), span(scan), span(coefficients), span(tokens)
    lists = list_spans(lists)
    counts = span(counts)
    count = 0
    clear(counts, 0, COUNTS)
    for row in range(mcu_rows):
        begin = count
        count = tokenize_mcu_row(state, scan, row, 0, mcu_cols, coefficients, lists, tokens, count, wide)
        count_symbols(tokens, begin, count, counts)
    join_counts(counts)
    return count


def scan_tokens(headers: Headers, coefficients: npt.NDArray[np.int16], scan: ScriptScan) -> tuple[ScanPlan, Tokens]:
    """Make the tokens of one scan, in scratch memory; the parameters are those of `code_sequential`."""
    plan = plan_scan(headers.frame, headers.color, scan.components)
    tokens = scratch("tokens", plan.token_room(plan.mcu_rows), np.int32)
    state = start_scan(headers.restart.interval(plan.mcu_cols))
    counts = np.empty(COUNTS, np.int64)
    count = _tokenize(
        state,
        plan.scan,
        plan.mcu_rows,
        plan.mcu_cols,
        coefficients,
        plan.lists(),
        tokens,
        counts,
        plan.wide or None,
    )
    return plan, Tokens(tokens[:count], counts[:CODES])


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
    plan, tokens = scan_tokens(headers, coefficients, scan)
    return token_scan(headers, scan, plan, tokens, optimize=optimize)
