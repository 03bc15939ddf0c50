"""Scans to coefficients: the entropy decoding of a whole file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.beginnings import begin_reading
from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.arithmetic import BINS, start_arithmetic_scan, with_bins
from dnjpeg.codec.entropy.arithmetic_decoder import decode_arithmetic_rows
from dnjpeg.codec.entropy.following_scans import following, segments_followed
from dnjpeg.codec.entropy.lane_memory import lane_spans
from dnjpeg.codec.entropy.mcu_rows import decode_mcu_row
from dnjpeg.codec.entropy.progressive_decoder import decode_progressive_scans
from dnjpeg.codec.entropy.scan import GOOD_ROW, start_scan, stopped
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.layout import (
    AC_TABLE,
    BLOCK_ROWS,
    DC_TABLE,
    FIRST,
    VERTICAL,
    Places,
    coefficient_arrays,
    coefficient_places,
    component_layout,
    scan_layout,
)
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.smoothing import smoothed
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.errors import FormatError

__all__ = ["decode_rows", "following_scan", "read", "read_scans", "read_shown"]

Blocks = npt.NDArray[np.int16]


@kernel
def decode_rows(state, scan, first, last, mcu_cols, data, coded, lookups, coefficients, filler, ahead, keeps):
    """Rows of MCUs from `first` to before `last`, with which the coefficients begin; see `decode_mcu_row`."""
    state, scan, data, coded = span(state), span(scan), span(data), span(coded)
    lookups, coefficients, ahead = span(lookups), span(coefficients), lane_spans(ahead)
    for row in range(first, last):
        decode_mcu_row(state, scan, row, first, mcu_cols, data, coded, lookups, coefficients, filler, ahead, keeps)
        if stopped(state):
            return


class _Room(NamedTuple):
    """Where the coefficients of a whole image are."""

    layout: npt.NDArray[np.int64]
    places: Places
    size: int  # one block more is for what has no place


@lru_cache(64)
def _room(frame: Frame) -> _Room:
    """Room for a whole image; of a progressive frame also for the rows of blocks that only fill the last MCUs."""
    layout = component_layout(frame, filled=frame.progressive)
    return _Room(layout, coefficient_places(layout), int(layout[-1, FIRST]) + 64)


@lru_cache(256)
def _scan_geometry(
    frame: Frame, indices: tuple[int, ...], starts: tuple[tuple[int, int], ...] = ()
) -> tuple[npt.NDArray[np.int64], int, int]:
    """Geometry of one scan, as `scan_layout` has it; with `Scan.starts`, if there are any."""
    geometry, mcu_rows, mcu_cols = scan_layout(_room(frame).layout, indices, frame)
    if frame.progressive and len(geometry) > 1:
        geometry[:, BLOCK_ROWS] = mcu_rows * geometry[:, VERTICAL]
    if starts:
        geometry[:, DC_TABLE : AC_TABLE + 1] = starts
    return geometry, mcu_rows, mcu_cols


def read(
    data: bytes | bytearray | memoryview,
    *,
    strict: bool,
    limits: Limits,
    coding_tables: CodingTables | None = None,
) -> CoefficientImage:
    """Read the coefficients of a whole file; see `dnjpeg.read`."""
    return read_scans(*begin_reading(data, strict=strict, limits=limits, coding_tables=coding_tables))


def read_scans(reader: Reader, first: Scan) -> CoefficientImage:
    """Read the coefficients of all scans, of which `first` was found."""
    assert reader.frame is not None
    frame = reader.frame
    whole = not frame.progressive and not frame.arithmetic and len(first.indices) == len(frame.components)
    new = np.empty if whole else np.zeros  # a scan of all blocks writes all
    return _image(reader, _read_blocks(reader, first, new(_room(frame).size, np.int16)))


def read_shown(reader: Reader, first: Scan) -> tuple[Blocks, bool]:
    """Read the coefficients that are shown: with estimates, if progressive scans are missing.

    Returns
    -------
    coefficients : ndarray, int16
        Of all components, as `component_layout` has them; in scratch memory.
    filled : bool
        Whether they have the rows of blocks that only fill the last MCUs.
    """
    assert reader.frame is not None
    coefficients = scratch("image", _room(reader.frame).size, np.int16)
    coefficients[:] = 0
    blocks = _read_blocks(reader, first, coefficients)
    progression = reader.progression
    if progression is None or not progression.allows_estimates(reader.answers().tables):
        return coefficients, reader.frame.progressive
    image = smoothed(_image(reader, blocks), blocks, progression)
    return np.concatenate([array.reshape(-1) for array in image.coefficients]), False


def _image(reader: Reader, blocks: Sequence[Blocks]) -> CoefficientImage:
    frame = reader.frame
    assert frame is not None
    answers = reader.answers()
    tables = answers.tables
    if reader.overlooked:  # a step of zero, maybe: what is multiplied by it might as well be zero
        for array, table in zip(blocks, tables, strict=True):
            np.multiply(array, table > 0, out=array)
        tables = tuple(np.maximum(table, 1) for table in tables)
    else:
        tables = tuple(answers.steps.copy())
    if frame.progressive:  # blocks that only fill the last MCUs are there, too
        blocks = [array[: frame.block_shape(index)[0]] for index, array in enumerate(blocks)]
    return CoefficientImage.from_file(
        frame,
        tuple(blocks),
        tables,
        color=reader.color(),
        restart_interval=reader.restart_interval,
        jfif=answers.known.density,
        metadata=answers.known.metadata,
        warnings=tuple(reader.warnings),
    )


def _read_blocks(reader: Reader, first: Scan, coefficients: Blocks) -> tuple[Blocks, ...]:
    """Read all scans into the zeros of `_room`; returns the blocks of each component."""
    frame = reader.frame
    assert frame is not None
    blocks = coefficient_arrays(coefficients, _room(frame).places)
    scan: Scan | None = first
    seen: set[int] = set()
    while scan is not None:
        again = seen.intersection(() if frame.progressive or frame.arithmetic else scan.indices)
        known = _set_aside(blocks, again)
        state, indices = _read_scan(reader, scan, frame, coefficients, keeps=len(again) > 0)
        scan.give_back()
        _put_back(blocks, known)
        seen.update(indices)
        if reader.progression is not None:
            reader.progression.last_good_row = _last_good_row(state, indices, frame, reader.progression.rows_together)
        reader.finish_scan(state)
        scan = following_scan(reader)
    return blocks


def _set_aside(blocks: Sequence[Blocks], indices: Iterable[int]) -> dict[int, Blocks]:
    """Keep the coefficients of components that a sequential scan sends again, and clear AC, as decoding requires."""
    known = {}
    for index in indices:
        array = blocks[index]
        known[index] = array.copy()
        array[...] = 0
        array[:, :, 0, 0] = known[index][:, :, 0, 0]
    return known


def _put_back(blocks: Sequence[Blocks], known: dict[int, Blocks]) -> None:
    """Let what was known stay where the scan sent nothing else, as libjpeg does."""
    for index, before in known.items():
        array = blocks[index]
        before[:, :, 0, 0] = array[:, :, 0, 0]
        np.copyto(array, before, where=array == 0)


def _last_good_row(
    state: npt.NDArray[np.int64], indices: tuple[int, ...], frame: Frame, rows_together: int | None
) -> int:
    """Row of MCUs of all components in which the last MCU of a scan lies that began with data."""
    if frame.arithmetic:  # its data may be left out, and end only with the scan
        return (frame.mcu_rows - 1) // (rows_together or 1)
    row = int(state[GOOD_ROW])
    return row if len(indices) > 1 else row // (rows_together or frame.components[indices[0]].vertical)


def _read_scan(
    reader: Reader, scan: Scan, frame: Frame, coefficients: npt.NDArray[np.int16], *, keeps: bool
) -> tuple[npt.NDArray[np.int64], tuple[int, ...]]:
    """Read the coefficients of a scan, and maybe of some that follow.

    Returns the state in which the last one ended, and its components.
    """
    geometry, mcu_rows, mcu_cols = _scan_geometry(frame, scan.indices, scan.starts)
    data, coded = reader.bytes, reader.unstuffed_scratch()
    target = (coefficients, len(coefficients) - 64)
    if frame.arithmetic:
        state = start_arithmetic_scan(reader.restart_interval, scan.begin, strict=reader.strict)
        geometry = with_bins(geometry, ((part.dc_table, part.ac_table) for part in scan.header.components))
        band = scan.band if frame.progressive else (0, 63, 0, 0)
        bins = np.empty(BINS, np.uint8)
        decode_arithmetic_rows(state, geometry, mcu_rows, mcu_cols, band, scan.limits, bins, data, coded, *target)
        return state, scan.indices
    state = start_scan(reader.restart_interval, scan.begin, strict=reader.strict)
    if frame.progressive:
        then = following(frame, _room(frame).layout, *reader.left())
        decode_progressive_scans(
            state, geometry, mcu_rows, mcu_cols, *scan.band, data, coded, scan.lookups, *target, then
        )
        return state, reader.pass_over(segments_followed(then)) or scan.indices
    decode_rows(state, geometry, 0, mcu_rows, mcu_cols, data, coded, scan.lookups, *target, ahead_memory(), keeps)
    return state, scan.indices


def following_scan(reader: Reader) -> Scan | None:
    """Next scan; a file whose components are complete may lack EOI, as many do."""
    try:
        scan = reader.next_scan()
        if scan is None and reader.missing():
            raise FormatError(f"component {reader.missing()[0]} has no scan", offset=reader.position - 2, marker="EOI")
    except FormatError as error:
        if reader.missing() or reader.lacks_detail() or reader.overlooked:
            if reader.strict:
                raise
            reader.warnings.append(str(error))
        return None
    return scan
