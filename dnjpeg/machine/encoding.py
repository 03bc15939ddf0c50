"""An image's file at a quality or within a size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.machine.activity import activity, step_factor
from dnjpeg.machine.coefficients import parts_of, quantized, smallest_file
from dnjpeg.machine.ladder import TableLadder, shipped_ladder, step_of_quality

__all__ = ["EFFORTS", "FINEST", "encode_for_machines", "within"]

Pixels = npt.NDArray[np.uint8]

EFFORTS = ("best", "fast", "baseline")
FINEST, COARSEST = 1.0, 700.0  # of the steps that a size is sought at
PROBES = 12  # halvings of their logarithms' range: to 0.2 % of a step


def encode_for_machines(
    pixels: Pixels,
    *,
    quality: int | None = None,
    step: float | None = None,
    size: int | None = None,
    bpp: float | None = None,
    subsampling: str = "4:2:0",
    ladder: TableLadder | None = None,
    adaptive: bool = True,
    effort: str = "best",
    **written: Any,
) -> bytes:
    """Encode an image in few bytes for networks that nobody named.

    Its tables weigh errors as image classifiers do; they are scaled by how much the image holds; halved chroma is
    sampled for the interpolation that decoders do; of the ways to code the coefficients the smallest is taken;
    tables share segments; and the JFIF segment, which decoders do without, is left out. Any JPEG decoder reads the
    file.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3) or (H, W)
        RGB or gray.
    quality : int, optional
        1..100: predictions change, on average over photos, as much as by standard JPEG of that quality at 4:2:0, in
        fewer bytes. 75 if nothing else is given.
    step : float, optional
        Instead of that: step of luma's average band in an image of average activity.
    size : int, optional
        Instead of that: the finest file of at most so many bytes.
    bpp : float, optional
        Instead of that: at most so many bits a pixel of the whole file.
    subsampling : str
        As in `dnjpeg.encode`. The shipped tables were made at 4:2:0.
    ladder : TableLadder, optional
        Other tables than the shipped ones.
    adaptive : bool
        False: the same table for all images of a step. A size decides the step anyway.
    effort : {"best", "fast", "baseline"}
        ``"best"`` searches the progressive scans that make the file smallest, in some forty times the time;
        ``"fast"`` tries a baseline file and libjpeg's script; ``"baseline"`` writes the baseline file, the only kind
        that decoders in hardware read.
    **written
        Of `dnjpeg.encode`: metadata and restart intervals.

    Returns
    -------
    bytes
        A whole file.

    Raises
    ------
    ValueError, TypeError
        If an argument is none of the above, more than one of quality, step, size and bpp is given, or the image does
        not fit the size at any step.
    """
    targets = {"quality": quality, "step": step, "size": size, "bpp": bpp}
    given = [name for name, value in targets.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"give one of quality, step, size and bpp, not {' and '.join(given)}")
    if effort not in EFFORTS:
        raise ValueError(f"effort {effort!r}, must be one of {', '.join(EFFORTS)}")
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        raise ValueError("images for machines are RGB or gray")
    rungs = ladder or shipped_ladder()
    restarts = {name: written.pop(name) for name in ("restart", "restart_rows") if name in written}
    parts = parts_of(**written)

    def coded(chosen: float, effort: str) -> bytes:
        image = quantized(pixels, rungs.at(chosen), subsampling)
        return smallest_file(replace(image, **parts), effort, **restarts)

    if bpp is not None:
        size = _bytes_of(bpp, pixels.shape[0] * pixels.shape[1])
    if size is not None:
        return within(size, coded, effort)
    chosen = step if step is not None else step_of_quality(75 if quality is None else quality)
    return coded(chosen * (step_factor(activity(pixels)) if adaptive else 1), effort)


def within(size: int, coded: Callable[[float, str], bytes], effort: str) -> bytes:
    """Find the finest file of at most so many bytes, by halving the range of steps.

    Files need not shrink with every step; of those that were tried and fit the finest is taken.

    Raises
    ------
    ValueError
        If even the coarsest is larger.
    """
    low, high = np.log(FINEST), np.log(COARSEST)
    coarsest = coded(COARSEST, effort)
    if len(coarsest) > size:
        raise ValueError(f"the image does not fit {size:,} bytes: at the coarsest step it takes {len(coarsest):,}")
    probed = "fast" if effort == "best" else effort
    for _ in range(PROBES):
        middle = (low + high) / 2
        if len(coded(float(np.exp(middle)), probed)) <= size:
            high = middle
        else:
            low = middle
    found = coded(float(np.exp(high)), effort)
    if effort == probed:
        return found
    # The search for scans leaves some bytes: go on with it where it matters, in small steps.
    for factor in (0.99, 0.98, 0.97, 0.96, 0.95):
        finer = coded(float(np.exp(high)) * factor, effort)
        if len(finer) > size:
            break
        found = finer
    return found if len(found) <= size else coarsest


def _bytes_of(bpp: float, pixels: int) -> int:
    if isinstance(bpp, bool) or not 0 < bpp < np.inf:
        raise ValueError(f"bits a pixel are a number above 0, not {bpp!s:.40}")
    return int(bpp * pixels / 8)
