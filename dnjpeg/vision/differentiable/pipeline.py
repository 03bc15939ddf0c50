"""Pixels to coefficients, to quantized values, and back: the codec as functions of tensors that have gradients."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.vision.differentiable.color import rgb_to_ycc, ycc_to_rgb
from dnjpeg.vision.differentiable.rounding import Rounding, rounded
from dnjpeg.vision.differentiable.sampling import downsample, extend, upsample
from dnjpeg.vision.differentiable.transform import block_dct, blocks_to_plane, inverse_block_dct, plane_to_blocks

__all__ = ["Components", "coefficients_to_pixels", "dequantize", "pixels_to_coefficients", "quantize"]

Components = tuple[torch.Tensor, ...]
"""One tensor a component, (N, block_rows, block_cols, 8, 8), natural order."""


# Not the codec's `Frame`: its cached properties have locks, which torch.compile cannot trace.


def ratios(channels: int, subsampling: str) -> list[tuple[int, int]]:
    """``(horizontal, vertical)`` ratio of full resolution to each component's."""
    chroma = sampling_factors(subsampling)
    return [(1, 1)] if channels == 1 else [(1, 1), chroma, chroma]


def sample_shape(size: tuple[int, int], ratio: tuple[int, int]) -> tuple[int, int]:
    """Lines and samples a line of a component (A.1.1)."""
    return -(-size[0] // ratio[1]), -(-size[1] // ratio[0])


def pixels_to_coefficients(images: torch.Tensor, *, subsampling: str = "4:2:0", exact: bool = True) -> Components:
    """Transform pixels to coefficients that are not quantized.

    Parameters
    ----------
    images : Tensor, floating point, (N, 3, H, W) or (N, 1, H, W)
        RGB or gray, 0..255; of integers if `exact`.
    subsampling : str
        As in `dnjpeg.encode`; gray has none.
    exact : bool
        The encoder's integer arithmetic in all stages, with the gradients of the real numbers.

    Returns
    -------
    tuple of Tensor, (N, block_rows, block_cols, 8, 8)
        One a component, on the scale of the orthonormal DCT (if `exact`, multiples of 1/8), natural order. Blocks are
        those of `CoefficientImage`: edges are filled up as libjpeg fills them.

    Raises
    ------
    ValueError, TypeError
        If the tensor or the subsampling is none of the above.
    """
    check_images(images)
    components = ratios(images.shape[1], subsampling)
    planes = rgb_to_ycc(images, exact=exact) if len(components) == 3 else images
    return tuple(
        block_dct(plane_to_blocks(_coded(planes[:, index], ratio, exact=exact)), exact=exact)
        for index, ratio in enumerate(components)
    )


def _coded(plane: torch.Tensor, ratio: tuple[int, int], *, exact: bool) -> torch.Tensor:
    """Sample a component at its own resolution and fill it up to whole blocks.

    To the right it is filled before downsampling; downwards only up to whole cells before, and to whole blocks after.
    """
    horizontal, vertical = ratio
    lines, samples = sample_shape((plane.shape[1], plane.shape[2]), ratio)
    rows, cols = -(-lines // 8), -(-samples // 8)
    plane = extend(plane, lines * vertical, 8 * cols * horizontal)
    return extend(downsample(plane, horizontal, vertical, exact=exact), 8 * rows, 8 * cols)


def quantize(
    coefficients: torch.Tensor, steps: torch.Tensor, *, rounding: Rounding = "straight-through", hard: bool = True
) -> torch.Tensor:
    """Divide coefficients by steps and round to nearest, halves away from zero (T.81 A.3.4).

    With straight-through rounding the gradient of ``q * quantize(c, q)`` with respect to q is the rounding error
    ``k - c / q``, and that with respect to c is 1.

    Parameters
    ----------
    coefficients : Tensor, (..., 8, 8)
        On the scale of the orthonormal DCT, natural order. For multiples of 1/8 and whole steps the result is the
        encoder's.
    steps : Tensor
        Positive; broadcast against the coefficients.
    rounding, hard
        As in `rounded`.
    """
    return rounded(coefficients / steps, rounding, hard=hard)


def dequantize(quantized: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Multiply by the steps (T.81 A.3.4)."""
    return quantized * steps


def coefficients_to_pixels(
    coefficients: Sequence[torch.Tensor],
    size: tuple[int, int],
    *,
    subsampling: str = "4:2:0",
    exact: bool = True,
) -> torch.Tensor:
    """Transform dequantized coefficients to pixels.

    Parameters
    ----------
    coefficients : sequence of Tensor, floating point, (N, block_rows, block_cols, 8, 8)
        Three components, or one for gray; on the scale of the orthonormal DCT, natural order. Of integers of 16 bits if
        `exact`.
    size : (int, int)
        H and W of the image.
    subsampling : str
        As in `dnjpeg.encode`; gray has none.
    exact : bool
        The decoder's integer arithmetic in all stages: the pixels are those of `dnjpeg.decode`, with the gradients of
        the real numbers.

    Returns
    -------
    Tensor, (N, 3, H, W) or (N, 1, H, W)
        RGB or gray, 0..255; the gradient of what was clipped is zero.

    Raises
    ------
    ValueError
        If the shapes are not those of an image of this size and subsampling.
    """
    channels = len(coefficients)
    if channels not in {1, 3}:
        raise ValueError(f"coefficients of 1 or 3 components are needed, not of {channels}")
    planes = []
    for index, (blocks, ratio) in enumerate(zip(coefficients, ratios(channels, subsampling), strict=True)):
        lines, samples = sample_shape(size, ratio)
        expected = (-(-lines // 8), -(-samples // 8), 8, 8)
        if blocks.ndim != 5 or tuple(blocks.shape[1:]) != expected:
            raise ValueError(
                f"component {index} of a {size[0]}x{size[1]} image needs coefficients of shape (N, "
                f"{', '.join(map(str, expected))}), not {tuple(blocks.shape)}"
            )
        plane = blocks_to_plane(inverse_block_dct(blocks, exact=exact))[:, :lines, :samples]
        planes.append(upsample(plane, *ratio, exact=exact)[:, : size[0], : size[1]])
    pixels = torch.stack(planes, 1)
    return ycc_to_rgb(pixels, exact=exact) if channels == 3 else pixels


def check_images(images: torch.Tensor) -> None:
    """Refuse what is not a batch of images in floating point of at least 32 bits."""
    if images.dtype not in {torch.float32, torch.float64}:
        raise TypeError(f"images of float32 or float64 are needed, values 0..255, not {images.dtype}")
    if images.ndim != 4 or images.shape[1] not in {1, 3} or min(images.shape[2:]) < 1:
        raise ValueError(f"images must be (N, 3, H, W) or (N, 1, H, W), not {tuple(images.shape)}")
