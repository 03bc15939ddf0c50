"""The beginning of a file, up to its first scan. What files that begin alike say is worked out once.

They begin with the same bytes, but for the size of the picture; or they do so up to the frame header, and have Huffman
tables of their own.
"""

from __future__ import annotations

import re

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.decoding_lookup import SEQUENTIAL
from dnjpeg.codec.format.keeping import kept_from_second_time
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.reader import Reader, Scan
from dnjpeg.errors import FormatError, JpegError

__all__ = ["begin_reading"]

SCAN = re.compile(rb"\xff\xda..", re.DOTALL)
FRAME = re.compile(rb"\xff[\xc0\xc1\xc2\xc9\xca]\x00[\x0b\x0e\x11\x14][\x08\x0c]")  # SOFn, length, P; Y and X follow
LONGEST = 4096  # bytes before the first scan's data that are looked up
REMEMBERED = 64  # beginnings
SIZE = b"\0\1\0\1"  # stands for the size of any picture
DNL_MARKER = bytes([0xFF, syntax.DNL])


def begin_reading(
    data: bytes | bytearray | memoryview,
    *,
    strict: bool,
    limits: Limits,
    coding_tables: CodingTables | None = None,
    sequential: int = SEQUENTIAL,
) -> tuple[Reader, Scan]:
    """Read a file up to the data of its first scan; parameters and errors are those of `Reader`.

    Raises
    ------
    JpegError
        Also if there is no scan.
    """
    reader = Reader(data, strict, limits, coding_tables, sequential)
    scan = _known_scan(reader) if coding_tables is None else None
    scan = scan or reader.next_scan()
    if scan is None:
        raise FormatError("no image: EOI before the first scan", offset=reader.position - 2)
    return reader, scan


def _known_scan(reader: Reader) -> Scan | None:
    """Begin as another file: up to the first scan, which is returned, or to the frame header, or not at all."""
    beginning = _find_beginning(reader.view)
    if beginning is None:
        return None
    to_scan, frame, behind_frame, height, width = beginning
    known = _read_to_scan(to_scan, frame, reader.strict, reader.limits, reader.sequential)
    if known is not None:
        reader.begin_like(known[0], height, width)
        return known[1]
    other = _read_to_frame(to_scan[:behind_frame], frame, reader.strict, reader.limits, reader.sequential)
    if other is not None:
        reader.begin_like(other, height, width)
        reader.pass_tables()
    return None


def _find_beginning(view: memoryview) -> tuple[bytes, int, int, int, int] | None:
    """Find the beginning of a file; None if it is longer than what is looked up, or the height comes later.

    Returns
    -------
    to_scan : bytes
        What stands before the data of the first scan, with `SIZE` in the place of height and width.
    frame, behind_frame : int
        Where the frame header is, and where it ends; if all is where it seems to be.
    height, width : int
        What stood there; not 0.
    """
    scan, frame = SCAN.search(view, 2, LONGEST), FRAME.search(view, 2, LONGEST)
    if scan is None or frame is None:
        return None
    length, (begin, at) = scan.end() - 2, frame.span()
    end, behind_frame = length + (view[length] << 8 | view[length + 1]), begin + 2 + view[begin + 3]
    if not behind_frame < end <= LONGEST or end > len(view):
        return None
    height, width = view[at] << 8 | view[at + 1], view[at + 2] << 8 | view[at + 3]
    if height == 0 or width == 0:
        return None
    return b"".join([view[:at], SIZE, view[at + 4 : end]]), begin, behind_frame, height, width


# What these say depends on nothing behind, nor on the size, but for DNL. The readers must not be changed by anyone, but
# for the answers that they work out.


@kept_from_second_time(REMEMBERED)
def _read_to_scan(
    beginning: bytes, frame: int, strict: bool, limits: Limits, sequential: int
) -> tuple[Reader, Scan] | None:
    """Read up to the first scan; None if its data or the frame header are elsewhere, or something is wrong."""
    if DNL_MARKER in beginning:
        return None
    reader = Reader(beginning, strict, limits, sequential=sequential)
    try:
        scan = reader.next_scan()
    except JpegError:
        return None
    if scan is None or scan.begin != len(beginning) or reader.frame_at != frame:
        return None
    return reader, scan._replace(lent=None)  # it is kept for good


@kept_from_second_time(REMEMBERED)
def _read_to_frame(beginning: bytes, frame: int, strict: bool, limits: Limits, sequential: int) -> Reader | None:
    """Read up to the frame header; None if it is elsewhere, or something is wrong."""
    if DNL_MARKER in beginning:
        return None
    reader = Reader(beginning, strict, limits, sequential=sequential)
    try:
        found = reader.read_to_frame()
    except JpegError:
        return None
    return reader if found and reader.position == len(beginning) and reader.frame_at == frame else None
