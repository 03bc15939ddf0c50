"""Between tensors of quantized coefficients and the codec's own value of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.frame import SUBSAMPLINGS, Component, Frame, sampling_factors
from dnjpeg.tables import QuantizationTables
from dnjpeg.vision.differentiable.pipeline import Components
from dnjpeg.vision.differentiable.rounding import half_away

__all__ = ["from_coefficient_image", "subsampling_of", "to_coefficient_images"]


def to_coefficient_images(
    quantized: Sequence[torch.Tensor],
    tables: QuantizationTables | Sequence[QuantizationTables],
    size: tuple[int, int],
    *,
    subsampling: str = "4:2:0",
) -> list[CoefficientImage]:
    """Turn quantized coefficients into images that `dnjpeg.write` makes files of.

    Parameters
    ----------
    quantized : sequence of Tensor, (N, block_rows, block_cols, 8, 8)
        One a component, natural order, as `quantize` gives them; rounded here if they are not whole.
    tables : QuantizationTables, or one an image
        With which they were quantized.
    size : (int, int)
        H and W.
    subsampling : str
        As in `dnjpeg.encode`.

    Raises
    ------
    ValueError
        If the shapes are not those of images of this size, or a coefficient does not fit 16 bits.
    """
    count, channels = quantized[0].shape[0], len(quantized)
    each = [tables] * count if isinstance(tables, QuantizationTables) else list(tables)
    if len(each) != count:
        raise ValueError(f"{count} images need one set of tables or {count}, not {len(each)}")
    values = [half_away(component.detach()).cpu().numpy() for component in quantized]
    if any(np.abs(component).max(initial=0) > 32767 for component in values):
        raise ValueError("a quantized coefficient does not fit 16 bits")
    frame = _frame(size, channels, subsampling)
    color = "YCbCr" if channels == 3 else "grayscale"
    images = []
    for index, own in enumerate(each):
        coefficients = tuple(np.ascontiguousarray(component[index], np.int16) for component in values)
        slots = tuple(min(i, len(own.arrays) - 1) for i in range(channels))
        images.append(
            CoefficientImage(frame.with_tables(slots), coefficients, own.for_components(channels), color=color)
        )
    return images


def _frame(size: tuple[int, int], channels: int, subsampling: str) -> Frame:
    luma = Component(1, *(sampling_factors(subsampling) if channels == 3 else (1, 1)), 0)
    chroma = (Component(2, 1, 1, 1), Component(3, 1, 1, 1)) if channels == 3 else ()
    return Frame(*size, (luma, *chroma))


def from_coefficient_image(
    image: CoefficientImage, *, dequantized: bool = True, dtype: torch.dtype = torch.float32
) -> Components:
    """Turn what `dnjpeg.read` returned into tensors, one a component, (1, block_rows, block_cols, 8, 8).

    Parameters
    ----------
    image : CoefficientImage
        Coefficients of a file.
    dequantized : bool
        Times their steps: what `coefficients_to_pixels` takes.
    dtype : torch.dtype
        Of the tensors.
    """
    arrays = [
        image.dequantized(index) if dequantized else coefficients
        for index, coefficients in enumerate(image.coefficients)
    ]
    return tuple(torch.from_numpy(array).to(dtype)[None] for array in arrays)


def subsampling_of(frame: Frame) -> str | None:
    """Name the subsampling of a gray or three-component frame; None if it is not one of `dnjpeg.encode`'s."""
    if len(frame.components) == 1:
        return "4:4:4"
    factors = [(component.horizontal, component.vertical) for component in frame.components]
    for name, luma in SUBSAMPLINGS.items():
        if factors == [luma, (1, 1), (1, 1)]:
            return name
    return None
