"""CIFAR in one file, and the residual networks for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dnjpeg.evaluation import load_classifier, load_dataset
from dnjpeg.evaluation.classifiers import ClassifierError
from dnjpeg.evaluation.classifiers.cifar_resnet import CifarResNet, Preprocessing


def test_a_file_of_arrays_is_a_dataset(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "test.npz", images=images, labels=np.arange(12, dtype=np.uint8) % 10)
    dataset = load_dataset(str(tmp_path / "test.npz"))
    assert [photo.identifier for photo in dataset.photos[:2]] == ["00", "01"]
    assert [photo.label for photo in dataset.photos] == [*range(10), 0, 1]
    assert np.array_equal(dataset.photos[7].open().pixels(), images[7])
    assert dataset.class_names is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((2, 8, 8, 3), np.uint8)}, "none called labels"),
        ({"images": np.zeros((2, 8, 8, 3)), "labels": np.zeros(2, int)}, r"not float64 \(2, 8, 8, 3\)"),
        ({"images": np.zeros((2, 8, 8, 4), np.uint8), "labels": np.zeros(2, int)}, r"not uint8 \(2, 8, 8, 4\)"),
        ({"images": np.zeros((2, 8, 8), np.uint8), "labels": np.zeros(3, int)}, r"\(2,\), not int64 \(3,\)"),
        ({"images": np.zeros((2, 8, 8), np.uint8), "labels": np.zeros(2)}, "labels are integers"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], message: str) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_dataset(str(tmp_path / "x.npz"))


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04nothing")
    with pytest.raises(ValueError, match="not a NumPy file"):
        load_dataset(str(tmp_path / "x.npz"))


@pytest.mark.parametrize(("depth", "parameters"), [(20, 269_722), (56, 853_018)])
def test_networks_have_the_published_size(depth: int, parameters: int) -> None:
    """0.27 and 0.85 million, He et al., table 6; to the last one as the widely used reimplementation has them."""
    network = CifarResNet(depth)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    layers = [module for module in network.modules() if isinstance(module, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(layers) == depth


def test_shortcuts_skip_pixels_and_pad_channels() -> None:
    network = CifarResNet(8).eval()
    block = network.layer2[0]
    with torch.no_grad():
        block.bn2.weight.zero_()  # what is left is the shortcut
        x = torch.rand(1, 16, 6, 6)
        out = block(x)
    assert torch.equal(out[:, 8:24], x[:, :, ::2, ::2])
    assert not out[:, :8].any()
    assert not out[:, 24:].any()


def test_weights_are_loaded_from_a_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = CifarResNet(8)
    torch.save({"state_dict": {f"module.{k}": v for k, v in network.state_dict().items()}}, tmp_path / "w.th")
    classifier = load_classifier(f"cifar-resnet8:{tmp_path / 'w.th'}", device="cpu")
    pixels = np.random.default_rng(2).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    answer = classifier.log_probabilities([classifier.prepare(pixels)])[0]
    mean, std = np.array(Preprocessing.mean), np.array(Preprocessing.std)
    prepared = torch.from_numpy(((pixels / 255 - mean) / std).transpose(2, 0, 1)[None]).float()
    with torch.no_grad():
        expected = torch.log_softmax(network.eval()(prepared), 1)[0].numpy()
    assert np.allclose(answer, expected, atol=1e-5)
    assert classifier.class_names[9] == "truck"
    with torch.no_grad():  # the same with gradients
        own = classifier.network().log_probabilities(torch.from_numpy(pixels).permute(2, 0, 1)[None].float())
    assert np.allclose(own[0].numpy(), answer, atol=1e-4)
    assert Preprocessing()(Image.new("RGB", (40, 50))).shape == (3, 32, 32)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cifar-resnet20", "write cifar-resnet20:WEIGHTS_FILE"),
        ("cifar-resnet20:none.th", "none.th"),
        ("cifar-resnet20:{}/w.th", "does not hold the weights of cifar-resnet20"),
        ("cifar-resnet21:{}/w.th", "6n \\+ 2 layers, not 21"),
        ("cifar-resnet8:{}/text.th", "does not hold the weights"),
    ],
)
def test_wrong_weights_are_refused(tmp_path: Path, spec: str, message: str) -> None:
    torch.save(CifarResNet(8).state_dict(), tmp_path / "w.th")
    (tmp_path / "text.th").write_text("no weights")
    with pytest.raises(ClassifierError, match=message):
        load_classifier(spec.format(tmp_path), device="cpu")
