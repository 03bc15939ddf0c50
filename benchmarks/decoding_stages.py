"""The stages of decoding, kernel by kernel.

What is left between them and the whole is Python, and memory that is set to zero.
"""

from __future__ import annotations

from collections.abc import Iterable

import numba
import numpy as np

import dnjpeg
from benchmarks.timing import Stage, Stages
from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.following_scans import following
from dnjpeg.codec.entropy.lane_memory import LaneMemory, lane_spans
from dnjpeg.codec.entropy.mcu_rows import decode_mcu_row
from dnjpeg.codec.entropy.progressive_decoder import decode_progressive_scans
from dnjpeg.codec.entropy.scan import OVERRUN, start_scan
from dnjpeg.codec.format.layout import AC_TABLE, DC_TABLE, FIRST, component_layout, row_geometry, scan_layout
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.inverse import emit_mcu_row, transform_mcu_row
from dnjpeg.codec.pixels.inverse_plan import LAST_MCU_ROW, joined_steps, plan_inverse
from dnjpeg.codec.pixels.precision import strip_memory
from dnjpeg.codec.pixels.window import window_of
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.scan_reader import read_shown

kernel = numba.njit(nogil=True, error_model="numpy")  # not kept on disk: the codec's cache does not know this file


@kernel
def _decode_huffman(state, scan, mcu_rows, mcu_cols, data, coded, lookups, coefficients, ahead):
    state, scan, data, coded = span(state), span(scan), span(data), span(coded)
    lookups, coefficients, ahead = span(lookups), span(coefficients), lane_spans(ahead)
    filler = len(coefficients) - 64
    for row in range(mcu_rows):
        decode_mcu_row(state, scan, row, row, mcu_cols, data, coded, lookups, coefficients, filler, ahead, False)


@kernel
def _transform(coefficients, layout, sizes, steps, samples):
    coefficients, layout, sizes, steps, samples = (
        span(coefficients),
        span(layout),
        span(sizes),
        span(steps),
        span(samples),
    )
    for row in range(sizes[LAST_MCU_ROW]):
        transform_mcu_row(layout, row, 0, coefficients, steps, samples, None)


@kernel
def _emit(layout, sizes, samples, sums, pixels):
    layout, sizes, samples, sums, pixels = span(layout), span(sizes), span(samples), span(sums), span(pixels)
    for row in range(sizes[LAST_MCU_ROW]):
        emit_mcu_row(layout, sizes, None, row, samples, sums, pixels)


def decoding_stages(data: bytes) -> Stages:
    """Stages of decoding one sequential file, and the whole."""
    reader = Reader(data, True, Limits())
    scan = reader.next_scan()
    frame = reader.frame
    assert scan is not None
    assert frame is not None
    _, geometry, mcu_rows, mcu_cols = row_geometry(frame, scan.indices, scan.starts)
    window = window_of(frame)
    strip = np.empty(plan_inverse(frame, reader.color(), window, kept_rows=1).coefficients, np.int16)
    plan = plan_inverse(frame, reader.color(), window)
    steps = joined_steps(reader.answers().steps, frame.precision)
    coded = reader.unstuffed_scratch().copy()
    whole = Reader(data, True, Limits())
    first = whole.next_scan()
    assert first is not None
    coefficients = read_shown(whole, first)[0].copy()
    samples = strip_memory(frame.precision, plan.samples).copy()
    sums, pixels = np.empty(plan.sums, np.int16), np.empty((frame.height, frame.width, 3), np.uint8)
    assert plan.layout[-1, FIRST] + 64 == len(coefficients)

    def decode_huffman(ahead: LaneMemory | None) -> None:
        state = start_scan(0, scan.begin)
        _decode_huffman(state, geometry, mcu_rows, mcu_cols, reader.bytes, coded, scan.lookups, strip, ahead)

    return {
        "Huffman decoding": Stage(lambda: decode_huffman(ahead_memory())),
        "the same, symbol by symbol": Stage(lambda: decode_huffman(None)),
        # In a whole decoder the coefficients were just made, and lie in the cache.
        "inverse DCT": Stage(
            lambda: _transform(coefficients, plan.layout, plan.sizes, steps, samples), prepare=coefficients.sum
        ),
        "upsampling, colour": Stage(lambda: _emit(plan.layout, plan.sizes, samples, sums, pixels.reshape(-1))),
        "decode, all": Stage(lambda: dnjpeg.decode(data, out=pixels)),
    }


def _scans(reader: Reader) -> Iterable[Scan]:
    while (scan := reader.next_scan()) is not None:
        yield scan


def progressive_stages(data: bytes) -> Stages:
    """Stages of decoding one progressive file whose scans that refine come last, and the whole."""
    reader = Reader(data, True, Limits())
    scans = list(_scans(reader))
    frame = reader.frame
    assert frame is not None
    layout = component_layout(frame, filled=True)
    coefficients = np.zeros(int(layout[-1, FIRST]) + 64, np.int16)
    coded = np.empty(len(data) + OVERRUN, np.uint8)

    def arguments(scan: Scan) -> tuple[object, ...]:
        geometry, mcu_rows, mcu_cols = scan_layout(layout, scan.indices, frame)
        geometry[:, DC_TABLE : AC_TABLE + 1] = scan.starts
        return (geometry, mcu_rows, mcu_cols, *scan.band, reader.bytes, coded, scan.lookups)

    first, refining = (
        [(scan.begin, arguments(scan)) for scan in scans if (scan.header.approximation_high > 0) is refines]
        for refines in (False, True)
    )

    def decode(chosen: list[tuple[int, tuple[object, ...]]]) -> None:
        for begin, rest in chosen:
            alone = following(frame, layout, 0, 0)
            decode_progressive_scans(start_scan(0, begin), *rest, coefficients, len(coefficients) - 64, alone)

    decode(first)
    known = coefficients.copy()
    return {
        "first scans": Stage(lambda: decode(first), prepare=lambda: coefficients.fill(0)),
        "refinement scans": Stage(lambda: decode(refining), prepare=lambda: np.copyto(coefficients, known)),
        "decode, progressive, all": Stage(lambda: dnjpeg.decode(data)),
    }
