"""What threads need to know that decode one picture together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.scan import start_scan
from dnjpeg.codec.format.layout import row_geometry
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.pixels.inverse import inverse_rows
from dnjpeg.codec.pixels.inverse_plan import InversePlan, joined_steps, plan_inverse
from dnjpeg.codec.pixels.precision import strip_memory
from dnjpeg.codec.pixels.window import Window
from dnjpeg.codec.reader import Reader, Scan

__all__ = ["PIECE", "PIECES", "Blocks", "Ints", "Work"]

Ints = npt.NDArray[np.int64]
Blocks = npt.NDArray[np.int16]

PIECE = 1 << 18  # coefficients that become pixels at once, about
PIECES = 3  # that are under way, if they need memory of their own


class Work:
    """The scan, the picture, and memory for pixels."""

    def __init__(self, reader: Reader, scan: Scan, window: Window, pixels: npt.NDArray[Any]) -> None:
        assert reader.frame is not None
        self.reader, self.scan, self.frame = reader, scan, reader.frame
        self.window, self.pixels = window, pixels.reshape(-1)
        self.state = start_scan(reader.restart_interval, scan.begin, strict=reader.strict)
        self.coded = reader.unstuffed_scratch()
        self.steps = joined_steps(reader.answers().steps, self.frame.precision)
        plan = self.plan(1)
        self.last_row = plan.last_mcu_row
        self.row_coefficients = plan.coefficients
        self.samples = strip_memory(plan.precision, plan.samples)
        self.sums = scratch("sums", plan.sums, np.int16)

    def plan(self, kept_rows: int) -> InversePlan:
        """How pixels are made, where so many rows of MCUs are kept."""
        return plan_inverse(self.frame, self.reader.color(), self.window, kept_rows=kept_rows)

    def rows_of(self, coefficients: int) -> int:
        """Rows of MCUs that have about so many coefficients."""
        return max(coefficients // self.row_coefficients, 1)

    def geometry(self, kept_rows: int) -> tuple[Ints, int]:
        """Geometry of the scan where so many rows are kept, and MCUs a row."""
        _, geometry, _, mcu_cols = row_geometry(self.frame, self.scan.indices, self.scan.starts, kept_rows)
        return geometry, mcu_cols

    def make_pixels(self, plan: InversePlan, coefficients: Blocks, first: int, last: int) -> None:
        """Make pixels of rows of MCUs, one call after the other; `coefficients` begin with the first."""
        inverse_rows(
            coefficients,
            first,
            last,
            plan.layout,
            plan.sizes,
            plan.scaled,
            plan.unusual,
            self.steps,
            self.samples,
            self.sums,
            self.pixels,
        )
