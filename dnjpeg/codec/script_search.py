"""The scan script that makes a progressive file smallest, found by trying scans.

Which scans pay is a question of the image: bits apart make more symbols that are equal and more that must be sent,
bands apart get Huffman tables of their own and runs of ended bands of their own, and each costs a header. jpegcrush and
mozjpeg try levels of successive approximation first and one split of the band then. Since an AC scan holds one
component and has tables of its own (G.1.1.1.1), its size depends on no other scan: so the best division of a band into
any number of scans, each with bits of its own, is found by dynamic programming over a few places to cut at, from the
exact size of each scan. libjpeg's script is among those that are looked at: the result is never larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.script import ScriptScan, fits_mcu

__all__ = ["smallest_script"]

# Where bands may begin and end, in the zigzag sequence, and how many bits may come later; by measurement: more places
# make files hardly 0.1 % smaller.
LUMA_CUTS, LUMA_BITS = (1, 2, 3, 6, 9, 13, 19, 64), 3
CHROMA_CUTS, CHROMA_BITS = (1, 3, 9, 64), 2
DC_BITS = 1


@dataclass(frozen=True)
class _Plan:
    """Scans, and how many bytes they take."""

    size: int
    scans: tuple[ScriptScan, ...]

    def __add__(self, other: _Plan) -> _Plan:
        return _Plan(self.size + other.size, self.scans + other.scans)


Cost = Callable[[ScriptScan], int]


def smallest_script(frame: Frame, color: str, cost: Cost) -> tuple[ScriptScan, ...]:
    """Find the script of the smallest file.

    Parameters
    ----------
    frame : Frame
    color : str
        Whether the components after the first are chroma, which need fewer trials.
    cost : callable
        Bytes of one scan and what stands before it. It is called some 280 times for YCbCr, once for each scan.

    Returns
    -------
    tuple of ScriptScan
        In an order that shows the whole image early: DC, the lowest bands, the others, then bit by bit.
    """
    cost = cache(cost)
    total = _dc(frame, cost)
    for index in range(len(frame.components)):
        chroma = color == "YCbCr" and index > 0
        total += _ac(index, CHROMA_CUTS if chroma else LUMA_CUTS, CHROMA_BITS if chroma else LUMA_BITS, cost)
    return tuple(sorted(total.scans, key=_rank))


def _rank(scan: ScriptScan) -> tuple[int, bool, bool, int, int]:
    refined = 64 - scan.high if scan.high else 0
    return refined, scan.start > 1, scan.start > 0, scan.components[0], scan.start


def _plan(scans: Iterable[ScriptScan], cost: Cost) -> _Plan:
    scans = tuple(scans)
    return _Plan(sum(map(cost, scans)), scans)


def _smallest(plans: Iterable[_Plan]) -> _Plan:
    return min(plans, key=lambda plan: (plan.size, len(plan.scans)))


def _dc(frame: Frame, cost: Cost) -> _Plan:
    """DC together, chroma together, or each apart; its last bits later or not."""
    indices = tuple(range(len(frame.components)))
    groupings: list[list[tuple[int, ...]]] = [[(index,) for index in indices]]
    if len(indices) > 1:
        groupings += [[indices[:1], indices[1:]], [indices]]
    groupings = [groups for groups in groupings if all(fits_mcu(group, frame) for group in groups)]
    return _smallest(
        _plan((ScriptScan(group, 0, 0, 0, low) for group in groups), cost)
        + _refinements(((group, 0, 0) for group in groups), low, cost)
        for groups in groupings
        for low in range(DC_BITS + 1)
    )


def _refinements(bands: Iterable[tuple[tuple[int, ...], int, int]], low: int, cost: Cost) -> _Plan:
    """Return the scans that send what is left of the bits, one at a time."""
    return _plan((ScriptScan(*band, bit + 1, bit) for band in bands for bit in reversed(range(low))), cost)


def _ac(index: int, cuts: Sequence[int], most_bits: int, cost: Cost) -> _Plan:
    """All AC of one component."""
    component = (index,)

    def first(start: int, end: int, low: int) -> _Plan:
        return _plan([ScriptScan(component, start, end, 0, low)], cost)

    def alone(start: int, end: int) -> _Plan:
        return _smallest(
            first(start, end, low) + _refinements([(component, start, end)], low, cost) for low in range(most_bits + 1)
        )

    plans = [_divided(cuts, alone)]  # bands with refinements of their own, or with common ones
    for low in range(1, most_bits + 1):
        bands = _divided(cuts, lambda start, end, low=low: first(start, end, low))  # type: ignore[misc]
        plans.append(bands + _refinements([(component, 1, 63)], low, cost))
    return _smallest(plans)


def _divided(cuts: Sequence[int], band: Callable[[int, int], _Plan]) -> _Plan:
    """Divide the coefficients between the first and the last cut into bands at the least cost."""
    best = [_Plan(0, ())]
    for number, cut in enumerate(cuts[1:], start=1):
        best.append(_smallest(best[i] + band(cuts[i], cut - 1) for i in range(number)))
    return best[-1]
