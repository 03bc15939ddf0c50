"""Segments of tables and the restart interval (T.81 B.2.4.1 to B.2.4.4), parsed and written in one place."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.huffman import TABLE_BYTES, HuffmanTable
from dnjpeg.codec.format.syntax import DAC, DHT, DQT, DRI, Segment, remembered, written
from dnjpeg.codec.format.zigzag import from_zigzag, to_zigzag
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import copy
from dnjpeg.errors import FormatError

__all__ = [
    "HUFFMAN_BYTES",
    "ConditioningSegment",
    "HuffmanSegment",
    "QuantizationSegment",
    "RestartSegment",
    "write_made_tables",
]

HUFFMAN_BYTES = 5 + TABLE_BYTES
"""A DHT segment of one table, at most."""


@dataclass(frozen=True, eq=False)
class QuantizationSegment:
    """One table of a DQT segment (B.2.4.1): its slot and its steps, uint16 ``(8, 8)`` in natural order."""

    slot: int
    table: npt.NDArray[np.uint16]

    @staticmethod
    @remembered
    def parse(segment: Segment, *, strict: bool = True) -> tuple[QuantizationSegment, ...]:
        """Parse all tables of a DQT segment; the steps are read-only. `strict`: a step of 0 is an error."""
        payload, at = segment.payload, 0
        parts = []
        while at < len(payload):
            precision, slot = payload[at] >> 4, payload[at] & 15
            if precision > 1:
                raise segment.error(f"precision {precision}, must be 0 or 1", at)
            if slot > 3:
                raise segment.error(f"slot {slot}, must be 0 to 3", at)
            size = 64 * (precision + 1)
            if at + 1 + size > len(payload):
                raise segment.error("segment too short for its table", at)
            steps = np.frombuffer(payload, ">u2" if precision else "u1", 64, at + 1)
            if strict and not steps.all():
                raise segment.error("step 0", at + 1 + int(np.argmin(steps)) * (precision + 1))
            table = from_zigzag(steps)
            table.flags.writeable = False
            parts.append(QuantizationSegment(slot, table))
            at += 1 + size
        return tuple(parts)

    def _payload(self) -> bytes:
        steps = to_zigzag(self.table)
        if steps.max() > 255:
            return bytes([0x10 | self.slot]) + steps.astype(">u2").tobytes()
        return bytes([self.slot]) + steps.astype(np.uint8).tobytes()

    @staticmethod
    def write(tables: Iterable[QuantizationSegment]) -> bytes:
        """Return the DQT segment of all tables, with 8-bit steps where they fit."""
        return written(DQT, b"".join(table._payload() for table in tables))


@dataclass(frozen=True)
class HuffmanSegment:
    """One table of a DHT segment (B.2.4.2): class (0 DC, 1 AC), slot and table."""

    table_class: int
    slot: int
    table: HuffmanTable

    @staticmethod
    @remembered
    def parse(segment: Segment) -> tuple[HuffmanSegment, ...]:
        """Parse all tables of a DHT segment."""
        payload, at = segment.payload, 0
        parts = []
        while at < len(payload):
            table_class, slot = payload[at] >> 4, payload[at] & 15
            if table_class > 1 or slot > 3:
                raise segment.error(f"table class {table_class}, slot {slot}: must be 0 or 1, and 0 to 3", at)
            counts = payload[at + 1 : at + 17]
            values = payload[at + 17 : at + 17 + sum(counts)]
            try:
                parts.append(HuffmanSegment(table_class, slot, HuffmanTable(counts, values)))
            except FormatError as error:
                raise segment.error(error.reason, at) from None
            at += 17 + len(values)
        return tuple(parts)

    def _payload(self) -> bytes:
        return bytes([self.table_class << 4 | self.slot]) + self.table.counts + self.table.values

    @staticmethod
    def write(tables: Iterable[HuffmanSegment]) -> bytes:
        """Return the DHT segment of all tables."""
        return written(DHT, b"".join(table._payload() for table in tables))


@inlined
def write_made_tables(made, order, joined, out):
    """Write tables as `HuffmanSegment` does, those that are not empty; returns how many bytes were written.

    Parameters
    ----------
    made : span, uint8
        What `choose_tables` made of the frequencies of DC tables 0 and 1 and AC tables 0 and 1.
    order : span, int64
        Which of them.
    joined : bool
        All in one segment, instead of one each.
    out : span, uint8
        With room for `HUFFMAN_BYTES` each.
    """
    written = segment = 0
    for index in range(len(order)):
        table = order[index]
        first = table * TABLE_BYTES
        symbols = 0
        for length in range(16):
            symbols += made[first + length]
        if symbols > 0:
            if written == 0 or not joined:
                segment = written
                out[written], out[written + 1] = 0xFF, DHT
                written += 4
            out[written] = table >> 1 << 4 | (table & 1)
            copy(made, first, out, written + 1, 16 + symbols)
            written += 17 + symbols
            size = written - segment - 2
            out[segment + 2], out[segment + 3] = size >> 8, size & 255
    return written


@dataclass(frozen=True)
class ConditioningSegment:
    """One entry of a DAC segment (B.2.4.3): class (0 DC, 1 AC), slot, and value: U << 4 | L for DC, Kx for AC."""

    table_class: int
    slot: int
    value: int

    @classmethod
    def parse(cls, segment: Segment, *, strict: bool = True) -> Iterator[ConditioningSegment]:
        """Parse all entries of a DAC segment; any Kx is taken, as libjpeg does; `strict`: no slots above 3."""
        payload = segment.payload
        segment.require(len(payload) & ~1)
        for at in range(0, len(payload), 2):
            table_class, slot, value = payload[at] >> 4, payload[at] & 15, payload[at + 1]
            if table_class > 1 or (strict and slot > 3):
                raise segment.error(f"table class {table_class}, slot {slot}: must be 0 or 1, and 0 to 3", at)
            if table_class == 0 and value & 15 > value >> 4:
                raise segment.error(f"DC bounds {value & 15} and {value >> 4}: the first must not be larger", at + 1)
            yield cls(table_class, slot, value)

    @staticmethod
    def write(entries: Iterable[ConditioningSegment]) -> bytes:
        """Return the DAC segment of all entries."""
        return written(DAC, b"".join(bytes([e.table_class << 4 | e.slot, e.value]) for e in entries))


@dataclass(frozen=True)
class RestartSegment:
    """A DRI segment (B.2.4.4): MCUs a restart interval."""

    interval: int

    @classmethod
    def parse(cls, segment: Segment) -> RestartSegment:
        """Parse a DRI segment."""
        segment.require(2)
        return cls(segment.payload[0] << 8 | segment.payload[1])

    def write(self) -> bytes:
        """Return the DRI segment."""
        return written(DRI, struct.pack(">H", self.interval))
