"""Batches that are decoded into one tensor: what any collate function makes of them is what it made of samples."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset, default_collate

import dnjpeg
from dnjpeg.vision import DecodeJpeg, DecodeRandomResizedCrop, DecodeResizedCenterCrop, JpegFolder
from dnjpeg.vision.datasets.batches import BatchSample


@pytest.fixture(scope="module")
def folder(tmp_path_factory, photo):
    """Two classes of four colour files, a gray one and a broken one."""
    root = tmp_path_factory.mktemp("photos")
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir()
        for index in range(4):
            data = dnjpeg.encode(photo(60 + 7 * index, 90, seed=10 * label + index), quality=90)
            (root / name / f"{index}.jpg").write_bytes(data)
        (root / name / "4.jpg").write_bytes(dnjpeg.encode(photo(50, 64, gray=True, seed=label)))
        (root / name / "5.jpg").write_bytes(data[:-300])
    return root


@pytest.mark.parametrize("decode", [DecodeRandomResizedCrop(32), DecodeResizedCenterCrop((20, 30), 30)])
@pytest.mark.parametrize("on_error", ["skip", "gray"])
def test_a_batch_is_what_collating_its_samples_gives(folder, decode, on_error):
    dataset = JpegFolder(folder, decode=decode, on_error=on_error, target_transform=lambda label: {"class": label})
    indices = [3, 5, 11, 0, 4, 7]
    torch.manual_seed(2)
    samples = dataset.__getitems__(indices)
    images, targets = default_collate(samples)
    assert images is samples[0].batch
    assert images.is_contiguous()
    torch.manual_seed(2)
    expected = []
    for i in indices:
        if i in {5, 11} and on_error == "skip":
            with pytest.raises(dnjpeg.JpegError):  # which has drawn a rectangle all the same
                decode(Path(dataset.samples[i][0]).read_bytes())
        else:
            expected.append(dataset[i])
    assert torch.equal(images, torch.stack([image for image, _ in expected]))
    assert targets["class"].tolist() == [target["class"] for _, target in expected]


@pytest.mark.parametrize("start", [None, "fork", "spawn"])
def test_loaders_give_the_same_in_this_process_and_in_workers(folder, start):
    dataset = JpegFolder(folder, decode=DecodeResizedCenterCrop(24, 30), on_error="skip")
    options = {"num_workers": 1, "multiprocessing_context": start} if start else {}
    batches = list(DataLoader(Subset(dataset, range(1, 12)), 4, **options))
    assert [len(labels) for _, labels in batches] == [4, 3, 2]
    good = [i for i in range(1, 12) if i not in {5, 11}]
    assert torch.equal(torch.cat([images for images, _ in batches]), torch.stack([dataset[i][0] for i in good]))
    assert torch.cat([labels for _, labels in batches]).tolist() == [dataset[i][1] for i in good]


def test_the_batch_of_a_worker_is_in_shared_memory_already(folder):
    dataset = JpegFolder(folder, decode=DecodeResizedCenterCrop(24, 30), on_error="skip")
    loader = DataLoader(dataset, 4, num_workers=1, multiprocessing_context="fork", collate_fn=shared)
    assert list(loader) == [True, True, True]


def shared(samples: list[tuple[torch.Tensor, int]]) -> bool:
    return default_collate(samples)[0].is_shared()


def test_a_collate_function_of_ones_own_gets_tuples_in_whatever_order_it_likes(folder):
    dataset = JpegFolder(folder, decode=DecodeResizedCenterCrop(24, 30), on_error="skip")
    first, *_ = DataLoader(dataset, 4, collate_fn=lambda samples: samples)
    assert [type(image) for image, _ in first] == [torch.Tensor] * 4
    assert all(isinstance(sample, tuple) and len(sample) == 2 for sample in first)
    turned, labels = default_collate(first[::-1])
    assert torch.equal(turned, torch.stack([image for image, _ in first]).flip(0))
    assert labels.tolist() == [0] * 4
    assert torch.equal(default_collate(first[1:])[0], torch.stack([image for image, _ in first[1:]]))
    other = dataset.__getitems__([6, 7])
    assert torch.equal(default_collate([first[0], other[1]])[0][1], dataset[7][0])


def test_samples_pickle_as_tuples(folder):
    sample = JpegFolder(folder, decode=DecodeResizedCenterCrop(24, 30)).__getitems__([0, 1])[1]
    assert isinstance(sample, BatchSample)
    copy = pickle.loads(pickle.dumps(sample))
    assert type(copy) is tuple
    assert torch.equal(copy[0], sample[0])


def test_what_has_a_transform_or_no_common_size_is_collated_as_ever(folder):
    for dataset in (
        JpegFolder(folder, torch.Tensor.float, decode=DecodeResizedCenterCrop(24, 30)),
        JpegFolder(folder, decode=DecodeJpeg()),
        JpegFolder(folder, decode=lambda data: np.int64(len(data))),
    ):
        assert [type(sample) for sample in dataset.__getitems__([0, 6])] == [tuple, tuple]
