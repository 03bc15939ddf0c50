"""Which bits of which coefficients progressive scans have sent so far (T.81 G.1.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dnjpeg.codec.syntax import ScanHeader, Segment

__all__ = ["Progression", "check_progression"]


class Progression:
    """The lowest bit that was sent of each coefficient.

    Parameters
    ----------
    components : int
        Of the frame.

    Attributes
    ----------
    bits : ndarray, int64, (components, 64)
        Al of the last scan that a coefficient was in, by its place in the zigzag sequence; -1: it was in none.
    """

    def __init__(self, components: int) -> None:
        self.bits = np.full((components, 64), -1)

    def add(self, indices: Sequence[int], header: ScanHeader) -> None:
        """Note a scan of these components."""
        band = slice(header.spectral_start, header.spectral_end + 1)
        for index in indices:
            self.bits[index, band] = header.approximation_low

    def lacks_detail(self) -> bool:
        """Tell whether scans are missing that would have sent further bits."""
        return bool(self.bits.any())


def check_progression(header: ScanHeader, segment: Segment) -> None:
    """Refuse parameters that a progressive scan cannot have (G.1.1.1, table B.3)."""
    start, end = header.spectral_start, header.spectral_end
    high, low = header.approximation_high, header.approximation_low
    if not (start == end == 0 or (1 <= start <= end <= 63 and len(header.components) == 1)):
        raise segment.error(f"spectral selection {start} to {end} of {len(header.components)} components")
    if low > 13 or (high != 0 and high != low + 1):
        raise segment.error(f"successive approximation from {high} to {low}")
