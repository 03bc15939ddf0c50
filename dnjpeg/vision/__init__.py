"""The codec in PyTorch: transforms, decoding for training, datasets, and a differentiable JPEG."""

from __future__ import annotations

from dnjpeg.vision.datasets import load_image
from dnjpeg.vision.transforms import (
    FeatureDistillation,
    JpegCompression,
    RandomJpegCompression,
    feature_distillation,
    jpeg_compression,
    random_jpeg_compression,
)

__all__ = [
    "FeatureDistillation",
    "JpegCompression",
    "RandomJpegCompression",
    "feature_distillation",
    "jpeg_compression",
    "load_image",
    "random_jpeg_compression",
]
