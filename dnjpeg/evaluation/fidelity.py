"""How far a decoded picture is from the original for a human eye: PSNR, SSIM and MS-SSIM, by TorchMetrics.

Wang, Bovik, Sheikh, Simoncelli, IEEE Transactions on Image Processing 13(4), 2004; Wang, Simoncelli, Bovik, Asilomar
Conference 2003. Numbers of different variants cannot be compared, so that the variant is part of every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

import numpy as np
import numpy.typing as npt
import torch

__all__ = ["NOT_COMPARED", "Fidelity", "compare", "variant"]

Pixels = npt.NDArray[np.uint8]

WINDOW = 11  # the Gaussian window's side
SCALES = 5
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as JPEG has it


@dataclass(frozen=True, slots=True)
class Fidelity:
    """Likeness of two pictures.

    Parameters
    ----------
    psnr : float or None
        Decibels, peak 255, over all samples; infinite for equal pictures.
    ssim, ms_ssim : float or None
        At most 1, of the luma; None if a side of the picture is too short for the window (under 6 pixels), or for
        five scales of it (under 176, TorchMetrics's bound).
    """

    psnr: float | None
    ssim: float | None
    ms_ssim: float | None


NOT_COMPARED = Fidelity(None, None, None)


def variant() -> str:
    """Name everything that decides the numbers."""
    return (
        f"torchmetrics {metadata.version('torchmetrics')}: PSNR over all RGB (or gray) samples, peak 255; SSIM and "
        f"MS-SSIM of BT.601 luma, Gaussian window {WINDOW}x{WINDOW} of sigma 1.5, K .01 and .03, range 255, reflected "
        "borders, no downsampling before; MS-SSIM over 5 scales by 2x2 means, weights of 2003, negative terms as 0"
    )


def compare(original: Pixels, decoded: Pixels) -> Fidelity:
    """Measure a decoded picture's likeness; see `variant` for how.

    Parameters
    ----------
    original, decoded : ndarray, uint8, (H, W, 3) or (H, W)
        Of one shape.

    Raises
    ------
    ValueError
        If their shapes differ.
    ModuleNotFoundError
        If TorchMetrics is not installed.
    """
    from torchmetrics.functional import image  # noqa: PLC0415 - takes seconds, and saved rows need none of it

    if original.shape != decoded.shape:
        raise ValueError(f"decoded to {decoded.shape}, the original is {original.shape}")
    difference = original.astype(np.int32) - decoded.astype(np.int32)
    if not difference.any():
        psnr = float("inf")
    else:
        preds, target = (torch.from_numpy(each.astype(np.float64)) for each in (decoded, original))
        psnr = float(image.peak_signal_noise_ratio(preds, target, data_range=255.0))
    preds, target = _luma(decoded), _luma(original)
    shorter = min(original.shape[:2])
    with torch.inference_mode():
        ssim = ms_ssim = None
        if shorter > WINDOW // 2:
            ssim = _number(image.structural_similarity_index_measure(preds, target, sigma=1.5, data_range=255.0))
        if shorter // (SCALES - 1) ** 2 > WINDOW - 1:
            ms_ssim = _number(
                image.multiscale_structural_similarity_index_measure(
                    preds, target, kernel_size=WINDOW, sigma=1.5, data_range=255.0
                )
            )
    return Fidelity(psnr, ssim, ms_ssim)


def _number(value: torch.Tensor | tuple[torch.Tensor, ...]) -> float:
    return float(value if isinstance(value, torch.Tensor) else value[0])


def _luma(pixels: Pixels) -> torch.Tensor:
    """Luma of a picture, float32 ``(1, 1, H, W)``, not rounded."""
    plane = pixels if pixels.ndim == 2 else pixels @ np.array(LUMA, np.float32)
    return torch.from_numpy(plane.astype(np.float32))[None, None]
