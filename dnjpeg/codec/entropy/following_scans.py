"""From one progressive scan to the next, where nothing but Huffman tables for it stands between them, as in most files.

Whatever else there is, and whatever is wrong, is left to `Reader`: this stops in front of it. To read ten scans one by
one takes as long as to decode the coefficients of a small photo.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.scan import SOURCE, restart_scan
from dnjpeg.codec.format.decoding_lookup import LANES, PROGRESSIVE, REFINING, fill_lookup
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import (
    AC_TABLE,
    BLOCK_COLS,
    BLOCK_ROWS,
    COLUMNS,
    DC_TABLE,
    HORIZONTAL,
    MCU_BLOCKS,
    VERTICAL,
)
from dnjpeg.codec.format.placed_tables import SLOTS, take_tables
from dnjpeg.codec.format.syntax import DHT, SOS
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span

__all__ = [
    "BAND",
    "COMPONENTS",
    "MCU_COLS",
    "MCU_ROWS",
    "SCANS",
    "Following",
    "follow",
    "following",
    "following_spans",
    "segments_followed",
]

# Numbers.
SCANS = 0  # how many were begun
SCANS_LEFT = 1  # how many may be
SEGMENTS = 2  # how many were passed, of which the offsets are kept
SEGMENTS_LEFT = 3
TABLES = 4  # by class and slot: where the counts of its table are, or 0
COMPONENTS = 12  # of the scan that was begun
MCU_ROWS = 13
MCU_COLS = 14
BAND = 15  # Ss, Se, Ah, Al
FRAME_MCU_ROWS = 19
FRAME_MCU_COLS = 20
OFFSETS = 21
MOST_SEGMENTS = 100
NUMBERS = OFFSETS + MOST_SEGMENTS

Ints = npt.NDArray[np.int64]
Following = tuple[Ints, Ints, Ints, Ints, Ints]
"""Numbers, identifiers and layout of the components, geometry of the scan that is begun, and its lookups."""


def following(frame: Frame, layout: Ints, scans: int, segments: int) -> Following:
    """Memory for what follows a scan.

    Parameters
    ----------
    frame : Frame
        A progressive one.
    layout : ndarray, int64
        `component_layout` of the coefficients, filled.
    scans, segments : int
        How many more there may be.
    """
    identifiers = _identifiers(frame)
    numbers = np.zeros(NUMBERS, np.int64)
    numbers[SCANS_LEFT] = scans if len(set(identifiers.tolist())) == len(identifiers) else 0
    numbers[SEGMENTS_LEFT] = min(segments, MOST_SEGMENTS)
    numbers[FRAME_MCU_ROWS], numbers[FRAME_MCU_COLS] = frame.mcu_rows, frame.mcu_cols
    geometry = scratch("geometry of a scan", 4 * COLUMNS, np.int64).reshape(4, COLUMNS)
    return numbers, identifiers, layout, geometry, scratch("lookups of a scan", 2 * SLOTS * LANES, np.int64)


@lru_cache(64)
def _identifiers(frame: Frame) -> Ints:
    return np.array([component.identifier for component in frame.components], np.int64)


def segments_followed(memory: Following) -> list[int]:
    """Offsets of the segments that were passed."""
    numbers = memory[0]
    return numbers[OFFSETS : OFFSETS + int(numbers[SEGMENTS])].tolist()


@inlined
def following_spans(memory):
    """Spans over `Following`."""
    numbers, identifiers, layout, geometry, lookups = memory
    return span(numbers), span(identifiers), span(layout), span(geometry), span(lookups)


@inlined
def follow(state, data, memory):
    """Begin the next scan behind one that ended without a fault; returns whether that could be done.

    `state` is then that at its beginning, and the numbers tell the rest. If not, nothing has changed.
    """
    numbers, identifiers, layout, geometry, lookups = memory
    position, passed = state[SOURCE], numbers[SEGMENTS]
    while True:
        if numbers[SCANS_LEFT] == 0 or passed == numbers[SEGMENTS_LEFT] or position + 4 > len(data):
            return False
        length = data[position + 2] << 8 | data[position + 3]
        end = position + 2 + length
        if data[position] != 0xFF or end > len(data):
            return False
        numbers[OFFSETS + passed] = position
        passed += 1
        if data[position + 1] == SOS:
            break
        if data[position + 1] != DHT or not take_tables(data, position + 4, end, numbers, TABLES):
            return False
        position = end
    if not _take_header(data, position + 4, length - 2, numbers, identifiers, layout, geometry):
        return False
    if not _take_lookups(data, numbers, geometry, lookups):
        return False
    numbers[SEGMENTS] = passed
    numbers[SCANS] += 1
    numbers[SCANS_LEFT] -= 1
    restart_scan(state, end)
    return True


@inlined
def _take_header(data, at, length, numbers, identifiers, layout, geometry):
    """Read a scan header (B.2.3) and make the geometry of the scan; returns whether it is one as there should be."""
    count = data[at] if length > 0 else 0
    if count < 1 or count > len(identifiers) or length != 4 + 2 * count:
        return False
    start, end = data[at + 1 + 2 * count], data[at + 2 + 2 * count]
    high, low = data[at + 3 + 2 * count] >> 4, data[at + 3 + 2 * count] & 15
    if not ((start == 0 and end == 0) or (1 <= start <= end <= 63 and count == 1)):
        return False
    if low > 13 or (high != 0 and high != low + 1):
        return False
    component, blocks = 0, 0
    for part in range(count):
        identifier, tables = data[at + 1 + 2 * part], data[at + 2 + 2 * part]
        while component < len(identifiers) and identifiers[component] != identifier:
            component += 1
        if component == len(identifiers) or tables >> 4 >= SLOTS or tables & 15 >= SLOTS:
            return False
        for column in range(COLUMNS):
            geometry[part, column] = layout[component, column]
        geometry[part, DC_TABLE], geometry[part, AC_TABLE] = (tables >> 4) * LANES, (SLOTS + (tables & 15)) * LANES
        blocks += layout[component, HORIZONTAL] * layout[component, VERTICAL]
        component += 1
    if count == 1:  # an MCU is a block (A.2.2)
        geometry[0, HORIZONTAL], geometry[0, VERTICAL] = 1, 1
        numbers[MCU_ROWS], numbers[MCU_COLS] = geometry[0, BLOCK_ROWS], geometry[0, BLOCK_COLS]
    else:
        if blocks > MCU_BLOCKS:
            return False
        numbers[MCU_ROWS], numbers[MCU_COLS] = numbers[FRAME_MCU_ROWS], numbers[FRAME_MCU_COLS]
        for part in range(count):
            geometry[part, BLOCK_ROWS] = numbers[MCU_ROWS] * geometry[part, VERTICAL]
    numbers[COMPONENTS] = count
    numbers[BAND], numbers[BAND + 1], numbers[BAND + 2], numbers[BAND + 3] = start, end, high, low
    return True


@inlined
def _take_lookups(data, numbers, geometry, lookups):
    """Make the lookups of the tables that the scan needs; returns whether they came with it, or a scan before."""
    start, high = numbers[BAND], numbers[BAND + 2]
    if start == 0 and high > 0:
        return True
    for part in range(numbers[COMPONENTS]):
        base = geometry[part, AC_TABLE if start > 0 else DC_TABLE]
        at = numbers[TABLES + base // LANES]
        if at == 0:
            return False
        kind = REFINING if high > 0 else PROGRESSIVE
        fill_lookup(data, at, data, at + 16, start > 0, kind, lookups, base)
    return True
