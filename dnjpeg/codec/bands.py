"""One image on several threads: bands of rows of MCUs become tokens, and tokens bits, each by itself.

What a band must know of those before it is little: the last DC of each component, for which the last MCU of the row
above it is transformed a second time; and how many bits they have. With Huffman tables made for the image their
symbols' frequencies tell before any is coded. With the standard tables they are not counted: each band is coded as if
it began with a byte, and then shifted. The bytes are the same as on one thread.
"""

from __future__ import annotations

import contextlib
from _thread import start_new_thread
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.encoding_plan import EncodingPlan
from dnjpeg.codec.entropy.bits import PADDING, stuff_shifted
from dnjpeg.codec.entropy.scan import FILLED, POSITION, PREDICTIONS, start_scan
from dnjpeg.codec.entropy.scan_writer import Tokens, choose_codes
from dnjpeg.codec.entropy.tokens import CODED_BYTES, code_part
from dnjpeg.codec.format.headers import EOI_MARKER
from dnjpeg.codec.format.layout import BLOCK_COLS, FIRST, VERTICAL
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.pixel_rows import code_standard, tokenize
from dnjpeg.codec.pixels.forward import forward_rows
from dnjpeg.codec.writer import before_only_scan

__all__ = ["divisible", "encode_bands", "encode_standard_bands"]

Bytes = npt.NDArray[np.uint8]
T = TypeVar("T")
R = TypeVar("R")
Item = TypeVar("Item", bound=np.generic)

LEAST_ROWS = 8  # of MCUs in a band: to begin one takes some microseconds
SHARE = 2  # a band is one thread's part of the rows that are left, divided by this: the last ones even out the work


def divisible(job: EncodingPlan) -> bool:
    """Tell whether an image can be encoded in bands: a restart marker would begin a byte wherever it is."""
    return job.streamed and job.interval == 0 and job.plan.mcu_rows >= 2 * LEAST_ROWS


class _Threads:
    """Threads that do the parts of a work: the caller's and others that help it.

    `ThreadPoolExecutor` waits until a thread has begun, and in the end until it is gone: a twentieth and more
    of the time that 12 megapixels take.
    """

    def __init__(self, count: int) -> None:
        self._helpers = 0
        self._works: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._ended: SimpleQueue[None] = SimpleQueue()
        with contextlib.suppress(RuntimeError):  # no more threads: then fewer do it
            while self._helpers < count - 1:
                start_new_thread(self._help, ())
                self._helpers += 1

    def _help(self) -> None:
        while (work := self._works.get()) is not None:
            work()
        self._ended.put(None)

    def map(self, work: Callable[[T], R], parts: Sequence[T]) -> list[R]:
        """Do all parts, each thread the next one when it is free; results come in the order of the parts."""
        left = deque(enumerate(parts))
        results: dict[int, R] = {}
        finished: SimpleQueue[BaseException | None] = SimpleQueue()

        def take_part() -> None:
            error = None
            try:
                while left:
                    try:
                        index, part = left.popleft()
                    except IndexError:  # another thread has it
                        break
                    results[index] = work(part)
            except BaseException as raised:
                error = raised
                left.clear()
            finished.put(error)

        helpers = min(self._helpers, len(parts) - 1)
        for _ in range(helpers):
            self._works.put(take_part)
        take_part()
        errors = [error for _ in range(helpers + 1) if (error := finished.get()) is not None]
        if errors:
            raise errors[0]
        return [results[index] for index in range(len(parts))]

    def __enter__(self) -> _Threads:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for _helper in range(self._helpers):
            self._works.put(None)
        if kind is not None:  # they may still write to the caller's memory
            for _helper in range(self._helpers):
                self._ended.get()


