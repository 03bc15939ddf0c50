"""`JpegFolder` and `CoefficientFolder` in real data loaders: what ImageFolder gives, and what becomes of bad files."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Subset
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

import dnjpeg
from dnjpeg.vision import (
    CoefficientFolder,
    DecodeRandomResizedCrop,
    DecodeResizedCenterCrop,
    FailureLog,
    JpegFolder,
    ReadCoefficients,
)

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "coefficient_network.py"


@pytest.fixture
def folder(tmp_path, photo):
    """Two classes of five JPEG files and a PNG each, one of them named .JPEG."""
    root = tmp_path / "photos"
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for index in range(5):
            pixels = photo(48, 64, seed=10 * label + index)
            (root / name / f"{index}.jpg").write_bytes(dnjpeg.encode(pixels, quality=90))
        Image.fromarray(photo(48, 64, seed=10 * label + 5)).save(root / name / "5.JPEG", "PNG")
    return root


def spoil(path: Path) -> None:
    """Cut off the end of the data, behind the header."""
    path.write_bytes(path.read_bytes()[:-200])


def test_it_is_torchvisions_image_folder(folder):
    ours, theirs = JpegFolder(folder), ImageFolder(str(folder), transform=v2.PILToTensor())
    assert isinstance(ours, ImageFolder)
    assert (ours.classes, ours.class_to_idx, ours.targets) == (theirs.classes, theirs.class_to_idx, theirs.targets)
    assert ours.samples == theirs.samples
    for (image, label), (expected, target) in zip(ours, theirs, strict=True):
        assert torch.equal(image, expected)
        assert label == target


def test_transforms_of_images_and_of_classes_are_applied(folder):
    dataset = JpegFolder(folder, v2.ToDtype(torch.float32, scale=True), lambda label: 10 * label)
    image, label = dataset[-1]
    assert label == 10
    assert image.dtype == torch.float32
    assert image.max() <= 1


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_give_what_this_process_gives_and_report_failures(folder, start):
    spoil(folder / "cat" / "3.jpg")
    dataset = JpegFolder(folder, decode=DecodeResizedCenterCrop(32), on_error="gray")
    loader = DataLoader(dataset, batch_size=3, num_workers=2, multiprocessing_context=start)
    images = torch.cat([images for images, _ in loader])
    assert [Path(failure.path).name for failure in dataset.failures] == ["3.jpg"]
    assert torch.equal(images, torch.stack([image for image, _ in dataset]))
    assert len(dataset.failures) == 1  # each once, however often it was tried


def test_random_crops_follow_the_loaders_seed_and_differ_between_workers(folder):
    dataset = JpegFolder(folder, decode=DecodeRandomResizedCrop(32))

    def epoch() -> torch.Tensor:
        generator = torch.Generator().manual_seed(4)
        loader = DataLoader(dataset, 3, num_workers=2, multiprocessing_context="fork", generator=generator)
        return torch.cat([images for images, _ in loader])

    first = epoch()
    assert first.shape == (12, 3, 32, 32)
    assert torch.equal(epoch(), first)


def test_raise_names_the_file(folder):
    spoil(folder / "dog" / "2.jpg")
    (folder / "cat" / "0.jpg").write_bytes(b"no image at all")
    dataset = JpegFolder(folder)
    with pytest.raises(OSError, match="cannot identify") as caught:
        dataset[0]
    assert caught.value.__notes__ == [f"in {folder / 'cat' / '0.jpg'}"]
    loader = DataLoader(Subset(dataset, range(5, 12)), 4, num_workers=1, multiprocessing_context="fork")
    with pytest.raises(dnjpeg.JpegError, match=r"in .*dog/2\.jpg"):
        list(loader)
    assert [Path(failure.path).name for failure in dataset.failures] == ["0.jpg", "2.jpg"]


@pytest.mark.parametrize("workers", [0, 2])
def test_skip_leaves_bad_files_out_of_batches(folder, workers):
    bad = [folder / "cat" / "1.jpg", folder / "cat" / "2.jpg", folder / "dog" / "5.JPEG"]
    for path in bad:
        spoil(path)
    dataset = JpegFolder(folder, on_error="skip")
    loader = DataLoader(dataset, 4, num_workers=workers, multiprocessing_context="fork" if workers else None)
    labels = [batch.tolist() for _, batch in loader]
    assert labels == [[0, 0], [0, 0, 1, 1], [1, 1, 1]]
    assert [failure.path for failure in dataset.failures] == [str(path) for path in bad]
    assert all(re.search(r"byte|truncated|ends", failure.reason) for failure in dataset.failures)


def test_a_bad_file_is_listed_once_however_often_it_is_tried(folder):
    spoil(folder / "cat" / "1.jpg")
    (folder / "cat" / "2.jpg").write_bytes(b"no image at all")
    spoil(folder / "dog" / "5.JPEG")
    dataset = JpegFolder(folder, on_error="skip")
    kept = [list(DataLoader(dataset, 3)) for _ in range(3)]
    assert len(kept) == 3
    assert [Path(failure.path).name for failure in dataset.failures] == ["1.jpg", "2.jpg", "5.JPEG"]


def test_where_one_item_must_come_the_next_good_one_does(folder):
    for index in (1, 2):
        spoil(folder / "cat" / f"{index}.jpg")
    spoil(folder / "dog" / "5.JPEG")
    dataset = JpegFolder(folder, on_error="skip")
    assert torch.equal(dataset[1][0], dataset[3][0])
    assert torch.equal(dataset[11][0], dataset[0][0])
    batches = list(DataLoader(Subset(dataset, [1, 2, 4, 5]), 2))
    assert [len(labels) for _, labels in batches] == [1, 2]
    assert torch.equal(batches[0][0][0], dataset[3][0])


def test_a_folder_of_nothing_but_bad_files_is_an_error(folder):
    for path in folder.rglob("*.*"):
        path.write_bytes(b"no image")
    with pytest.raises(dnjpeg.JpegError, match="none of the 12 images"):
        JpegFolder(folder, on_error="skip")[0]


def test_gray_takes_the_place_of_a_bad_file(folder):
    spoil(folder / "cat" / "1.jpg")
    (folder / "cat" / "2.jpg").write_bytes(b"")
    dataset = JpegFolder(folder, on_error="gray")
    image, label = dataset[1]
    assert image.shape == (3, 48, 64)
    assert (image == 128).all()
    assert label == 0
    assert dataset[2][0].shape == (3, 256, 256)
    (cropped, _), (blocks, _) = (
        JpegFolder(folder, decode=decode, on_error="gray")[2]
        for decode in (DecodeRandomResizedCrop(20), ReadCoefficients(size=32))
    )
    assert cropped.shape == (3, 20, 20)
    assert blocks[0].shape == (64, 4, 4)


def test_a_missing_file_is_a_failure_and_an_error_of_a_transform_is_not(folder):
    dataset = JpegFolder(folder, on_error="skip")
    (folder / "cat" / "0.jpg").unlink()
    assert torch.equal(dataset[0][0], dataset[1][0])
    assert "No such file" in dataset.failures[0].reason

    def fail(image):
        raise OSError("the transform's own")

    with pytest.raises(OSError, match="the transform's own"):
        JpegFolder(folder, fail, on_error="skip")[1]


def test_failures_may_be_kept_in_a_file_of_ones_own(folder, tmp_path):
    spoil(folder / "cat" / "1.jpg")
    path = tmp_path / "bad.jsonl"
    for _ in range(2):
        dataset = JpegFolder(folder, on_error="skip", failures=path)
        list(DataLoader(dataset, 4))
    assert [failure.path for failure in FailureLog(path).read()] == [str(folder / "cat" / "1.jpg")]


def test_the_temporary_list_goes_with_its_owner_and_not_with_a_copy(folder):
    log = FailureLog()
    log.add("x", "reason")
    copy = pickle.loads(pickle.dumps(log))
    path = Path(re.search(r"'(.*)'", repr(log)).group(1))
    assert copy.read() == log.read() == [("x", "reason")]
    del copy
    assert path.exists()
    del log
    assert not path.exists()


def test_a_dataset_pickles(folder):
    dataset = pickle.loads(pickle.dumps(JpegFolder(folder, decode=DecodeRandomResizedCrop(16), on_error="skip")))
    assert dataset[0][0].shape == (3, 16, 16)


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"on_error": "ignore"}, "unknown on_error"), ({"on_error": "gray", "decode": len}, "needs a decoder with")],
)
def test_bad_arguments_are_refused(folder, options, reason):
    with pytest.raises(ValueError, match=reason):
        JpegFolder(folder, **options)


def test_a_class_without_images_is_torchvisions_error(folder):
    (folder / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="empty"):
        JpegFolder(folder)


def test_coefficients_come_in_batches(folder):
    dataset = CoefficientFolder(folder, size=32, crop="random", layout="planes")
    (luma, chroma), labels = next(iter(DataLoader(dataset, 12)))
    assert luma.shape == (12, 1, 4, 4, 8, 8)
    assert chroma.shape == (12, 2, 2, 2, 8, 8)
    assert labels.tolist() == [0] * 6 + [1] * 6


def test_the_example_learns_two_classes_from_their_coefficients(tmp_path, photo):
    """Upright and level stripes of random colours, below noise: no mean colour tells them apart."""
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(64) * 1.1)
    for label in (0, 1):
        (tmp_path / str(label)).mkdir()
        for index in range(16):
            stripes = np.broadcast_to(wave[:, None] if label else wave[None], (64, 64))[..., None]
            pixels = rng.uniform(60, 190, 3) + 40 * stripes + rng.normal(0, 12, (64, 64, 3))
            data = dnjpeg.encode(pixels.clip(0, 255).astype(np.uint8))
            (tmp_path / str(label) / f"{index}.jpg").write_bytes(data)
    spoil(tmp_path / "0" / "3.jpg")
    words = [str(tmp_path), "--size", "48", "--epochs", "6", "--batch", "8", "--workers", "0"]
    command = [sys.executable, str(EXAMPLE), *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[5].startswith("epoch 6: ")
    assert lines[5].endswith(" 31 images")
    assert float(re.search(r"accuracy ([0-9.]+)", lines[5]).group(1)) > 0.9
    assert "3.jpg" in lines[6]
