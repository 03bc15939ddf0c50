"""All that transcoding needs to know and that does not depend on the coefficients, kept for files of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.entropy.best_codes import Start
from dnjpeg.codec.entropy.scan_writer import (
    ScanPlan,
    best_start,
    makes_tables,
    plan_scan,
)
from dnjpeg.codec.format.application import Jfif, Metadata
from dnjpeg.codec.format.coding import Coding
from dnjpeg.codec.format.coding_tables import steps_of
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.color import quantization_slots
from dnjpeg.codec.format.frame import Frame
from dnjpeg.codec.format.headers import Headers
from dnjpeg.codec.format.metadata import kept, replaced
from dnjpeg.codec.format.script import ScriptScan, check_mcu
from dnjpeg.codec.pixels.quantize import usual_factors
from dnjpeg.codec.said import Known
from dnjpeg.codec.writer import headers_of

__all__ = ["Transcoding", "TranscodingPlan", "factors_of", "plan_transcoding", "with_tables"]

_FactorsOfAll = tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]
"""`factors_of` and `_usual_factors`."""


class Transcoding(NamedTuple):
    """What files are to become, as values that a cache can go by.

    Parameters
    ----------
    tables : tuple of bytes, or None
        `steps_key` of new quantization tables: one for all components, one for luma and one for chroma, or one a
        component. None: the file's own.
    coding : Coding
    copy : str
        One of `KEPT`.
    jfif : Jfif or None
        None: as in the file.
    metadata : tuple of Metadata
        In the place of those of their kinds.
    """

    tables: tuple[bytes, ...] | None
    coding: Coding
    copy: str = "all"
    jfif: Jfif | None = None
    metadata: tuple[Metadata, ...] = ()

    def arrays(self) -> tuple[npt.NDArray[np.uint16], ...] | None:
        """Return the tables as (8, 8) arrays, natural order."""
        return None if self.tables is None else tuple(steps_of(key) for key in self.tables)

    def written(self, known: Known) -> Known:
        """Tell what is written of what a file says; ValueError if `copy` is none of `KEPT`."""
        metadata, density = self.metadata_of(known.metadata), self.jfif or known.density
        if metadata == known.metadata and density is known.density:
            return known
        return known._replace(metadata=metadata, density=density)

    def metadata_of(self, segments: tuple[Metadata, ...]) -> tuple[Metadata, ...]:
        """Tell what becomes of a file's metadata; ValueError if `copy` is none of `KEPT`."""
        if self.copy == "all" and not self.metadata:
            return segments
        return replaced(kept(segments, self.copy), self.metadata)


class _Kind(NamedTuple):
    """What transcoding needs to know and what does not depend on the size."""

    headers: Headers
    coding: Coding
    scan: ScriptScan
    starts: dict[int, Start]
    """`best_start` by restart interval."""
    factors: _FactorsOfAll | None


class TranscodingPlan(NamedTuple):
    """All that transcoding needs to know and that does not depend on the coefficients."""

    headers: Headers
    coding: Coding
    scan: ScriptScan
    plan: ScanPlan
    interval: int
    """Ri."""
    made: bool
    """`makes_tables`."""
    start: Start
    factors: _FactorsOfAll | None


@lru_cache(64)
def plan_transcoding(frame: Frame, known: Known, to: Transcoding) -> TranscodingPlan:
    """Plan for files of this kind and size; `known` is what `Transcoding.written` makes of it."""
    kind = _plan_kind(frame.resized(1, 1), known, to)
    headers = kind.headers.of_size(frame.height, frame.width)
    plan = plan_scan(headers.frame, headers.color, kind.scan.components, kept_rows=1)
    interval = headers.restart.interval(plan.mcu_cols)
    start = kind.starts.get(interval) or kind.starts.setdefault(interval, best_start(headers, kind.scan, plan))
    made = makes_tables(headers, plan, optimize=kind.coding.optimize)
    return TranscodingPlan(headers, kind.coding, kind.scan, plan, interval, made, start, kind.factors)


@lru_cache(64)
def _plan_kind(frame: Frame, known: Known, to: Transcoding) -> _Kind:
    steps, new = tuple(steps_of(key) for key in known.steps), to.arrays()
    nothing = tuple(np.zeros((*shape[2:], 8, 8), np.int16) for shape in frame.shapes)  # stands for coefficients
    color, _, interval, density, metadata = known
    image = CoefficientImage(frame, nothing, steps, color, interval, density, metadata)
    if new is not None:
        image = with_tables(image, new)
    headers, coding = headers_of(image, to.coding)
    (scan,) = coding.scans(headers.frame, headers.color)
    check_mcu(scan, headers.frame)
    factors = None if new is None else (factors_of(steps, image.tables), _usual_factors(steps, image.tables))
    return _Kind(headers, coding, scan, {}, factors)


def with_tables(image: CoefficientImage, tables: Sequence[npt.NDArray[np.uint16]]) -> CoefficientImage:
    """Return the image with other tables and the coefficients that it has."""
    slots = quantization_slots(image.color, len(image.frame.components), tables)
    return image.with_coefficients(image.coefficients, [tables[slot] for slot in slots], slots)


def factors_of(old: Sequence[npt.NDArray[np.uint16]], new: Sequence[npt.NDArray[np.uint16]]) -> npt.NDArray[np.float64]:
    """``q / q'`` of each component: (components, 64)."""
    return (np.stack(old).astype(np.float64) / np.stack(new)).reshape(-1, 64)


def _usual_factors(
    old: Sequence[npt.NDArray[np.uint16]], new: Sequence[npt.NDArray[np.uint16]]
) -> npt.NDArray[np.float32]:
    """`usual_factors` of all components; empty if one has none."""
    factors = [usual_factors(*steps) for steps in zip(old, new, strict=True)]
    return np.concatenate(factors) if all(map(len, factors)) else np.empty(0, np.float32)