def _bands(rows: int, threads: int) -> list[tuple[int, int]]:
    """Divide so many rows: the first bands are the largest."""
    limits = [0]
    while limits[-1] < rows:
        left = rows - limits[-1]
        size = max(LEAST_ROWS, left // (SHARE * threads))
        limits.append(rows if left < size + LEAST_ROWS else limits[-1] + size)
    return list(pairwise(limits))


def _parts(memory: npt.NDArray[Item], sizes: Sequence[int]) -> list[npt.NDArray[Item]]:
    """Divide memory into parts of these sizes."""
    return [memory[begin:end] for begin, end in pairwise(accumulate(sizes, initial=0))]


def encode_bands(pixels: Bytes, job: EncodingPlan, threads: int) -> bytes:
    """Encode an image with Huffman tables made for it, or shared ones.

    Parameters
    ----------
    pixels : ndarray, uint8
        Line by line.
    job : EncodingPlan
        `divisible`.
    threads : int
    """
    rows = _bands(job.plan.mcu_rows, threads)
    rooms = [job.plan.token_room(last - first) for first, last in rows]
    memory = _parts(scratch("tokens", sum(rooms), np.int32), rooms)
    with _Threads(threads) as several:
        bands = several.map(lambda band: _tokenize(pixels, job, *band), list(zip(rows, memory, strict=True)))
        frequencies = np.sum([band.frequencies for band in bands], axis=0)
        huffman, codes = choose_codes(job.headers, job.scan, job.plan, frequencies, optimize=job.coding.optimize)
        bits = [band.bits(codes) for band in bands]
        rooms = [2 * ((count >> 3) + 2 + PADDING) for count in bits]
        begins, outs = accumulate(bits, initial=0), _parts(scratch("file", sum(rooms)), rooms)
        parts = list(zip(begins, [None, *bands], bands, outs, strict=False))
        coded = several.map(lambda part: _code(codes, *part, last=part[2] is bands[-1]), parts)
    start = before_only_scan(job.headers, job.scan, job.plan, huffman)
    return b"".join([start, *coded, EOI_MARKER])


def _tokenize(pixels: Bytes, job: EncodingPlan, rows: tuple[int, int], memory: npt.NDArray[np.int32]) -> Tokens:
    return tokenize(pixels, job, _begin(pixels, job, rows[0]), memory, rows)


def _begin(pixels: Bytes, job: EncodingPlan, row: int) -> npt.NDArray[np.int64]:
    """State before a row of MCUs."""
    state = start_scan(0)
    if row > 0:
        part = job.last_mcu
        height, width = 8 * job.frame.max_vertical, 8 * job.frame.max_horizontal
        first = job.channels * ((row - 1) * height * job.frame.width + (job.frame.mcu_cols - 1) * width)
        samples, blocks = np.empty(part.samples, np.uint8), np.empty(part.coefficients, np.int16)
        forward_rows(pixels[first:], part.sizes, part.layout, job.factors, samples, blocks)
        layout = part.layout[list(job.scan.components)]
        last = layout[:, FIRST] + 64 * (layout[:, VERTICAL] * layout[:, BLOCK_COLS] - 1)
        state[PREDICTIONS : PREDICTIONS + len(last)] = blocks[last]
    return state


def _code(
    codes: npt.NDArray[np.int64], begin: int, before: Tokens | None, band: Tokens, out: Bytes, *, last: bool
) -> memoryview:
    """Code a band whose first bit is the `begin`-th of the scan: the bytes that end in it."""
    state = start_scan(0)
    state[FILLED] = begin & 7
    tokens_before = band.tokens[:0] if before is None else before.tokens
    written = code_part(state, tokens_before, band.tokens, last, codes, scratch("coded", CODED_BYTES), out)
    return out[:written].data


MARGIN = PADDING  # in front of the bits of a band: its first byte may end with bits of the band before


def encode_standard_bands(pixels: Bytes, job: EncodingPlan, threads: int) -> bytes:
    """Encode an image with the standard Huffman tables; the parameters are those of `encode_bands`."""
    plan = job.plan
    rows = _bands(plan.mcu_rows, threads)
    line = 8 * job.frame.max_vertical * job.frame.width
    rooms = [MARGIN + (last - first) * line + 2 * plan.row_room for first, last in rows]
    memory = _parts(scratch("bands", sum(rooms)), rooms)
    with _Threads(threads) as several:
        bands = several.map(lambda band: _code_standard(pixels, job, *band), list(zip(rows, memory, strict=True)))
        begins = list(accumulate((band.bits for band in bands), initial=0))
        bands[-1].fill_up()
        begins[-1] += 7
        for (before, band), begin in zip(pairwise(bands), begins[1:], strict=False):
            band.begin_with(before, begin & 7)
        lengths = [(end >> 3) - (begin >> 3) for begin, end in pairwise(begins)]
        rooms = [2 * (length + PADDING) for length in lengths]
        outs = _parts(scratch("file", sum(rooms)), rooms)
        parts = list(zip(bands, begins, lengths, outs, strict=False))
        coded = several.map(lambda part: _shift(*part), parts)
    return b"".join([job.standard_start, *coded, EOI_MARKER])


@dataclass(frozen=True)
class _Bits:
    """A band coded as if it began with a byte.

    Parameters
    ----------
    memory : ndarray, uint8
        Its bytes, not stuffed, from `MARGIN` on; behind its bits are zeros.
    bits : int
    """

    memory: Bytes
    bits: int

    def fill_up(self) -> None:
        """Append seven ones, of which as many count as fill up the last byte, wherever it begins (F.1.2.3)."""
        last = MARGIN + (self.bits >> 3)
        self.memory[last] |= 0xFF >> (self.bits & 7)
        self.memory[last + 1] = 0xFF

    def begin_with(self, before: _Bits, count: int) -> None:
        """Take over the last bits, up to seven, of the band before."""
        end = MARGIN + (before.bits >> 3)
        word = int.from_bytes(before.memory[end - 1 : end + 1].tobytes(), "big") >> (8 - (before.bits & 7))
        self.memory[MARGIN - 1] = word & 0xFF


def _code_standard(pixels: Bytes, job: EncodingPlan, rows: tuple[int, int], memory: Bytes) -> _Bits:
    tokenizing, coding = _begin(pixels, job, rows[0]), start_scan(0)
    coding[POSITION] = MARGIN
    row, last = rows
    while True:
        row, _ = code_standard(pixels, job, tokenizing, coding, memory, memory[:0], 0, (row, last))
        if row == last:
            return _Bits(memory, 8 * int(coding[POSITION] - MARGIN) + int(coding[FILLED]))
        memory = np.concatenate([memory, np.empty_like(memory)])


def _shift(band: _Bits, begin: int, length: int, out: Bytes) -> memoryview:
    """Stuff the bytes of a band that end in it, moved to where they are in the scan."""
    written = stuff_shifted(band.memory, MARGIN, MARGIN + length, out, begin & 7)
    return out[:written].data
