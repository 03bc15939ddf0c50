"""Quantization tables: the value, its files and names, and the designs that make them.

`quantization` holds the value, `steps` what one may be, `files` what is in its files; `catalogue` knows the shipped
ones, `names` resolves whatever stands for tables, and `design` makes new ones.
"""

from dnjpeg.tables import design
from dnjpeg.tables.catalogue import shipped_names
from dnjpeg.tables.names import TablesLike, resolve
from dnjpeg.tables.quantization import QuantizationTables

__all__ = ["QuantizationTables", "TablesLike", "design", "resolve", "shipped_names"]
