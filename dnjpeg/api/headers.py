"""What a file says of itself: its headers, or all that lies inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnjpeg.codec import reader
from dnjpeg.codec.format.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from dnjpeg.codec.format.coding_tables import CodingTables
    from dnjpeg.codec.format.headers import Headers
    from dnjpeg.inspection import Inspection

__all__ = ["inspect", "read_header"]


def read_header(data: bytes, *, limits: Limits | None = None, coding_tables: CodingTables | None = None) -> Headers:
    """Read what a JPEG file says of itself before its first scan: size, components, colour, tables, metadata.

    It takes a fraction of a millisecond and no memory for pixels: enough to choose the scale for `decode`.

    Parameters
    ----------
    data : bytes-like
        A file, or the beginning of one up to its first scan header.
    limits : Limits, optional
        Bounds on size.
    coding_tables : CodingTables, optional
        As in `decode`.

    Raises
    ------
    JpegError
        If the headers are not those of a JPEG file that can be decoded.
    """
    return reader.Reader(data, True, limits or DEFAULT_LIMITS, coding_tables).headers()


def inspect(data: bytes, *, limits: Limits | None = None, coding_tables: CodingTables | None = None) -> Inspection:
    """Find out what lies inside a file, valid or not: segments, geometry, tables, and where the bytes go.

    Nothing in the file is an error: what is wrong with it is told in `Inspection.problems`, each with its offset, and
    the walk goes on behind it. It takes time and memory in proportion to the file's size; the coefficients are decoded
    once, to find faults in them, if `limits` allow it.

    Parameters
    ----------
    data : bytes-like
        A whole file.
    limits : Limits, optional
        Bounds on what is decoded; what is beyond them is walked through all the same, and `Usage.note` says so.
    coding_tables : CodingTables, optional
        As in `decode`.

    Returns
    -------
    Inspection
        Printed, it is the report of ``dnjpeg inspect``; `Inspection.as_dict` is what ``--json`` writes.
    """
    from dnjpeg.inspection import collect  # noqa: PLC0415 - nothing else needs it, and it takes time

    return collect.inspect(data, limits=limits or DEFAULT_LIMITS, coding_tables=coding_tables)
