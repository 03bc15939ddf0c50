"""How many bits each component takes in a scan, for DC and for AC."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.bits import stuffed_length
from dnjpeg.codec.entropy.measure import measure_scan
from dnjpeg.codec.entropy.scan import BEGIN, FAULT, FAULTS, FILLED, OUT_OF_DATA, OVERRUN, POSITION, start_scan
from dnjpeg.codec.format.decoding_lookup import LOOKUP_SIZE, decoding_lookup
from dnjpeg.codec.format.frame import PROGRESSIVE, Frame
from dnjpeg.codec.format.layout import AC_TABLE, DC_TABLE, MCU_BLOCKS, component_layout, scan_layout
from dnjpeg.codec.kernels.scratch import scratch
from dnjpeg.errors import FormatError
from dnjpeg.inspection.contents import RawScan

__all__ = ["ScanBits", "count_bits"]

SEQUENTIAL = frozenset({0, 1})  # Huffman processes by n of SOFn
ARITHMETIC = frozenset({9, 10, 11, 13, 14, 15})

Bits = tuple[int | None, int | None]


@dataclass(frozen=True)
class ScanBits:
    """Bits of each component of a scan as far as they could be counted.

    Parameters
    ----------
    parts : tuple
        DC and AC of each component.
    reason : str or None
        Why that is not everything.
    fault_offset : int or None
        Where the entropy-coded data are wrong, if that is the reason.
    """

    parts: tuple[Bits, ...]
    reason: str | None = None
    fault_offset: int | None = None


def count_bits(data: npt.NDArray[np.uint8], frame: Frame | None, scan: RawScan, stuffed: int) -> ScanBits:
    """Count the bits of a scan exactly, by walking its codes where it holds more than one kind.

    Where a scan has one component and one kind of coefficients (progressive AC), they take all its bits, with those
    that fill the last byte.

    Parameters
    ----------
    data : ndarray, uint8
        The whole file.
    frame : Frame or None
    scan : RawScan
    stuffed : int
        Stuffed zero bytes in its data.
    """
    unknown = tuple((None, None) for _ in scan.header.components)
    obstacle = _obstacle(frame, scan)
    if obstacle is not None or frame is None or scan.indices is None or scan.data is None:
        return ScanBits(unknown, obstacle)
    if frame.process in SEQUENTIAL:
        return _walked(data, frame, scan, scan.indices, dc_only=False)
    header = scan.header
    available = 8 * (scan.data.end - scan.data.begin - stuffed - 2 * scan.data.restarts)
    if header.spectral_start > 0 and len(scan.indices) == 1:
        return ScanBits(((0, available),))
    if header.spectral_start > 0 or header.spectral_end > 0:
        return ScanBits(unknown, "spectral selection that progressive scans cannot have")
    if header.approximation_high > 0:
        return _refined(frame, scan.indices, available)
    return _walked(data, frame, scan, scan.indices, dc_only=True)


def _obstacle(frame: Frame | None, scan: RawScan) -> str | None:
    """Say why nothing can be counted, if so."""
    if frame is None or scan.indices is None:
        return "no frame header" if frame is None else "components that the frame has not"
    if frame.process in ARITHMETIC:
        return "in arithmetic coding bits belong to no single coefficient"
    if frame.process not in SEQUENTIAL and frame.process != PROGRESSIVE:
        return "not a sequential or progressive DCT process"
    parts = [frame.components[index] for index in scan.indices]
    blocks = sum(part.horizontal * part.vertical for part in parts)
    if len(parts) > 1 and blocks > MCU_BLOCKS:  # OVERRUN is made for no more
        return f"{blocks} blocks in an MCU, must be at most {MCU_BLOCKS}"
    return None if scan.data else "no data"


def _refined(frame: Frame, indices: tuple[int, ...], available: int) -> ScanBits:
    """One bit a block (G.1.2.1)."""
    blocks = [_blocks(frame, index, interleaved=len(indices) > 1) for index in indices]
    if sum(blocks) > available:
        return ScanBits(tuple((None, None) for _ in indices), FAULTS[OUT_OF_DATA])
    return ScanBits(tuple((count, 0) for count in blocks))


def _blocks(frame: Frame, index: int, *, interleaved: bool) -> int:
    """Blocks of a component in a scan, with those that only fill MCUs (A.2.2 to A.2.4)."""
    if not interleaved:
        rows, cols = frame.block_shape(index)
        return rows * cols
    component = frame.components[index]
    return frame.mcu_rows * frame.mcu_cols * component.horizontal * component.vertical


def _walked(
    data: npt.NDArray[np.uint8], frame: Frame, scan: RawScan, indices: tuple[int, ...], *, dc_only: bool
) -> ScanBits:
    geometry, mcu_rows, mcu_cols = scan_layout(component_layout(frame), indices, frame)
    starts = np.arange(len(indices)) * 2 * LOOKUP_SIZE
    geometry[:, DC_TABLE], geometry[:, AC_TABLE] = starts, starts + LOOKUP_SIZE
    try:
        lookups = _lookups(scan, dc_only)
    except FormatError as error:
        return ScanBits(tuple((None, None) for _ in indices), error.reason)
    begin = scan.segment.end
    coded = scratch("coded", len(data) - begin + OVERRUN)
    state = start_scan(scan.restart_interval, begin)
    bits = np.zeros(2 * len(indices), np.int64)
    measure_scan(state, geometry, mcu_rows, mcu_cols, data, coded, lookups, dc_only, bits)
    parts = tuple((int(dc), int(ac)) for dc, ac in bits.reshape(-1, 2))
    reached = _reached(data, state)
    end = scan.data.end if scan.data else len(data)
    if state[FAULT] != 0:
        return ScanBits(parts, FAULTS[int(state[FAULT])], min(reached, end))
    if reached < end:
        return ScanBits(parts, "more entropy-coded data than the image needs", reached)
    return ScanBits(parts)


def _reached(data: npt.NDArray[np.uint8], state: npt.NDArray[np.int64]) -> int:
    """Position in the file behind the last byte that a bit was taken from."""
    interval = int(state[BEGIN])
    consumed = int(state[POSITION]) - (int(state[FILLED]) >> 3)
    return interval + int(stuffed_length(data, interval, consumed))


def _lookups(scan: RawScan, dc_only: bool) -> npt.NDArray[np.int64]:
    """Lookups of the scan's tables, DC and AC of each component."""
    lookups = []
    for part in scan.header.components:
        for ac, slot in ((False, part.dc_table), (True, part.ac_table)):
            if dc_only and ac:
                lookups.append(np.zeros(LOOKUP_SIZE, np.int64))
                continue
            if (int(ac), slot) not in scan.huffman:
                raise FormatError(f"{'AC' if ac else 'DC'} Huffman table {slot} is missing")
            lookups.append(decoding_lookup(scan.huffman[int(ac), slot], ac))
    return np.concatenate(lookups)
