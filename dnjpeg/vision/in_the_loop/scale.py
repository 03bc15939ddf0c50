"""How coarse each image may be, asked of the networks before anything is rounded for them.

Images differ in how much quantization they bear, by far more than their activity tells. Plain rounding at a few steps
of the ladder shows at which of them an image's divergence reaches a budget.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.machine.ladder import TableLadder
from dnjpeg.vision.differentiable.pipeline import coefficients_to_pixels, pixels_to_coefficients
from dnjpeg.vision.differentiable.rounding import half_away
from dnjpeg.vision.networks import Network

__all__ = ["PROBED", "bearable_steps", "expected_divergence"]

PROBED = (10.0, 20.0, 40.0, 80.0, 160.0)

# Mean divergence by plain rounding of the preset's chroma at the ladder's steps: 125 ImageNet calibration photos of
# 299x299 pixels, geometric mean of EfficientNet-Lite 0 and 2 and MobileNetV2.
_DIVERGENCES = {14.0: 0.0145, 24.0: 0.0365, 40.0: 0.0931, 60.0: 0.1905, 90.0: 0.3604, 130.0: 0.6911}


def expected_divergence(step: float) -> float:
    """Mean divergence of photos by plain rounding at a step, from calibration photos: the budget of that step."""
    steps, values = list(_DIVERGENCES), list(_DIVERGENCES.values())
    slope = np.log(values[1] / values[0]) / np.log(steps[1] / steps[0])
    if step < steps[0]:
        return float(values[0] * (step / steps[0]) ** slope)
    return float(np.exp(np.interp(np.log(step), np.log(steps), np.log(values))))


def bearable_steps(
    images: torch.Tensor,
    networks: Sequence[Network],
    ladder: TableLadder,
    budget: float,
    *,
    subsampling: str = "4:2:0",
) -> npt.NDArray[np.float64]:
    """Find the steps at which the divergence of each image by plain rounding reaches a budget.

    Parameters
    ----------
    images : Tensor, float32, (N, 3, H, W) or (N, 1, H, W)
        RGB or gray, whole numbers 0..255, where the networks are.
    networks : sequence of Network
        Whose divergences are averaged.
    ladder : TableLadder
        Tables by step.
    budget : float
        Nats.
    subsampling : str
        As in `dnjpeg.encode`.

    Returns
    -------
    ndarray, float64, (N,)

    Notes
    -----
    Between the steps that are probed logarithms are interpolated; beyond them the first or last is returned. Where the
    divergence falls with a coarser step, by chance, it counts as what it was before.
    """
    coefficients = pixels_to_coefficients(images, subsampling=subsampling)
    size = (images.shape[2], images.shape[3])
    with torch.no_grad():
        before = [network.log_probabilities(images) for network in networks]
    found = []
    for step in PROBED:
        with torch.no_grad():
            divisors = [
                torch.tensor(table.tolist()).to(images) for table in ladder.at(step).for_components(images.shape[1])
            ]
            rounded = [q * half_away(c / q) for c, q in zip(coefficients, divisors, strict=True)]
            decoded = coefficients_to_pixels(rounded, size, subsampling=subsampling, exact=False)
            after = [network.log_probabilities(decoded) for network in networks]
            apart = [(p.exp() * (p - q)).sum(1) for p, q in zip(before, after, strict=True)]
        found.append(torch.stack(apart).mean(0).cpu().numpy())
    curves = np.log(np.maximum.accumulate(np.maximum(np.stack(found), 1e-6), axis=0))
    curves += 1e-9 * np.arange(len(PROBED))[:, None]  # interpolation wants them to rise
    logs = np.log(PROBED)
    steps: npt.NDArray[np.float64] = np.exp([np.interp(np.log(budget), curve, logs) for curve in curves.T])
    return steps
