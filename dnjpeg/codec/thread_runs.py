"""Both threads decode one scan, symbol by symbol.

The data of a scan are one long number: where a code begins is known when the one before is decoded. While this thread
takes a piece from its beginning, the other one begins at a guess further down (`block_runs`), and this one goes on
until it meets it. The other one also makes the pixels of the piece before, and takes as much less of the next.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter
from typing import NamedTuple

import numpy as np

from dnjpeg.codec.entropy.block_runs import bit_of, decode_run, go_to, open_interval, place_rows
from dnjpeg.codec.entropy.scan import END, PREDICTIONS
from dnjpeg.codec.format.layout import HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.thread_work import PIECES, Blocks, Ints, Work

__all__ = ["decode_by_runs"]

LARGE_PIECE = 1 << 20  # coefficients of a piece, about
LEAST_SHARE = 0.02  # of a piece: to begin at a guess is not worth while for less
MEETING = 4096  # blocks within which both must meet
DOUBTFUL = 1024  # first blocks of a guess in which faults are taken for nonsense that was read
NONE = np.empty(0, np.int64)


def decode_by_runs(work: Work, other: ThreadPoolExecutor) -> int:
    """Decode rows of MCUs on both threads; returns the row before which it had to end, with the state there."""
    open_interval(work.state, work.reader.bytes, work.coded)
    kept_rows = max(work.rows_of(LARGE_PIECE), 2)
    runs = _Runs(work, kept_rows)
    pixel_maker = _PixelMaker(work, kept_rows, runs.row_blocks)
    bit, end, row = bit_of(work.state), 8 * int(work.state[END]), 0
    density = (end - bit) / (runs.row_blocks * work.frame.mcu_rows)  # bits a block
    share = 0.5  # of a piece that the other thread decodes

    def begin_piece() -> tuple[_Memory, int, int, Future[_Run] | None]:
        memory, wanted = runs.next_memory(), min(kept_rows, work.last_row - row) * runs.row_blocks
        guess = bit + int((1 - share) * wanted * density)
        if share < LEAST_SHARE or guess >= end:
            return memory[0], wanted, end, None
        return memory[0], wanted, guess, other.submit(runs.decode, memory[1], guess, end, int(share * wanted), DOUBTFUL)

    piece = begin_piece()
    under_way: deque[Future[None]] = deque()
    while row < work.last_row:
        memory, wanted, guess, second = piece
        begun = perf_counter()
        run = runs.decode(memory, bit, guess, wanted)
        seconds = (perf_counter() - begun) / max(run.size, 1)
        blocks = _join(runs, run, None if second is None else second.result(), wanted, end)
        rows = blocks.size // runs.row_blocks
        following = blocks.start_of(rows * runs.row_blocks)
        if rows == 0 or following > end:
            break
        density = 0.5 * (density + (following - bit) / (rows * runs.row_blocks))
        share = min(max((seconds - pixel_maker.seconds) / (2 * seconds), 0.0), 0.5)
        bit, row, first = following, row + rows, row
        if len(under_way) == PIECES - 1:  # it has the memory that comes next
            under_way.popleft().result()
        if row < work.last_row:
            piece = begin_piece()  # before the pixels, so that this thread need not wait for it
        under_way.append(other.submit(pixel_maker.make, blocks, first, row))
    for future in under_way:
        future.result()
    go_to(work.state, work.coded, bit)
    work.state[PREDICTIONS : PREDICTIONS + 4] = pixel_maker.predictions
    return row


class _Memory(NamedTuple):
    """Where a run's blocks go, and the bits at which they start."""

    blocks: Blocks
    starts: Ints


class _Run(NamedTuple):
    """Blocks up to the index `size`, behind which it came to the block `met` of another run, or -1, or to a fault.

    Those before the index `sound` are nonsense, if it was begun at a guess.
    """

    memory: _Memory
    size: int
    met: int
    wrong: bool
    sound: int


class _Joined(NamedTuple):
    """Blocks of a run up to the index `seam`, then those of another from `then` on; `size` of them."""

    first: _Memory
    seam: int
    second: _Memory
    then: int
    size: int

    def start_of(self, index: int) -> int:
        """Bit at which a block starts, or the one behind the last."""
        if index <= self.seam:
            return int(self.first.starts[index])
        return int(self.second.starts[index - self.seam + self.then])


