"""Bytes to bytes with other tables: `reader`, requantization, `writer`; never through pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.coefficients import CoefficientImage
from dnjpeg.codec.limits import Limits
from dnjpeg.codec.quantize import requantize
from dnjpeg.codec.scan_reader import read
from dnjpeg.codec.writer import write
from dnjpeg.errors import FormatError

__all__ = ["requantized", "transcode"]


def transcode(
    data: bytes | bytearray | memoryview,
    tables: Sequence[npt.NDArray[np.uint16]] | None,
    *,
    optimize: bool,
    progressive: bool | None,
    arithmetic: bool | None,
    limits: Limits,
) -> bytes:
    """Rewrite a file; see `dnjpeg.transcode`."""
    image = read(data, strict=True, limits=limits)
    try:
        return write(
            image if tables is None else requantized(image, tables),
            optimize=optimize,
            progressive=image.frame.progressive if progressive is None else progressive,
            arithmetic=image.frame.arithmetic if arithmetic is None else arithmetic,
        )
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
    slots = [min(index, len(tables) - 1) for index in range(len(image.frame.components))]
    coefficients = []
    for old, slot, array in zip(image.tables, slots, image.coefficients, strict=True):
        changed = array.copy()
        requantize(changed.reshape(-1), (old.astype(np.float64) / tables[slot]).reshape(-1))
        coefficients.append(changed)
    return image.with_coefficients(coefficients, [tables[slot] for slot in slots], slots)
