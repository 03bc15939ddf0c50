"""Transforms of images in memory, each a class and a function; none needs PyTorch for arrays and Pillow images."""

from __future__ import annotations

from dnjpeg.vision.transforms.augmentation import RandomJpegCompression, random_jpeg_compression
from dnjpeg.vision.transforms.compression import JpegCompression, jpeg_compression
from dnjpeg.vision.transforms.defence import FeatureDistillation, feature_distillation

__all__ = [
    "FeatureDistillation",
    "JpegCompression",
    "RandomJpegCompression",
    "feature_distillation",
    "jpeg_compression",
    "random_jpeg_compression",
]
