"""An image's coefficients with chroma made for the decoder's interpolation, and the smallest file that holds them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.api import write
from dnjpeg.codec.encoder import transform
from dnjpeg.codec.encoding_plan import planned_frame
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.metadata import described, per_inch
from dnjpeg.codec.format.subsampling import SubsamplingLike, resolve_subsampling
from dnjpeg.machine.chroma import planes_of, sampled_for_interpolation
from dnjpeg.tables import QuantizationTables

__all__ = ["parts_of", "quantized", "smallest_file", "transformed"]

Pixels = npt.NDArray[np.uint8]
Coefficients = tuple[npt.NDArray[np.int16], ...]


def transformed(pixels: Pixels, subsampling: SubsamplingLike = "4:2:0") -> Coefficients:
    """Transform pixels as `dnjpeg.codec.encoder.transform` does, but for how chroma is sampled.

    Where chroma is halved, it is sampled for the decoder's interpolation; at other ratios as libjpeg does.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3) or (H, W)
        RGB or gray.
    subsampling : str or sequence of pairs
        As in `dnjpeg.encode`.

    Returns
    -------
    tuple of ndarray, int16, (block_rows, block_cols, 8, 8)
        One a component, natural order: 8 times the orthonormal DCT.
    """
    factors = resolve_subsampling(subsampling)
    made = transform(pixels, subsampling=factors)
    if pixels.ndim == 2:
        return made
    ratios = [_ratio(_frame(pixels, factors), index) for index in range(3)]
    if ratios[0] != (1, 1) or not all(ratio in {(2, 1), (1, 2), (2, 2)} for ratio in ratios[1:]):
        return made
    planes = zip(planes_of(pixels), ratios[1:], strict=True)
    return made[0], *(transform(sampled_for_interpolation(plane, *ratio))[0] for plane, ratio in planes)


def quantized(pixels: Pixels, tables: QuantizationTables, subsampling: SubsamplingLike = "4:2:0") -> CoefficientImage:
    """Quantize `transformed` pixels by plain rounding, halves away from zero (T.81 A.3.4).

    Returns
    -------
    CoefficientImage
        Without a JFIF segment.
    """
    frame = _frame(pixels, resolve_subsampling(subsampling))
    steps = tables.for_components(len(frame.components))
    values = tuple(
        _rounded(coefficients, table)
        for coefficients, table in zip(transformed(pixels, subsampling), steps, strict=True)
    )
    slots = tuple(min(index, len(tables.arrays) - 1) for index in range(len(steps)))
    color = "YCbCr" if len(steps) == 3 else "grayscale"
    return CoefficientImage(frame.with_tables(slots), values, steps, color=color, jfif=None)


def smallest_file(
    image: CoefficientImage, effort: str, *, restart: int | None = None, restart_rows: int | None = None
) -> bytes:
    """Write coefficients in the smallest of the files that an effort allows, see `encode_for_machines`."""
    options: dict[str, Any] = {"restart": restart, "restart_rows": restart_rows, "compact": True}
    baseline = write(image, **options)
    if effort == "baseline":
        return baseline
    how: dict[str, Any] = {"scans": "smallest"} if effort == "best" else {"progressive": True}
    return min(baseline, write(image, **how, **options), key=len)


def parts_of(*, dpi: float | tuple[float, float] | None = None, **metadata: Any) -> dict[str, Any]:
    """Turn what a caller wants written into fields of `CoefficientImage`: no JFIF segment unless for a density."""
    return {"jfif": None if dpi is None else per_inch(dpi), "metadata": described(**metadata)}


def _frame(pixels: Pixels, factors: Any) -> Frame:
    return planned_frame(pixels.shape, factors, "YCbCr" if pixels.ndim == 3 else "grayscale", 1)


def _ratio(frame: Frame, index: int) -> tuple[int, int]:
    largest = [max(getattr(c, name) for c in frame.components) for name in ("horizontal", "vertical")]
    component = frame.components[index]
    return largest[0] // component.horizontal, largest[1] // component.vertical


def _rounded(coefficients: npt.NDArray[np.int16], table: npt.NDArray[np.uint16]) -> npt.NDArray[np.int16]:
    divisor = 8 * table.astype(np.int32)
    magnitude = (np.abs(coefficients.astype(np.int32)) + divisor // 2) // divisor
    return np.ascontiguousarray(np.where(coefficients < 0, -magnitude, magnitude).astype(np.int16))
