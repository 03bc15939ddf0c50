"""Bytes to bytes with other tables or turned: `reader`, `lossless`, requantization, `writer`; never through pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.application import Jfif, Metadata
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.color import quantization_slots
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.format.metadata import kept, replaced
from dnjpeg.codec.pixels.quantize import requantize
from dnjpeg.codec.scan_reader import read
from dnjpeg.codec.writer import write
from dnjpeg.errors import FormatError

__all__ = ["requantized", "transcode"]


def transcode(
    data: bytes | bytearray | memoryview,
    tables: Sequence[npt.NDArray[np.uint16]] | None,
    coding: Coding,
    *,
    limits: Limits,
    coding_tables: CodingTables | None = None,
    copy: str = "all",
    jfif: Jfif | None = None,
    metadata: Sequence[Metadata] = (),
    rearranged: Callable[[CoefficientImage], CoefficientImage] | None = None,
) -> bytes:
    """Rewrite a file; see `dnjpeg.transcode`.

    Parameters
    ----------
    jfif : Jfif or None
        None: as in the file.
    metadata : sequence of Metadata
        In the place of those of their kinds.
    rearranged : callable, optional
        What to do without loss with its coefficients, before anything else.
    """
    image = read(data, strict=True, limits=limits, coding_tables=coding_tables)
    image = rearranged(image) if rearranged is not None else image
    image = replace(image, jfif=jfif or image.jfif, metadata=replaced(kept(image.metadata, copy), metadata))
    coding = coding.following(image.frame, image.restart_interval)
    try:
        return write(image if tables is None else requantized(image, tables), coding)
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
    slots = quantization_slots(image.color, len(image.frame.components), tables)
    coefficients = []
    for old, slot, array in zip(image.tables, slots, image.coefficients, strict=True):
        changed = array.copy()
        requantize(changed.reshape(-1), (old.astype(np.float64) / tables[slot]).reshape(-1))
        coefficients.append(changed)
    return image.with_coefficients(coefficients, [tables[slot] for slot in slots], slots)
