"""Nanoseconds a pixel that each stage of decoding takes, kernel by kernel: the table of docs/performance.md.

Each stage of each photo counts with its least time of several rounds, so that what else the machine does falls away.
What is left between the stages and the whole is Python, and memory that is set to zero.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np

import dnjpeg
from benchmarks.paths import encoded_files
from benchmarks.photos import load_crops
from dnjpeg.codec.entropy.progressive_decoder import decode_progressive_rows
from dnjpeg.codec.entropy.scan import OVERRUN, start_scan
from dnjpeg.codec.entropy.sequential_decoder import decode_mcu_row
from dnjpeg.codec.format.layout import FIRST, component_layout, scan_layout
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.kernels.vector import clear, span
from dnjpeg.codec.pixels.inverse import emit_mcu_row, transform_mcu_row
from dnjpeg.codec.pixels.inverse_plan import LAST_MCU_ROW, joined_steps, plan_inverse
from dnjpeg.codec.pixels.precision import strip_memory
from dnjpeg.codec.pixels.window import window_of
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.scan_reader import read_shown, with_lookups


@dataclass(frozen=True)
class Stage:
    """What is timed, and what must be done before it each time."""

    call: Callable[[], object]
    prepare: Callable[[], object] = lambda: None


Stages = dict[str, Stage]

kernel = numba.njit(nogil=True, error_model="numpy")  # not kept on disk: the codec's cache does not know this file


@kernel
def _decode_huffman(state, scan, mcu_rows, mcu_cols, data, coded, lookups, coefficients):
    state, scan, data, coded = span(state), span(scan), span(data), span(coded)
    lookups, coefficients = span(lookups), span(coefficients)
    filler = len(coefficients) - 64
    for row in range(mcu_rows):
        clear(coefficients, 0, len(coefficients))
        decode_mcu_row(state, scan, row, row, mcu_cols, data, coded, lookups, coefficients, filler)


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
    geometry, mcu_rows, mcu_cols = scan_layout(component_layout(frame, mcu_rows=1), scan.indices, frame)
    geometry = with_lookups(geometry, scan)
    window = window_of(frame)
    strip = np.empty(plan_inverse(frame, reader.color(), window, kept_rows=1).coefficients, np.int16)
    plan = plan_inverse(frame, reader.color(), window)
    steps = joined_steps(reader.tables(), frame.precision)
    coded = reader.unstuffed_scratch().copy()
    whole = Reader(data, True, Limits())
    first = whole.next_scan()
    assert first is not None
    coefficients = read_shown(whole, first)[0].copy()
    samples = strip_memory(frame.precision, plan.samples).copy()
    sums, pixels = np.empty(plan.sums, np.int16), np.empty((frame.height, frame.width, 3), np.uint8)
    assert plan.layout[-1, FIRST] + 64 == len(coefficients)
    return {
        "Huffman decoding": Stage(
            lambda: _decode_huffman(
                start_scan(0, scan.begin), geometry, mcu_rows, mcu_cols, reader.bytes, coded, scan.lookups, strip
            )
        ),
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
        return (with_lookups(geometry, scan), mcu_rows, mcu_cols, *scan.band, reader.bytes, coded, scan.lookups)

    first, refining = (
        [(scan.begin, arguments(scan)) for scan in scans if (scan.header.approximation_high > 0) is refines]
        for refines in (False, True)
    )

    def decode(chosen: list[tuple[int, tuple[object, ...]]]) -> None:
        for begin, rest in chosen:
            decode_progressive_rows(start_scan(0, begin), *rest, coefficients, len(coefficients) - 64)

    decode(first)
    known = coefficients.copy()
    return {
        "first scans": Stage(lambda: decode(first), prepare=lambda: coefficients.fill(0)),
        "refinement scans": Stage(lambda: decode(refining), prepare=lambda: np.copyto(coefficients, known)),
        "decode, progressive, all": Stage(lambda: dnjpeg.decode(data)),
    }


def measure(stages: list[Stages], rounds: int) -> dict[str, float]:
    """Seconds of each stage, the mean over photos of their least times."""
    least = [dict.fromkeys(photo, float("inf")) for photo in stages]
    for _ in range(rounds):
        for photo, times in zip(stages, least, strict=True):
            for name, stage in photo.items():
                stage.prepare()
                start = time.perf_counter()
                stage.call()
                times[name] = min(times[name], time.perf_counter() - start)
    return {name: sum(times[name] for times in least) / len(least) for name in least[0]}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("photos", nargs="?", type=Path, help="folder of photos (default: $DNJPEG_DATA, else foolbox's)")
    parser.add_argument("--count", type=int, default=100, help="distinct crops of 500x375 pixels (default 100)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quality", type=int, default=75)
    options = parser.parse_args()
    crops = load_crops(options.photos, options.count)
    pixels = crops[0].shape[0] * crops[0].shape[1]
    print("| stage | 4:2:0 | 4:4:4 |\n|---|---|---|")
    for stages, progressive in ((decoding_stages, False), (progressive_stages, True)):
        found = []
        for subsampling in ("4:2:0", "4:4:4"):
            files = encoded_files(crops, options.quality, subsampling, progressive=progressive)
            found.append(measure([stages(data) for data in files], options.rounds))
        for name in found[0]:
            print(f"| {name} | " + " | ".join(f"{column[name] * 1e9 / pixels:.2f}" for column in found) + " |")


if __name__ == "__main__":
    main()
