"""Scan scripts: which coefficients of which components go into which scan (T.81 B.2.3, G.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dnjpeg.codec.format.frame import Frame

__all__ = [
    "ScriptScan",
    "check_mcu",
    "check_script",
    "default_script",
    "fits_mcu",
    "is_progressive",
    "sequential_script",
]

MOST_BLOCKS = 10  # in an MCU (B.2.3)
MOST_COMPONENTS = 4  # of a scan (B.2.3)
LOWEST_BIT = {8: 10, 12: 13}  # Al at most, by bits a sample, as in libjpeg: coefficients have no more bits


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
    place : str
        Where it was written, for errors: ``"line 3"``; not compared.
    """

    components: tuple[int, ...]
    start: int = 0
    end: int = 63
    high: int = 0
    low: int = 0
    place: str = field(default="", compare=False, repr=False)

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
    if color == "YCbCr" and components == 3:
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


def is_progressive(script: Sequence[ScriptScan]) -> bool:
    """Tell whether a script is of a progressive file; its first scan decides, as in libjpeg."""
    return (script[0].start, script[0].end) != (0, 63)


def fits_mcu(components: Sequence[int], frame: Frame) -> bool:
    """Tell whether one scan may hold these components (B.2.3)."""
    return len(components) == 1 or (len(components) <= MOST_COMPONENTS and _blocks(components, frame) <= MOST_BLOCKS)


def _blocks(components: Sequence[int], frame: Frame) -> int:
    return sum(frame.components[index].horizontal * frame.components[index].vertical for index in components)


def check_mcu(scan: ScriptScan, frame: Frame) -> None:
    """Raise `ValueError` if one scan may not hold its components."""
    if not fits_mcu(scan.components, frame):
        blocks = _blocks(scan.components, frame)
        raise ValueError(f"{blocks} blocks in an MCU of {len(scan.components)} components, must be at most 10")


def check_script(script: Sequence[ScriptScan], frame: Frame) -> None:
    """Check a script by the rules of G.1.1.1 and B.2.3, as libjpeg does (validate_script).

    Every component needs its DC; that of a progressive file may leave out AC bands or their last bits.

    Raises
    ------
    ValueError
        If it breaks one; the message begins with the place, or with the number of the scan.
    """
    progressive = is_progressive(script)
    sent: dict[int, list[int]] = {}  # by component: the lowest bit sent of each coefficient, -1 for none
    for number, scan in enumerate(script, start=1):
        try:
            _check_components(scan, frame)
            for index in scan.components:
                bits = sent.setdefault(index, [-1] * 64)
                _check_progressive(scan, bits, LOWEST_BIT[frame.precision]) if progressive else _check_sequential(
                    scan, bits
                )
                bits[scan.start : scan.end + 1] = [scan.low] * (scan.end + 1 - scan.start)
        except ValueError as error:
            raise ValueError(f"{scan.place or f'scan {number}'}: {error}") from None
    missing = set(range(len(frame.components))) - sent.keys()
    if missing:
        raise ValueError(f"the scan script leaves out component {min(missing)} of 0 to {len(frame.components) - 1}")


def _check_components(scan: ScriptScan, frame: Frame) -> None:
    indices, last = scan.components, len(frame.components) - 1
    if not indices or list(indices) != sorted(set(indices)):
        raise ValueError(f"components {', '.join(map(str, indices))}, must be one or more in ascending order")
    if indices[0] < 0 or indices[-1] > last:
        raise ValueError(f"component {indices[-1]}, the image has only 0" + (f" to {last}" if last else ""))
    check_mcu(scan, frame)


def _check_sequential(scan: ScriptScan, bits: Sequence[int]) -> None:
    if scan.band != (0, 63, 0, 0):
        raise ValueError("a band or single bits, but the first scan is of a sequential file")
    if bits[0] >= 0:
        raise ValueError("a component for the second time")


def _check_progressive(scan: ScriptScan, bits: Sequence[int], lowest: int) -> None:
    start, end, high, low = scan.band
    if not 0 <= start <= end <= 63:
        raise ValueError(f"band {start}-{end}, must lie in 0 to 63")
    if not (0 <= high <= lowest and 0 <= low <= lowest):
        raise ValueError(f"bits {high}, {low}, must be 0 to {lowest}")
    if start == 0 and end != 0:
        raise ValueError(f"band {start}-{end}: DC and AC need separate scans")
    if start > 0 and len(scan.components) > 1:
        raise ValueError(f"band {start}-{end} of {len(scan.components)} components: a scan of AC has only one")
    if start > 0 and bits[0] < 0:
        raise ValueError(f"band {start}-{end} before the component's DC")
    for k in range(start, end + 1):
        if bits[k] < 0 and high != 0:
            raise ValueError(f"bits {high}, {low} of coefficient {k}, of which no others were sent before")
        if bits[k] >= 0 and (high != bits[k] or low != high - 1):
            raise ValueError(
                f"bits {high}, {low} of coefficient {k}, which was sent down to bit {bits[k]}"
                + (f" and needs {bits[k]}, {bits[k] - 1}" if bits[k] else " already")
            )
