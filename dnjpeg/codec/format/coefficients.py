"""The value in which everything meets: quantized coefficients, their tables and the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.application import DEFAULT_JFIF, Jfif, Metadata
from dnjpeg.codec.format.color import check_color
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.metadata import MetadataParts

__all__ = ["CoefficientImage"]


def _is(array: object, dtype: type[np.generic], shape: tuple[int, ...]) -> bool:
    return isinstance(array, np.ndarray) and array.dtype == dtype and array.shape == shape


def _told(array: object) -> str:
    return f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"


@dataclass(frozen=True, eq=False)
class CoefficientImage(MetadataParts):
    """The quantized DCT coefficients of one JPEG image.

    Parameters
    ----------
    frame : Frame
        Size, components and sampling factors.
    coefficients : tuple of ndarray, int16, (block_rows, block_cols, 8, 8)
        One array a component, natural order (row = vertical frequency), C-contiguous; DC is the value itself, not
        the difference. Blocks that only fill the last MCUs are not part of it. The arrays may be written to.
    tables : tuple of ndarray, uint16, (8, 8)
        One a component, natural order; components with the same `Component.table` share one table.
    color : str
        What the components mean: ``"grayscale"``, ``"YCbCr"``, ``"RGB"``, ``"CMYK"``, ``"YCCK"``, or ``"unknown"``,
        which is a file of any number of components without JFIF or Adobe segment.
    restart_interval : int
        Ri, MCUs between restart markers; 0 for none.
    jfif : Jfif or None
        Version and density for the JFIF segment; None: none is written, as where a file begins with EXIF.
    metadata : tuple of Metadata
        EXIF, ICC profile, comments and the like, in the order of the file; `exif`, `icc_profile`, `xmp` and
        `comments` give them by kind.
    warnings : tuple of str
        What was wrong with the file it was read from, if it was read leniently.

    Raises
    ------
    ValueError
        If the arrays do not fit the frame, or the frame not the colour.
    """

    frame: Frame
    coefficients: tuple[npt.NDArray[np.int16], ...]
    tables: tuple[npt.NDArray[np.uint16], ...]
    color: str = "YCbCr"
    restart_interval: int = 0
    jfif: Jfif | None = DEFAULT_JFIF
    metadata: tuple[Metadata, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.frame.components)
        check_color(self.color, count)
        if len(self.coefficients) != count or len(self.tables) != count:
            raise ValueError(
                f"{count} components need {count} coefficient arrays and tables, "
                f"not {len(self.coefficients)} and {len(self.tables)}"
            )
        for index, array in enumerate(self.coefficients):
            expected = (*self.frame.block_shape(index), 8, 8)
            if not _is(array, np.int16, expected):
                raise ValueError(
                    f"component {index} needs an int16 array of coefficients of shape {expected}, not {_told(array)}"
                )
        for index, table in enumerate(self.tables):
            if not _is(table, np.uint16, (8, 8)):
                raise ValueError(f"component {index} needs a uint16 table of shape (8, 8), not {_told(table)}")
            if np.count_nonzero(table) < table.size:
                raise ValueError(f"component {index} needs a table of steps from 1 to 65535, not 0")

    @classmethod
    def from_file(
        cls,
        frame: Frame,
        coefficients: tuple[npt.NDArray[np.int16], ...],
        tables: tuple[npt.NDArray[np.uint16], ...],
        **others: Any,
    ) -> CoefficientImage:
        """Make one of what a reader has brought together, without the checks: it fits, and they take some time.

        Parameters
        ----------
        others : dict
            The other parameters, all of them.
        """
        image = object.__new__(cls)
        vars(image).update(frame=frame, coefficients=coefficients, tables=tables, **others)
        return image

    def dequantized(self, index: int) -> npt.NDArray[np.int32]:
        """Coefficients times steps of one component, int32 ``(block_rows, block_cols, 8, 8)``, natural order."""
        return self.coefficients[index].astype(np.int32) * self.tables[index].astype(np.int32)

    def with_coefficients(
        self,
        coefficients: Sequence[npt.NDArray[np.int16]],
        tables: Sequence[npt.NDArray[np.uint16]],
        slots: Sequence[int],
    ) -> CoefficientImage:
        """Return the same image holding other coefficients, quantized with other tables in the given slots."""
        return replace(
            self,
            frame=self.frame.with_tables(tuple(slots)),
            coefficients=tuple(coefficients),
            tables=tuple(tables),
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CoefficientImage):
            return NotImplemented
        return (
            self.frame == other.frame
            and self.color == other.color
            and self.restart_interval == other.restart_interval
            and self.jfif == other.jfif
            and self.metadata == other.metadata
            and all(map(np.array_equal, self.tables, other.tables))
            and all(map(np.array_equal, self.coefficients, other.coefficients))
        )

    __hash__ = None  # type: ignore[assignment]
