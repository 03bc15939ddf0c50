"""Coefficients to bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dnjpeg.codec.coefficients import CoefficientImage
from dnjpeg.codec.frame import PROGRESSIVE
from dnjpeg.codec.headers import Headers
from dnjpeg.codec.progressive_writer import write_progressive
from dnjpeg.codec.script import default_script
from dnjpeg.codec.sequential_writer import plan_sequential, write_coefficients

__all__ = ["write"]


def write(image: CoefficientImage, *, optimize: bool, progressive: bool) -> bytes:
    """Write a whole file; see `dnjpeg.write`."""
    extended = int(max(int(table.max()) for table in image.tables) > 255)  # 16-bit steps need extended sequential
    frame = replace(image.frame, process=PROGRESSIVE if progressive else extended)
    headers = Headers(frame, image.color, image.tables, image.restart_interval, image.jfif, image.metadata)
    coefficients = np.concatenate([array.reshape(-1) for array in image.coefficients])
    if progressive:
        return write_progressive(headers, coefficients, default_script(len(frame.components), image.color))
    return write_coefficients(headers, plan_sequential(frame, image.color), coefficients, optimize=optimize)
