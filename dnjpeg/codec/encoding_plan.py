"""All that encoding needs to know and that does not depend on the pixels, kept for the next image of the same kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.best_codes import Start
from dnjpeg.codec.entropy.scan_writer import ScanPlan, best_start, plan_scan, standard_tables
from dnjpeg.codec.format.application import Jfif, Metadata
from dnjpeg.codec.format.coding import Coding, Restart
from dnjpeg.codec.format.coding_tables import CodingTables, TablesKey, steps_of
from dnjpeg.codec.format.color import COLORS, quantization_slots
from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.codec.format.headers import Headers
from dnjpeg.codec.format.script import ScriptScan, check_mcu
from dnjpeg.codec.format.subsampling import Subsampling, component_factors
from dnjpeg.codec.pixels.forward import ForwardPlan, plan_forward
from dnjpeg.codec.pixels.planes import CONVERSIONS
from dnjpeg.codec.pixels.quantize import reciprocals
from dnjpeg.codec.writer import before_only_data

__all__ = [
    "Encoding",
    "EncodingPlan",
    "channels_of",
    "check_pixels",
    "checked_pixels",
    "contiguous",
    "plan_encoding",
    "planned_frame",
    "resolved_color",
    "steps_in_order",
]

Pixels = npt.NDArray[np.uint8]


class Encoding(NamedTuple):
    """How images are to be encoded, as values that a cache can go by.

    Parameters
    ----------
    tables : tuple of bytes
        `steps_key` of the quantization tables: one for all components, one for luma and one for chroma, or one a
        component.
    subsampling : str or tuple
        From `resolve_subsampling`.
    color : str or None
        None: "grayscale", "YCbCr" or "CMYK", as the pixels are.
    coding : Coding
        What is None in it is false.
    jfif : Jfif or None
        None: no JFIF segment.
    metadata : tuple of Metadata
        Segments behind it.
    shared : TablesKey or None
        What decoders have already and the file leaves out.
    """

    tables: tuple[bytes, ...]
    subsampling: Subsampling
    color: str | None
    coding: Coding
    jfif: Jfif | None = None
    metadata: tuple[Metadata, ...] = ()
    shared: TablesKey | None = None


@dataclass(frozen=True)
class _Kind:
    """What images of one kind have in common, whatever their size.

    Parameters
    ----------
    coding : Coding
    headers : Headers
        Of an image of one pixel.
    factors : ndarray, uint16
        `reciprocals` of each component's table.
    channels : int
        Of the pixels.
    """

    coding: Coding
    headers: Headers
    factors: npt.NDArray[np.uint16]
    channels: int

    @cached_property
    def streamed(self) -> bool:
        """Whether one scan takes the coefficients a row of MCUs at a time as they come from the pixels."""
        frame = self.headers.frame
        if frame.progressive or frame.arithmetic or self.coding.script is not None:
            return False
        return len(frame.components) > 1 or frame.max_horizontal == frame.max_vertical == 1  # a block is its MCU

    @cached_property
    def scan(self) -> ScriptScan:
        """The only scan of a sequential file."""
        (scan,) = self.coding.scans(self.headers.frame, self.headers.color)
        return scan

    @cached_property
    def best_starts(self) -> dict[int, Start]:
        """`EncodingPlan.best_start` by restart interval."""
        return {}

    @cached_property
    def standard_starts(self) -> dict[int, bytes]:
        """What of `EncodingPlan.standard_start` stands behind the frame header, likewise."""
        return {}


class EncodingPlan:
    """How images of one kind and size are encoded.

    Attributes
    ----------
    coding : Coding
    headers : Headers
    factors : ndarray, uint16
        `reciprocals` of each component's table.
    channels : int
        Of the pixels.
    frame : Frame
        Components and sampling factors.
    streamed : bool
        Whether one scan takes the coefficients a row of MCUs at a time as they come from the pixels.
    """

    def __init__(self, kind: _Kind, height: int, width: int) -> None:
        self._kind = kind
        self.headers = kind.headers.of_size(height, width)
        self.frame = self.headers.frame
        self.coding, self.streamed = kind.coding, kind.streamed
        self.factors, self.channels = kind.factors, kind.channels

    @property
    def scan(self) -> ScriptScan:
        """The only scan of a sequential file."""
        return self._kind.scan

    @cached_property
    def plan(self) -> ScanPlan:
        """Where the kernels find what belongs to it, a row of MCUs at a time."""
        return plan_scan(self.frame, self.headers.color, self.scan.components, kept_rows=1)

    @cached_property
    def strip(self) -> ForwardPlan:
        """Where they find a row of MCUs as samples."""
        return plan_forward(self.frame, self.headers.color, self.channels, kept_rows=1)

    @cached_property
    def last_mcu(self) -> ForwardPlan:
        """Where they find the last MCU of a row that is not the last one, as if it were all of a picture."""
        frame = self.frame
        width = frame.width - (frame.mcu_cols - 1) * 8 * frame.max_horizontal
        part = frame.resized(8 * frame.max_vertical, width)
        return plan_forward(part, self.headers.color, self.channels, line=frame.width)

    @cached_property
    def interval(self) -> int:
        """Ri of that scan."""
        return self.headers.restart.interval(self.plan.mcu_cols)

    @cached_property
    def best_start(self) -> Start:
        """All between `Headers.before_scans` and the entropy-coded data, if Huffman tables are made for the image."""
        starts, interval = self._kind.best_starts, self.interval
        return starts.get(interval) or starts.setdefault(interval, best_start(self.headers, self.scan, self.plan))

    @property
    def standard_codes(self) -> npt.NDArray[np.int64]:
        """`codes_of` the standard Huffman tables."""
        _, codes = standard_tables(self.plan.slots_of(self.scan))
        return codes

    @cached_property
    def standard_start(self) -> bytes:
        """All before the entropy-coded data, if the Huffman tables are the standard ones."""
        starts, interval = self._kind.standard_starts, self.interval
        if interval not in starts:
            huffman, _ = standard_tables(self.plan.slots_of(self.scan))
            starts[interval] = before_only_data(self.headers, self.scan, self.plan, huffman)
        return self.headers.before_scans + starts[interval]


def steps_in_order(coding_tables: CodingTables) -> tuple[npt.NDArray[np.uint16], ...]:
    """Return the quantization tables by slot, of which none may be left out before the last."""
    slots = coding_tables.quantization
    if sorted(slots) != list(range(len(slots))) or not slots:
        raise ValueError(f"coding tables with quantization tables in the slots {sorted(slots)}, must be 0, or 0 to n")
    return tuple(slots[slot] for slot in range(len(slots)))


@lru_cache(64)
def plan_encoding(shape: tuple[int, ...], to: Encoding) -> EncodingPlan:
    """Plan for pixels of this shape."""
    return EncodingPlan(_plan_kind(channels_of(shape), to), *shape[:2])


@lru_cache(64)
def _plan_kind(channels: int, to: Encoding) -> _Kind:
    color = resolved_color(channels, to.color)
    frame = planned_frame((1, 1), to.subsampling, color, len(to.tables))
    slots = [component.table for component in frame.components]
    used = tuple(steps_of(to.tables[slot]) for slot in slots)
    coding = to.coding.following(frame, 0)
    frame = replace(frame, process=coding.process(used))
    factors = np.concatenate([_reciprocals(to.tables[slot]) for slot in slots])
    left_out = None if to.shared is None else CodingTables.from_key(to.shared)
    headers = Headers(frame, color, used, coding.restart or Restart(), to.jfif, to.metadata, left_out, coding.compact)
    kind = _Kind(coding, headers, factors, channels)
    if kind.streamed:
        check_mcu(kind.scan, frame)
    return kind


@lru_cache(256)
def _reciprocals(table: bytes) -> npt.NDArray[np.uint16]:
    steps = steps_of(table)
    if steps.min() < 1:
        raise ValueError("an encoder needs (8, 8) tables of steps from 1 to 65535")
    return reciprocals(steps)


def checked_pixels(pixels: Pixels) -> Pixels:
    """Return pixels as kernels take them, or raise what is wrong with them."""
    check_pixels(pixels)
    return contiguous(pixels)


def check_pixels(pixels: Pixels) -> None:
    """Raise what is wrong with pixels."""
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        kind = pixels.dtype if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise TypeError(f"pixels must be a uint8 array, not {kind}")
    if not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))):
        raise ValueError(f"pixels must be (H, W, 3) RGB, (H, W) gray or (H, W, 4) CMYK, not {pixels.shape}")
    height, width = pixels.shape[:2]
    if not (1 <= height <= 65535 and 1 <= width <= 65535):
        raise ValueError(f"pixels of shape {pixels.shape}: a JPEG image has 1 to 65535 pixels a side")


def contiguous(pixels: Pixels) -> Pixels:
    """Return pixels as kernels take them."""
    whole = np.ascontiguousarray(pixels).view()
    whole.flags.writeable = False  # one type for kernels, whatever the array
    return whole


def channels_of(shape: tuple[int, ...]) -> int:
    """Tell how many samples a pixel has."""
    return shape[2] if len(shape) == 3 else 1


def resolved_color(channels: int, color: str | None) -> str:
    """Return what the components are to mean; by default what pixels of so many channels usually become."""
    choices = [name for count, name in CONVERSIONS if count == channels]
    if color is None:
        return {1: "grayscale", 3: "YCbCr", 4: "CMYK"}[channels]
    if color not in choices:
        kind = {1: "gray", 3: "RGB", 4: "CMYK"}[channels]
        raise ValueError(f"{kind} pixels as {color!r}: choose from {', '.join(choices)}")
    return color


def planned_frame(shape: tuple[int, ...], subsampling: Subsampling, color: str, tables: int) -> Frame:
    """Return the frame of an image of so many quantization tables, whatever its process."""
    height, width = shape[:2]
    model = COLORS[color]
    count = len(model.identifiers)
    allowed = {1, 2, count} | ({3} if model.chroma else set())
    if count > 1 and tables not in allowed:
        raise ValueError(f"{tables} quantization tables, must be {' or '.join(map(str, sorted(allowed)))} for {color}")
    parts = zip(
        model.identifiers,
        component_factors(subsampling, color),
        quantization_slots(color, count, range(tables)),
        strict=True,
    )
    return Frame(height, width, tuple(Component(identifier, *factors, slot) for identifier, factors, slot in parts))
