"""How coefficients become bytes: what may differ between files that hold the same image."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dnjpeg.codec.frame import Frame, coding_process

__all__ = ["Coding", "Restart"]

LARGEST_INTERVAL = 65535  # Ri is a number of 16 bits (B.2.4.4)


@dataclass(frozen=True)
class Restart:
    """Where restart markers go: after so many MCUs, or after so many rows of the MCUs of each scan; 0, 0 for none.

    Raises
    ------
    ValueError
        If a number is out of range, or both are given.
    """

    mcus: int = 0
    rows: int = 0

    def __post_init__(self) -> None:
        if self.mcus and self.rows:
            raise ValueError("a restart interval is given in MCUs or in rows of MCUs, not in both")
        for count, unit in ((self.mcus, "MCUs"), (self.rows, "rows of MCUs")):
            if not 0 <= count <= LARGEST_INTERVAL:
                raise ValueError(f"restart interval {count}, must be 1 to {LARGEST_INTERVAL} {unit}")

    def interval(self, mcu_cols: int) -> int:
        """Ri of a scan that has so many MCUs a row; never more than the largest there is, as in libjpeg."""
        return min(self.rows * mcu_cols, LARGEST_INTERVAL) if self.rows else self.mcus


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
    """

    optimize: bool = True
    progressive: bool | None = False
    arithmetic: bool | None = False
    restart: Restart | None = None

    def following(self, frame: Frame, restart_interval: int) -> Coding:
        """Return the same choices with those of a file in the place of what is None."""
        return replace(
            self,
            progressive=frame.progressive if self.progressive is None else self.progressive,
            arithmetic=frame.arithmetic if self.arithmetic is None else self.arithmetic,
            restart=Restart(restart_interval) if self.restart is None else self.restart,
        )

    def process(self, *, extended: bool) -> int:
        """Return n of the SOFn marker; `extended`: baseline would not do."""
        return coding_process(progressive=bool(self.progressive), arithmetic=bool(self.arithmetic), extended=extended)
