"""Counting the coefficients of sequential JPEG files as they are decoded.

How often each quantized value occurs in each band is counted alone; what that means for the statistics is worked out
when a file with other quantization tables comes, or at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.beginnings import begin_reading
from dnjpeg.codec.entropy.ahead import note_alone
from dnjpeg.codec.entropy.counting_decoder import count_mcus
from dnjpeg.codec.entropy.counts import PLANE_ITEMS, mcu_slots
from dnjpeg.codec.entropy.lane_lists import list_ahead, list_memory
from dnjpeg.codec.entropy.lane_memory import lane_spans
from dnjpeg.codec.entropy.scan import ALONE, FAULT, WEIGHT, start_scan, stopped
from dnjpeg.codec.format.decoding_lookup import COUNTING
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import row_geometry
from dnjpeg.codec.format.limits import DEFAULT_LIMITS
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.scan_reader import following_scan
from dnjpeg.errors import JpegError
from dnjpeg.statistics.counting import count_tokens, largest_counts
from dnjpeg.statistics.totals import ComponentTotals

__all__ = ["StreamCounts"]

MOST_BLOCKS = 1 << 30  # that 32-bit counts hold


class StreamCounts:
    """Counts of what was decoded since the totals were last brought up to date.

    Parameters
    ----------
    totals : sequence of ComponentTotals
        One a component that is to be counted.
    """

    def __init__(self, totals: Sequence[ComponentTotals]) -> None:
        self._totals = totals
        self._tables: tuple[npt.NDArray[np.uint16], ...] = ()
        self._blocks = [0] * len(totals)
        self._counts = np.zeros((len(totals) + 1, PLANE_ITEMS), np.int32)  # the last: of no use

    def take(self, data: bytes) -> bool:
        """Count a file; returns False, and nothing is counted, if that has to be done in another way.

        That is so for all but sequential Huffman files of gray or YCbCr in one scan without faults.
        """
        try:
            reader, scan = begin_reading(data, strict=True, limits=DEFAULT_LIMITS, sequential=COUNTING)
            if not _streams(reader, scan):
                return False
        except JpegError:
            return False
        assert reader.frame is not None
        self._expect(reader.answers().tables, reader.frame)
        interval = reader.restart_interval  # what stands behind the scan may change it
        counted = self._count(reader, scan, interval, 1)
        if not counted:
            self._count(reader, scan, interval, -1)  # as far as it was counted before
        scan.give_back()
        return counted

    def _expect(self, tables: Sequence[npt.NDArray[np.uint16]], frame: Frame) -> None:
        """Bring the totals up to date if the counts are of other tables."""
        same = len(tables) == len(self._tables) and all(
            table is known or np.array_equal(table, known) for table, known in zip(tables, self._tables, strict=True)
        )
        if not same or max(self._blocks) + frame.height * frame.width > MOST_BLOCKS:
            self.settle()
            self._tables = tuple(tables)

    def _count(self, reader: Reader, scan: Scan, interval: int, weight: int) -> bool:
        """Add `weight` for each coefficient; returns whether all went well."""
        frame = reader.frame
        assert frame is not None
        counted = min(len(self._totals), len(frame.components))
        geometry, blocks = _geometry(frame, scan.indices, scan.starts, len(self._totals))
        state = start_scan(interval, scan.begin, strict=True, weight=weight)
        outside = _count(
            state,
            *geometry,
            reader.bytes,
            reader.unstuffed_scratch(),
            scan.lookups,
            counted,
            self._counts.reshape(-1),
            list_memory(),
        )
        for index in range(counted):
            self._blocks[index] += weight * blocks[index]
        if outside or state[FAULT] != 0:
            return False
        position = reader.position
        try:
            reader.finish_scan(state)
            return following_scan(reader) is None
        except JpegError:
            return False
        finally:
            reader.position = position

    def settle(self) -> None:
        """Bring the totals up to date."""
        for index, table in enumerate(self._tables[: len(self._totals)]):
            self._totals[index].add_counts(self._counts[index], self._blocks[index], table)
            self._blocks[index] = 0
        self._tables = ()


@lru_cache(64)
def _geometry(
    frame: Frame, indices: tuple[int, ...], starts: tuple[tuple[int, int], ...], useless: int
) -> tuple[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int, int], list[int]]:
    """Geometry of the scan, slots of its MCUs, and how many there are; and how many blocks each component has.

    Components that are not counted are so with what is of no use.
    """
    _, geometry, mcu_rows, mcu_cols = row_geometry(frame, indices, starts)
    slots = mcu_slots(geometry, [min(index, useless) for index in indices])
    blocks = [math.prod(frame.block_shape(index)) for index in range(len(frame.components))]
    return (geometry, slots, mcu_rows, mcu_cols), blocks


def _streams(reader: Reader, scan: Scan) -> bool:
    frame = reader.frame
    assert frame is not None
    if frame.precision > 8 or frame.progressive or frame.arithmetic or len(scan.indices) != len(frame.components):
        return False
    return reader.color() in {"YCbCr", "grayscale"}


@inlined
def _count_ahead(state, scan, slots, position, mcu_rows, mcu_cols, data, coded, lookups, counts, ahead):
    """Count MCUs from the one with this index on, as far as lanes are good for; returns the index behind them."""
    if ahead is None:
        return position
    _, _, lists = ahead
    while position < mcu_rows * mcu_cols:
        mcus, tokens = list_ahead(state, scan, slots, position, mcu_cols, data, coded, lookups, ahead, counts)
        if mcus == 0:
            break
        count_tokens(lists, tokens, state[WEIGHT], counts)
        position += mcus
    return position


@kernel
def _count(state, scan, slots, mcu_rows, mcu_cols, data, coded, lookups, components, counts, ahead):
    """Count all MCUs up to a fault; returns whether a value was out of range.

    The counts are then wrong, in a way that the same with the opposite weight undoes.
    """
    state, scan, data, coded, lookups = span(state), span(scan), span(data), span(coded), span(lookups)
    slots, counts, ahead = span(slots), span(counts), lane_spans(ahead)
    before = largest_counts(counts, components)
    useless = len(counts) - PLANE_ITEMS
    position = 0
    while position < mcu_rows * mcu_cols and not stopped(state):
        position = _count_ahead(state, scan, slots, position, mcu_rows, mcu_cols, data, coded, lookups, counts, ahead)
        alone = position < mcu_rows * mcu_cols
        while alone:
            row, col = position // mcu_cols, position % mcu_cols
            count_mcus(state, slots, row, col, mcu_cols, data, coded, lookups, counts, useless)
            note_alone(state, mcu_cols - col)
            position += mcu_cols - col
            alone = state[ALONE] > 0 and row + 1 < mcu_rows and not stopped(state)
    return largest_counts(counts, components) != before
