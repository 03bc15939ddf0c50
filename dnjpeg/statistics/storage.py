"""The file of frequency statistics: JSON that says what it holds.

::

    {"format": "dnjpeg frequency statistics", "version": 1, "notes": "...", "hash": "...", "provenance": {...},
     "components": [{"name": "Y", "blocks": n, "sum": 8x8, "sum_abs": 8x8, "sum_squares": 8x8,
                     "histogram": [64 of {"first": bin, "counts": [...]}]}, ...]}

The sums are exact integers (wider than a double: read them as integers) in units of 1/8, the sum of squares in 1/64.
A histogram leaves out the empty bins at both ends; `first` is the bin's signed distance from the one around zero.
"""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnjpeg.files import write_text
from dnjpeg.statistics.counting import REACH
from dnjpeg.statistics.origin import Origin
from dnjpeg.statistics.totals import BINS, ComponentTotals, fingerprint

__all__ = ["Content", "load", "save"]

FORMAT = "dnjpeg frequency statistics"
VERSION = 1
NOTES = (
    "Orthonormal 8x8 DCT of level-shifted 8-bit samples. 8x8 arrays and the 64 histograms are in natural order "
    "(row = vertical frequency). Sums in units of 1/8 of a coefficient, sum_squares of 1/64. Bin b counts magnitudes "
    "from abs(b)/2 up to abs(b)/2 + 1/2 with the sign of b; bin 0 all below 1/2."
)
_SUMS = ("sum", "sum_abs", "sum_squares")
_LARGEST_COUNT = 2**63 - 1


class Content(NamedTuple):
    """What a file holds: a component's name and totals at the same place, and where they come from."""

    components: tuple[str, ...]
    totals: tuple[ComponentTotals, ...]
    origin: Origin


def save(statistics: Content, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Write statistics to a file, whole or not at all; see `FrequencyStatistics.save`."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "notes": NOTES,
        "hash": fingerprint(statistics.components, statistics.totals),
        "provenance": statistics.origin.to_json(),
        "components": [
            _component_to_json(name, totals)
            for name, totals in zip(statistics.components, statistics.totals, strict=True)
        ],
    }
    write_text(path, json.dumps(content, separators=(",", ":")) + "\n", overwrite=overwrite)


def load(path: str | PathLike[str]) -> Content:
    """Read statistics from a file and check them; see `FrequencyStatistics.load`."""
    data = Path(path).read_bytes()
    try:
        return _from_json(json.loads(data))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"{path}: not a file of frequency statistics: {reason}") from None


def _component_to_json(name: str, totals: ComponentTotals) -> dict[str, Any]:
    sums = {key: totals.sums[row].reshape(8, 8).tolist() for row, key in enumerate(_SUMS)}
    histograms = [_histogram_to_json(totals.histogram[:, band]) for band in range(64)]
    return {"name": name, "blocks": totals.blocks, **sums, "histogram": histograms}


def _histogram_to_json(counts: npt.NDArray[np.int64]) -> dict[str, Any]:
    occupied = np.flatnonzero(counts)
    first, last = (int(occupied[0]), int(occupied[-1])) if len(occupied) else (REACH, REACH - 1)
    return {"first": first - REACH, "counts": counts[first : last + 1].tolist()}


def _from_json(content: Any) -> Content:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f'"format" is not "{FORMAT}"')
    if content["version"] != VERSION:
        raise ValueError(f"its version is {content['version']}, and only version {VERSION} can be read")
    components = content["components"]
    names = tuple(_text(component["name"], "name") for component in components)
    totals = tuple(_component_from_json(component) for component in components)
    if not names:
        raise ValueError("it has no component")
    if fingerprint(names, totals) != content["hash"]:
        raise ValueError("the numbers do not give its hash: the file was changed or damaged")
    return Content(names, totals, _origin_from_json(content["provenance"]))


def _origin_from_json(provenance: dict[str, Any]) -> Origin:
    subsampling = provenance["subsampling"]
    return Origin(
        images=_count(provenance["images"], "images"),
        failed=_count(provenance["failed"], "failed"),
        domain=_text(provenance["domain"], "domain"),
        color=_text(provenance["color"], "color"),
        subsampling=None if subsampling is None else _text(subsampling, "subsampling"),
        sampling=tuple(_text(rule, "sampling") for rule in provenance["sampling"]),
        data=tuple(_text(name, "data") for name in provenance["data"]),
    )


def _component_from_json(component: dict[str, Any]) -> ComponentTotals:
    blocks = _count(component["blocks"], "blocks")
    sums = np.array([_integers(component[key], key) for key in _SUMS], dtype=np.object_)
    if len(component["histogram"]) != 64:
        raise ValueError(f"there are {len(component['histogram'])} histograms, not 64")
    histogram = np.stack([_histogram_from_json(band) for band in component["histogram"]], axis=1)
    if (histogram.sum(axis=0) != blocks).any():
        raise ValueError("a histogram does not hold as many coefficients as there are blocks")
    return ComponentTotals(blocks, sums, histogram)


def _histogram_from_json(band: dict[str, Any]) -> npt.NDArray[np.int64]:
    counts = [_count(count, "histogram") for count in band["counts"]]
    start = _integer(band["first"], "first") + REACH
    if start < 0 or start + len(counts) > BINS:
        raise ValueError(f"a histogram goes beyond the {BINS} bins")
    histogram = np.zeros(BINS, dtype=np.int64)
    histogram[start : start + len(counts)] = counts
    return histogram


def _integers(rows: Any, what: str) -> list[int]:
    if not isinstance(rows, list) or len(rows) != 8 or any(not isinstance(row, list) or len(row) != 8 for row in rows):
        raise ValueError(f"{what} is not 8x8 numbers")
    return [_integer(value, what) for row in rows for value in row]


def _integer(value: Any, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{what}: {value!r} is not an integer")
    return value


def _count(value: Any, what: str) -> int:
    if not 0 <= _integer(value, what) <= _LARGEST_COUNT:
        raise ValueError(f"{what}: {value} is not a count")
    return int(value)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what}: {value!r} is not a text")
    return value
