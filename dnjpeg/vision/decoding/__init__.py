"""From the bytes of a file to tensors: pixels, as many as are needed, or coefficients."""

from __future__ import annotations

from dnjpeg.vision.decoding.coefficients import ReadCoefficients, read_coefficients
from dnjpeg.vision.decoding.pixels import (
    DecodeJpeg,
    DecodeRandomResizedCrop,
    DecodeResizedCenterCrop,
    decode_jpeg,
    decode_random_resized_crop,
    decode_resized_center_crop,
)

__all__ = [
    "DecodeJpeg",
    "DecodeRandomResizedCrop",
    "DecodeResizedCenterCrop",
    "ReadCoefficients",
    "decode_jpeg",
    "decode_random_resized_crop",
    "decode_resized_center_crop",
    "read_coefficients",
]
