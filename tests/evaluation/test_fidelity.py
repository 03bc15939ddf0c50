"""PSNR, SSIM and MS-SSIM against their formulas, worked out with SciPy in 64 bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from dnjpeg.evaluation.fidelity import NOT_COMPARED, compare, variant

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al., 2003


def maps(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """SSIM and its contrast-structure term at every pixel, borders mirrored without repeating the edge."""
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    window = taps / taps.sum()

    def blur(plane: np.ndarray) -> np.ndarray:
        return ndimage.correlate1d(ndimage.correlate1d(plane, window, 0, mode="mirror"), window, 1, mode="mirror")

    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mx, my = blur(x), blur(y)
    vx, vy, cov = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
    structure = (2 * cov + c2) / (vx + vy + c2)
    return structure * (2 * mx * my + c1) / (mx**2 + my**2 + c1), structure


def luma(pixels: np.ndarray) -> np.ndarray:
    return pixels.astype(float) if pixels.ndim == 2 else pixels @ np.array([0.299, 0.587, 0.114])


def ms_ssim(x: np.ndarray, y: np.ndarray) -> float:
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        ssim, structure = maps(x, y)
        term = ssim.mean() if scale == 4 else structure[5:-5, 5:-5].mean()
        result *= max(term, 0) ** weight
        height, width = (length // 2 * 2 for length in x.shape)
        x, y = (each[:height, :width].reshape(height // 2, 2, width // 2, 2).mean((1, 3)) for each in (x, y))
    return result


@pytest.mark.parametrize("gray", [False, True])
def test_against_the_formulas(photo: Callable, gray: bool) -> None:
    original = photo(181, 203, seed=4, gray=gray)
    noise = np.random.default_rng(1).normal(0, 12, original.shape)
    decoded = (original + noise).clip(0, 255).astype(np.uint8)
    found = compare(original, decoded)
    error = np.mean((original.astype(float) - decoded) ** 2)
    assert found.psnr == pytest.approx(10 * np.log10(255**2 / error), abs=1e-4)
    x, y = luma(original), luma(decoded)
    assert found.ssim == pytest.approx(maps(x, y)[0].mean(), abs=2e-4)
    assert found.ms_ssim == pytest.approx(ms_ssim(x, y), abs=2e-4)
    assert 0.8 < found.ssim < found.ms_ssim < 0.995


def test_the_same_picture(photo: Callable) -> None:
    original = photo(180, 180)
    found = compare(original, original.copy())
    assert found.psnr == np.inf
    assert (found.ssim, found.ms_ssim) == (pytest.approx(1), pytest.approx(1))


@pytest.mark.parametrize(
    ("side", "has_ssim", "has_ms_ssim"),
    [(1, False, False), (5, False, False), (6, True, False), (32, True, False), (175, True, False), (176, True, True)],
)
def test_small_pictures_have_what_can_be_had(photo: Callable, side: int, has_ssim: bool, has_ms_ssim: bool) -> None:
    original = photo(side, 200)
    found = compare(original, 255 - original)
    assert found.psnr is not None
    assert (found.ssim is not None, found.ms_ssim is not None) == (has_ssim, has_ms_ssim)


def test_another_shape_is_refused(photo: Callable) -> None:
    with pytest.raises(ValueError, match=r"decoded to \(8, 9, 3\), the original is \(8, 8, 3\)"):
        compare(photo(8, 8), photo(8, 9))


def test_the_variant_is_named() -> None:
    for part in ("torchmetrics ", "11x11", "sigma 1.5", "BT.601 luma", "no downsampling", "5 scales"):
        assert part in variant()
    assert (NOT_COMPARED.psnr, NOT_COMPARED.ssim, NOT_COMPARED.ms_ssim) == (None, None, None)
