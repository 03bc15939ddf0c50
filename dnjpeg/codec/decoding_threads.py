"""One picture decoded on two threads.

Both decode the scan, by lanes of vectors where the CPU can, else symbol by symbol. Where there are restarts, or from a
fault on, this thread decodes alone, and the other one makes pixels.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.core_distance import far_apart
from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.scan import FAULT, INTERVAL
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import GATHERS
from dnjpeg.codec.pixels.window import Window
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.scan_reader import decode_rows
from dnjpeg.codec.thread_lanes import decode_by_lanes
from dnjpeg.codec.thread_runs import decode_by_runs
from dnjpeg.codec.thread_work import PIECE, PIECES, Work

__all__ = ["decode_on_two_threads"]


def decode_on_two_threads(reader: Reader, scan: Scan, window: Window, pixels: npt.NDArray[Any]) -> bool:
    """Decode all components, which are in one sequential scan of Huffman codes.

    Returns False, and has done nothing, if there are too few rows of MCUs for that, or the threads run on cores without
    a common cache, where blocks that go from one to the other make two threads slower than one.
    """
    work = Work(reader, scan, window, pixels)
    if work.last_row <= work.rows_of(PIECE):
        return False
    with ThreadPoolExecutor(1) as other:
        if far_apart(other):
            return False
        row = 0
        if work.state[INTERVAL] == 0:
            row = decode_by_lanes(work, other) if GATHERS else decode_by_runs(work, other)
        if row < work.last_row:
            _decode_on_one(work, row, other)
    reader.finish_scan(work.state)
    return True


def _decode_on_one(work: Work, row: int, other: ThreadPoolExecutor) -> None:
    """Decode the rows of MCUs that are left on this thread, while the other one makes pixels of those before."""
    kept_rows = work.rows_of(PIECE)
    plan = work.plan(kept_rows)
    geometry, mcu_cols = work.geometry(kept_rows)
    ring, ahead = scratch("ring", PIECES * plan.coefficients, np.int16).reshape(PIECES, -1), ahead_memory()
    under_way: deque[Future[None]] = deque()
    for number, first in enumerate(range(row, work.last_row, kept_rows)):
        if len(under_way) == PIECES:
            under_way.popleft().result()
        coefficients, last = ring[number % PIECES], min(first + kept_rows, work.last_row)
        decode_rows(
            work.state,
            geometry,
            first,
            last,
            mcu_cols,
            work.reader.bytes,
            work.coded,
            work.scan.lookups,
            coefficients,
            plan.coefficients - 64,
            ahead,
            False,
        )
        if work.reader.strict and work.state[FAULT] != 0:
            break
        under_way.append(other.submit(work.make_pixels, plan, coefficients, first, last))
    for piece in under_way:
        piece.result()
