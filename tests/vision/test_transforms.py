"""`JpegCompression`: the pixels behind a JPEG file, in the type they came in; Pillow is the oracle."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import v2

import dnjpeg
from dnjpeg.vision import JpegCompression, jpeg_compression


def through_pillow(pixels: np.ndarray, **options: object) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", **options)
    return np.asarray(Image.open(stream))


@pytest.fixture(params=[(33, 50, False), (16, 16, True), (1, 1, False), (7, 65, True)], ids=str)
def pixels(request, photo):
    height, width, gray = request.param
    return photo(height, width, gray=gray)


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.atleast_3d(pixels).transpose(2, 0, 1).copy())


def test_arrays(pixels):
    result = JpegCompression(quality=30)(pixels)
    assert type(result) is np.ndarray
    np.testing.assert_array_equal(result, through_pillow(pixels, quality=30))


def test_pillow_images(pixels):
    result = JpegCompression(quality=30)(Image.fromarray(pixels))
    assert isinstance(result, Image.Image)
    np.testing.assert_array_equal(np.asarray(result), through_pillow(pixels, quality=30))


def test_tensors(pixels):
    result = JpegCompression(quality=30)(as_tensor(pixels))
    assert type(result) is torch.Tensor
    assert torch.equal(result, as_tensor(through_pillow(pixels, quality=30)))


def test_batches_of_tensors(photo):
    batch = torch.stack([as_tensor(photo(24, 32, seed=seed)) for seed in range(3)])
    transform = JpegCompression(quality=50)
    assert torch.equal(transform(batch), torch.stack([transform(image) for image in batch]))


def test_torchvision_image_tensors_keep_their_class(photo):
    image = tv_tensors.Image(as_tensor(photo(24, 32)))
    result = v2.Compose([JpegCompression(quality=50), v2.ToDtype(torch.float32, scale=True)])(image)
    assert type(result) is tv_tensors.Image
    assert result.dtype == torch.float32


def test_arrays_with_a_gray_axis_and_any_memory_order(photo):
    gray = photo(20, 30, gray=True)
    assert JpegCompression()(gray[..., None]).shape == (20, 30, 1)
    turned = np.asfortranarray(photo(20, 30))[::-1]
    np.testing.assert_array_equal(JpegCompression()(turned), through_pillow(turned.copy(), quality=75))


def test_the_input_is_left_alone(photo):
    image = as_tensor(photo(24, 32))
    before = image.clone()
    JpegCompression(quality=1)(image)
    assert torch.equal(image, before)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"])
def test_the_result_is_what_pillow_reads_from_a_file(photo, subsampling):
    pixels = photo(40, 56)
    file = dnjpeg.encode(pixels, tables=90, quality=30, subsampling=subsampling)
    expected = np.asarray(Image.open(io.BytesIO(file)))
    result = jpeg_compression(pixels, tables=90, quality=30, subsampling=subsampling)
    np.testing.assert_array_equal(result, expected)


def test_tables_keep_their_order(photo):
    steps = np.arange(1, 65).reshape(8, 8)
    tables = dnjpeg.QuantizationTables(steps, steps)
    pixels = photo(40, 56)
    result = JpegCompression(tables=tables)(pixels)
    np.testing.assert_array_equal(result, through_pillow(pixels, qtables=[steps.ravel().tolist()] * 2))
    assert not np.array_equal(result, JpegCompression(tables=dnjpeg.QuantizationTables(steps.T, steps.T))(pixels))


def test_neither_tables_nor_quality_is_quality_75(photo):
    pixels = photo(40, 56)
    np.testing.assert_array_equal(JpegCompression()(pixels), JpegCompression(quality=75)(pixels))


def test_a_pickled_transform_does_the_same(photo):
    transform = JpegCompression(tables=40, quality=60, subsampling="4:2:2")
    copy = pickle.loads(pickle.dumps(transform))
    assert copy == transform
    pixels = photo(24, 32)
    np.testing.assert_array_equal(copy(pixels), transform(pixels))


@pytest.mark.parametrize("options", [{"quality": 101}, {"quality": 0}, {"tables": "no-such-tables"}, {"tables": -1}])
def test_bad_tables_are_refused_when_the_transform_is_made(options):
    with pytest.raises(ValueError, match=r"."):
        JpegCompression(**options)


def test_an_unknown_subsampling_is_refused_when_the_transform_is_made():
    with pytest.raises(ValueError, match="unknown subsampling '4:2:1'"):
        JpegCompression(subsampling="4:2:1")


@pytest.mark.parametrize(
    ("image", "error", "reason"),
    [
        pytest.param(
            torch.zeros(3, 8, 8), TypeError, "uint8 values 0..255 are needed, not torch.float32", id="float tensor"
        ),
        pytest.param(np.zeros((8, 8, 3)), TypeError, "uint8 values 0..255 are needed, not float64", id="float array"),
        pytest.param(torch.zeros(8, 8, 3, dtype=torch.uint8), ValueError, "a tensor must be", id="tensor HWC"),
        pytest.param(torch.zeros(8, 8, dtype=torch.uint8), ValueError, "a tensor must be", id="tensor HW"),
        pytest.param(np.zeros((3, 8, 8), np.uint8), ValueError, "an array must be", id="array CHW"),
        pytest.param(np.zeros((8, 8, 4), np.uint8), ValueError, "an array must be", id="array of four channels"),
        pytest.param(np.zeros((0, 8, 3), np.uint8), ValueError, r"1 to 65,?535", id="empty array"),
        pytest.param(Image.new("CMYK", (8, 8)), ValueError, "mode CMYK", id="CMYK"),
        pytest.param([[1, 2], [3, 4]], TypeError, "not list", id="list"),
    ],
)
def test_what_cannot_be_compressed_is_refused(image, error, reason):
    with pytest.raises(error, match=reason):
        JpegCompression()(image)


def test_arrays_and_pillow_images_need_no_torch():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import numpy as np; from dnjpeg.vision import JpegCompression\n"
        "print(JpegCompression()(np.full((8, 8, 3), 128, np.uint8)).mean())"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert (result.stdout, result.stderr) == ("128.0\n", "")
