"""Coefficients to bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.arithmetic_writer import write_arithmetic
from dnjpeg.codec.coefficients import CoefficientImage
from dnjpeg.codec.frame import coding_process
from dnjpeg.codec.headers import Headers
from dnjpeg.codec.progressive_writer import write_progressive
from dnjpeg.codec.script import default_script
from dnjpeg.codec.sequential_writer import plan_sequential, sequential_scan, write_coefficients

__all__ = ["write", "write_scans"]


MOST_BLOCKS = 10  # in an MCU (B.2.3)


def write(image: CoefficientImage, *, optimize: bool, progressive: bool, arithmetic: bool) -> bytes:
    """Write a whole file; see `dnjpeg.write`."""
    extended = max(int(table.max()) for table in image.tables) > 255  # 16-bit steps need extended sequential
    process = coding_process(progressive=progressive, arithmetic=arithmetic, extended=extended)
    frame = replace(image.frame, process=process)
    headers = Headers(frame, image.color, image.tables, image.restart_interval, image.jfif, image.metadata)
    return write_scans(headers, np.concatenate([array.reshape(-1) for array in image.coefficients]), optimize=optimize)


def write_scans(headers: Headers, coefficients: npt.NDArray[np.int16], *, optimize: bool) -> bytes:
    """Write a whole file by the process of its frame header.

    Parameters
    ----------
    headers : Headers
    coefficients : ndarray, int16
        Of all components, as `component_layout` has them.
    optimize : bool
        As in `dnjpeg.write`.

    Raises
    ------
    ValueError
        If a coefficient is out of range, or the components do not fit one scan (B.2.3).
    """
    frame, color = headers.frame, headers.color
    blocks = sum(component.horizontal * component.vertical for component in frame.components)
    if len(frame.components) > 1 and blocks > MOST_BLOCKS:
        raise ValueError(f"{blocks} blocks in an MCU of all components, must be at most {MOST_BLOCKS}")
    script = default_script(len(frame.components), color) if frame.progressive else (sequential_scan(frame),)
    if frame.arithmetic:
        return write_arithmetic(headers, coefficients, script)
    if frame.progressive:
        return write_progressive(headers, coefficients, script)
    return write_coefficients(headers, plan_sequential(frame, color), coefficients, optimize=optimize)
