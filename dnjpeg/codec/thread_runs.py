"""Two threads decode one scan of Huffman codes without restarts, and each makes pixels of what it has decoded.

The data of a scan are one long number: where a code begins is known when the one before is decoded. The scan is taken
in pieces. While the first thread, which leads, takes a piece from its beginning, the second begins at a guess further
down, and keeps its blocks (`block_runs`) until the first has come to one of them, for only then it is known where in
the picture they are. Then the second makes pixels of them, and the first goes on behind them with the next piece.
Little goes from one to the other: the row of MCUs that both have a part in, and the one above it.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.block_runs import bit_of, open_interval
from dnjpeg.codec.entropy.scan import FAULT, start_scan
from dnjpeg.codec.helper import Helper
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.pixels.inverse_plan import CONTEXT, ROW_LINES, InversePlan
from dnjpeg.codec.pixels.precision import sample_type
from dnjpeg.codec.run_pieces import Piece, Pieces, Run
from dnjpeg.codec.run_rows import begin_behind, follow_rows, lead_rows
from dnjpeg.codec.thread_work import Blocks, Ints, Work

__all__ = ["decode_by_runs"]

STRIPS = 4  # rows of MCUs in memory: one, and those of runs that become pixels
PAGE = 4096  # bytes
FOREVER = 1 << 62
NOBODY = np.zeros(1, np.int64)


def decode_by_runs(work: Work, second_thread: Helper) -> None:
    """Decode all rows of MCUs that the window needs, or up to a fault if reading is strict."""
    open_interval(work.state, work.reader.bytes, work.coded)
    pieces = Pieces(work, second_thread)
    pieces.begin()
    leader = _Leader(work)
    under_way: deque[Future[float]] = deque()
    while not leader.complete and (piece := pieces.next()):
        run = leader.go_on(piece)
        if run is not None and leader.joins(run):
            while under_way and (len(under_way) == STRIPS - 1 or under_way[0].done()):
                pieces.divide(leader.seconds / leader.bits, under_way.popleft().result())
            under_way.append(second_thread.submit(_make_pixels, leader.pass_over(run)))
        if not leader.complete:
            pieces.begin()
    if not leader.complete:
        leader.go_on(None)
    for pixels in under_way:
        pixels.result()


class _Strip(NamedTuple):
    """Memory for a row of MCUs: its coefficients, and what `inverse_mcu_row` takes."""

    coefficients: Blocks
    samples: npt.NDArray[Any]
    sums: npt.NDArray[np.int16]


class _Pixels(NamedTuple):
    """What a run that was met is to become: see `follow_rows`.

    `pixels` end behind those of the run: what is written past the end of a line would be put into the first thread's.
    """

    plan: InversePlan
    geometry: Ints
    mcu_cols: int
    steps: npt.NDArray[Any]
    strip: _Strip
    run: Run
    first: int
    row: int
    col: int
    last: int
    state: Ints
    pixels: npt.NDArray[Any]


class _Leader:
    """What the first thread does.

    Attributes
    ----------
    row, col : int
        The MCU that comes next.
    seconds, bits
        How long that took so far, without waiting, and for how much.
    """

    def __init__(self, work: Work) -> None:
        self.work, self.plan, self.ahead = work, work.plan(1), ahead_memory()
        self.geometry, self.mcu_cols = work.geometry(1)
        self.slots = work.slots
        self.phases = work.slots if work.told_apart else 1
        self.strips = deque(self._strip(index) for index in range(STRIPS))
        self.row = self.col = 0
        self.joined = -1  # block of a run that comes next
        self.seconds, self.bits = 0.0, 1

    def _strip(self, index: int) -> _Strip:
        plan, samples = self.plan, sample_type(self.plan.precision)
        return _Strip(
            scratch(f"strip {index}, coefficients", plan.coefficients, np.int16),
            scratch(f"strip {index}, {samples.__name__}", plan.samples, samples),
            scratch(f"strip {index}, sums", plan.sums, np.int16),
        )

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do."""
        return self.row == self.work.last_row or (self.work.reader.strict and self.work.state[FAULT] != 0)

    def go_on(self, piece: Piece | None) -> Run | None:
        """Go on up to a block of a run, if there is one; returns the run if it was met."""
        if piece is None:
            self._lead(FOREVER, NOBODY, 0, 0)
            return None
        if not piece.run.done():
            self._lead(piece.guess, NOBODY, 0, 0)
        if self.complete:
            return None
        run = piece.run.result()
        self._lead(run.begin, run.starts, run.sound, run.known)
        return run if self.joined >= 0 else None

    def _lead(self, until: int, starts: Ints, other: int, size: int) -> None:
        work, plan, strip = self.work, self.plan, self.strips[0]
        begun, bit = perf_counter(), bit_of(work.state)
        self.row, self.col, self.joined = lead_rows(
            self.row,
            self.col,
            until,
            starts,
            other,
            size,
            self.phases,
            work.state,
            self.geometry,
            self.mcu_cols,
            work.reader.bytes,
            work.coded,
            work.scan.lookups,
            strip.coefficients,
            self.ahead,
            plan.layout,
            plan.sizes,
            plan.scaled,
            plan.unusual,
            work.steps,
            strip.samples,
            strip.sums,
            work.pixels,
        )
        self.seconds += perf_counter() - begun
        self.bits += bit_of(work.state) - bit

    def _behind(self, run: Run) -> int:
        """Index in the picture of the MCU behind a run that was met, if the window needs it."""
        position = self.row * self.mcu_cols + self.col + (run.size - self.joined) // self.slots
        return min(position, self.work.last_row * self.mcu_cols)

    def joins(self, run: Run) -> bool:
        """Tell whether a run that was met has the whole row of MCUs above the one that it ends in, or is the last."""
        row = self._behind(run) // self.mcu_cols
        return row >= self.row + 2 or row == self.work.last_row

    def pass_over(self, run: Run) -> _Pixels:
        """Go on behind a run that was met; returns what is to be made of it."""
        begun, work, plan, behind = perf_counter(), self.work, self.plan, self._behind(run)
        end = behind // self.mcu_cols
        made = _Pixels(
            plan,
            self.geometry,
            self.mcu_cols,
            work.steps,
            self.strips[0],
            run,
            self.joined,
            self.row,
            self.col,
            end,
            self._state(),
            self._touched(self.row, end),
        )
        last = self.joined + self.slots * (behind - self.row * self.mcu_cols - self.col)
        self.row, self.col = divmod(behind, self.mcu_cols)
        if not self.complete:
            self.strips.rotate(1)
            strip = self.strips[0]
            begin_behind(
                run.blocks,
                run.order.places,
                self.joined,
                last,
                run.size,
                run.sums,
                run.bit if last == run.size else int(run.starts[last]),
                self.row,
                self.col,
                work.state,
                self.geometry,
                self.mcu_cols,
                work.coded,
                strip.coefficients,
                plan.layout,
                plan.sizes,
                plan.scaled,
                work.steps,
                strip.samples,
            )
        self.seconds += perf_counter() - begun
        return made

    def _state(self) -> Ints:
        """Copy the state, for the other thread to write to."""
        state = start_scan(0)
        state[:] = self.work.state
        return state

    def _first_pixel(self, row: int) -> int:
        """Index of the first pixel's first sample that a thread makes that begins with a row of MCUs."""
        work, sizes = self.work, self.plan.sizes
        line = row * int(sizes[ROW_LINES]) - int(sizes[CONTEXT]) - work.window.top
        return min(max(line, 0), work.window.height) * work.window.width * len(work.frame.components)

    def _touched(self, row: int, end: int) -> npt.NDArray[Any]:
        """Return the picture down to those of the lines that rows of MCUs become, and touch these.

        It may be memory that the system clears when it is first touched: the thread that has given back such memory
        has it at hand on its processor.
        """
        pixels = self.work.pixels
        behind = len(pixels) if end == self.work.last_row else self._first_pixel(end)
        pixels[self._first_pixel(row) : behind : PAGE // pixels.itemsize] = 0
        return pixels[:behind]


def _make_pixels(made: _Pixels) -> float:
    """Make the pixels of a run; returns the seconds a bit that all of it took."""
    begun, plan, strip, run = perf_counter(), made.plan, made.strip, made.run
    order = run.order
    follow_rows(
        run.blocks,
        order.places,
        None if order.lines is None else order.lines.copy(),
        order.firsts,
        made.first,
        made.row,
        made.col,
        made.last,
        made.state,
        made.geometry,
        made.mcu_cols,
        strip.coefficients,
        plan.layout,
        plan.sizes,
        plan.scaled,
        plan.unusual,
        made.steps,
        strip.samples,
        strip.sums,
        made.pixels,
    )
    return (run.seconds + perf_counter() - begun) / max(run.bit - run.begin, 1)
