"""Estimates of coefficients that missing progressive scans would have sent, from the DC of blocks around (T.81 K.8).

T.81 gives an informative procedure over 3x3 blocks; this is libjpeg-turbo's over 5x5 (`decompress_smooth_data`, since
2.1), with the same results. An estimate takes the place of a coefficient that is still zero and not known exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.progression import ESTIMATED, Progression
from dnjpeg.codec.format.zigzag import ZIGZAG

__all__ = ["smoothed"]

Blocks = npt.NDArray[np.int16]
Numbers = npt.NDArray[np.int64]
Weights = list[list[int]]

BAND = 64  # rows of blocks that are estimated together

# Weights of the 5x5 DC values around a block, in 256ths of the ratio of the steps, by place in the zigzag sequence.
# fmt: off
# Where there are AC coefficients already: those that are estimated are few.
WITH_AC = {
    1: [[0] * 5, [0] * 5, [-7, 50, 0, -50, 7], [0] * 5, [0] * 5],
    3: [[0, 0, -1, 0, 0], [0, 0, 13, 0, 0], [0, 0, -24, 0, 0], [0, 0, 13, 0, 0], [0, 0, -1, 0, 0]],
    4: [[0, -1, 0, 1, 0], [-1, 10, 0, -10, 1], [0] * 5, [1, -10, 0, 10, -1], [0, 1, 0, -1, 0]],
}
# Where there is nothing but DC: DC itself is smoothed too.
WITHOUT_AC = {
    0: [[-2, -6, -8, -6, -2], [-6, 6, 42, 6, -6], [-8, 42, 152, 42, -8], [-6, 6, 42, 6, -6], [-2, -6, -8, -6, -2]],
    1: [[-1, -1, 0, 1, 1], [-3, 13, 0, -13, 3], [-3, 38, 0, -38, 3], [-3, 13, 0, -13, 3], [-1, -1, 0, 1, 1]],
    3: [[0, 0, 1, 0, 0], [0, 2, 7, 2, 0], [0, -5, -14, -5, 0], [0, 2, 7, 2, 0], [0, 0, 1, 0, 0]],
    4: [[-1, 0, 0, 0, 1], [0, 9, 0, -9, 0], [0] * 5, [0, -9, 0, 9, 0], [1, 0, 0, 0, -1]],
    6: [[0] * 5, [0, 1, 0, -1, 0], [0, 2, 0, -2, 0], [0, 1, 0, -1, 0], [0] * 5],
    7: [[0] * 5, [0, 1, -3, 1, 0], [0] * 5, [0, -1, 3, -1, 0], [0] * 5],
}
# fmt: on
TRANSPOSED = {2: 1, 5: 3, 8: 7, 9: 6}


def smoothed(image: CoefficientImage, filled: Sequence[Blocks], progression: Progression) -> CoefficientImage:
    """Return the image with estimates for what is missing.

    Parameters
    ----------
    image : CoefficientImage
        Its arrays are not changed.
    filled : sequence of ndarray, int16, (rows, block_cols, 8, 8)
        The coefficients of the image's components with the rows of blocks that only fill the last MCUs.
    progression : Progression
        What is known of them.
    """
    frame = image.frame
    coefficients = []
    for index, (blocks, table) in enumerate(zip(image.coefficients, image.tables, strict=True)):
        vertical = progression.rows_together or frame.components[index].vertical
        reached = min((progression.last_good_row + 1) * vertical, len(blocks))
        rows = _rows_around(len(blocks), vertical)
        below = max(0, int(rows.max()) + 1 - len(filled[index]))
        known = np.pad(filled[index], ((0, below), (0, 0), (0, 0), (0, 0))) if below else filled[index]
        result = blocks.copy()
        for first, last, bits in (
            (0, reached, np.array(progression.bits[index])),
            (reached, len(blocks), np.array(progression.bits_before[index])),
        ):
            for top in range(first, last, BAND):
                band = slice(top, min(top + BAND, last))
                _estimate(result[band], _surroundings(known, rows[:, band]), table, bits)
        coefficients.append(result)
    return replace(image, coefficients=tuple(coefficients))


def _rows_around(count: int, vertical: int) -> Numbers:
    """Rows of blocks from two above to two below each: int64, (5, rows).

    Beyond an edge the last row counts again. It is libjpeg's arithmetic that rows which only fill the last MCU count
    for blocks two rows above them outside of that MCU, and that the second row above does not count for the second row
    of MCUs if that is the last and has one row of blocks.
    """
    rows = np.arange(count)
    mcus = -(-count // vertical)
    in_last_mcu = rows // vertical == mcus - 1
    numbers = np.where(in_last_mcu, (mcus - 1) * (count - (mcus - 1) * vertical) + rows % vertical, rows)
    above = (rows - 1).clip(0)
    below = np.minimum(rows + 1, count - 1)
    two_above = np.where(numbers > 1, rows - 2, above)
    two_below = np.where(in_last_mcu | (vertical == 1), np.minimum(rows + 2, count - 1), rows + 2)
    return np.stack([two_above, above, rows, below, two_below])


def _surroundings(filled: Blocks, rows: Numbers) -> npt.NDArray[np.int32]:
    """DC values of the 25 blocks around each block of some rows: int32, (25, rows, columns)."""
    columns = filled.shape[1]
    dc = np.pad(filled[:, :, 0, 0].astype(np.int32), ((0, 0), (2, 2)), mode="edge")
    return np.stack([dc[row, x : x + columns] for row in rows for x in range(5)])


def _estimate(blocks: Blocks, around: npt.NDArray[np.int32], table: npt.NDArray[np.uint16], bits: Numbers) -> None:
    """Replace, in place, what is zero and not known exactly."""
    without_ac = bool((bits[1:ESTIMATED] == -1).all())
    kernels = WITHOUT_AC if without_ac else WITH_AC
    steps = table.reshape(64).astype(np.int64)
    flat = blocks.reshape(*blocks.shape[:2], 64)
    for k in range(ESTIMATED):
        weights = _weights(kernels, k)
        if weights is None or (k > 0 and bits[k] == 0):
            continue
        place = ZIGZAG[k]
        total = steps[0] * np.tensordot(np.array(weights, np.int32).reshape(25), around, 1)
        magnitude = ((steps[place] << 7) + np.abs(total)) // (steps[place] << 8)
        if k > 0 and bits[k] > 0:  # what is zero so far has no bit set above
            magnitude = np.minimum(magnitude, (1 << int(bits[k])) - 1)
        estimate = (np.sign(total) * magnitude).astype(np.int16)
        values = flat[..., place]
        flat[..., place] = estimate if k == 0 else np.where(values == 0, estimate, values)


def _weights(kernels: dict[int, Weights], k: int) -> Weights | None:
    """Weights for the k-th coefficient; those of coefficient (u, v) are those of (v, u) transposed."""
    if k in TRANSPOSED and TRANSPOSED[k] in kernels:
        return [list(row) for row in zip(*kernels[TRANSPOSED[k]], strict=True)]
    return kernels.get(k)
