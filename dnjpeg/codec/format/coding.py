"""How coefficients become bytes: what may differ between files that hold the same image."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.frame import Frame, coding_process
from dnjpeg.codec.format.hashing import hashed_once
from dnjpeg.codec.format.script import ScriptScan, check_script, default_script, is_progressive, sequential_script

__all__ = ["Coding", "Restart"]

LARGEST_INTERVAL = 65535  # Ri is a number of 16 bits (B.2.4.4)


@dataclass(frozen=True)
class Restart:
    """Where restart markers go: after so many MCUs, or after so many rows of the MCUs of each scan; 0, 0 for none.

    Raises
    ------
    ValueError
        If a number is out of range, or both are given.
    TypeError
        If one is no whole number.
    """

    mcus: int = 0
    rows: int = 0

    def __post_init__(self) -> None:
        for count in (self.mcus, self.rows):  # 5.0 equals 5, and could not be written
            operator.index(count)
        if self.mcus and self.rows:
            raise ValueError("a restart interval is given in MCUs or in rows of MCUs, not in both")
        for count, unit in ((self.mcus, "MCUs"), (self.rows, "rows of MCUs")):
            if not 0 <= count <= LARGEST_INTERVAL:
                raise ValueError(f"restart interval {count}, must be 1 to {LARGEST_INTERVAL} {unit}")

    def interval(self, mcu_cols: int) -> int:
        """Ri of a scan that has so many MCUs a row; never more than the largest there is, as in libjpeg."""
        return min(self.rows * mcu_cols, LARGEST_INTERVAL) if self.rows else self.mcus


@hashed_once
@dataclass(frozen=True)
class Coding:
    """The choices of entropy coding; for their meaning see `dnjpeg.encode`.

    Parameters
    ----------
    optimize : bool
    progressive, arithmetic : bool or None
        None: as the image was read.
    restart : Restart or None
        None: as the image was read.
    script : tuple of ScriptScan or None
        None: libjpeg's own, progressive or not. One that is given decides on that.
    smallest : bool
        Instead of that: the script that makes the smallest progressive file.
    compact : bool
    """

    optimize: bool = True
    progressive: bool | None = False
    arithmetic: bool | None = False
    restart: Restart | None = None
    script: tuple[ScriptScan, ...] | None = None
    smallest: bool = False
    compact: bool = False

    def following(self, frame: Frame, restart_interval: int) -> Coding:
        """Return the same choices with those of a file in the place of what is None.

        Raises
        ------
        ValueError
            If the script does not suit the frame.
        """
        progressive = self.smallest or (frame.progressive if self.progressive is None else self.progressive)
        if self.script is not None:
            check_script(self.script, frame)
            progressive = is_progressive(self.script)
        return replace(
            self,
            progressive=progressive,
            arithmetic=frame.arithmetic if self.arithmetic is None else self.arithmetic,
            restart=Restart(restart_interval) if self.restart is None else self.restart,
        )

    def scans(self, frame: Frame, color: str) -> tuple[ScriptScan, ...]:
        """Return the script by which a frame of this colour is written, if it is not to be searched for."""
        if self.script is not None:
            return self.script
        count = len(frame.components)
        return default_script(count, color) if frame.progressive else sequential_script(count)

    def process(self, tables: Sequence[npt.NDArray[np.uint16]], precision: int = 8) -> int:
        """Return n of the SOFn marker; steps of 16 bits or samples of 12 need an extended file, not a baseline one."""
        extended = precision > 8 or any(int(table.max()) > 255 for table in tables)
        return coding_process(progressive=bool(self.progressive), arithmetic=bool(self.arithmetic), extended=extended)
