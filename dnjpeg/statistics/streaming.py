"""Counting the coefficients of sequential JPEG files as they are decoded, a row of MCUs at a time.

How often each quantized value occurs in each band is counted alone; what that means for the statistics is worked out
when a file with other quantization tables comes, or at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.lane_lists import list_ahead, list_memory
from dnjpeg.codec.entropy.lane_memory import lane_spans
from dnjpeg.codec.entropy.mcu_rows import clear_mcus
from dnjpeg.codec.entropy.scan import FAULT, start_scan, stopped
from dnjpeg.codec.entropy.sequential_decoder import decode_mcus
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import BLOCK_COLS, BLOCK_ROWS, FIRST, HORIZONTAL, VERTICAL, row_geometry
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.scan_reader import following_scan
from dnjpeg.errors import JpegError
from dnjpeg.statistics.counting import MARGIN, VALUES, count_blocks, count_tokens, largest_counts
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
        self._counts = np.zeros((len(totals) + 1, 64 * VALUES), np.int32)  # the last: of no use

    def take(self, data: bytes) -> bool:
        """Count a file; returns False, and nothing is counted, if that has to be done in another way.

        That is so for all but sequential Huffman files of gray or YCbCr in one scan without faults.
        """
        try:
            reader = Reader(data, True, Limits())
            scan = reader.next_scan()
            if scan is None or not _streams(reader, scan):
                return False
        except JpegError:
            return False
        assert reader.frame is not None
        self._expect(reader.tables(), reader.frame)
        if self._count(reader, scan, 1):
            return True
        self._count(reader, scan, -1)  # as far as it was counted before
        return False

    def _expect(self, tables: Sequence[npt.NDArray[np.uint16]], frame: Frame) -> None:
        """Bring the totals up to date if the counts are of other tables."""
        same = len(tables) == len(self._tables) and all(
            table is known or np.array_equal(table, known) for table, known in zip(tables, self._tables, strict=True)
        )
        if not same or max(self._blocks) + frame.height * frame.width > MOST_BLOCKS:
            self.settle()
            self._tables = tuple(tables)

    def _count(self, reader: Reader, scan: Scan, weight: int) -> bool:
        """Add `weight` for each coefficient; returns whether all went well."""
        frame = reader.frame
        assert frame is not None
        layout, geometry, mcu_rows, mcu_cols = row_geometry(frame, scan.indices, scan.starts)
        state = start_scan(reader.restart_interval, scan.begin, strict=True)
        counted = min(len(self._totals), len(frame.components))
        size = int(layout[-1, FIRST]) + 64
        coefficients, coded = scratch("coefficients", size, np.int16), reader.unstuffed_scratch()
        outside = _count_rows(
            state,
            geometry,
            mcu_rows,
            mcu_cols,
            reader.bytes,
            coded,
            scan.lookups,
            coefficients,
            layout,
            counted,
            weight,
            _lists(size),
            self._counts.reshape(-1),
            list_memory(),
        )
        for index in range(counted):
            rows, cols = frame.block_shape(index)
            self._blocks[index] += weight * rows * cols
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


def _lists(size: int) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Scratch memory for `count_blocks`."""
    size += MARGIN
    return scratch("values", size, np.int16), scratch("bands", size, np.uint8), scratch("indices", size, np.int32)


def _streams(reader: Reader, scan: Scan) -> bool:
    frame = reader.frame
    assert frame is not None
    if frame.precision > 8 or frame.progressive or frame.arithmetic or len(scan.indices) != len(frame.components):
        return False
    return reader.color() in {"YCbCr", "grayscale"}


@inlined
def _count_ahead(state, scan, mcu_rows, mcu_cols, components, data, coded, lookups, weight, counts, ahead):
    """Count as many MCUs as lanes are good for; returns how many, and whether a value was out of range."""
    if ahead is None:
        return 0, False
    _, _, lists = ahead
    position, before = 0, largest_counts(counts, components)
    while position < mcu_rows * mcu_cols:
        mcus, tokens = list_ahead(state, scan, position, mcu_cols, components, data, coded, lookups, ahead)
        if mcus == 0:
            break
        count_tokens(lists, tokens, weight, counts)
        position += mcus
    return position, largest_counts(counts, components) != before


@kernel
def _count_rows(
    state,
    scan,
    mcu_rows,
    mcu_cols,
    data,
    coded,
    lookups,
    coefficients,
    layout,
    components,
    weight,
    lists,
    counts,
    ahead,
):
    """Count all MCUs up to a fault; returns whether a value was out of range."""
    state, scan, data, coded, lookups = span(state), span(scan), span(data), span(coded), span(lookups)
    coefficients, layout, counts = span(coefficients), span(layout), span(counts)
    lists, ahead = (span(lists[0]), span(lists[1]), span(lists[2])), lane_spans(ahead)
    position, outside = _count_ahead(
        state, scan, mcu_rows, mcu_cols, components, data, coded, lookups, weight, counts, ahead
    )
    filler = layout[len(layout) - 1, FIRST]
    for row in range(position // mcu_cols, mcu_rows):
        col = max(position - row * mcu_cols, 0)
        clear_mcus(scan, row, row, col, coefficients)
        decode_mcus(state, scan, row, row, col, mcu_cols, data, coded, lookups, coefficients, filler)
        if stopped(state):
            break
        for c in range(components):
            vertical, cols = layout[c, VERTICAL], layout[c, BLOCK_COLS]
            begin = min(col * layout[c, HORIZONTAL], cols)
            for y in range(min(vertical, layout[c, BLOCK_ROWS] - row * vertical)):
                first, last = layout[c, FIRST] + 64 * (y * cols + begin), layout[c, FIRST] + 64 * (y + 1) * cols
                if count_blocks(coefficients, first, last, weight, lists, counts, c * 64 * VALUES):
                    outside = True
    return outside
