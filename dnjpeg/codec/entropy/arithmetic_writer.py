"""One scan of an arithmetic-coded file, sequential or progressive."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.arithmetic import BINS, conditioning, start_arithmetic_scan, with_bins
from dnjpeg.codec.entropy.arithmetic_encoder import MCU_BYTES, code_arithmetic_mcus
from dnjpeg.codec.entropy.scan import FAULT, POSITION
from dnjpeg.codec.entropy.scan_writer import CodedScan, largest_sizes, out_of_range, plan_scan
from dnjpeg.codec.format.coding_tables import DEFAULT_CONDITIONING
from dnjpeg.codec.format.headers import Headers
from dnjpeg.codec.format.script import ScriptScan
from dnjpeg.codec.kernels.scratch import scratch

__all__ = ["code_arithmetic"]


def code_arithmetic(headers: Headers, coefficients: npt.NDArray[np.int16], scan: ScriptScan) -> CodedScan:
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
    layout = with_bins(plan.scan, ((plan.slots[index], plan.slots[index]) for index in scan.components))
    limits = conditioning([DEFAULT_CONDITIONING] * len(scan.components))
    dc_size, ac_size = largest_sizes(headers.frame.precision)
    largest = (1 << dc_size) - 1, (1 << ac_size) - 1
    state = start_arithmetic_scan(headers.restart.interval(plan.mcu_cols))
    bins = np.empty(BINS, np.uint8)
    out = scratch("file", max(1 << 16, headers.frame.height * headers.frame.width // 2) + MCU_BYTES)
    done = 0
    while True:
        done = code_arithmetic_mcus(
            state, layout, plan.mcu_rows, plan.mcu_cols, coefficients, scan.band, limits, largest, bins, out, done
        )
        if done == plan.mcu_rows * plan.mcu_cols:
            break
        out = np.concatenate([out, np.empty_like(out)])
    if state[FAULT] != 0:
        raise ValueError(out_of_range(headers.frame.precision))
    return CodedScan(scan, plan, {}, out[: state[POSITION]].tobytes())
