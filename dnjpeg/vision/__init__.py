"""JPEG compression in PyTorch's data loading: a transform and a loader."""

from __future__ import annotations

from dnjpeg.vision.datasets import load_image
from dnjpeg.vision.transforms import JpegCompression, jpeg_compression

__all__ = ["JpegCompression", "jpeg_compression", "load_image"]
