"""The height of a frame whose header leaves it open: a DNL segment behind the first scan tells it (T.81 B.2.5)."""

from __future__ import annotations

import re

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.syntax import Segment
from dnjpeg.errors import FormatError

__all__ = ["line_count", "lines_behind_first_scan"]

# A marker that is neither a stuffed zero nor a restart. Fill bytes before it are not part of it: a pattern that took
# them in would look at a long run of them once for each of its bytes.
END_OF_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


def line_count(segment: Segment) -> int:
    """Parse a DNL segment.

    Raises
    ------
    FormatError
        If it does not hold one number from 1 to 65535.
    """
    segment.require(2)
    lines = int.from_bytes(segment.payload, "big")
    if lines == 0:
        raise segment.error("0 lines")
    return lines


def lines_behind_first_scan(data: memoryview, frame_header: Segment) -> int:
    """Look ahead for the height of the frame whose header says 0.

    Nothing is decoded: the first scan ends at the first marker that cannot stand in it.

    Parameters
    ----------
    data : memoryview
        The whole file.
    frame_header : Segment

    Raises
    ------
    FormatError
        If there is no DNL segment right behind the first scan, or the file ends before it.
    """
    segment = frame_header
    while segment.code not in {syntax.SOS, syntax.EOI}:
        segment = syntax.next_segment(data, segment.end)
    end = END_OF_SCAN.search(data, segment.end)
    if segment.code == syntax.SOS and end is not None and data[end.end() - 1] == syntax.DNL:
        return line_count(syntax.next_segment(data, end.start()))
    raise FormatError(
        "height 0, and no DNL segment behind the first scan", offset=frame_header.offset, marker=frame_header.name
    )
