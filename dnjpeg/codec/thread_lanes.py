"""Both threads decode one scan, each by lanes of vectors.

While one thread takes a piece from its beginning, the second one takes what is behind it, from a guess on; the last
lane of the first goes on until it meets the first one of the second, as `lanes` do among themselves. Then the first
thread puts blocks in their places, and the second makes pixels of them: the time that this takes decides about its part
of the next piece. What lanes leave is decoded symbol by symbol.

The second thread is that of the caller: it writes to the picture, which is memory that the system clears when it is
first touched, and has at hand on the processor where such memory was given back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import numpy as np

from dnjpeg.codec.entropy.ahead import (
    ENOUGH,
    GROWTH,
    LEAST,
    PROBE,
    found_mcus,
    longer_pause,
    mcus_ahead,
    take_mcus,
    tried_mcus,
)
from dnjpeg.codec.entropy.block_runs import bit_of, go_to, open_interval
from dnjpeg.codec.entropy.lane_memory import (
    ALL_LANES,
    COUNT,
    LaneMemory,
    lane_memory,
    lane_spans,
)
from dnjpeg.codec.entropy.lanes import accept_blocks, forget, meet, put_blocks, put_lanes, put_slots, run_lanes
from dnjpeg.codec.entropy.mcu_rows import clear_mcus
from dnjpeg.codec.entropy.scan import END, FAULT, LANES_LEFT, PREDICTIONS, STATE, stopped
from dnjpeg.codec.entropy.sequential_decoder import decode_mcus
from dnjpeg.codec.format.layout import HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.thread_work import Blocks, Ints, Work

__all__ = ["decode_by_lanes"]

Result = TypeVar("Result")

SHARE = 10_000  # blocks of a piece that the first thread decodes, about
MADE_AT_ONCE = 3 << 17  # coefficients that become pixels, about
RING = 7  # times as many: more than two pieces become, for the second thread has to decode before it makes pixels
LEAST_SHARE = 0.2  # of a piece that the second thread decodes
MOST_BITS = 1 << 31  # of a scan


def decode_by_lanes(work: Work, other: ThreadPoolExecutor) -> int:
    """Decode all rows of MCUs; returns how many: none, and nothing is done, if there are too many bits."""
    open_interval(work.state, work.reader.bytes, work.coded)
    if 8 * int(work.state[END]) >= MOST_BITS:
        return 0
    tasks = _Tasks()
    rows = _Rows(work, tasks)
    pairs = deque((lane_memory(f" {index}"), lane_memory(f" {index}, behind")) for index in range(2))
    done = other.submit(_decode_pieces, work, rows, pairs, tasks)
    tasks.run_until(done)
    done.result()
    return work.last_row


class _Piece(NamedTuple):
    """Bits at which a piece begins, and the second thread; `behind` is the seconds that it takes, if it has a part."""

    begin: int
    middle: int
    behind: Future[float] | None


def _decode_pieces(work: Work, rows: _Rows, pairs: deque[tuple[LaneMemory, LaneMemory]], second_thread: _Tasks) -> None:
    """Do what the first thread does: decode pieces, put blocks in their places, and decode the rest."""
    size, bit = int(work.state[END]), bit_of(work.state)
    left, share = work.frame.mcu_rows * rows.mcu_cols, 0.5
    pause, probing = 0, False  # MCUs of the last pause; whether it was just before
    lately = 0.0  # bits an MCU; 0 if there was none

    def run(memory: LaneMemory, begin: int, end: int) -> float:
        """Decode a stretch; returns the seconds."""
        begun = perf_counter()
        _run_stretch(rows.geometry, begin, end, size, work.coded, work.scan.lookups, memory)
        return perf_counter() - begun

    def begin_piece() -> _Piece | None:
        """Let the second thread begin, if there is enough left; it takes no part in a try behind a pause."""
        if left * rows.slots < LEAST:
            return None
        pairs.rotate(1)
        part = 0.0 if probing else share
        length, wanted = 8 * size - 7 - bit, SHARE / (1 - part) / rows.slots
        if 1.5 * wanted < left:
            length = int(length * wanted / left)
        if lately > 0:
            length = min(length, int(lately * wanted * (1 / PROBE if probing else GROWTH)))
        middle = bit + int(length * (1 - part))
        behind = second_thread.submit(run, pairs[0][1], middle, bit + length) if part > 0 else None
        return _Piece(bit, middle, behind)

    piece = begin_piece()
    here = there = 0.0  # seconds an MCU to decode
    while piece and not rows.complete:
        first, second = pairs[0]
        seconds = run(first, piece.begin, piece.middle)
        seconds_there = piece.behind.result() if piece.behind else 0.0
        own, found, bit, faulty, poor = _join(
            first, second, piece.behind is not None, size, work.coded, work.scan.lookups
        )
        left -= found
        if not poor and not faulty:
            probing, pause = False, pause >> 1
            lately = (bit - piece.begin) / max(found, 1)
            here = _smoothed(here, seconds, own)
            there = _smoothed(there, seconds_there, found - own)
            share = (here + rows.seconds_to_take - rows.seconds_to_make) / (here + (there or here))
            share = 0.0 if share < LEAST_SHARE else min(share, 0.5)
            piece = begin_piece()  # before blocks are taken, so that the second thread need not wait for it
        else:
            piece = None
        rows.take(first, own)
        rows.take(second, found - own)
        if poor and not faulty:
            pause, before, position = longer_pause(pause, rows.slots), bit, rows.position
            bit, sound = rows.decode_alone(bit, pause)
            left -= rows.position - position
            probing, lately = True, (bit - before) / max(rows.position - position, 1)
            piece = begin_piece() if sound else None
    if piece and piece.behind:
        piece.behind.result()
    rows.decode_alone(bit, left)
    rows.wait()


class _Tasks:
    """What the thread that calls `run_until` is to do, one after the other."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._left = False

    def submit(self, function: Callable[..., Result], *arguments: Any) -> Future[Result]:
        """Add a task."""
        future: Future[Result] = Future()
        self._queue.put((future, partial(function, *arguments)))
        if self._left:
            self._cancel()
        return future

    def run_until(self, done: Future[None]) -> None:
        """Do the tasks until a future is done; if interrupted, cancel what is left, so that nobody waits for it."""
        done.add_done_callback(lambda _: self._queue.put(None))
        try:
            while task := self._queue.get():
                future, call = task
                try:
                    future.set_result(call())
                except BaseException as error:
                    future.set_exception(error)
        finally:
            self._left = True
            self._cancel()

    def _cancel(self) -> None:
        with suppress(Empty):
            while True:
                if task := self._queue.get_nowait():
                    task[0].cancel()


