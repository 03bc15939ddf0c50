"""Quantization tables: the value, its files and names, and the designs that make them.

`quantization` holds the value, `steps` what one may be, `files` what is in its files; `catalogue` knows the shipped
ones, `standard` scales those of the standard, `names` resolves whatever stands for tables, and `design` makes new ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dnjpeg.on_use import imported_on_use
from dnjpeg.tables.catalogue import shipped_names
from dnjpeg.tables.names import TablesLike, resolve
from dnjpeg.tables.quantization import QuantizationTables

if TYPE_CHECKING:
    from dnjpeg.tables import design

__all__ = ["QuantizationTables", "TablesLike", "design", "resolve", "shipped_names"]

__getattr__ = imported_on_use(__name__, {"design": "dnjpeg.tables.design"})
