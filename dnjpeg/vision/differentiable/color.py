"""RGB to YCbCr and back (JFIF 1.02), exact as libjpeg rounds it or in real numbers."""

from __future__ import annotations

import torch

from dnjpeg.vision.differentiable.rounding import attach, integers

__all__ = ["rgb_to_ycc", "ycc_to_rgb"]

FORWARD = ((0.299, 0.587, 0.114), (-0.16874, -0.33126, 0.5), (0.5, -0.41869, -0.08131))
RED_CR, GREEN_CB, GREEN_CR, BLUE_CB = 1.402, 0.34414, 0.71414, 1.772

HALF = 1 << 15
CHROMA_OFFSET = (128 << 16) + HALF - 1  # libjpeg's fudge: the largest chroma must not round up to 256


def _fix(x: float) -> int:
    return int(abs(x) * 65536 + 0.5) * (1 if x > 0 else -1)


def rgb_to_ycc(rgb: torch.Tensor, *, exact: bool = True) -> torch.Tensor:
    """Convert RGB to YCbCr.

    Parameters
    ----------
    rgb : Tensor, (N, 3, H, W)
        0..255; of integers if `exact`.
    exact : bool
        Round as libjpeg does, with the gradient of the real numbers.

    Returns
    -------
    Tensor, (N, 3, H, W)
        Y, Cb, Cr, 0..255, chroma around 128.
    """
    red, green, blue = rgb.unbind(1)
    real = [a * red + b * green + c * blue for a, b, c in FORWARD]
    smooth = torch.stack([real[0], real[1] + 128, real[2] + 128], 1)
    if not exact:
        return smooth
    red, green, blue = integers(rgb).unbind(1)
    fixed = [_fix(a) * red + _fix(b) * green + _fix(c) * blue for a, b, c in FORWARD]
    offsets = (HALF, CHROMA_OFFSET, CHROMA_OFFSET)
    return attach(torch.stack([(x + offset) >> 16 for x, offset in zip(fixed, offsets, strict=True)], 1), smooth)


def ycc_to_rgb(ycc: torch.Tensor, *, exact: bool = True) -> torch.Tensor:
    """Convert YCbCr to RGB and clip to 0..255; the gradient of what was clipped is zero.

    Parameters and result are those of `rgb_to_ycc`, the other way round.
    """
    luma, blueness, redness = ycc[:, 0], ycc[:, 1] - 128, ycc[:, 2] - 128
    smooth = torch.stack(
        [luma + RED_CR * redness, luma - GREEN_CB * blueness - GREEN_CR * redness, luma + BLUE_CB * blueness], 1
    ).clamp(0, 255)
    if not exact:
        return smooth
    luma, blueness, redness = integers(ycc).unbind(1)
    blueness, redness = blueness - 128, redness - 128
    red = luma + ((_fix(RED_CR) * redness + HALF) >> 16)
    green = luma + ((-_fix(GREEN_CB) * blueness - _fix(GREEN_CR) * redness + HALF) >> 16)
    blue = luma + ((_fix(BLUE_CB) * blueness + HALF) >> 16)
    return attach(torch.stack([red, green, blue], 1).clamp(0, 255), smooth)
