"""Rows of MCUs to pixels where two threads decode one scan: one goes on until it meets the run of the other.

The memory of the row in which they meet goes from the first to the second, which goes on with that row; the first
begins behind the run, in other memory, with what it needs of the row above.
"""

from __future__ import annotations

from dnjpeg.codec.entropy.ahead import SHORT, decode_ahead, mcus_ahead, next_bit, note_alone, take_mcus, try_ahead
from dnjpeg.codec.entropy.block_runs import add_differences, go_back, meets, place_mcus, sum_up
from dnjpeg.codec.entropy.lane_memory import lane_spans
from dnjpeg.codec.entropy.mcu_rows import clear_mcus
from dnjpeg.codec.entropy.scan import FAULT, begin_mcu, end_mcu, go_to_bit, stopped
from dnjpeg.codec.entropy.sequential_decoder import decode_mcu
from dnjpeg.codec.format.layout import BLOCK_ROWS, FIRST, HORIZONTAL, VERTICAL
from dnjpeg.codec.kernels.jit import inlined, kernel
from dnjpeg.codec.kernels.vector import span
from dnjpeg.codec.pixels.inverse import emit_mcu_row, inverse_mcu_row, keep_context, transform_mcu_row
from dnjpeg.codec.pixels.inverse_plan import CONTEXT, LAST_MCU_ROW

__all__ = ["begin_behind", "follow_rows", "lead_rows"]


