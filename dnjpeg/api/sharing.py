"""Tables once, many images: the abbreviated formats (T.81 B.4, B.5)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from dnjpeg.api.choices import TablesLike, chosen_coding, chosen_tables
from dnjpeg.codec import abbreviated
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.limits import DEFAULT_LIMITS, Limits
from dnjpeg.codec.format.subsampling import SubsamplingLike, resolve_subsampling
from dnjpeg.tables import resolve

__all__ = ["read_tables", "shared_tables", "write_tables"]


def shared_tables(
    images: Iterable[npt.NDArray[np.uint8]] = (),
    *,
    tables: TablesLike | None = None,
    quality: int | None = None,
    subsampling: SubsamplingLike = "4:2:0",
    color: str | None = None,
    wide_tables: bool = False,
) -> CodingTables:
    """Make the tables that many images are to share, each of which can then leave them out.

    Of a small image most bytes may be tables: of a photo of 32x32 pixels at quality 75 more than half of the file.

    Parameters
    ----------
    images : iterable of ndarray, uint8
        A sample, as `encode` takes them: the Huffman tables are the best for all of them together, with codes for
        whatever other images may need. Without any they are the standard ones (T.81 K.3).
    tables, quality, wide_tables
        As in `encode`.
    subsampling, color
        With which the images will be encoded.

    Returns
    -------
    CodingTables
        For `encode`, `write_tables` and `decode`.

    Examples
    --------
    >>> shared = dnjpeg.shared_tables(images[:1000], quality=75)  # doctest: +SKIP
    >>> data = dnjpeg.encode(images[0], coding_tables=shared, jfif=False)  # doctest: +SKIP
    >>> pixels = dnjpeg.decode(data, coding_tables=shared)  # doctest: +SKIP
    """
    chosen = chosen_tables(tables, quality, wide=wide_tables) or resolve(75)
    return abbreviated.shared_tables(
        images,
        chosen.arrays if wide_tables else chosen.arrays_for_baseline(),
        subsampling=resolve_subsampling(subsampling),
        color=color,
        coding=chosen_coding(True, False, False, None, None, None),
    )


def write_tables(coding_tables: CodingTables) -> bytes:
    """Write tables as a file of their own: the abbreviated format for table specifications (T.81 B.5).

    It is what TIFF keeps in its field JPEGTables. Put between the SOI and the rest of an image that leaves its tables
    out, the segments of such a file make an ordinary JPEG file of it.

    Raises
    ------
    ValueError
        If there are no tables, or they are not what a file can hold.
    """
    return abbreviated.write_tables(coding_tables)


def read_tables(data: bytes, *, limits: Limits | None = None) -> CodingTables:
    """Read the tables of a file: of one that has nothing else, or those before the first scan of an image.

    Parameters
    ----------
    data : bytes-like
        A file.
    limits : Limits, optional
        Bounds on size.

    Raises
    ------
    JpegError
        If it is malformed, or defines no tables.
    """
    return abbreviated.read_tables(data, limits=limits or DEFAULT_LIMITS)