def _smoothed(before: float, seconds: float, mcus: int) -> float:
    """Seconds an MCU, from what they were before and what so many took now."""
    if mcus == 0:
        return before
    return seconds / mcus if before == 0 else 0.5 * (before + seconds / mcus)


@kernel
def _run_stretch(scan, begin, end, size, coded, lookups, memory):
    """Let lanes decode a stretch; see `put_lanes`."""
    lanes, heads, blocks = lane_spans(memory)
    put_slots(span(scan), lanes)
    put_lanes(begin, end, size, lanes, heads)
    put_blocks(lanes, blocks)
    run_lanes(ALL_LANES, lanes, heads, span(coded), span(lookups), blocks)


@kernel
def _join(first, second, two, size, coded, lookups):
    """Accept what is sure of one or two stretches, of which the first one begins with an MCU.

    Returns MCUs of the first and of both, the bit behind them, whether there is a fault, and whether too few of what
    was decoded are accepted; see `end_stretch`.
    """
    lanes, heads, blocks = lane_spans(first)
    others, other_heads, other_blocks = lane_spans(second)
    met = meet(lanes, heads, span(coded), span(lookups), blocks, others, other_heads) if two else -1
    accepted, bit, faulty = accept_blocks(0, size, lanes, heads, blocks)
    own = found = found_mcus(lanes, accepted)
    tried = tried_mcus(lanes) + (tried_mcus(others) if two else 0)
    if met >= 0 and accepted == COUNT and not faulty:
        accepted, bit, faulty = accept_blocks(met, size, others, other_heads, other_blocks)
        found += found_mcus(others, accepted)
    elif two:
        forget(0, others, other_blocks)
    return own, found, bit, faulty, ENOUGH * found <= tried


@kernel
def _take(state, scan, position, until, first_row, mcu_cols, memory, coefficients, filler):
    """Take MCUs as far as there are any, from the one with the index `position`; returns the index behind them."""
    state, scan, memory, coefficients = span(state), span(scan), lane_spans(memory), span(coefficients)
    while position < until:
        count = mcus_ahead(state, memory)
        if count == 0:
            break
        row, col = position // mcu_cols, position % mcu_cols
        behind = min(col + count, mcu_cols)
        take_mcus(state, scan, row, first_row, col, behind, memory, coefficients, filler)
        position += behind - col
    return position


