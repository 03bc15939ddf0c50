"""Bytes to pixels: entropy decoding (`reader`), then dequantization, inverse DCT, upsampling, colour (`inverse`)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.beginnings import begin_reading
from dnjpeg.codec.decoding_threads import decode_on_two_threads
from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.lane_memory import lane_spans
from dnjpeg.codec.entropy.mcu_rows import decode_mcu_row
from dnjpeg.codec.entropy.scan import start_scan, stopped
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.exif import UPRIGHT, Turn, orientation_of
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import row_geometry
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import made_for, scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.inverse import inverse_mcu_row, inverse_rows
from dnjpeg.codec.pixels.inverse_plan import LAST_MCU_ROW, InversePlan, joined_steps, plan_inverse
from dnjpeg.codec.pixels.orientation import stored_window, turned, upright_frame
from dnjpeg.codec.pixels.precision import sample_type, strip_memory
from dnjpeg.codec.pixels.window import Region, Scale, Window, window_of
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.scan_reader import read_shown
from dnjpeg.errors import JpegWarning
from dnjpeg.steps import Steps, whole

__all__ = ["decode", "decode_begun"]

Pixels = npt.NDArray[Any]  # uint8 or, of 12 bits, uint16


def decode(
    data: bytes | bytearray | memoryview,
    *,
    strict: bool,
    limits: Limits,
    scale: Scale = 1,
    region: Region | None = None,
    orient: bool = False,
    out: Pixels | None = None,
    coding_tables: CodingTables | None = None,
    threads: int = 1,
) -> Steps[Pixels]:
    """Decode a file to pixels; see `dnjpeg.decode`."""
    reader, scan = begin_reading(data, strict=strict, limits=limits, coding_tables=coding_tables)
    pixels = yield from _decode(reader, scan, scale, region, orient, out, threads)
    for warning in reader.warnings:
        warnings.warn(warning, JpegWarning, stacklevel=4)
    return pixels


def decode_begun(
    reader: Reader,
    scan: Scan,
    *,
    scale: Scale = 1,
    region: Region | None = None,
    orient: bool = False,
    out: Pixels | None = None,
    threads: int = 1,
) -> Pixels:
    """Decode a file that `begin_reading` has begun with, once; what it warns of is in the reader."""
    return whole(_decode(reader, scan, scale, region, orient, out, threads))


def _decode(
    reader: Reader,
    scan: Scan,
    scale: Scale,
    region: Region | None,
    orient: bool,
    out: Pixels | None,
    threads: int,
) -> Steps[Pixels]:
    assert reader.frame is not None
    turn = _turn(reader) if orient else None
    if turn is None:
        window = window_of(reader.frame, scale, region)
        pixels = _output(reader.frame, window, out)
        yield from _decode_window(reader, scan, window, pixels, threads)
    else:
        upright = upright_frame(reader.frame, turn)
        window = window_of(upright, scale, region)
        pixels = _output(upright, window, out)
        stored = stored_window(window, upright, turn)
        yield
        lying = _output(reader.frame, stored, None)
        whole(_decode_window(reader, scan, stored, lying, threads))
        pixels[...] = turned(lying, turn)
    return pixels


def _turn(reader: Reader) -> Turn | None:
    """Find what puts the image upright; None if it lies so."""
    orientations = (orientation_of(item) for item in reader.answers().known.metadata)
    return UPRIGHT.get(next((orientation for orientation in orientations if orientation is not None), 1))


def _decode_window(reader: Reader, scan: Scan, window: Window, pixels: Pixels, threads: int) -> Steps[None]:
    frame = reader.frame
    assert frame is not None
    if len(scan.indices) < len(frame.components) or frame.progressive or frame.arithmetic:
        return _decode_scans(reader, scan, window, pixels)
    return (_decode_one_scan if threads == 1 else _decode_on_threads)(reader, scan, window, pixels)


def _decode_scans(reader: Reader, scan: Scan, window: Window, pixels: Pixels) -> Steps[None]:
    yield
    _render(reader, *read_shown(reader, scan), window, pixels)


def _decode_on_threads(reader: Reader, scan: Scan, window: Window, pixels: Pixels) -> Steps[None]:
    yield
    if not decode_on_two_threads(reader, scan, window, pixels):
        whole(_decode_one_scan(reader, scan, window, pixels))


def _output(frame: Frame, window: Window, out: Pixels | None) -> Pixels:
    count, dtype = len(frame.components), sample_type(frame.precision)
    shape = (window.height, window.width, count)[: 2 if count == 1 else 3]
    if out is None:
        return np.empty(shape, dtype)
    if out.shape != shape or out.dtype != dtype or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be a writable, C-contiguous {dtype.__name__} array of shape {shape}")
    return out


def _decode_one_scan(reader: Reader, scan: Scan, window: Window, pixels: Pixels) -> Steps[None]:
    """All components in one scan: coefficients of one row of MCUs are kept at a time."""
    frame = reader.frame
    assert frame is not None
    strip = plan_inverse(frame, reader.color(), window, kept_rows=1)
    _, geometry, _, mcu_cols = row_geometry(frame, scan.indices, scan.starts)
    state = start_scan(reader.restart_interval, scan.begin, strict=reader.strict)
    steps = joined_steps(reader.answers().steps, frame.precision)
    line = pixels.reshape(-1)
    yield
    coefficients, samples, sums, ahead = made_for("decoding", strip, strip.memory, _room)
    _decode_rows(
        state,
        geometry,
        mcu_cols,
        reader.bytes,
        reader.unstuffed_scratch(),
        scan.lookups,
        coefficients,
        strip.layout,
        strip.sizes,
        strip.scaled,
        strip.unusual,
        steps,
        samples,
        sums,
        line,
        ahead,
    )
    yield
    scan.give_back()
    reader.finish_scan(state)


def _room(strip: InversePlan) -> tuple[Any, ...]:
    """Return scratch memory for a row of MCUs: its coefficients, samples and sums; and what is decoded ahead."""
    return (
        scratch("coefficients", strip.coefficients, np.int16),
        strip_memory(strip.precision, strip.samples),
        scratch("sums", strip.sums, np.int16),
        ahead_memory(),
    )


def _render(reader: Reader, coefficients: npt.NDArray[np.int16], filled: bool, window: Window, pixels: Pixels) -> None:
    """Coefficients of the whole image, as `read_shown` has them, to pixels."""
    assert reader.frame is not None
    strip = plan_inverse(reader.frame, reader.color(), window, filled=filled)
    inverse_rows(
        coefficients,
        0,
        strip.last_mcu_row,
        strip.layout,
        strip.sizes,
        strip.scaled,
        strip.unusual,
        joined_steps(reader.answers().steps, reader.frame.precision),
        strip_memory(strip.precision, strip.samples),
        scratch("sums", strip.sums, np.int16),
        pixels.reshape(-1),
    )


@kernel
def _decode_rows(
    state,
    scan,
    mcu_cols,
    data,
    coded,
    lookups,
    coefficients,
    layout,
    sizes,
    scaled,
    unusual,
    steps,
    samples,
    sums,
    pixels,
    ahead,
):
    """Decode rows of MCUs down to the last that the window needs; those above it become no pixels by their layout."""
    state, scan, data, coded, lookups = span(state), span(scan), span(data), span(coded), span(lookups)
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels, ahead = span(samples), span(sums), span(pixels), lane_spans(ahead)
    filler = len(coefficients) - 64
    for row in range(sizes[LAST_MCU_ROW]):
        decode_mcu_row(state, scan, row, row, mcu_cols, data, coded, lookups, coefficients, filler, ahead, False)
        if stopped(state):
            return
        inverse_mcu_row(coefficients, row, row, layout, sizes, scaled, unusual, steps, samples, sums, pixels)
