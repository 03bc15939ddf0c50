"""How much an image holds, and so how coarsely it may be quantized.

The same error means less to a network in an image that is full of edges than in a smooth one; and there it saves more
bytes. By measurement on 250 ImageNet photos of 299x299 pixels and three networks, steps that grow as the fifth root of
the mean AC energy save 1 to 4 % of the bytes at equal divergence; between 0.15 and 0.25 the exponent hardly matters.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dnjpeg.codec.encoder import transform

__all__ = ["EXPONENT", "MEAN_ENERGY", "activity", "step_factor"]

EXPONENT = 0.2
MEAN_ENERGY = np.exp(6.21) - 1  # of a mean photo, whose factor is 1
WIDEST = 3.0  # factors stay within a third and three: beyond it nothing was measured


def activity(pixels: npt.NDArray[np.uint8]) -> float:
    """Mean over luma's blocks of the mean squared AC coefficient, on the scale of the orthonormal DCT.

    Parameters
    ----------
    pixels : ndarray, uint8, (H, W, 3) or (H, W)
        RGB or gray.
    """
    luma = transform(pixels)[0].reshape(-1, 64)[:, 1:].astype(np.float64) / 8
    return float(np.mean(luma * luma))


def step_factor(energy: float) -> float:
    """Factor of an image's steps: ``((1 + energy) / (1 + mean energy)) ** 0.2``."""
    factor = ((1 + energy) / (1 + MEAN_ENERGY)) ** EXPONENT
    return float(np.clip(factor, 1 / WIDEST, WIDEST))
