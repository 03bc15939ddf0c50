"""What threads need to know that decode one picture together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.scan import start_scan
from dnjpeg.codec.format.layout import HORIZONTAL, VERTICAL, row_geometry
from dnjpeg.codec.pixels.inverse_plan import InversePlan, joined_steps, plan_inverse
from dnjpeg.codec.pixels.window import Window
from dnjpeg.codec.reader import Reader, Scan

__all__ = ["Blocks", "Ints", "Work"]

Ints = npt.NDArray[np.int64]
Blocks = npt.NDArray[np.int16]


class Work:
    """The scan, and the picture.

    Attributes
    ----------
    last_row : int
        The row of MCUs before which all is done.
    slots : int
        Blocks of an MCU.
    told_apart : bool
        Whether a run that takes a block of an MCU for another one reads nonsense, or there is only one.
    """

    def __init__(self, reader: Reader, scan: Scan, window: Window, pixels: npt.NDArray[Any]) -> None:
        assert reader.frame is not None
        self.reader, self.scan, self.frame = reader, scan, reader.frame
        self.window, self.pixels = window, pixels.reshape(-1)
        self.state = start_scan(reader.restart_interval, scan.begin, strict=reader.strict)
        self.coded = reader.unstuffed_scratch()
        self.steps = joined_steps(reader.answers().steps, self.frame.precision)
        self.last_row = self.plan(1).last_mcu_row
        geometry, _ = self.geometry(1)
        self.slots = int((geometry[:, HORIZONTAL] * geometry[:, VERTICAL]).sum())
        self.told_apart = self.slots == 1 or len(set(scan.starts)) > 1

    def plan(self, kept_rows: int) -> InversePlan:
        """How pixels are made, where so many rows of MCUs are kept."""
        return plan_inverse(self.frame, self.reader.color(), self.window, kept_rows=kept_rows)

    def rows_of(self, blocks: int) -> int:
        """Rows of MCUs that have about so many blocks."""
        return max(64 * blocks // self.plan(1).coefficients, 1)

    def geometry(self, kept_rows: int) -> tuple[Ints, int]:
        """Geometry of the scan where so many rows are kept, and MCUs a row."""
        _, geometry, _, mcu_cols = row_geometry(self.frame, self.scan.indices, self.scan.starts, kept_rows)
        return geometry, mcu_cols
