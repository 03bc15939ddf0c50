"""What networks see of a picture, with gradients: Pillow's and torchvision's preprocessing as linear functions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms._presets import ImageClassification

from dnjpeg.vision.networks import View, resampling_matrix


def _tensor(pixels):
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float()


@pytest.mark.parametrize("kind", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("start", "end", "count"), [(0, 61, 23), (3.25, 50.5, 20), (10.5, 20.75, 40)])
def test_a_matrix_resamples_a_line_as_pillow_does(kind, start, end, count):
    line = np.random.default_rng(1).integers(0, 256, 61).astype(np.float32)
    image = Image.fromarray(np.tile(line, (3, 1)))  # mode F: Pillow rounds nothing
    expected = np.asarray(
        image.resize((count, 1), getattr(Image.Resampling, kind.upper()), box=(start, 1, end, 2)), np.float64
    )[0]
    assert resampling_matrix(61, start, end, count, kind) @ line == pytest.approx(expected, abs=1e-3)


def test_refuses_sections_outside_the_line_and_unknown_filters():
    for arguments in (
        (10, -1, 5, 3, "bicubic"),
        (10, 5, 5, 3, "bicubic"),
        (10, 0, 11, 3, "bicubic"),
        (10, 0, 5, 0, "bicubic"),
    ):
        with pytest.raises(ValueError, match="cannot be made of"):
            resampling_matrix(*arguments)
    with pytest.raises(ValueError, match="unknown filter 'lanczos'"):
        resampling_matrix(10, 0, 5, 3, "lanczos")


@pytest.mark.parametrize("size", [(71, 53), (40, 90), (64, 64)])
def test_sees_what_torchvision_makes_of_a_picture(photo, size):
    pixels = photo(*size)
    preset = ImageClassification(crop_size=28, resize_size=32)
    view = View(
        28, 32, filter="bilinear", mean=tuple(255 * m for m in preset.mean), std=tuple(255 * s for s in preset.std)
    )
    levels = (preset(Image.fromarray(pixels)) - view(_tensor(pixels))[0]).abs() * 255 * 0.229
    assert levels.max() < 1.1  # Pillow rounds twice


def test_sees_the_middle_of_a_picture_in_fractions_of_a_pixel(photo):
    pixels = photo(50, 67)
    side = 50 * 0.875
    box = ((67 - side) / 2, (50 - side) / 2, (67 + side) / 2, (50 + side) / 2)
    expected = np.asarray(Image.fromarray(pixels).resize((20, 20), Image.Resampling.BICUBIC, box=box), np.float64)
    found = View(20, kept=0.875)(_tensor(pixels))[0] * 128 + 127
    assert np.abs(found.permute(1, 2, 0).numpy() - expected).max() < 1.6


def test_sections_move_within_the_picture():
    view = View(10, kept=0.5)
    assert view.box(40, 60) == (10, 20, 30, 40)
    assert view.moved(40, 60, 1, -1) == (20, 0, 40, 20)
    assert view.moved(40, 60, 0, 0, zoom=1.5) == (5, 15, 35, 45)
    assert view.moved(40, 60, 0.3, 0, zoom=2) == (0, 10, 40, 50)


def test_gray_pictures_are_seen_as_three_equal_channels(photo):
    gray = photo(20, 30)[..., :1]
    assert torch.equal(View(8)(_tensor(gray)), View(8)(_tensor(np.repeat(gray, 3, axis=2))))


def test_refuses_views_that_cannot_be():
    for arguments in ({"size": 0}, {"size": 8, "kept": 0}, {"size": 8, "resized": 7}):
        with pytest.raises(ValueError, match="a view of"):
            View(**arguments)
    with pytest.raises(ValueError, match="unknown filter"):
        View(8, filter="nearest")
