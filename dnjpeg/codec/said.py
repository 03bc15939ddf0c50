"""Tables and application data that a file has told so far, and what follows from them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.application import Jfif, Metadata
from dnjpeg.codec.format.application_data import ApplicationData
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.syntax import Segment

__all__ = ["NOTHING", "NO_TABLE", "Answers", "Known", "Said"]

Table = npt.NDArray[np.uint16]

NO_TABLE = np.ones((8, 8), np.uint16)
NO_TABLE.flags.writeable = False


class Known(NamedTuple):
    """What follows from all that a file has said so far, as values that a cache can go by.

    Parameters
    ----------
    color : str
        What the components mean, see `color_space`.
    steps : tuple of bytes
        `steps_key` of each component's quantization table.
    restart_interval : int
        Ri; 0 for none.
    density : Jfif or None
        `ApplicationData.density`.
    metadata : tuple of Metadata
        `ApplicationData.not_written`.
    """

    color: str
    steps: tuple[bytes, ...]
    restart_interval: int
    density: Jfif | None
    metadata: tuple[Metadata, ...]


class Answers(NamedTuple):
    """What follows from all that a file has said so far.

    Parameters
    ----------
    steps : ndarray, uint16, (components, 8, 8)
        Quantization steps, natural order, read-only; ones where the component had no scan.
    tables : tuple of ndarray, uint16, (8, 8)
        The same, one table a component.
    known : Known
        The rest.
    """

    steps: Table
    tables: tuple[Table, ...]
    known: Known


class Said:
    """What a file has said. Files that begin alike share it: before one says more, it must make a copy.

    Attributes
    ----------
    tables : CodingTables
        Those in force.
    latched : dict
        Quantization tables by component, as an index into the frame's: those in force at its first scan.
    application : ApplicationData
    """

    def __init__(self, tables: CodingTables, latched: dict[int, Table], application: ApplicationData) -> None:
        self.tables, self.latched, self.application = tables, latched, application
        self._answers: Answers | None = None

    def copy(self) -> Said:
        """Return the same, to be added to without changing this."""
        return Said(self.tables.copy(), dict(self.latched), self.application.copy())

    def define(self, segment: Segment, *, strict: bool = True) -> None:
        """Take over tables, see `CodingTables.define`."""
        self._answers = None
        self.tables.define(segment, strict=strict)

    def keep(self, segment: Segment) -> None:
        """Take over a comment or application data."""
        self._answers = None
        self.application.keep(segment)

    def latch(self, index: int, slot: int, segment: Segment) -> None:
        """Note the quantization table of a component at its first scan, whose header is `segment`.

        Raises
        ------
        FormatError
            If there is none in its slot.
        """
        if index in self.latched:
            return
        if slot not in self.tables.quantization:
            raise segment.error(f"quantization table {slot} is missing")
        self._answers = None
        self.latched[index] = self.tables.quantization[slot]

    def answers(self, frame: Frame, color: str) -> Answers:
        """Tell what follows, for components of this frame that mean this; it is worked out once."""
        answers = self._answers
        if answers is None:
            steps = np.array([self.latched.get(index, NO_TABLE) for index in range(len(frame.components))])
            steps.flags.writeable = False
            tables, data = tuple(steps), self.application
            keys = tuple([table.tobytes() for table in tables])
            known = Known(color, keys, self.tables.restart_interval, data.density(), data.not_written(color))
            answers = self._answers = Answers(steps, tables, known)
        return answers


NOTHING = Said(CodingTables(), {}, ApplicationData())
"""Of a file that has not said anything yet."""
