"""`FeatureDistillation`: the tables are the paper's, for each image its own."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
import torch
from PIL import Image

import dnjpeg
from dnjpeg.tables.design import fd_code, fd_v1
from dnjpeg.vision import DifferentiableJpeg, FeatureDistillation, feature_distillation


def through_pillow(pixels: np.ndarray, tables: dnjpeg.QuantizationTables, **options: object) -> np.ndarray:
    stream = io.BytesIO()
    qtables = [table.ravel().tolist() for table in tables.arrays]
    Image.fromarray(pixels).save(stream, "JPEG", qtables=qtables, **options)
    return np.asarray(Image.open(stream))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_each_image_is_quantized_with_the_tables_of_its_own_statistics(photo, subsampling):
    transform = FeatureDistillation("fd-v1", subsampling=subsampling)
    batch = torch.stack([torch.from_numpy(photo(40, 56, seed=seed)).permute(2, 0, 1) for seed in range(2)])
    used = set()
    for image, result in zip(batch, transform(batch), strict=True):
        pixels = image.permute(1, 2, 0).numpy()
        tables = fd_v1(dnjpeg.collect_statistics(pixels, subsampling=subsampling))
        assert transform.tables_for(pixels) == tables
        expected = through_pillow(pixels, tables, subsampling=subsampling)
        np.testing.assert_array_equal(result.permute(1, 2, 0).numpy(), expected)
        used.add(tables.digest)
    assert len(used) == 2


def test_the_released_codes_table_is_used(photo):
    pixels = photo(33, 50)
    expected = through_pillow(pixels, fd_code())
    np.testing.assert_array_equal(FeatureDistillation("fd-code")(pixels), expected)


def test_channels_can_be_compressed_each_by_itself(photo):
    pixels = photo(33, 50)
    result = FeatureDistillation("fd-v1", color="rgb")(pixels)
    for channel in range(3):
        plane = np.ascontiguousarray(pixels[..., channel])
        expected = through_pillow(plane, fd_v1(dnjpeg.collect_statistics(plane, color="gray")))
        np.testing.assert_array_equal(result[..., channel], expected)


def test_gray_images(photo):
    pixels = photo(33, 50, gray=True)
    expected = through_pillow(pixels, fd_v1(dnjpeg.collect_statistics(pixels, color="gray")))
    np.testing.assert_array_equal(FeatureDistillation("fd-v1")(pixels), expected)


def test_a_perturbation_below_a_sixteenth_of_the_step_is_removed_from_the_quantized_bands():
    """The paper's premise: with Q > 16 ε a band that was quantized before keeps its value."""
    rng = np.random.default_rng(5)
    clean = FeatureDistillation("fd-v1", options={"keep": 0, "step": 60})(np.full((32, 32), 120, np.uint8))
    attacked = np.clip(clean + rng.choice([-2, 2], clean.shape), 0, 255).astype(np.uint8)
    defended = FeatureDistillation("fd-v1", options={"keep": 0, "step": 60})(attacked)
    np.testing.assert_array_equal(defended, clean)
    assert not np.array_equal(attacked, clean)


def test_the_differentiable_layer_is_the_defence_with_each_images_own_tables(photo):
    """What an adaptive attack goes through is what it attacks."""
    images = torch.stack([torch.from_numpy(photo(40, 56, seed=seed)).permute(2, 0, 1) for seed in range(2)])
    defence = FeatureDistillation("fd-v1", subsampling="4:4:4")
    tables = [defence.tables_for(image.permute(1, 2, 0).contiguous().numpy()) for image in images]
    steps = torch.stack([torch.from_numpy(np.stack(t.arrays).astype(np.float32)) for t in tables])
    leaf = images.float().requires_grad_()
    shown = DifferentiableJpeg(subsampling="4:4:4", learnable=False)(leaf, steps)
    assert torch.equal(shown, defence(images).float())
    (gradient,) = torch.autograd.grad(shown.square().mean(), leaf)
    assert gradient.abs().max() > 0


def test_options_reach_the_design_and_the_function_is_the_class(photo):
    pixels = photo(24, 32)
    transform = FeatureDistillation("fd-v1", options={"keep": 3, "step": 50, "components": "luma"})
    tables = transform.tables_for(pixels)
    assert len(tables.arrays) == 1
    assert np.count_nonzero(tables.luma == 1) == 3
    result = feature_distillation(pixels, method="fd-v1", keep=3, step=50, components="luma")
    np.testing.assert_array_equal(result, transform(pixels))
    copy = pickle.loads(pickle.dumps(transform))
    np.testing.assert_array_equal(copy(pixels), result)


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"method": "fd-v2"}, ValueError, "unknown method 'fd-v2'"),
        ({"color": "hsv"}, ValueError, "unknown color 'hsv'"),
        ({"subsampling": "4:1:2"}, ValueError, "unknown subsampling"),
        ({"options": {"keep": 65}}, ValueError, "0 to 64"),
        ({"options": {"stride": 2}}, TypeError, "stride"),
    ],
)
def test_bad_arguments_are_refused_when_the_transform_is_made(arguments, error, reason):
    with pytest.raises(error, match=reason):
        FeatureDistillation(**arguments)
