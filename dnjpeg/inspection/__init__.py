"""What lies inside a JPEG file, valid or not: segments, geometry, tables, and where the bytes go."""

from dnjpeg.inspection.collect import inspect
from dnjpeg.inspection.inspection import Inspection
from dnjpeg.inspection.text import report
from dnjpeg.inspection.values import (
    ComponentUsage,
    Findings,
    FrameComponent,
    FrameInfo,
    HuffmanEntry,
    Problem,
    QualityEstimate,
    QuantizationEntry,
    ScanInfo,
    SegmentEntry,
    TableMatch,
    Usage,
)

__all__ = [
    "ComponentUsage",
    "Findings",
    "FrameComponent",
    "FrameInfo",
    "HuffmanEntry",
    "Inspection",
    "Problem",
    "QualityEstimate",
    "QuantizationEntry",
    "ScanInfo",
    "SegmentEntry",
    "TableMatch",
    "Usage",
    "inspect",
    "report",
]
