"""The standard tables, among the designs."""

from __future__ import annotations

from dnjpeg.tables.design.registry import Design, Option
from dnjpeg.tables.standard import standard

__all__ = ["DESIGN", "standard"]

DESIGN = Design(
    "standard",
    standard,
    "The standard tables (T.81 Annex K) at a quality.",
    options=(Option("quality", int, "1..100; 50 is as the standard prints them."),),
)
