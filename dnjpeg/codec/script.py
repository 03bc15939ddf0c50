"""Scan scripts: which coefficients of which components go into which scan (T.81 B.2.3, G.1.1)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ScriptScan", "default_script", "sequential_script"]


@dataclass(frozen=True)
class ScriptScan:
    """One scan.

    Parameters
    ----------
    components : tuple of int
        Indices into the frame's components; in a progressive file one, unless it is a DC scan.
    start, end : int
        Ss and Se: a band of the zigzag sequence; 0 and 63 in a sequential file, 0 and 0 in a scan of DC.
    high, low : int
        Ah and Al: the bits that were sent before end at Ah (0: none were), those of this scan at Al.
    """

    components: tuple[int, ...]
    start: int = 0
    end: int = 63
    high: int = 0
    low: int = 0

    @property
    def band(self) -> tuple[int, int, int, int]:
        """``(Ss, Se, Ah, Al)``."""
        return self.start, self.end, self.high, self.low

    @property
    def tables(self) -> tuple[int, ...]:
        """Classes of the Huffman tables or statistics that its coding needs: 0 DC, 1 AC."""
        return (0,) * (self.start == 0 and self.high == 0) + (1,) * (self.end > 0)


def sequential_script(components: int) -> tuple[ScriptScan, ...]:
    """Return the script of one scan: all of all components."""
    return (ScriptScan(tuple(range(components))),)


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
