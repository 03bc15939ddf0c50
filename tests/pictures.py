"""Pictures that tests make: one like a photo, and what is hard for a codec."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

# Rows and columns differ everywhere: a table that was transposed or put in zigzag order shows.
ASYMMETRIC_LUMA = (np.arange(64, dtype=np.uint16).reshape(8, 8) * 3) % 61 + 2
ASYMMETRIC_CHROMA = (np.arange(64, dtype=np.uint16).reshape(8, 8) * 7) % 53 + 3
ASYMMETRIC_THIRD = (np.arange(64, dtype=np.uint16).reshape(8, 8) * 11) % 47 + 4


def make_photo(height: int, width: int, *, seed: int = 0, gray: bool = False) -> Pixels:
    """Return a picture with the spectrum of a photo (amplitude 1/f), coloured areas and hard edges; uint8 RGB or gray.

    The same arguments give the same picture.
    """
    rng = np.random.default_rng([seed, height, width])
    rows, cols = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    amplitude = 1 / np.maximum(np.hypot(rows, cols), 1 / max(height, width))
    planes = []
    for strength in (40, 25, 15):  # brightness, then two colour axes
        noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((height, width))) * amplitude, (height, width))
        planes.append(strength * noise / max(noise.std(), 1e-9))
    brightness, warm, green = planes
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - height * rng.random(), x - width * rng.random()) < min(height, width) / 3
    brightness = brightness + 120 + np.where(inside, 60, 0)
    channels = [brightness + warm, brightness + green, brightness - warm - green]
    pixels = np.clip(np.rint(np.stack(channels, axis=2)), 0, 255).astype(np.uint8)
    return pixels[..., 1].copy() if gray else pixels


def make_noise(height: int, width: int, *, seed: int = 0, gray: bool = False) -> Pixels:
    """Make every sample random: all Huffman symbols, long codes, many stuffed bytes."""
    shape = (height, width) if gray else (height, width, 3)
    return np.random.default_rng([seed, height, width]).integers(0, 256, shape, dtype=np.uint8)


def make_flat(height: int, width: int, *, seed: int = 0, gray: bool = False) -> Pixels:
    """One colour: nothing but DC."""
    color = np.random.default_rng([seed, height, width]).integers(0, 256, 3, dtype=np.uint8)
    pixels = np.broadcast_to(color, (height, width, 3))
    return pixels[..., 0].copy() if gray else pixels.copy()


def make_extreme(height: int, width: int, *, seed: int = 0, gray: bool = False) -> Pixels:
    """Black and white in 8x8 patterns of the DCT's signs: the largest coefficients there are."""
    phases = (2 * np.arange(8) + 1) * np.pi / 16
    signs = np.cos(np.outer(np.arange(8), phases)) >= 0
    rows, cols = -(-height // 8), -(-width // 8)
    rng = np.random.default_rng([seed, height, width])
    vertical, horizontal = rng.integers(0, 8, (2, rows, cols))
    inverted = rng.integers(0, 2, (rows, cols, 1, 1)) > 0
    blocks = signs[vertical][:, :, :, None] ^ signs[horizontal][:, :, None, :] ^ inverted
    plane = blocks.swapaxes(1, 2).reshape(8 * rows, 8 * cols)[:height, :width].astype(np.uint8) * 255
    return plane.copy() if gray else np.stack([plane, 255 - plane, plane], axis=2)
