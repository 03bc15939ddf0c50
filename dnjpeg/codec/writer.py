"""Coefficients to bytes: the scans of a script, between the headers of the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.arithmetic_writer import code_arithmetic
from dnjpeg.codec.entropy.best_codes import Coder
from dnjpeg.codec.entropy.progressive_writer import code_progressive
from dnjpeg.codec.entropy.scan_writer import CodedScan, ScanPlan
from dnjpeg.codec.entropy.sequential_writer import code_sequential
from dnjpeg.codec.format.coding import Coding, Restart
from dnjpeg.codec.format.coding_tables import CodingTables
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.color import COLORS
from dnjpeg.codec.format.headers import EOI_MARKER, Headers, HuffmanTables
from dnjpeg.codec.format.huffman import HuffmanTable
from dnjpeg.codec.format.script import ScriptScan, check_mcu
from dnjpeg.codec.script_search import smallest_script

__all__ = [
    "assemble",
    "assemble_made",
    "assemble_only",
    "before_only_data",
    "before_only_scan",
    "headers_of",
    "write",
    "write_scans",
]


def write(image: CoefficientImage, coding: Coding, coding_tables: CodingTables | None = None) -> bytes:
    """Write a whole file; see `dnjpeg.write`."""
    headers, coding = headers_of(image, coding, coding_tables)
    return write_scans(headers, np.concatenate([array.reshape(-1) for array in image.coefficients]), coding)


def headers_of(
    image: CoefficientImage, coding: Coding, coding_tables: CodingTables | None = None
) -> tuple[Headers, Coding]:
    """Return the headers of the file that an image becomes, and what is None in the choices as the image has it."""
    _check(image)
    coding = coding.following(image.frame, image.restart_interval)
    process = coding.process(image.tables, image.frame.precision)
    frame = replace(image.frame.with_tables(_slots(image)), process=process)
    restart = coding.restart or Restart()
    jfif = image.jfif if COLORS[image.color].jfif else None  # what a file has of it is otherwise among its metadata
    headers = Headers(frame, image.color, image.tables, restart, jfif, image.metadata, coding_tables, coding.compact)
    return headers, coding


def _check(image: CoefficientImage) -> None:
    """Refuse a frame that no header can hold, components of one name, 12-bit coefficients without a size category.

    Of 8-bit ones each scan refuses what it cannot send, as in libjpeg.
    """
    image.frame.check()
    identifiers = [component.identifier for component in image.frame.components]
    if len(set(identifiers)) < len(identifiers):
        raise ValueError(f"components with the identifiers {identifiers}, which must differ")
    if image.frame.precision > 8:
        largest = 1 << (image.frame.precision + 2)
        for array in image.coefficients:
            if (
                array.min() < -largest
                or array.max() >= largest
                or (array == -largest).sum() > (array[..., 0, 0] == -largest).sum()
            ):
                ac = largest - 1
                raise ValueError(f"coefficient out of range: AC must be {-ac}..{ac}, DC {-largest}..{ac}")


def _slots(image: CoefficientImage) -> tuple[int, ...]:
    """Slots of the quantization tables: the image's own, unless components with different tables would share one.

    A file may define a table anew between the scans of two components that refer to its slot.
    """
    slots: list[int] = []
    taken: dict[int, npt.NDArray[np.uint16]] = {}
    for component, table in zip(image.frame.components, image.tables, strict=True):
        for slot in (component.table, *range(4)):
            other = taken.get(slot, table)
            if other is table or np.array_equal(other, table):
                break
        slots.append(slot)
        taken[slot] = table
    return tuple(slots)


def write_scans(headers: Headers, coefficients: npt.NDArray[np.int16], coding: Coding) -> bytes:
    """Write a whole file by the process of its frame header.

    Parameters
    ----------
    headers : Headers
    coefficients : ndarray, int16
        Of all components, as `component_layout` has them.
    coding : Coding

    Raises
    ------
    ValueError
        If a coefficient is out of range, or an MCU would be too large (B.2.3).
    """
    frame = headers.frame

    def code(scan: ScriptScan) -> CodedScan:
        if frame.arithmetic:
            return code_arithmetic(headers, coefficients, scan)
        if frame.progressive:
            return code_progressive(headers, coefficients, scan)
        return code_sequential(headers, coefficients, scan, optimize=coding.optimize)

    def cost(scan: ScriptScan) -> int:
        coded = code(scan)
        return len(headers.before_scan(scan, coded.plan.slots, coded.huffman, None)) + len(coded.data)

    script = smallest_script(frame, headers.color, cost) if coding.smallest else coding.scans(frame, headers.color)
    for scan in script:
        check_mcu(scan, frame)
    return assemble(headers, (code(scan) for scan in script))


def before_only_scan(headers: Headers, scan: ScriptScan, plan: ScanPlan, huffman: HuffmanTables) -> bytes:
    """Return all that stands before the data of the only scan of a file."""
    return headers.before_scans + before_only_data(headers, scan, plan, huffman)


def before_only_data(headers: Headers, scan: ScriptScan, plan: ScanPlan, huffman: HuffmanTables) -> bytes:
    """Return what of it stands behind the frame header."""
    known = headers.known_huffman
    new = {key: table for key, table in huffman.items() if known.get(key) is not table} if known else huffman
    interval = headers.restart.interval(plan.mcu_cols)
    return headers.before_scan(scan, plan.slots, new, interval or None)


def assemble_only(headers: Headers, coded: CodedScan) -> bytes:
    """Join the only scan of a file and what stands around it."""
    start = before_only_scan(headers, coded.scan, coded.plan, coded.huffman)
    return b"".join([start, coded.data, EOI_MARKER])


def assemble_made(headers: Headers, coder: Coder, written: int) -> bytes:
    """Join so many bytes that `code_best` has written, with `best_start`, and what stands around them."""
    return b"".join([headers.before_scans, coder[-1][:written].data, EOI_MARKER])


def assemble(headers: Headers, scans: Iterable[CodedScan]) -> bytes:
    """Join coded scans to a whole file. A Huffman table is sent once, restart intervals when they change."""
    parts = [headers.before_scans]
    sent: dict[tuple[int, int], HuffmanTable] = dict(headers.known_huffman)
    told = 0
    for coded in scans:
        # Tables made for a scan are sent even if they equal those before, as libjpeg does.
        new = {key: table for key, table in coded.huffman.items() if sent.get(key) is not table}
        sent.update(new)
        interval = headers.restart.interval(coded.plan.mcu_cols)
        parts.append(headers.before_scan(coded.scan, coded.plan.slots, new, interval if interval != told else None))
        parts.append(bytes(coded.data))
        told = interval
    return b"".join([*parts, EOI_MARKER])
