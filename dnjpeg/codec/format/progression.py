"""Which bits of which coefficients progressive scans have sent so far (T.81 G.1.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.format.syntax import ScanHeader, Segment
from dnjpeg.codec.format.zigzag import ZIGZAG

__all__ = ["ESTIMATED", "Progression", "check_progression"]

ESTIMATED = 10  # first coefficients of the zigzag sequence that libjpeg can estimate


class Progression:
    """The lowest bit that was sent of each coefficient.

    Parameters
    ----------
    components : int
        Of the frame.
    rows_together : int, optional
        Rows of blocks that libjpeg estimates together, Vi as the file has it, of the only component of a frame: what
        it has otherwise no meaning for.

    Attributes
    ----------
    bits : list of list of int, (components, 64)
        Al of the last scan that a coefficient was in, by its place in the zigzag sequence; -1: it was in none.
    bits_before : list of list of int, (components, 64)
        The same before the component's last scan, as libjpeg keeps it: 0 if that was the first scan of several.
    last_good_row : int
        Last row of interleaved MCUs for which the last scan had data; below, `bits_before` is what is known.
    """

    def __init__(self, components: int, rows_together: int | None = None) -> None:
        self.rows_together = rows_together
        self.bits = [[-1] * 64 for _ in range(components)]
        self.bits_before = [[-1] * 64 for _ in range(components)]
        self.last_good_row = 0
        self._scans = 0

    def copy(self) -> Progression:
        """Return the same, to be added to without changing this."""
        other = Progression(0, self.rows_together)
        other.bits, other.bits_before = ([list(bits) for bits in known] for known in (self.bits, self.bits_before))
        other.last_good_row, other._scans = self.last_good_row, self._scans
        return other

    def add(self, indices: Sequence[int], header: ScanHeader) -> None:
        """Note a scan of these components."""
        band = slice(header.spectral_start, header.spectral_end + 1)
        kept = slice(min(header.spectral_start, 1), max(header.spectral_end + 1, ESTIMATED))
        if self._scans == 1:
            for bits in self.bits_before:
                bits[:ESTIMATED] = [0] * ESTIMATED
        self._scans += 1
        for index in indices:
            if self._scans > 1:
                self.bits_before[index][kept] = self.bits[index][kept]
            self.bits[index][band] = [header.approximation_low] * (band.stop - band.start)

    def contradiction(self, indices: Sequence[int], header: ScanHeader) -> str | None:
        """Say what a scan of these components should not send now (G.1.1.1.1, G.1.1.1.2), though it can be decoded."""
        for index in indices:
            bits = self.bits[index]
            if header.spectral_start > 0 and bits[0] < 0:
                return f"AC of component {index} before its DC"
            for k in range(header.spectral_start, header.spectral_end + 1):
                if bits[k] == 0 or header.approximation_high != max(bits[k], 0):
                    known = f"is known down to bit {bits[k]}" if bits[k] >= 0 else "is not known at all"
                    high, low = header.approximation_high, header.approximation_low
                    return f"Ah {high}, Al {low} for coefficient {k} of component {index}, which {known}"
        return None

    def lacks_detail(self) -> bool:
        """Tell whether scans are missing that would have sent further bits."""
        return any(map(any, self.bits))

    def allows_estimates(self, tables: Sequence[npt.NDArray[np.uint16]]) -> bool:
        """Tell whether coefficients should be estimated: all DC is known to some bit, and what can be is not.

        A step of 0, as a file has it that is read leniently, rules estimates out.
        """
        if not any(any(bits[1:ESTIMATED]) for bits in self.bits):
            return False
        steps = all(table.reshape(64)[list(ZIGZAG[:ESTIMATED])].all() for table in tables)
        return steps and all(bits[0] >= 0 for bits in self.bits)


def check_progression(header: ScanHeader, segment: Segment) -> None:
    """Refuse parameters that a progressive scan cannot have (G.1.1.1, table B.3)."""
    start, end = header.spectral_start, header.spectral_end
    high, low = header.approximation_high, header.approximation_low
    if not (start == end == 0 or (1 <= start <= end <= 63 and len(header.components) == 1)):
        raise segment.error(f"spectral selection {start} to {end} of {len(header.components)} components")
    if low > 13 or (high != 0 and high != low + 1):
        raise segment.error(f"successive approximation from {high} to {low}")
