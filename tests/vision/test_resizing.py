"""Resizing as PyTorch does it, to the last bit; parts that lie between the pixels as Pillow does it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from dnjpeg.codec.pixels.resizing import padded, resize

NATIVE = torch.backends.cpu.get_cpu_capability() in {"AVX2", "AVX512"}  # else torchvision resizes floats
SIZES = [(1, 1), (1, 40), (37, 2), (64, 64), (375, 500), (90, 333), (224, 224), (448, 31)]
TARGETS = [(224, 224), (1, 1), (7, 65), (96, 33)]


def resized(pixels: np.ndarray, size: tuple[int, int], kind: str = "bilinear", box=None) -> np.ndarray:
    memory, place = padded(*pixels.shape)
    memory[:] = 255  # what lies behind the pixels has no part in it
    place[...] = pixels
    out = np.full((pixels.shape[2], *size), 7, np.uint8)
    resize(memory, pixels.shape, out, kind, box)
    return out


@pytest.mark.skipif(not NATIVE, reason="torchvision resizes floats on this CPU")
@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_torchvisions_to_the_last_bit(kind, channels):
    rng = np.random.default_rng(5)
    for height, width in SIZES + [tuple(rng.integers(1, 400, 2).tolist()) for _ in range(20)]:
        pixels = rng.integers(0, 256, (height, width, channels)).astype(np.uint8)
        if width % 2:
            pixels[...] = 255 * (pixels > 128)  # the extremes, for what overshoots
        for size in TARGETS:
            image = torch.from_numpy(pixels).permute(2, 0, 1)
            expected = functional.resize(image, list(size), interpolation=InterpolationMode(kind), antialias=True)
            assert np.array_equal(resized(pixels, size, kind), expected.numpy()), (height, width, size)


@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
def test_parts_between_pixels_are_those_of_pillow_in_floating_point_but_for_two_roundings(kind):
    rng = np.random.default_rng(6)
    for _ in range(30):
        height, width = rng.integers(2, 300, 2)
        pixels = rng.integers(80, 176, (height, width, 1)).astype(np.uint8)  # nothing overshoots
        top, left = rng.uniform(0, height - 1), rng.uniform(0, width - 1)
        box = (top, left, rng.uniform(1, height - top), rng.uniform(1, width - left))
        corners = (left, top, left + box[3], top + box[2])
        exact = Image.fromarray(pixels[..., 0].astype(np.float32))
        expected = np.asarray(exact.resize((50, 70), Image.Resampling[kind.upper()], box=corners))
        difference = resized(pixels, (70, 50), kind, box)[0] - expected
        assert np.abs(difference).max() < 1.4
        assert abs(difference.mean()) < 0.1
