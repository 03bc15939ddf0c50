"""JPEG whose values are the codec's and whose gradients are useful: a layer, and its stages as functions."""

from __future__ import annotations

from dnjpeg.vision.differentiable.color import rgb_to_ycc, ycc_to_rgb
from dnjpeg.vision.differentiable.interchange import from_coefficient_image, subsampling_of, to_coefficient_images
from dnjpeg.vision.differentiable.module import Compressed, DifferentiableJpeg
from dnjpeg.vision.differentiable.pipeline import (
    coefficients_to_pixels,
    dequantize,
    pixels_to_coefficients,
    quantize,
)
from dnjpeg.vision.differentiable.rate import estimate_bits
from dnjpeg.vision.differentiable.rounding import bounded, rounded, soft
from dnjpeg.vision.differentiable.sampling import downsample, upsample
from dnjpeg.vision.differentiable.transform import block_dct, blocks_to_plane, inverse_block_dct, plane_to_blocks

__all__ = [
    "Compressed",
    "DifferentiableJpeg",
    "block_dct",
    "blocks_to_plane",
    "bounded",
    "coefficients_to_pixels",
    "dequantize",
    "downsample",
    "estimate_bits",
    "from_coefficient_image",
    "inverse_block_dct",
    "pixels_to_coefficients",
    "plane_to_blocks",
    "quantize",
    "rgb_to_ycc",
    "rounded",
    "soft",
    "subsampling_of",
    "to_coefficient_images",
    "upsample",
    "ycc_to_rgb",
]