@inlined
def _lead(
    row,
    col,
    until,
    starts,
    other,
    size,
    phases,
    state,
    scan,
    mcu_cols,
    data,
    coded,
    lookups,
    coefficients,
    ahead,
    layout,
    sizes,
    scaled,
    unusual,
    steps,
    samples,
    sums,
    pixels,
):
    """`lead_rows` with spans."""
    filler = len(coefficients) - 64
    mcu_rows = -(-scan[0, BLOCK_ROWS] // scan[0, VERTICAL])
    while row < sizes[LAST_MCU_ROW]:
        cleared = False
        while col < mcu_cols:
            count = 0
            if ahead is not None:
                count = mcus_ahead(state, ahead)
            if count == 0:
                bit = next_bit(state)
                if bit >= until and state[FAULT] == 0:
                    other, found = meets(starts, other, size, phases, bit)
                    if found:
                        return row, col, other
                    if other >= size:
                        return row, col, -1
                if ahead is not None and until - bit >= SHORT:
                    mcus = (mcu_rows - row) * mcu_cols - col
                    if decode_ahead(state, scan, mcus, data, coded, lookups, ahead, min(until - bit, 1 << 31)):
                        count = mcus_ahead(state, ahead)
            if ahead is not None and count > 0:
                behind = min(col + count, mcu_cols)
                take_mcus(state, scan, row, row, col, behind, ahead, coefficients, filler)
                col = behind
                continue
            if not cleared:
                clear_mcus(scan, row, row, col, coefficients)
                cleared = True
            if begin_mcu(state, data, coded):
                end_mcu(state, decode_mcu(state, scan, row, row, col, coded, lookups, coefficients, filler))
            if stopped(state):
                return row, col, -1
            note_alone(state, 1)
            col += 1
        inverse_mcu_row(coefficients, row, row, layout, sizes, scaled, unusual, steps, samples, sums, pixels)
        row += 1
        col = 0
    return row, col, -1


@kernel
def lead_rows(
    row,
    col,
    until,
    starts,
    other,
    size,
    phases,
    state,
    scan,
    mcu_cols,
    data,
    coded,
    lookups,
    coefficients,
    ahead,
    layout,
    sizes,
    scaled,
    unusual,
    steps,
    samples,
    sums,
    pixels,
):
    """Decode MCUs, and make pixels of rows that are complete, up to a bit and on to a block of a run.

    Parameters
    ----------
    row, col : int
        The MCU to begin with; those left of it are in `coefficients`.
    until : int
        Bit before which the run is not looked for.
    starts : ndarray, int64
    other, size, phases : int
        The run, see `block_runs.meets`; if it has no blocks left, this ends at `until`.
    state, scan, mcu_cols, data, coded, lookups, coefficients, ahead
        As in `mcu_rows.decode_mcu_row`; a row of MCUs is kept.
    layout, sizes, scaled, unusual, steps, samples, sums, pixels
        As in `inverse.inverse_mcu_row`.

    Returns
    -------
    row, col : int
        The MCU to go on with.
    other : int
        The block of the run that begins it, or -1 if it comes behind all.
    """
    state, scan, data, coded, lookups = span(state), span(scan), span(data), span(coded), span(lookups)
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels, starts = span(samples), span(sums), span(pixels), span(starts)
    return _lead(
        row,
        col,
        until,
        starts,
        other,
        size,
        phases,
        state,
        scan,
        mcu_cols,
        data,
        coded,
        lookups,
        coefficients,
        lane_spans(ahead),
        layout,
        sizes,
        scaled,
        unusual,
        steps,
        samples,
        sums,
        pixels,
    )


@kernel
def follow_rows(
    blocks,
    places,
    lines,
    firsts,
    index,
    row,
    col,
    last,
    state,
    scan,
    mcu_cols,
    coefficients,
    layout,
    sizes,
    scaled,
    unusual,
    steps,
    samples,
    sums,
    pixels,
):
    """Make pixels of a run's rows of MCUs, from one of which those before a column are in `coefficients`.

    All rows but this one are transformed where they are, if they can be.

    Parameters
    ----------
    blocks, places : ndarray
        From `block_runs.decode_run`.
    lines, firsts : ndarray, int64, or None
        Such a `layout` that lines of blocks lie in `blocks` as rows of them do in `coefficients`, and its `FIRST` for
        the first MCU of the run; None if the blocks are in the order of the scan.
    index, row, col : int
        The block and the MCU with which this begins.
    last : int
        The row before which it ends.
    state : ndarray, int64
        Its `PREDICTIONS` are those before the first MCU.
    scan, mcu_cols, coefficients, layout, sizes, scaled, unusual, steps, samples, sums, pixels
        As in `lead_rows`.
    """
    blocks, places, state, scan = span(blocks), span(places), span(state), span(scan)
    coefficients, layout, sizes, steps = span(coefficients), span(layout), span(sizes), span(steps)
    samples, sums, pixels = span(samples), span(sums), span(pixels)
    filler = len(coefficients) - 64
    if lines is None:
        for y in range(row, last):
            index = place_mcus(blocks, places, index, scan, y, y, col, mcu_cols, state, coefficients, filler)
            inverse_mcu_row(coefficients, y, y, layout, sizes, scaled, unusual, steps, samples, sums, pixels)
            col = 0
    else:
        apart, from_strip = span(lines), True
        for y in range(row, last):
            if from_strip:
                index = place_mcus(blocks, places, index, scan, y, y, col, mcu_cols, state, coefficients, filler)
                transform_mcu_row(layout, y, y, coefficients, steps, samples, scaled)
                from_strip = False
            else:
                mcu = index // len(places)
                sum_up(blocks, places, mcu, mcu_cols, scan, state)
                for c in range(len(apart)):
                    apart[c, FIRST] = firsts[c] + 64 * apart[c, HORIZONTAL] * mcu
                transform_mcu_row(apart, y, y, blocks, steps, samples, scaled)
                index += mcu_cols * len(places)
            emit_mcu_row(layout, sizes, unusual, y, samples, sums, pixels)


@kernel
def begin_behind(
    blocks,
    places,
    first,
    last,
    size,
    differences,
    bit,
    row,
    col,
    state,
    scan,
    mcu_cols,
    coded,
    coefficients,
    layout,
    sizes,
    scaled,
    steps,
    samples,
):
    """Go on behind a run, in other memory: with what its last row of MCUs has already, and samples of the one above.

    Parameters
    ----------
    blocks, places : ndarray
        From `block_runs.decode_run`.
    first, last, size : int
        Its block at which `state` is, the one behind the last MCU that is taken, and all.
    differences : ndarray, int64
        The `sums` of `block_runs.decode_run`.
    bit, row, col : int
        Where it ends. Its last rows are this one, up to here, and the whole one above.
    state, scan, mcu_cols, coded, coefficients, layout, sizes, scaled, steps, samples
        As in `lead_rows`.
    """
    blocks, places, differences = span(blocks), span(places), span(differences)
    state, scan = span(state), span(scan)
    coded, coefficients, layout, sizes = span(coded), span(coefficients), span(layout), span(sizes)
    steps, samples = span(steps), span(samples)
    go_to_bit(state, coded, bit)
    try_ahead(state)
    add_differences(blocks, places, first, last, size, differences, scan, state)
    filler = len(coefficients) - 64
    above = mcu_cols if sizes[CONTEXT] != 0 else 0
    index = go_back(blocks, places, last, above + col, scan, state)
    if above > 0:
        index = place_mcus(blocks, places, index, scan, row - 1, row - 1, 0, above, state, coefficients, filler)
        transform_mcu_row(layout, row - 1, row - 1, coefficients, steps, samples, scaled)
        keep_context(layout, samples)
    place_mcus(blocks, places, index, scan, row, row, 0, col, state, coefficients, filler)
