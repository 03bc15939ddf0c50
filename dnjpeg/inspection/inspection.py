"""The result of an inspection: what was found, with its two forms for the outside, text and JSON."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from dnjpeg.inspection.text import report
from dnjpeg.inspection.values import Findings

__all__ = ["Inspection"]


@dataclass(frozen=True, eq=False)
class Inspection(Findings):
    """What `dnjpeg.inspect` found in a file. Printed, it is the report of ``dnjpeg inspect``."""

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON can hold it: fields by name, tables as lists of rows."""
        return _plain(self)  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return report(self)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
