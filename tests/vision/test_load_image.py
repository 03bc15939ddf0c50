"""`load_image` in torchvision's `ImageFolder` and in real data loaders, whose workers are forked or spawned."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from random_files import random_image, written
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.datasets.folder import default_loader
from torchvision.transforms import v2

import dnjpeg
from dnjpeg.vision import JpegCompression, load_image

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "dataloader.py"


@pytest.fixture
def folder(tmp_path, photo):
    """Two classes of three JPEG files and one PNG file each."""
    for label, name in enumerate(("cat", "dog")):
        (tmp_path / name).mkdir()
        for index in range(3):
            image = Image.fromarray(photo(40, 56, seed=10 * label + index))
            image.save(tmp_path / name / f"{index}.jpg", quality=90)
        Image.fromarray(photo(40, 56, seed=10 * label + 3)).save(tmp_path / name / "3.png")
    return tmp_path


def assert_same(image: Image.Image, expected: Image.Image) -> None:
    assert image.mode == expected.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(image), np.asarray(expected))


def test_images_are_those_of_torchvisions_own_loader(folder):
    for path in sorted(folder.rglob("*.*")):
        assert_same(load_image(path), default_loader(path))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_gray_and_cmyk_files_become_rgb(tmp_path, photo, mode):
    path = tmp_path / "x.jpg"
    Image.fromarray(photo(24, 32)).convert(mode).save(path)
    assert_same(load_image(path), default_loader(path))


def test_of_12_bits_a_sample_the_upper_eight_are_taken(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(written(random_image([(1, 1)], 24, 32, color="grayscale", precision=12)))
    expected = np.repeat((dnjpeg.decode(path.read_bytes()) >> 4)[..., None], 3, axis=2)
    np.testing.assert_array_equal(np.asarray(load_image(path)), expected)


def test_two_components_are_no_picture(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(written(random_image([(1, 1)] * 2, 24, 32)))
    with pytest.raises(OSError, match=r"x\.jpg"):
        load_image(path)


def test_a_progressive_file_is_loaded(tmp_path, photo):
    path = tmp_path / "x.jpg"
    Image.fromarray(photo(24, 32)).save(path, progressive=True)
    assert_same(load_image(path), default_loader(path))


def test_a_file_is_recognised_by_its_content(tmp_path, photo):
    stream = io.BytesIO()
    Image.fromarray(photo(24, 32)).save(stream, "PNG")
    path = tmp_path / "n02105855_2933.JPEG"
    path.write_bytes(stream.getvalue())
    np.testing.assert_array_equal(np.asarray(load_image(str(path))), photo(24, 32))


def test_a_broken_file_is_an_error_that_names_it(folder):
    path = folder / "cat" / "1.jpg"
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(dnjpeg.JpegError) as caught:
        load_image(path)
    assert caught.value.__notes__ == [f"in {path}"]


def test_a_file_that_is_no_image_is_an_error(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(b"no image")
    with pytest.raises(OSError, match=r"x\.jpg"):
        load_image(path)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_give_what_the_main_process_gives(folder, start):
    transform = v2.Compose([v2.PILToTensor(), JpegCompression(quality=40)])
    dataset = ImageFolder(str(folder), loader=load_image, transform=transform)
    loader = DataLoader(dataset, batch_size=2, num_workers=2, multiprocessing_context=start)
    images, labels = (torch.cat(parts) for parts in zip(*loader, strict=True))
    assert labels.tolist() == [0] * 4 + [1] * 4
    assert torch.equal(images, torch.stack([image for image, _ in dataset]))


def test_an_error_in_a_worker_names_the_file(folder):
    path = folder / "dog" / "2.jpg"
    path.write_bytes(path.read_bytes()[:700])
    dataset = ImageFolder(str(folder), loader=load_image, transform=v2.PILToTensor())
    loader = DataLoader(dataset, batch_size=2, num_workers=1, multiprocessing_context="fork")
    with pytest.raises(dnjpeg.JpegError, match=r"in .*dog/2\.jpg"):
        list(loader)


def test_the_documentations_example_runs(folder):
    command = [sys.executable, str(EXAMPLE), str(folder), "--quality", "50", "--workers", "1"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.stderr == ""
    assert result.stdout.startswith("(8, 3, 224, 224) torch.float32, classes [0, 1]\n8 images")
