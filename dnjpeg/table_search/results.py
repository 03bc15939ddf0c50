"""A found table with how it was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dnjpeg.table_search.judging import Judge
from dnjpeg.tables import QuantizationTables

__all__ = ["described"]


def described(
    judge: Judge, tables: QuantizationTables, name: str, description: str, parameters: Mapping[str, Any]
) -> QuantizationTables:
    """Return the tables with a name and their provenance, what was measured on the judge's images in it."""
    verdict = judge.verdict(tables)
    return QuantizationTables(
        *tables.arrays,
        name=name,
        provenance={
            "method": name,
            "description": description,
            "parameters": dict(parameters),
            "networks": list(judge.observers),
            "subsampling": judge.subsampling,
            "images": len(judge.images),
            "measured": {
                "bytes": round(verdict.size, 1),
                "divergence": round(verdict.divergence, 5),
                "bytes to standard JPEG's at equal divergence": round(verdict.ratio, 4),
            },
        },
    )
