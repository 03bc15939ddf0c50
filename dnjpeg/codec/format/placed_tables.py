"""Huffman tables where they stand in a file: their lookups can be filled in without parsing them first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.syntax import DHT, SOS
from dnjpeg.codec.kernels.jit import brief_kernel, inlined
from dnjpeg.codec.kernels.vector import span

__all__ = ["SLOTS", "PlacedTables", "find_tables", "take_tables"]

SLOTS = 4

# Numbers of `_find_tables`: by class and slot where the counts of a table are, or 0; then where segments are.
TABLES = 0
OFFSETS = TABLES + 2 * SLOTS
MOST_SEGMENTS = 8


class PlacedTables(NamedTuple):
    """Huffman tables that stand one after the other in front of a scan.

    Parameters
    ----------
    places : dict
        By class (0 DC, 1 AC) and slot: where the counts of the table are, which its values follow.
    offsets : list of int
        Where the segments are.
    end : int
        Where SOS is.
    """

    places: dict[tuple[int, int], int]
    offsets: list[int]
    end: int


def find_tables(data: npt.NDArray[np.uint8], position: int) -> PlacedTables | None:
    """Find DHT segments from a position on, up to SOS; None if anything else stands there, or is not as it should be.

    Parameters
    ----------
    data : ndarray, uint8
        Of the whole file, read-only.
    position : int
    """
    numbers = np.zeros(OFFSETS + MOST_SEGMENTS, np.int64)
    segments, end = _find_tables(data, position, numbers)
    if segments == 0:
        return None
    found = numbers.tolist()
    places = {(index // SLOTS, index % SLOTS): at for index, at in enumerate(found[:OFFSETS]) if at}
    return PlacedTables(places, found[OFFSETS : OFFSETS + segments], end)


@brief_kernel
def _find_tables(data, position, numbers):
    """Return how many segments there are, or 0, and where SOS is."""
    data, numbers = span(data), span(numbers)
    segments = 0
    while position + 4 <= len(data) and data[position] == 0xFF:
        end = position + 2 + (data[position + 2] << 8 | data[position + 3])
        if end > len(data):
            break
        if data[position + 1] == SOS:
            return segments, position
        if segments == MOST_SEGMENTS or data[position + 1] != DHT or position + 4 >= end:
            break
        if not take_tables(data, position + 4, end, numbers, TABLES):
            break
        numbers[OFFSETS + segments] = position
        segments += 1
        position = end
    return 0, position


@inlined
def take_tables(data, at, end, numbers, first):
    """Note where the tables of a DHT segment are; returns whether all is well with them (`HuffmanTable`).

    Parameters
    ----------
    data : span, uint8
    at, end : int
        The payload of the segment.
    numbers : span, int64
        By class and slot, from the index `first` on: where the counts are.
    """
    while at < end:
        if at + 17 > end or data[at] >> 4 > 1 or data[at] & 15 >= SLOTS:
            return False
        symbols, room = 0, 1
        for length in range(16):
            count = data[at + 1 + length]
            symbols += count
            room = 2 * room - count
            if room < 0:
                return False
        if symbols > 256 or at + 17 + symbols > end:
            return False
        if data[at] >> 4 == 0:
            for index in range(symbols):
                if data[at + 17 + index] > 15:
                    return False
        numbers[first + SLOTS * (data[at] >> 4) + (data[at] & 15)] = at + 1
        at += 17 + symbols
    return at == end
