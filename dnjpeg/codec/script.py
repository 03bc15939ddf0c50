"""Scan scripts: which coefficients of which components go into which scan of a progressive file (T.81 G.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ScriptScan", "default_script"]


@dataclass(frozen=True)
class ScriptScan:
    """One scan.

    Parameters
    ----------
    components : tuple of int
        Indices into the frame's components; one, unless it is a DC scan.
    start, end : int
        Ss and Se: 0 and 0 for DC, else a band of the zigzag sequence.
    high, low : int
        Ah and Al: the bits that were sent before end at Ah (0: none were), those of this scan at Al.
    """

    components: tuple[int, ...]
    start: int
    end: int
    high: int
    low: int

    @property
    def band(self) -> tuple[int, int, int, int]:
        """``(Ss, Se, Ah, Al)``."""
        return self.start, self.end, self.high, self.low


def default_script(components: int, color: str) -> tuple[ScriptScan, ...]:
    """Return libjpeg's script (jpeg_simple_progression), for YCbCr or for anything else."""
    everything = tuple(range(components))
    if color == "YCbCr":
        return (
            ScriptScan(everything, 0, 0, 0, 1),
            ScriptScan((0,), 1, 5, 0, 2),
            ScriptScan((2,), 1, 63, 0, 1),
            ScriptScan((1,), 1, 63, 0, 1),
            ScriptScan((0,), 6, 63, 0, 2),
            ScriptScan((0,), 1, 63, 2, 1),
            ScriptScan(everything, 0, 0, 1, 0),
            ScriptScan((2,), 1, 63, 1, 0),
            ScriptScan((1,), 1, 63, 1, 0),
            ScriptScan((0,), 1, 63, 1, 0),
        )
    return (
        ScriptScan(everything, 0, 0, 0, 1),
        *(ScriptScan((c,), 1, 5, 0, 2) for c in everything),
        *(ScriptScan((c,), 6, 63, 0, 2) for c in everything),
        *(ScriptScan((c,), 1, 63, 2, 1) for c in everything),
        ScriptScan(everything, 0, 0, 1, 0),
        *(ScriptScan((c,), 1, 63, 1, 0) for c in everything),
    )
