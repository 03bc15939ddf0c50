"""The tables that marker segments define and that stay in force until they are defined anew (T.81 B.2.4)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.huffman import HuffmanTable
from dnjpeg.codec.format.syntax import Segment
from dnjpeg.codec.format.table_segments import ConditioningSegment, HuffmanSegment, QuantizationSegment, RestartSegment

__all__ = ["DEFAULT_CONDITIONING", "CodingTables", "TablesKey", "steps_key", "steps_of"]

# What holds where no DAC segment says otherwise, DC and AC (F.1.4.4.1.2, F.1.4.4.2): L = 0 and U = 1, Kx = 5.
DEFAULT_CONDITIONING = (0x10, 5)

Key = tuple[int, int]  # class (0 DC, 1 AC) and slot

TablesKey = tuple[tuple[tuple[int, bytes], ...], tuple[tuple[Key, HuffmanTable], ...]]
"""Quantization and Huffman tables as a value that a cache can go by."""


def steps_key(table: npt.NDArray[np.uint16]) -> bytes:
    """Return a quantization table as a value that a cache can go by."""
    if table.shape != (8, 8) or table.dtype != np.uint16:
        raise ValueError("an encoder needs (8, 8) tables of steps from 1 to 65535")
    return table.tobytes()


def steps_of(key: bytes) -> npt.NDArray[np.uint16]:
    """Return the table whose `steps_key` this is, read-only."""
    return np.frombuffer(key, np.uint16).reshape(8, 8)


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

    def copy(self) -> CodingTables:
        """Return the same tables, to be defined anew without changing these."""
        return CodingTables(dict(self.quantization), dict(self.huffman), dict(self.conditioning), self.restart_interval)

    def check(self) -> None:
        """Raise `ValueError` if these are not tables that DQT and DHT segments can define."""
        for slot, steps in self.quantization.items():
            if slot not in range(4):
                raise ValueError(f"quantization table slot {slot}, must be 0 to 3")
            if (
                not isinstance(steps, np.ndarray)
                or steps.dtype != np.uint16
                or steps.shape != (8, 8)
                or not steps.all()
            ):
                raise ValueError(f"quantization table {slot} must be a uint16 array (8, 8) of steps from 1 to 65535")
        for key, table in self.huffman.items():
            if key not in [(table_class, slot) for table_class in range(2) for slot in range(4)]:
                raise ValueError(f"Huffman table of class and slot {key}, must be 0 or 1, and 0 to 3")
            if not isinstance(table, HuffmanTable):
                raise ValueError(f"Huffman table {key} must be a HuffmanTable, not a {type(table).__name__}")

    def as_key(self) -> TablesKey:
        """Return the quantization and Huffman tables as a hashable value."""
        return (
            tuple((slot, self.quantization[slot].tobytes()) for slot in sorted(self.quantization)),
            tuple((key, self.huffman[key]) for key in sorted(self.huffman)),
        )

    @classmethod
    def from_key(cls, key: TablesKey) -> CodingTables:
        """Return the tables again."""
        quantization, huffman = key
        return cls({slot: steps_of(table) for slot, table in quantization}, dict(huffman))

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
