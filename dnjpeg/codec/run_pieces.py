"""What the second of two threads decodes of a scan before it is known where in the picture it is; see `thread_runs`."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from time import perf_counter
from typing import NamedTuple

import numpy as np

from dnjpeg.codec.entropy.block_runs import bit_of, decode_run
from dnjpeg.codec.entropy.lane_memory import lane_memory
from dnjpeg.codec.entropy.scan import APART, END, start_scan
from dnjpeg.codec.format.layout import BLOCK_COLS, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.helper import Helper
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import GATHERS
from dnjpeg.codec.thread_work import Blocks, Ints, Work

__all__ = ["Piece", "Pieces", "Run"]

MOST = 3 << 14  # blocks of a piece
LEAST = 3 << 12
LEAST_BITS = 1 << 10  # even if hardly any data are there
LEAST_ROWS = 8  # of MCUs in a piece: a run must have a whole one, however small its share
PART = 0.5  # of what is left: the last pieces are small, so that no thread waits long for the other in the end
SHARE = 0.52  # of a piece that the second thread decodes, at first, ...
LEAST_SHARE, MOST_SHARE = 0.4, 0.65  # and later, as it turns out to take more or less time
AHEAD = 2  # runs that are begun before the first thread is there, so that the second need not wait for it


class Order(NamedTuple):
    """Where the blocks of runs are: for `decode_run`, and for `follow_rows`."""

    places: Ints
    lines: Ints | None
    firsts: Ints | None


def _order(work: Work, mcus: int) -> Order:
    """Put blocks that become lines of pixels together, of so many MCUs, if it is known which of an MCU they are."""
    geometry, _ = work.geometry(1)
    if not work.told_apart:
        return Order(np.array([(64 * slot, 64 * work.slots) for slot in range(work.slots)], np.int64), None, None)
    lines, places, first = work.plan(1).layout.copy(), [], 0
    sizes = geometry[:, [HORIZONTAL, VERTICAL]].tolist()
    for component, (horizontal, vertical) in zip(work.scan.indices, sizes, strict=True):
        lines[component, FIRST], lines[component, BLOCK_COLS] = first, mcus * horizontal
        for _ in range(vertical):
            places += [(first + 64 * x, 64 * horizontal) for x in range(horizontal)]
            first += 64 * mcus * horizontal
    return Order(np.array(places, np.int64), lines, lines[:, FIRST].copy())


class Run(NamedTuple):
    """Blocks from a guess on; all fields but these are those of `decode_run`.

    Attributes
    ----------
    begin : int
        The bit that was guessed.
    seconds : float
        What it took.
    """

    blocks: Blocks
    order: Order
    starts: Ints
    sums: Ints
    sound: int
    known: int
    size: int
    bit: int
    begin: int
    seconds: float


class Piece(NamedTuple):
    """The bit at which the second thread begins, and its run."""

    guess: int
    run: Future[Run]


class Pieces:
    """Pieces of a scan, of which the second thread begins the next ones before the first thread is there."""

    def __init__(self, work: Work, second_thread: Helper) -> None:
        self.work, self.second_thread = work, second_thread
        self.geometry, mcu_cols = work.geometry(1)
        repeats = self.geometry[:, HORIZONTAL] * self.geometry[:, VERTICAL]
        self.tables = np.repeat(np.array(work.scan.starts, np.int64), repeats, axis=0)
        self.ahead = lane_memory(", behind") if GATHERS and work.told_apart else None
        self.share, self.bit, end = SHARE, bit_of(work.state), 8 * int(work.state[END])
        self.bits_left, self.mcus = end - self.bit, mcu_cols * work.frame.mcu_rows
        self.last = self.bit + self.bits_left * work.last_row // work.frame.mcu_rows
        self.row_blocks = work.slots * mcu_cols
        self.density = self.bits_left / (work.frame.mcu_rows * self.row_blocks)  # bits a block
        self.begun: deque[Piece] = deque()
        most = int(1.2 * MOST_SHARE * max(MOST, LEAST_ROWS * self.row_blocks)) // work.slots * work.slots
        most = min(most, work.frame.mcu_rows * self.row_blocks)
        self.order = _order(work, most // work.slots)
        blocks = scratch("runs", AHEAD * 64 * most, np.int16).reshape(AHEAD, -1)
        starts = scratch("starts of runs", AHEAD * most, np.int64).reshape(AHEAD, -1)
        self._memory = deque(zip(blocks, starts, strict=True))

    def begin(self) -> None:
        """Let the second thread begin as many as there is memory for, of what is left."""
        least = max(LEAST, LEAST_ROWS * self.row_blocks)
        while len(self.begun) < AHEAD and self.bit < self.last:
            blocks = max(min(PART * (self.last - self.bit) / self.density, MOST), least)
            bits = min(max(int(self.density * blocks), LEAST_BITS), self.last - self.bit)
            guess, end = self.bit + int((1 - self.share) * bits), self.bit + bits
            self.begun.append(Piece(guess, self.second_thread.submit(self._decode, guess, end)))
            self.bit = end

    def next(self) -> Piece | None:
        """Return the first one that was not returned yet, if any is left."""
        return self.begun.popleft() if self.begun else None

    def divide(self, first: float, second: float) -> None:
        """Divide those to come by the seconds a bit that either thread takes."""
        self.share = min(max(first / (first + second), LEAST_SHARE), MOST_SHARE)

    def _decode(self, begin: int, end: int) -> Run:
        """Decode from a bit to a bit, into memory for `AHEAD` runs in turn.

        It is free: a run is begun when the first thread is done with the one that many before, and behind the task that
        makes the pixels of that.
        """
        begun, work = perf_counter(), self.work
        self._memory.rotate(1)
        blocks, starts = self._memory[0]
        sums = np.zeros(work.slots + 2 * APART, np.int64)[APART:-APART]
        state = start_scan(0, work.scan.begin)
        state[END] = work.state[END]
        sound, known, size, bit = decode_run(
            state,
            self.geometry,
            self.tables,
            begin,
            end,
            self.mcus * (8 * int(state[END]) - begin) // self.bits_left,
            work.reader.bytes,
            work.coded,
            work.scan.lookups,
            self.ahead,
            blocks,
            self.order.places,
            starts,
            sums,
        )
        return Run(blocks, self.order, starts, sums, sound, known, size, bit, begin, perf_counter() - begun)
