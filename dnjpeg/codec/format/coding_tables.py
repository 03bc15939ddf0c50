"""The tables that marker segments define and that stay in force until they are defined anew (T.81 B.2.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.huffman import HuffmanTable
from dnjpeg.codec.format.syntax import ConditioningSegment, HuffmanSegment, QuantizationSegment, RestartSegment, Segment

__all__ = ["DEFAULT_CONDITIONING", "CodingTables"]

# What holds where no DAC segment says otherwise, DC and AC (F.1.4.4.1.2, F.1.4.4.2): L = 0 and U = 1, Kx = 5.
DEFAULT_CONDITIONING = (0x10, 5)

Key = tuple[int, int]  # class (0 DC, 1 AC) and slot


@dataclass(eq=False)
class CodingTables:
    """What DQT, DHT, DAC and DRI segments have defined.

    An abbreviated file leaves out tables that its decoder has already (T.81 B.4, B.5); `dnjpeg.read_tables` makes this
    value from a file that defines them.

    Parameters
    ----------
    quantization : dict
        Steps by slot 0..3: uint16 ``(8, 8)``, natural order.
    huffman : dict
        Huffman tables by class (0 DC, 1 AC) and slot 0..3.
    conditioning : dict
        Conditioning of arithmetic coding by class and slot: U << 4 | L for DC, Kx for AC (B.2.4.3).
    restart_interval : int
        Ri, MCUs between restart markers; 0 for none.
    """

    quantization: dict[int, npt.NDArray[np.uint16]] = field(default_factory=dict)
    huffman: dict[Key, HuffmanTable] = field(default_factory=dict)
    conditioning: dict[Key, int] = field(default_factory=dict)
    restart_interval: int = 0

    def at_image(self) -> CodingTables:
        """Return what is in force at the beginning of an image: SOI ends conditioning and restart interval (B.2.4)."""
        return CodingTables(dict(self.quantization), dict(self.huffman))

    def define(self, segment: Segment, *, strict: bool = True) -> bool:
        """Take over what a segment defines; returns whether it is of a kind that defines something.

        Parameters
        ----------
        segment : Segment
        strict : bool
            As in `QuantizationSegment.parse` and `ConditioningSegment.parse`.

        Raises
        ------
        FormatError
            If it is malformed.
        """
        match segment.code:
            case syntax.DQT:
                self.quantization.update(
                    (part.slot, part.table) for part in QuantizationSegment.parse(segment, strict=strict)
                )
            case syntax.DHT:
                parts = HuffmanSegment.parse(segment)
                self.huffman.update(((part.table_class, part.slot), part.table) for part in parts)
            case syntax.DAC:
                entries = ConditioningSegment.parse(segment, strict=strict)
                self.conditioning.update(((entry.table_class, entry.slot), entry.value) for entry in entries)
            case syntax.DRI:
                self.restart_interval = RestartSegment.parse(segment).interval
            case _:
                return False
        return True
