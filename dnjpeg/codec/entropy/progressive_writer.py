"""One scan of a progressive file, with Huffman tables of its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.progressive_encoder import CORRECTIONS, tokenize_progressive
from dnjpeg.codec.entropy.scan import start_scan
from dnjpeg.codec.entropy.scan_writer import CodedScan, Tokens, plan_scan, token_scan
from dnjpeg.codec.entropy.tokens import CODES, COUNTS
from dnjpeg.codec.format.headers import Headers
from dnjpeg.codec.format.script import ScriptScan
from dnjpeg.codec.kernels.scratch import scratch

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
    tokens = scratch("tokens", plan.token_room(plan.mcu_rows), np.int32)
    state = start_scan(headers.restart.interval(plan.mcu_cols))
    corrections = np.empty(CORRECTIONS, np.uint8)
    counts = np.empty(COUNTS, np.int64)
    count = tokenize_progressive(
        state, plan.scan, plan.mcu_rows, plan.mcu_cols, coefficients, scan.band, tokens, counts, corrections, plan.wide
    )
    return token_scan(headers, scan, plan, Tokens(tokens[:count], counts[:CODES]), optimize=True)
