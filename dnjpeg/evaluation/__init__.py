"""Measure what compression costs a classifier: from labelled photos to rows, summaries, plots and a report.

>>> from dnjpeg import evaluation
>>> data = evaluation.load_dataset("photos")  # doctest: +SKIP
>>> network = evaluation.load_classifier("efficientnet-lite0")  # doctest: +SKIP
>>> data = evaluation.align(data, network.class_count, network.class_names)  # doctest: +SKIP
>>> contenders = evaluation.parse_contenders(["jpeg:95,75,50"])  # doctest: +SKIP
>>> evaluation.summarize(evaluation.sweep(data, network, contenders).rows)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dnjpeg.evaluation.cache import MeasurementCache
    from dnjpeg.evaluation.classes import align
    from dnjpeg.evaluation.classifiers import Classifier, load_classifier
    from dnjpeg.evaluation.comparison import Comparison, compare
    from dnjpeg.evaluation.contenders import Contender, jpeg_contender
    from dnjpeg.evaluation.datasets import load_dataset
    from dnjpeg.evaluation.metrics import summarize
    from dnjpeg.evaluation.photos import Dataset
    from dnjpeg.evaluation.rows import Row, read_rows, write_rows
    from dnjpeg.evaluation.specs import parse_contenders
    from dnjpeg.evaluation.sweeping import SweepResult, sweep
    from dnjpeg.evaluation.verdicts import report_text

__all__ = [
    "Classifier",
    "Comparison",
    "Contender",
    "Dataset",
    "MeasurementCache",
    "Row",
    "SweepResult",
    "align",
    "compare",
    "jpeg_contender",
    "load_classifier",
    "load_dataset",
    "parse_contenders",
    "read_rows",
    "report_text",
    "summarize",
    "sweep",
    "write_rows",
]

_HOME = {
    "Classifier": "classifiers",
    "Comparison": "comparison",
    "Contender": "contenders",
    "Dataset": "photos",
    "MeasurementCache": "cache",
    "Row": "rows",
    "SweepResult": "sweeping",
    "align": "classes",
    "compare": "comparison",
    "jpeg_contender": "contenders",
    "load_classifier": "classifiers",
    "load_dataset": "datasets",
    "parse_contenders": "specs",
    "read_rows": "rows",
    "report_text": "verdicts",
    "summarize": "metrics",
    "sweep": "sweeping",
    "write_rows": "rows",
}


def __getattr__(name: str) -> object:
    """Import a public name on first use: drawing saved rows need not load PyTorch (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'dnjpeg.evaluation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"dnjpeg.evaluation.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
