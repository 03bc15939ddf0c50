"""The marker segments around the scans of a file, in libjpeg's order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.application import DEFAULT_JFIF, Adobe, Jfif, Metadata
from dnjpeg.codec.format.coding import Restart
from dnjpeg.codec.format.coding_tables import DEFAULT_CONDITIONING, CodingTables
from dnjpeg.codec.format.color import COLORS
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.huffman import HuffmanTable
from dnjpeg.codec.format.metadata import MetadataParts
from dnjpeg.codec.format.script import ScriptScan
from dnjpeg.codec.format.syntax import ScanComponent, ScanHeader, write_frame_header
from dnjpeg.codec.format.table_segments import ConditioningSegment, HuffmanSegment, QuantizationSegment, RestartSegment

__all__ = ["EOI_MARKER", "Headers", "HuffmanTables"]

T = TypeVar("T")
HuffmanTables = dict[tuple[int, int], HuffmanTable]  # by class (0 DC, 1 AC) and slot

EOI_MARKER = b"\xff\xd9"


@dataclass(frozen=True)
class Headers(MetadataParts):
    """What the headers of a file say that is not about single scans.

    Parameters
    ----------
    frame : Frame
        Size, components, sampling factors and process.
    color : str
        What the components mean: ``"grayscale"``, ``"YCbCr"``, ``"RGB"``, ``"CMYK"``, ``"YCCK"`` or ``"unknown"``.
    tables : tuple of ndarray, uint16, (8, 8)
        Quantization table of each component, natural order.
    restart : Restart
        Where restart markers go.
    jfif : Jfif or None
        Version and density for the JFIF segment; None: the file has none, for it begins with EXIF.
    metadata : tuple of Metadata
        EXIF, ICC profile, comments and the like, in order; `exif`, `icc_profile`, `xmp` and `comments` give them by
        kind.
    coding_tables : CodingTables or None
        Tables that are left out of an abbreviated file, for its decoder has them (B.4).
    compact : bool
        Tables that stand together share a segment; libjpeg gives each its own.
    """

    frame: Frame
    color: str
    tables: tuple[npt.NDArray[np.uint16], ...]
    restart: Restart
    jfif: Jfif | None = DEFAULT_JFIF
    metadata: tuple[Metadata, ...] = ()
    coding_tables: CodingTables | None = None
    compact: bool = False

    @property
    def known_huffman(self) -> HuffmanTables:
        """Huffman tables that are not sent; a progressive file has tables of its own for each scan."""
        return {} if self.coding_tables is None or self.frame.progressive else self.coding_tables.huffman

    def of_size(self, height: int, width: int) -> Headers:
        """Return the same headers of an image of another size; what does not depend on that is not worked out again."""
        assert self._before_frame  # it is kept
        headers = object.__new__(Headers)
        values = vars(headers)
        values.update(vars(self), frame=self.frame.resized(height, width))
        values.pop("before_scans", None)
        return headers

    @cached_property
    def before_scans(self) -> bytes:
        """All that stands before the first scan, in libjpeg's order."""
        return self._before_frame + write_frame_header(self.frame)

    @cached_property
    def _before_frame(self) -> bytes:
        parts = [b"\xff\xd8"]
        model = COLORS[self.color]
        if self.jfif is not None and self._takes_jfif(self.jfif):
            parts.append(self.jfif.write())
        if model.adobe is not None:
            parts.append(Adobe(model.adobe).write())
        parts += [segment.write() for segment in self.metadata]
        known = {} if self.coding_tables is None else self.coding_tables.quantization
        written = {
            component.table
            for component, table in zip(self.frame.components, self.tables, strict=True)
            if component.table in known and np.array_equal(known[component.table], table)
        }
        segments = []
        for component, table in zip(self.frame.components, self.tables, strict=True):
            if component.table not in written:
                segments.append(QuantizationSegment(component.table, table))
                written.add(component.table)
        parts += [QuantizationSegment.write(group) for group in self._grouped(segments)]
        return b"".join(parts)

    def _grouped(self, tables: list[T]) -> list[list[T]]:
        """Tables by the segment that they share."""
        return [tables] if self.compact and tables else [[table] for table in tables]

    def _takes_jfif(self, jfif: Jfif) -> bool:
        """Tell whether the file may have this segment: four components to tell a density, as Pillow does it.

        Of RGB libjpeg's decoders would think that it was YCbCr.
        """
        return COLORS[self.color].jfif or (len(self.frame.components) == 4 and jfif.unit != 0)

    def before_scan(
        self, scan: ScriptScan, slots: tuple[int, ...], huffman: HuffmanTables, interval: int | None
    ) -> bytes:
        """Return all that stands before the data of one scan, in libjpeg's order.

        Parameters
        ----------
        scan : ScriptScan
        slots : tuple of int
            Table slot of each component of the frame.
        huffman : dict
            The tables that were not sent yet.
        interval : int or None
            The restart interval, if it is to be told.
        """
        new = [
            HuffmanSegment(*key, huffman[key])
            for slot in dict.fromkeys(slots[index] for index in scan.components)
            for key in ((0, slot), (1, slot))
            if key in huffman
        ]
        tables = [HuffmanSegment.write(group) for group in self._grouped(new)]
        if self.frame.arithmetic:
            tables = [self._conditioning(scan, slots)]
        restart = RestartSegment(interval).write() if interval is not None else b""
        return b"".join([*tables, restart, _scan_header(self.frame, scan, slots)])

    @staticmethod
    def _conditioning(scan: ScriptScan, slots: tuple[int, ...]) -> bytes:
        """Tell the conditioning of the tables in use before each scan, as libjpeg does: it is always the default."""
        used = sorted({slots[index] for index in scan.components})
        entries = [
            ConditioningSegment(table_class, slot, DEFAULT_CONDITIONING[table_class])
            for slot in used
            for table_class in scan.tables
        ]
        return ConditioningSegment.write(entries) if entries else b""


def _scan_header(frame: Frame, scan: ScriptScan, slots: tuple[int, ...]) -> bytes:
    return _written_header(scan, tuple([part.identifier for part in frame.components]), slots)


@lru_cache(256)
def _written_header(scan: ScriptScan, identifiers: tuple[int, ...], slots: tuple[int, ...]) -> bytes:
    components = tuple(
        ScanComponent(
            identifiers[index],
            slots[index] if 0 in scan.tables else 0,
            slots[index] if 1 in scan.tables else 0,
        )
        for index in scan.components
    )
    return ScanHeader(components, *scan.band).write()
