"""One picture decoded on two threads."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.core_distance import far_apart
from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.scan import FAULT, INTERVAL
from dnjpeg.codec.helper import Helper
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.pixels.inverse import inverse_rows
from dnjpeg.codec.pixels.precision import strip_memory
from dnjpeg.codec.pixels.window import Window
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.scan_reader import decode_rows
from dnjpeg.codec.thread_runs import decode_by_runs
from dnjpeg.codec.thread_work import Work

__all__ = ["decode_on_two_threads"]

LEAST = 1 << 16  # blocks of a picture, about: to begin a thread, and to end at the same time, takes half a millisecond
PIECE = 1 << 12  # blocks that become pixels at once, about, if one thread decodes
PIECES = 3  # that are under way


def decode_on_two_threads(reader: Reader, scan: Scan, window: Window, pixels: npt.NDArray[Any]) -> bool:
    """Decode all components, which are in one sequential scan of Huffman codes.

    Both threads do the same, but where there are restarts: then this one decodes, and the other one makes pixels.

    Returns False, and has done nothing, if the picture is too small for that, or there can be no other thread; or,
    where there are restarts, if the threads run on cores without a common cache: blocks that go from one to the other
    would make two slower than one.
    """
    work = Work(reader, scan, window, pixels)
    if work.last_row <= work.rows_of(LEAST):
        return False
    try:
        helper = Helper()
    except RuntimeError:
        return False
    with helper as other:
        if work.state[INTERVAL] == 0:
            decode_by_runs(work, other)
        elif far_apart(other):
            return False
        else:
            _decode_on_one(work, other)
    reader.finish_scan(work.state)
    return True


def _decode_on_one(work: Work, other: Helper) -> None:
    """Decode on this thread, while the other one makes pixels of the rows of MCUs before."""
    kept_rows = work.rows_of(PIECE)
    plan = work.plan(kept_rows)
    geometry, mcu_cols = work.geometry(kept_rows)
    ring, ahead = scratch("ring", PIECES * plan.coefficients, np.int16).reshape(PIECES, -1), ahead_memory()
    samples, sums = strip_memory(plan.precision, plan.samples), scratch("sums", plan.sums, np.int16)
    under_way: deque[Future[None]] = deque()
    for number, first in enumerate(range(0, work.last_row, kept_rows)):
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
        under_way.append(
            other.submit(
                inverse_rows,
                coefficients,
                first,
                last,
                plan.layout,
                plan.sizes,
                plan.scaled,
                plan.unusual,
                work.steps,
                samples,
                sums,
                work.pixels,
            )
        )
    for piece in under_way:
        piece.result()
