"""Chroma at half resolution, so that it is right after the decoder has interpolated it.

libjpeg averages the samples of a cell, but decoders do not repeat that average: they interpolate between cells, 3/4 of
the nearer and 1/4 of the further (libjpeg's "fancy upsampling", the default of libjpeg-turbo and browsers). The two
together blur. The plane of least squared error after the interpolation is as large, and sharper.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded

__all__ = ["planes_of", "sampled_for_interpolation"]

Plane = npt.NDArray[np.float32]

# Cb and Cr of R, G and B (JFIF 1.02; Rec. ITU-R BT.601).
_CB = (-0.168735892, -0.331264108, 0.5)
_CR = (0.5, -0.418687589, -0.081312411)


def planes_of(pixels: npt.NDArray[np.uint8]) -> tuple[Plane, Plane]:
    """Cb and Cr of RGB pixels, float32 (H, W), 0..255, not rounded."""
    red, green, blue = (pixels[:, :, index].astype(np.float32) for index in range(3))
    cb, cr = (np.float32(128) + a * red + b * green + c * blue for a, b, c in (_CB, _CR))
    return cb.astype(np.float32), cr.astype(np.float32)


def sampled_for_interpolation(plane: Plane, horizontal: int, vertical: int) -> npt.NDArray[np.uint8]:
    """Sample a plane so that its interpolation has the least squared error.

    Parameters
    ----------
    plane : ndarray, float32, (H, W)
        0..255.
    horizontal, vertical : {1, 2}
        Ratios of full resolution to the samples'.

    Returns
    -------
    ndarray, uint8, (ceil(H / vertical), ceil(W / horizontal))
        Rounded, and clipped to 0..255.
    """
    if vertical == 2:
        plane = _halved(plane)
    if horizontal == 2:
        plane = _halved(plane.T).T
    return np.ascontiguousarray(np.clip(np.rint(plane), 0, 255).astype(np.uint8))


def _halved(lines: Plane) -> Plane:
    """Solve ``U'U x = U'lines`` along the first axis, U the interpolation.

    Line 2i becomes 3/4 of x[i] and 1/4 of x[i-1], line 2i+1 3/4 of x[i] and 1/4 of x[i+1], with what lies beyond the
    ends repeated; U'U has three diagonals.
    """
    count = len(lines)
    cells = -(-count // 2)
    if cells < 2:
        only: Plane = lines.mean(axis=0, keepdims=True)
        return only
    padded = lines if count % 2 == 0 else np.concatenate([lines, np.zeros_like(lines[:1])])
    upper, lower = padded[0::2], padded[1::2]
    # U'lines: what each cell gives to the lines of its own, to the upper one of the next and the lower one of the last
    right = 0.75 * (upper + lower)
    right[:-1] += 0.25 * upper[1:]
    right[1:] += 0.25 * lower[:-1]
    right[0] += 0.25 * upper[0]
    right[-1] += 0.25 * lower[-1]
    bands = np.zeros((2, cells))
    bands[1] = 0.5625 * 2 + 0.0625 * 2
    bands[0, 1:] = 0.75 * 0.25 * 2
    bands[1, 0] = 1 + 0.5625 + 0.0625  # the first line is all its own
    bands[1, -1] = 1 + 0.5625 + 0.0625 if count % 2 == 0 else 0.5625 + 0.0625
    halved: Plane = np.asarray(solveh_banded(bands, right, check_finite=False), np.float32)
    return halved
