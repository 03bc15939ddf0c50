"""What a frame header may ask for, and what it means when it stands alone."""

from __future__ import annotations

from dataclasses import replace

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.limits import Limits
from dnjpeg.codec.format.line_count import lines_behind_first_scan
from dnjpeg.errors import UnsupportedError

__all__ = ["read_frame"]

PROCESSES = (0, 1, 2, 9, 10)  # n of SOFn


def read_frame(data: memoryview, segment: syntax.Segment, limits: Limits) -> tuple[Frame, int | None]:
    """Read a frame header.

    Parameters
    ----------
    data : memoryview
        The whole file: the number of lines may stand behind the first scan (B.2.5).
    segment : Segment
        SOFn.
    limits : Limits

    Returns
    -------
    frame : Frame
    alone : int or None
        Vi of the only component, as the file has it; in the frame that is 1.

    Raises
    ------
    FormatError, UnsupportedError
        If it is malformed, or asks for what is not supported.
    LimitError
        If the image is too large.
    """
    frame = syntax.frame_header(segment)
    if frame.process not in PROCESSES:
        raise syntax.unsupported_process(frame, segment.offset)
    if frame.precision not in (8, 12):
        raise segment.error(f"{frame.precision} bits a sample, must be 8 or 12")
    if frame.height == 0:
        frame = replace(frame, height=lines_behind_first_scan(data, segment))
    if len(frame.components) > 4:
        raise UnsupportedError(f"{len(frame.components)} components", offset=segment.offset, marker=segment.name)
    limits.check_pixels(frame.height, frame.width, segment.offset, precision=frame.precision)
    if len(frame.components) > 1:
        return frame, None
    (component,) = frame.components  # its sampling factors mean nothing, and libjpeg writes them as 1 and 1
    return replace(frame, components=(replace(component, horizontal=1, vertical=1),)), component.vertical