@kernel
def _decode_alone(state, scan, position, until, first_row, mcu_cols, data, coded, lookups, coefficients, filler):
    """Decode MCUs symbol by symbol, up to the end of a row."""
    state, scan, data, coded = span(state), span(scan), span(data), span(coded)
    lookups, coefficients = span(lookups), span(coefficients)
    while position < until and not stopped(state):
        row, col = position // mcu_cols, position % mcu_cols
        clear_mcus(scan, row, first_row, col, coefficients)
        decode_mcus(state, scan, row, first_row, col, mcu_cols, data, coded, lookups, coefficients, filler)
        position += mcu_cols - col


class _Rows:
    """Rows of MCUs, some at once: one thread puts blocks in their places, the second makes pixels of them.

    Attributes
    ----------
    seconds_to_take, seconds_to_make : float
        What that takes an MCU.
    """

    def __init__(self, work: Work, second_thread: _Tasks) -> None:
        self.work, self.second_thread, self.kept_rows = work, second_thread, work.rows_of(MADE_AT_ONCE)
        self.plan = work.plan(self.kept_rows)
        self.geometry, self.mcu_cols = work.geometry(self.kept_rows)
        self.slots = int((self.geometry[:, HORIZONTAL] * self.geometry[:, VERTICAL]).sum())
        self.ring = deque(scratch("ring", RING * self.plan.coefficients, np.int16).reshape(RING, -1))
        self.state: Ints = np.zeros(STATE, np.int64)
        self.first, self.position = 0, 0  # row with which the coefficients begin; MCU that is to come
        self.under_way: deque[Future[None]] = deque()
        self.seconds_to_take = self.seconds_to_make = 0.0

    @property
    def complete(self) -> bool:
        """Whether all are on their way that the window needs."""
        return self.first >= self.work.last_row

    @property
    def _behind(self) -> int:
        return min(self.first + self.kept_rows, self.work.last_row)

    def take(self, memory: LaneMemory, count: int) -> None:
        """Take as many accepted MCUs."""
        begun, end = perf_counter(), self.position + count
        self.state[LANES_LEFT] = COUNT
        waited = 0.0
        while self.position < end and not self.complete:
            self.position = _take(
                self.state,
                self.geometry,
                self.position,
                min(end, self._behind * self.mcu_cols),
                self.first,
                self.mcu_cols,
                memory,
                self.ring[0],
                self.plan.coefficients - 64,
            )
            if self.position == self._behind * self.mcu_cols:
                waited += self._hand_over()
        self.seconds_to_take = _smoothed(self.seconds_to_take, perf_counter() - begun - waited, count)

    def decode_alone(self, bit: int, count: int) -> tuple[int, bool]:
        """Decode as many MCUs symbol by symbol from a bit on, and the rest of their row.

        Returns the bit behind them, and whether there was no fault.
        """
        work, last = self.work, self.position + count
        go_to(work.state, work.coded, bit)
        work.state[PREDICTIONS : PREDICTIONS + 4] = self.state[PREDICTIONS : PREDICTIONS + 4]
        while self.position < last and not self.complete and not (work.reader.strict and work.state[FAULT] != 0):
            until = min(self._behind, -(-last // self.mcu_cols)) * self.mcu_cols
            _decode_alone(
                work.state,
                self.geometry,
                self.position,
                until,
                self.first,
                self.mcu_cols,
                work.reader.bytes,
                work.coded,
                work.scan.lookups,
                self.ring[0],
                self.plan.coefficients - 64,
            )
            self.position = until
            if until == self._behind * self.mcu_cols:
                self._hand_over()
        self.state[PREDICTIONS : PREDICTIONS + 4] = work.state[PREDICTIONS : PREDICTIONS + 4]
        return bit_of(work.state), work.state[FAULT] == 0

    def wait(self) -> None:
        """Wait for the pixels."""
        for future in self.under_way:
            future.result()

    def _hand_over(self) -> float:
        """Let the second thread make pixels, and wait until there is memory for the next rows; returns for how long."""
        self.under_way.append(self.second_thread.submit(self._make, self.ring[0], self.first, self._behind))
        self.first = self._behind
        self.ring.rotate(1)
        begun = perf_counter()
        if len(self.under_way) == RING:
            self.under_way.popleft().result()
        return perf_counter() - begun

    def _make(self, coefficients: Blocks, first: int, behind: int) -> None:
        begun = perf_counter()
        self.work.make_pixels(self.plan, coefficients, first, behind)
        mcus = (behind - first) * self.mcu_cols
        self.seconds_to_make = _smoothed(self.seconds_to_make, perf_counter() - begun, mcus)
