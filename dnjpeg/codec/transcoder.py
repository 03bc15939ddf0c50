"""Bytes to bytes with other tables or turned: `reader`, `lossless`, requantization, `writer`; never through pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.beginnings import begin_reading
from dnjpeg.codec.entropy.ahead import ahead_memory
from dnjpeg.codec.entropy.best_codes import Coder, code_best, coder_spans
from dnjpeg.codec.entropy.gathering import Lists, list_spans
from dnjpeg.codec.entropy.lane_memory import LaneMemory, lane_spans
from dnjpeg.codec.entropy.mcu_rows import decode_mcu_row
from dnjpeg.codec.entropy.scan import FAULT, SOURCE, begin_scan, start_scan, stopped
from dnjpeg.codec.entropy.scan_writer import (
    Tokens,
    begin_best_scan,
    token_scan,
)
from dnjpeg.codec.entropy.sequential_encoder import tokenize_mcu_row
from dnjpeg.codec.entropy.tokens import CODES, COUNTS, count_symbols, join_counts
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.headers import EOI_MARKER
from dnjpeg.codec.format.layout import FIRST, coefficient_arrays, coefficient_places, component_layout, row_geometry
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.format.metadata import KEPT
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.scratch import made_for, scratch
from dnjpeg.codec.kernels.vector import clear, span
from dnjpeg.codec.pixels.quantize import USUAL_SIZE, requantize, requantize_blocks
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.codec.said import Known
from dnjpeg.codec.scan_reader import following_scan, read
from dnjpeg.codec.transcoding_plan import Transcoding, TranscodingPlan, factors_of, plan_transcoding, with_tables
from dnjpeg.codec.trellis.choice import RateDistortion
from dnjpeg.codec.trellis.search import choose_levels
from dnjpeg.codec.writer import assemble_made, assemble_only, headers_of, write
from dnjpeg.errors import FormatError
from dnjpeg.steps import Steps

__all__ = ["requantized", "transcode"]


def transcode(
    data: bytes | bytearray | memoryview,
    to: Transcoding,
    *,
    limits: Limits,
    coding_tables: CodingTables | None = None,
    rearranged: Callable[[CoefficientImage], CoefficientImage] | None = None,
    rdo: RateDistortion | None = None,
) -> Steps[bytes]:
    """Rewrite a file; see `dnjpeg.transcode`.

    Parameters
    ----------
    rearranged : callable, optional
        What to do without loss with its coefficients, before anything else.
    rdo : RateDistortion, optional
        None: each coefficient is rounded to the nearest level.
    """
    begun = None
    if rearranged is None and rdo is None:
        begun = _begun(data, to, limits, coding_tables)
    yield
    if begun is not None:
        written = _streamed(begun, to)
        if written is not None:
            if begun.ended():
                yield
                begun.finish()
            return written
    image = read(data, strict=True, limits=limits, coding_tables=coding_tables)
    image = rearranged(image) if rearranged is not None else image
    image = replace(image, jfif=to.jfif or image.jfif, metadata=to.metadata_of(image.metadata))
    coding = to.coding.following(image.frame, image.restart_interval)
    tables = to.arrays()
    try:
        changed = image if tables is None else requantized(image, tables)
        return write(changed if rdo is None else _optimized(image, changed, coding, rdo), coding)
    except ValueError as error:  # what the file holds cannot be written again
        raise FormatError(f"cannot be rewritten: {error}", offset=0) from None


def requantized(image: CoefficientImage, tables: Sequence[npt.NDArray[np.uint16]]) -> CoefficientImage:
    """Return the image quantized with other tables; see `dnjpeg.transcode` for what that does to rounding.

    Parameters
    ----------
    image : CoefficientImage
        Its arrays are not changed.
    tables : sequence of ndarray, uint16, (8, 8)
        One for all components, one for luma and one for chroma, or one a component; natural order.
    """
    described = with_tables(image, tables)
    coefficients = []
    for factors, array in zip(factors_of(image.tables, described.tables), image.coefficients, strict=True):
        changed = array.copy()
        requantize(changed.reshape(-1), factors)
        coefficients.append(changed)
    return replace(described, coefficients=tuple(coefficients))


def _optimized(
    image: CoefficientImage, rounded: CoefficientImage, coding: Coding, rdo: RateDistortion
) -> CoefficientImage:
    """Return the image that was rounded with other levels, chosen for what it was before."""
    headers, coding = headers_of(rounded, coding)
    count = len(image.frame.components)
    source = np.concatenate([image.dequantized(index).reshape(-1) for index in range(count)])
    nearest = np.concatenate([array.reshape(-1) for array in rounded.coefficients])
    made = coding.optimize or headers.frame.progressive or headers.frame.arithmetic
    levels = choose_levels(headers, source, 1, nearest, rdo, made=made)
    places = coefficient_places(component_layout(headers.frame))
    return replace(rounded, coefficients=coefficient_arrays(levels, places))


# From sequential Huffman coding to the same, which is most of what is transcoded, coefficients need not be kept: a row
# of MCUs at a time is decoded, quantized anew and made into tokens.


Numbers = npt.NDArray[np.int64]


class _Begun(NamedTuple):
    """A file that is to be transcoded row by row, before its scan."""

    reader: Reader
    scan: Scan
    known: Known
    plan: TranscodingPlan
    state: Numbers
    geometry: tuple[Numbers, Numbers, int, int]
    """From `row_geometry`."""

    def ended(self) -> bool:
        """Tell whether the image ends behind the scan, which has no fault."""
        end = int(self.state[SOURCE])
        return not self.state[FAULT] and self.reader.view[end : end + 2] == EOI_MARKER

    def finish(self) -> bool:
        """Go on behind the scan; returns whether the image ends there. Raises what is wrong with either."""
        self.scan.give_back()
        self.reader.finish_scan(self.state)
        return following_scan(self.reader) is None


def _begun(
    data: bytes | bytearray | memoryview, to: Transcoding, limits: Limits, coding_tables: CodingTables | None
) -> _Begun | None:
    """Read a file up to its scan; None if it cannot be transcoded row by row, or what it holds cannot be written again.

    What is wrong with the file itself is raised: reading all of it would find the same.
    """
    if to.copy not in KEPT:
        return None
    reader, scan = begin_reading(data, strict=True, limits=limits, coding_tables=coding_tables)
    if not _streams(reader, scan, to.coding):
        return None
    assert reader.frame is not None
    known = reader.answers().known
    try:
        plan = plan_transcoding(reader.frame, to.written(known), to)
    except ValueError:  # the other way tells which
        return None
    state = start_scan(known.restart_interval, scan.begin, strict=True)
    return _Begun(reader, scan, known, plan, state, row_geometry(reader.frame, scan.indices, scan.starts))


def _streamed(begun: _Begun, to: Transcoding) -> bytes | None:
    """Transcode row by row; None if that cannot be done. Unless the image has `ended`, the file is finished with."""
    reader, known, plan = begun.reader, begun.known, begun.plan
    tokens, coder, written = _coded(begun)
    try:
        if not begun.ended():
            if not begun.finish():
                return None
            last = reader.answers().known  # some segments lay behind the scan
            if last.restart_interval != known.restart_interval:
                return None  # that told last is written, and the tokens have another
            plan = plan_transcoding(reader.frame, to.written(last), to)
        if written > 0:
            return assemble_made(plan.headers, coder, written)
        coded = token_scan(plan.headers, plan.scan, plan.plan, tokens, optimize=plan.coding.optimize)
        return assemble_only(plan.headers, coded)
    except ValueError:  # the other way tells which
        return None


def _streams(reader: Reader, scan: Scan, coding: Coding) -> bool:
    frame = reader.frame
    assert frame is not None
    if frame.precision > 8 or frame.progressive or frame.arithmetic or len(scan.indices) != len(frame.components):
        return False
    return not (coding.progressive or coding.arithmetic or coding.script is not None or coding.smallest)


class _Room(NamedTuple):
    """Scratch memory in which files of one kind and size are transcoded."""

    coefficients: npt.NDArray[np.int16]
    lists: Lists
    state: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int64]
    coder: Coder
    ahead: LaneMemory | None


def _room(to: TranscodingPlan) -> _Room:
    plan = to.plan
    return _Room(
        scratch("coefficients", 64 * (plan.kept_blocks + 1), np.int16),
        plan.lists(),
        start_scan(0),
        scratch("tokens", plan.token_room(plan.mcu_rows), np.int32),
        scratch("counts", COUNTS, np.int64),
        begin_best_scan(to.headers, to.start, 0),
        ahead_memory(),
    )


def _coded(begun: _Begun) -> tuple[Tokens, Coder, int]:
    """Return tokens of the new scan, and how many bytes of them are coded already, in the output of the coder."""
    reader, scan, _, to, state, (layout, old_scan, mcu_rows, mcu_cols) = begun
    room = made_for("transcoding", to, to.plan.token_bytes, _room)
    coder = room.coder
    if len(coder[-1]) < 2 * len(reader.view):
        coder = begin_best_scan(to.headers, to.start, 2 * len(reader.view))
    count, written = _transcode_rows(
        state,
        old_scan,
        mcu_rows,
        mcu_cols,
        reader.bytes,
        reader.unstuffed_scratch(),  # the coder has the same memory, when all of it is decoded
        scan.lookups,
        layout,
        room.coefficients,
        room.lists,
        to.factors,
        room.state,
        to.interval,
        to.plan.scan,
        room.tokens,
        room.counts,
        to.made,
        coder,
        room.ahead,
    )
    return Tokens(room.tokens[:count], room.counts[:CODES]), coder, written


@kernel
def _transcode_rows(
    state,
    scan,
    mcu_rows,
    mcu_cols,
    data,
    coded,
    lookups,
    layout,
    coefficients,
    lists,
    factors,
    tokenizing,
    interval,
    new_scan,
    tokens,
    counts,
    made,
    coder,
    ahead,
):
    """Make and count tokens of rows of MCUs, requantized if there are factors, and code them if tables are to be made.

    Returns their number, and what `code_best` does: 0 if they are not coded, or there is a fault.
    """
    state, scan, data, coded, lookups = span(state), span(scan), span(data), span(coded), span(lookups)
    layout, coefficients, tokenizing = span(layout), span(coefficients), span(tokenizing)
    lists, new_scan, tokens = list_spans(lists), span(new_scan), span(tokens)
    filler = layout[len(layout) - 1, FIRST]
    counts, ahead = span(counts), lane_spans(ahead)
    count = 0
    clear(counts, 0, COUNTS)
    begin_scan(tokenizing, interval)
    for row in range(mcu_rows):
        decode_mcu_row(state, scan, row, row, mcu_cols, data, coded, lookups, coefficients, filler, ahead, False)
        if stopped(state):
            return count, 0
        if factors is not None:
            exact, usual = factors
            exact, usual = span(exact), span(usual)
            for c in range(len(layout) - 1):
                first, last = layout[c, FIRST], layout[c + 1, FIRST]
                requantize_blocks(coefficients, first, last, exact, 64 * c, usual, USUAL_SIZE * c)
        begin = count
        count = tokenize_mcu_row(tokenizing, new_scan, row, row, mcu_cols, coefficients, lists, tokens, count)
        count_symbols(tokens, begin, count, counts)
    join_counts(counts)
    return count, code_best(tokens, count, counts, coder_spans(coder)) if made else 0