def _join(runs: _Runs, run: _Run, there: _Run | None, wanted: int, end: int) -> _Joined:
    """Go on with the first run until it meets the second, and with that to the end of the piece."""
    if there is None or run.wrong:
        return _Joined(run.memory, run.size, run.memory, 0, run.size)
    run = runs.go_on(run, min(run.size + MEETING, wanted), end, there)
    if run.met < 0:
        return _Joined(run.memory, run.size, there.memory, 0, run.size)
    if not there.wrong:
        there = runs.go_on(there, run.met + wanted - run.size, end)
    return _Joined(run.memory, run.size, there.memory, run.met, min(run.size + there.size - run.met, wanted))


class _Runs:
    """What the decoding of runs takes, and memory for those of some pieces in turn."""

    def __init__(self, work: Work, kept_rows: int) -> None:
        geometry, mcu_cols = work.geometry(1)
        repeats = geometry[:, HORIZONTAL] * geometry[:, VERTICAL]
        self.tables = np.repeat(np.array(work.scan.starts, np.int64), repeats, axis=0)
        self.phases = len(self.tables) if len(np.unique(self.tables, axis=0)) > 1 else 1
        self.row_blocks = len(self.tables) * mcu_cols
        self.work = work
        most = kept_rows * self.row_blocks + 1
        blocks = scratch("runs", 2 * PIECES * 64 * most, np.int16).reshape(2 * PIECES, -1)
        starts = scratch("starts of runs", 2 * PIECES * most, np.int64).reshape(2 * PIECES, -1)
        self._memory = deque(_Memory(*pair) for pair in zip(blocks, starts, strict=True))

    def next_memory(self) -> tuple[_Memory, _Memory]:
        """Memory for the two runs of a piece, which holds until it was asked for `PIECES` times more."""
        self._memory.rotate(2)
        return self._memory[0], self._memory[1]

    def decode(self, memory: _Memory, begin: int, end: int, last: int, doubtful: int = 0) -> _Run:
        """Decode from a bit to a bit, but not more than `last` blocks."""
        return self._decode(memory, 0, last, begin, end, NONE, doubtful)

    def go_on(self, run: _Run, last: int, end: int, other: _Run | None = None) -> _Run:
        """Go on with a run, up to a sound block of another."""
        others = NONE if other is None else other.memory.starts[: other.size + 1]
        if other is not None:  # bits come in order: before the last nonsense none is met
            others = np.where(np.arange(len(others)) < other.sound, -1, others)
        return self._decode(run.memory, run.size, last, int(run.memory.starts[run.size]), end, others)

    def _decode(
        self, memory: _Memory, first: int, last: int, begin: int, end: int, others: Ints, doubtful: int = 0
    ) -> _Run:
        work = self.work
        last = min(last, len(memory.starts) - 1)  # nonsense before the first sound block takes room, too
        index, met, wrong, sound = decode_run(
            work.coded,
            work.scan.lookups,
            self.tables,
            first,
            last,
            begin,
            end,
            memory.blocks,
            memory.starts,
            others,
            self.phases,
            doubtful,
        )
        return _Run(memory, index, met, wrong, sound)


class _PixelMaker:
    """Pieces to pixels, one after the other; `seconds` is what a block took last."""

    def __init__(self, work: Work, kept_rows: int, row_blocks: int) -> None:
        self.work, self.row_blocks = work, row_blocks
        self.plan = work.plan(kept_rows)
        self.geometry, self.mcu_cols = work.geometry(kept_rows)
        self.coefficients = scratch("ring", self.plan.coefficients, np.int16)
        self.predictions = np.zeros(4, np.int64)
        self.seconds = 0.0

    def make(self, blocks: _Joined, first: int, last: int) -> None:
        """Make the pixels of rows of MCUs."""
        begun = perf_counter()
        place_rows(
            blocks.first.blocks,
            blocks.seam,
            blocks.second.blocks,
            blocks.then,
            first,
            last,
            self.mcu_cols,
            self.geometry,
            self.predictions,
            self.coefficients,
            self.plan.coefficients - 64,
        )
        self.work.make_pixels(self.plan, self.coefficients, first, last)
        self.seconds = (perf_counter() - begun) / ((last - first) * self.row_blocks)
