"""The marker segments around the scans of a file, in libjpeg's order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.arithmetic import DEFAULT_CONDITIONING
from dnjpeg.codec.frame import Frame
from dnjpeg.codec.huffman import HuffmanTable
from dnjpeg.codec.script import ScriptScan
from dnjpeg.codec.syntax import (
    DEFAULT_JFIF,
    Adobe,
    ConditioningSegment,
    HuffmanSegment,
    Jfif,
    Metadata,
    QuantizationSegment,
    RestartSegment,
    ScanComponent,
    ScanHeader,
    write_frame_header,
)

__all__ = ["EOI_MARKER", "Headers", "HuffmanTables"]

HuffmanTables = dict[tuple[int, int], HuffmanTable]  # by class (0 DC, 1 AC) and slot

EOI_MARKER = b"\xff\xd9"


@dataclass(frozen=True)
class Headers:
    """What the headers of a file say that is not about single scans.

    Parameters
    ----------
    frame : Frame
        Size, components, sampling factors and process.
    color : str
        What the components mean: ``"grayscale"``, ``"YCbCr"`` or ``"RGB"``.
    tables : tuple of ndarray, uint16, (8, 8)
        Quantization table of each component, natural order.
    restart_interval : int
        Ri, MCUs between restart markers; 0 for none.
    jfif : Jfif or None
        Version and density for the JFIF segment; None: the file has none, for it begins with EXIF.
    metadata : tuple of Metadata
        EXIF, ICC profile, comments and the like, in order.
    """

    frame: Frame
    color: str
    tables: tuple[npt.NDArray[np.uint16], ...]
    restart_interval: int
    jfif: Jfif | None = DEFAULT_JFIF
    metadata: tuple[Metadata, ...] = ()

    def before_scans(self) -> bytes:
        """Return all that stands before the first scan, in libjpeg's order."""
        parts = [b"\xff\xd8"]
        if self.color == "RGB":
            parts.append(Adobe(0).write())
        elif self.jfif is not None:
            parts.append(self.jfif.write())
        parts += [segment.write() for segment in self.metadata]
        written = set()
        for component, table in zip(self.frame.components, self.tables, strict=True):
            if component.table not in written:
                parts.append(QuantizationSegment(component.table, table).write())
                written.add(component.table)
        parts.append(write_frame_header(self.frame))
        return b"".join(parts)

    def before_scan(
        self, scan: ScriptScan, slots: tuple[int, ...], huffman: HuffmanTables, *, first: bool = True
    ) -> bytes:
        """Return all that stands before the data of one scan, in libjpeg's order.

        Parameters
        ----------
        scan : ScriptScan
        slots : tuple of int
            Huffman table slot of each component of the frame.
        huffman : dict
            The tables that the scan needs.
        first : bool
            Of the file: that is where the restart interval is told.
        """
        tables = [
            HuffmanSegment(table_class, slot, huffman[table_class, slot]).write()
            for slot in dict.fromkeys(slots[index] for index in scan.components)
            for table_class in (0, 1)
            if (table_class, slot) in huffman
        ]
        return b"".join(tables) + self._scan_header(scan, slots, huffman.keys(), first)

    def before_arithmetic_scan(self, scan: ScriptScan, slots: tuple[int, ...], *, first: bool = True) -> bytes:
        """Return all that stands before the data of one arithmetic-coded scan, in libjpeg's order; see `before_scan`.

        The conditioning of the tables in use is told before each scan, though it is always the default.
        """
        classes = {0: scan.start == 0 and scan.high == 0, 1: scan.end > 0}
        used = [
            (table_class, slot)
            for slot in sorted({slots[index] for index in scan.components})
            for table_class, in_use in classes.items()
            if in_use
        ]
        entries = [ConditioningSegment(*key, DEFAULT_CONDITIONING[key[0]]) for key in used]
        tables = ConditioningSegment.write(entries) if entries else b""
        return tables + self._scan_header(scan, slots, used, first)

    def _scan_header(
        self, scan: ScriptScan, slots: tuple[int, ...], used: Collection[tuple[int, int]], first: bool
    ) -> bytes:
        """Return the restart interval, if it is to be told, and the scan header; of tables not `used` it names 0."""
        restart = RestartSegment(self.restart_interval).write() if first and self.restart_interval else b""
        components = tuple(
            ScanComponent(
                self.frame.components[index].identifier,
                slots[index] if (0, slots[index]) in used else 0,
                slots[index] if (1, slots[index]) in used else 0,
            )
            for index in scan.components
        )
        return restart + ScanHeader(components, *scan.band).write()
