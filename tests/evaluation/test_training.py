"""Training: it learns, it can be interrupted without a trace, and its augmentation only moves pixels."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from dnjpeg.evaluation.pieces import Unfinished
from dnjpeg.evaluation.training import TrainingSettings, _batch, augment, train
from tests.evaluation import toy

SCALE, OFFSET = torch.full((3, 1, 1), 1 / 64), torch.full((3, 1, 1), -2.0)


def data(count: int = 96) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(count) % 3
    return np.stack([toy.photo(int(label), index, (8, 8)) for index, label in enumerate(labels)]), labels


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(), nn.Linear(216, 3))


def trained(path: Path, deadline: float | None = None) -> nn.Module:
    images, labels = data()
    settings = TrainingSettings(epochs=4, batch_size=20, rate=0.05, pad=1)
    return train(network(), images, labels, settings, path, scale=SCALE, offset=OFFSET, deadline=deadline)


def test_it_learns(tmp_path: Path) -> None:
    images, labels = data()
    seen = torch.from_numpy(images).permute(0, 3, 1, 2).float() * SCALE + OFFSET
    models = (network().eval(), trained(tmp_path / "x.pt"))
    before, after = (model(seen).argmax(1).numpy() for model in models)
    assert (after == labels).mean() > max(0.6, (before == labels).mean())


def test_an_interruption_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trained(tmp_path / "whole.pt").state_dict()
    ticks = iter(range(10**6))
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks))
    with pytest.raises(Unfinished, match=r"step \d+ of 19"):
        trained(tmp_path / "parts.pt", deadline=next(ticks) + 8)
    assert (tmp_path / "parts.pt").exists()
    parts = trained(tmp_path / "parts.pt").state_dict()
    assert all(torch.equal(parts[name], value) for name, value in whole.items())


def test_every_image_is_seen_once_an_epoch() -> None:
    settings = TrainingSettings(batch_size=20)
    seen = np.concatenate([_batch(50, step, settings) for step in range(5)])
    assert sorted(seen[:50]) == sorted(seen[50:]) == list(range(50))
    assert list(seen[:50]) != list(seen[50:])


def test_augmentation_shifts_and_mirrors() -> None:
    image = np.arange(1, 76, dtype=np.uint8).reshape(1, 5, 5, 3)
    padded = np.pad(image[0], ((1, 1), (1, 1), (0, 0)))
    windows = [padded[top : top + 5, left : left + 5] for top in range(3) for left in range(3)]
    possible = {window.tobytes() for one in windows for window in (one, one[:, ::-1])}
    found = {view.tobytes() for view in augment(np.repeat(image, 400, axis=0), np.random.default_rng(2), 1)}
    assert found == possible
