"""Datasets for training loops: folders of images or coefficients, and shards."""

from __future__ import annotations

from dnjpeg.vision.datasets.failures import Failure, FailureLog
from dnjpeg.vision.datasets.folder import CoefficientFolder, JpegFolder
from dnjpeg.vision.datasets.webdataset import WebDatasetDecoder

__all__ = ["CoefficientFolder", "Failure", "FailureLog", "JpegFolder", "WebDatasetDecoder"]
