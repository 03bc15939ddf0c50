"""Transforms of samples: what torchvision's v2 transforms take for an image, and under ``torch.compile``."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import v2

from dnjpeg.vision import FeatureDistillation, JpegCompression, RandomJpegCompression

Pair = namedtuple("Pair", "image label")

TRANSFORMS = [JpegCompression(quality=20), RandomJpegCompression((20, 20)), FeatureDistillation("fd-code")]


@pytest.fixture
def image(photo) -> torch.Tensor:
    return torch.from_numpy(photo(24, 32)).permute(2, 0, 1).contiguous()


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: type(t).__name__)
def test_a_sample_keeps_its_structure_and_all_that_is_no_image(image, transform):
    boxes = tv_tensors.BoundingBoxes([[1, 2, 3, 4]], format="XYXY", canvas_size=(24, 32))
    mask = tv_tensors.Mask(torch.ones(24, 32, dtype=torch.uint8))
    sample = {"label": torch.tensor(3), "boxes": boxes, "views": [tv_tensors.Image(image), mask], "name": "x"}
    result = transform(sample)
    assert list(result) == list(sample)
    assert result["label"] is sample["label"]
    assert result["boxes"] is boxes
    assert result["views"][1] is mask
    assert type(result["views"][0]) is tv_tensors.Image
    assert torch.equal(result["views"][0], transform(image))
    assert not torch.equal(result["views"][0], image)


def test_the_first_plain_tensor_is_the_image(image):
    transform = JpegCompression(quality=20)
    again = image.clone()
    first, second, label = transform(image, again, 7)
    assert torch.equal(first, transform(image))
    assert second is again
    assert label == 7


def test_a_named_tuple_stays_one(image):
    result = JpegCompression(quality=20)(Pair(image, 5))
    assert isinstance(result, Pair)
    assert result.label == 5
    assert torch.equal(result.image, JpegCompression(quality=20)(image))


def test_all_pillow_images_of_a_sample_are_compressed_and_plain_tensors_are_not(photo):
    one, two = (Image.fromarray(photo(24, 32, seed=seed)) for seed in range(2))
    tensor = torch.zeros(3, 8, 8, dtype=torch.uint8)
    transform = JpegCompression(quality=20)
    result = transform(tensor, one, two)
    assert result[0] is tensor
    for before, after in zip((one, two), result[1:], strict=True):
        np.testing.assert_array_equal(np.asarray(after), transform(np.asarray(before)))


def test_frames_of_a_video_are_compressed_one_by_one(photo):
    frames = torch.stack([torch.from_numpy(photo(24, 32, seed=s)).permute(2, 0, 1) for s in range(4)])
    video = tv_tensors.Video(frames.reshape(2, 2, 3, 24, 32))
    transform = JpegCompression(quality=20)
    result = transform(video)
    assert type(result) is tv_tensors.Video
    assert torch.equal(result.reshape(4, 3, 24, 32), torch.stack([transform(frame) for frame in frames]))


def test_a_sample_without_an_image_is_refused():
    with pytest.raises(TypeError, match="an array is needed, not dict"):
        JpegCompression()({"label": 3})


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: type(t).__name__)
def test_a_compiled_function_breaks_its_graph_for_the_codec_and_gives_the_same(image, transform):
    torch.compiler.reset()
    scale = v2.ToDtype(torch.float32, scale=True)
    compiled = torch.compile(lambda x: scale(transform(x + 1)) * 2, backend="eager")
    assert torch.equal(compiled(image), scale(transform(image + 1)) * 2)
    torch.compiler.reset()
    whole = torch.compile(lambda x: transform(x + 1), backend="eager", fullgraph=True)
    with pytest.raises(torch._dynamo.exc.Unsupported):
        whole(image)
