"""What a scan header refers to: the entropy coding tables that were in force when it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.arithmetic import conditioning
from dnjpeg.codec.format.coding_tables import DEFAULT_CONDITIONING, CodingTables
from dnjpeg.codec.format.decoding_lookup import (
    PROGRESSIVE,
    REFINING,
    SEQUENTIAL,
    LookupKey,
    give_back_lookups,
    joined_lookups,
    lookup_size,
    placed_lookups,
)
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.huffman import STANDARD
from dnjpeg.codec.format.syntax import ScanHeader, Segment
from dnjpeg.errors import FormatError

__all__ = ["Scan", "arithmetic_limits", "huffman_lookups", "lookups_in_place"]

NO_LIMITS = np.empty((0, 3), np.int64)


class Scan(NamedTuple):
    """A scan header and what was in force when it came.

    Parameters
    ----------
    indices : tuple of int
        Its components, as indices into the frame's.
    header : ScanHeader
        Spectral selection and successive approximation.
    lookups : ndarray, int64
        `joined_lookups` of its Huffman tables; empty if coding is arithmetic.
    starts : tuple of (int, int)
        Where each component's DC and AC tables begin in them; 0 for a table that it does not need.
    limits : ndarray, int64
        `conditioning` of its components; empty if coding is not arithmetic.
    begin : int
        Where its entropy-coded data begin.
    lent : ndarray or None
        Memory that holds the lookups, if they are of this scan alone; until `give_back`, which ends its use.
    """

    indices: tuple[int, ...]
    header: ScanHeader
    lookups: npt.NDArray[np.int64]
    starts: tuple[tuple[int, int], ...]
    limits: npt.NDArray[np.int64]
    begin: int
    lent: npt.NDArray[np.int64] | None = None

    def give_back(self) -> None:
        """Let another scan have the memory of the lookups: this one must not be decoded again. It need not be done."""
        if self.lent is not None:
            give_back_lookups(self.lent)

    @property
    def band(self) -> tuple[int, int, int, int]:
        """``(Ss, Se, Ah, Al)``."""
        h = self.header
        return h.spectral_start, h.spectral_end, h.approximation_high, h.approximation_low


Found = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64] | None, tuple[tuple[int, int], ...]]
"""`Scan.lookups`, `Scan.lent` and `Scan.starts`."""


def huffman_lookups(
    frame: Frame, header: ScanHeader, tables: CodingTables, segment: Segment, sequential: int = SEQUENTIAL
) -> Found:
    """Make the lookups of a scan; components that share a table share its lookup.

    `sequential` is the kind of lookups for a sequential scan: SEQUENTIAL, or COUNTING.

    Raises
    ------
    FormatError
        If a table is missing, or has what its class cannot have.
    """
    if frame.arithmetic:
        return *joined_lookups(()), ()
    keys, kind, starts = _needed(frame, header, sequential)
    wanted: list[LookupKey] = []
    for key in keys:
        table = tables.huffman.get(key)
        if table is None and not frame.progressive:  # Motion-JPEG leaves these out
            table = STANDARD.get(key)
        if table is None:
            raise segment.error(f"{('DC', 'AC')[key[0]]} Huffman table {key[1]} is missing")
        wanted.append((table, key[0] == 1, kind))
    try:
        return *joined_lookups(tuple(wanted)), starts
    except FormatError as error:
        raise segment.error(error.reason) from None


def lookups_in_place(
    frame: Frame,
    header: ScanHeader,
    data: npt.NDArray[np.uint8],
    places: Mapping[tuple[int, int], int],
    sequential: int = SEQUENTIAL,
) -> Found | None:
    """Make the lookups of a scan from tables as they stand in the file; None if not all that it needs are among them.

    `places` are those of `PlacedTables`.
    """
    if frame.arithmetic:
        return None
    keys, kind, starts = _needed(frame, header, sequential)
    if not keys or any(key not in places for key in keys):
        return None
    return *placed_lookups(data, [(places[key], key[0] == 1) for key in keys], kind), starts


def _needed(
    frame: Frame, header: ScanHeader, sequential: int
) -> tuple[list[tuple[int, int]], int, tuple[tuple[int, int], ...]]:
    """Tell which tables a scan needs, by class and slot, and the kind of their lookups; and `Scan.starts`."""
    # In a progressive file a scan has codes of one kind, and one that refines DC has none.
    progressive, refining = frame.progressive, header.approximation_high > 0
    kind = sequential if not progressive else REFINING if refining else PROGRESSIVE
    classes = range(2) if not progressive else (1,) if header.spectral_start > 0 else () if refining else (0,)
    size = lookup_size(kind)
    places: dict[tuple[int, int], int] = {}
    starts = []
    for part in header.components:
        start = [0, 0]
        for ac in classes:
            start[ac] = places.setdefault((ac, part.ac_table if ac else part.dc_table), len(places) * size)
        starts.append((start[0], start[1]))
    return list(places), kind, tuple(starts)


def arithmetic_limits(frame: Frame, header: ScanHeader, tables: CodingTables) -> npt.NDArray[np.int64]:
    """Return `Scan.limits`."""
    if not frame.arithmetic:
        return NO_LIMITS
    dc, ac = DEFAULT_CONDITIONING
    return conditioning(
        (
            tables.conditioning.get((0, part.dc_table), dc),
            tables.conditioning.get((1, part.ac_table), ac),
        )
        for part in header.components
    )
