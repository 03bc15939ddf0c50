"""The codec in PyTorch: transforms, decoding for training, datasets, and a differentiable JPEG.

Transforms of arrays and Pillow images, and `load_image`, do without PyTorch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from dnjpeg.vision.loading import load_image
from dnjpeg.vision.transforms import (
    FeatureDistillation,
    JpegCompression,
    RandomJpegCompression,
    feature_distillation,
    jpeg_compression,
    random_jpeg_compression,
)

if TYPE_CHECKING:
    from dnjpeg.vision.datasets import CoefficientFolder, Failure, FailureLog, JpegFolder, WebDatasetDecoder
    from dnjpeg.vision.decoding import (
        DecodeJpeg,
        DecodeRandomResizedCrop,
        DecodeResizedCenterCrop,
        ReadCoefficients,
        decode_jpeg,
        decode_random_resized_crop,
        decode_resized_center_crop,
        read_coefficients,
    )
    from dnjpeg.vision.differentiable import DifferentiableJpeg

__all__ = [
    "CoefficientFolder",
    "DecodeJpeg",
    "DecodeRandomResizedCrop",
    "DecodeResizedCenterCrop",
    "DifferentiableJpeg",
    "Failure",
    "FailureLog",
    "FeatureDistillation",
    "JpegCompression",
    "JpegFolder",
    "RandomJpegCompression",
    "ReadCoefficients",
    "WebDatasetDecoder",
    "decode_jpeg",
    "decode_random_resized_crop",
    "decode_resized_center_crop",
    "feature_distillation",
    "jpeg_compression",
    "load_image",
    "random_jpeg_compression",
    "read_coefficients",
]

_HOME = {
    "datasets": ("CoefficientFolder", "Failure", "FailureLog", "JpegFolder", "WebDatasetDecoder"),
    "decoding": (
        "DecodeJpeg",
        "DecodeRandomResizedCrop",
        "DecodeResizedCenterCrop",
        "ReadCoefficients",
        "decode_jpeg",
        "decode_random_resized_crop",
        "decode_resized_center_crop",
        "read_coefficients",
    ),
    "differentiable": ("DifferentiableJpeg",),
}


def __getattr__(name: str) -> object:
    """Import what needs PyTorch on first use (PEP 562)."""
    for module, names in _HOME.items():
        if name in names:
            value = getattr(importlib.import_module(f"{__name__}.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
