"""Coefficients to the bytes of an arithmetic-coded file, sequential or progressive: the scans of a script."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.arithmetic import BINS, DEFAULT_CONDITIONING, conditioning, start_arithmetic_scan, with_bins
from dnjpeg.codec.arithmetic_encoder import MCU_BYTES, code_arithmetic_mcus
from dnjpeg.codec.headers import EOI_MARKER, Headers
from dnjpeg.codec.scan import FAULT, POSITION
from dnjpeg.codec.scan_writer import OUT_OF_RANGE, plan_scan
from dnjpeg.codec.scratch import scratch
from dnjpeg.codec.script import ScriptScan

__all__ = ["write_arithmetic"]


def write_arithmetic(headers: Headers, coefficients: npt.NDArray[np.int16], script: Sequence[ScriptScan]) -> bytes:
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
    layout = with_bins(plan.scan, ((plan.slots[index], plan.slots[index]) for index in scan.components))
    limits = conditioning([DEFAULT_CONDITIONING] * len(scan.components))
    state = start_arithmetic_scan(headers.restart_interval)
    bins = np.empty(BINS, np.uint8)
    out = scratch("file", max(1 << 16, headers.frame.height * headers.frame.width // 2) + MCU_BYTES)
    done = 0
    while True:
        done = code_arithmetic_mcus(
            state, layout, plan.mcu_rows, plan.mcu_cols, coefficients, scan.band, limits, bins, out, done
        )
        if done == plan.mcu_rows * plan.mcu_cols:
            break
        out = np.concatenate([out, np.empty_like(out)])
    if state[FAULT] != 0:
        raise ValueError(OUT_OF_RANGE)
    return headers.before_arithmetic_scan(scan, plan.slots, first=first), out[: state[POSITION]].tobytes()
