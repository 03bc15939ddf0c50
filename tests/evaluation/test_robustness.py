"""Attacks and defences on a toy: what they may change, and that the twins are the defences."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from scipy.fft import dctn
from torch import nn

from dnjpeg.evaluation import Classifier
from dnjpeg.evaluation.metrics import wilson
from dnjpeg.evaluation.robustness import (
    AttackSettings,
    Victim,
    accuracies,
    as_seen,
    attack,
    parse_defence,
    victim_of,
)
from tests.evaluation import toy

DEFENCES = ["none", "jpeg:75", "jpeg:30", "bits:4", "bits:1", "fd-v1", "fd-code", "fd-v1+rgb", "fd-code+rgb"]


def pictures(count: int = 3, side: int = 16) -> np.ndarray:
    """Blobs with noise: something between flat and rough."""
    random = np.random.default_rng(8)
    blobs = np.kron(random.integers(40, 216, (count, side // 4, side // 4, 3)), np.ones((1, 4, 4, 1)))
    return (blobs + random.normal(0, 12, blobs.shape)).clip(0, 255).astype(np.uint8)


def linear_victim(side: int = 16) -> Victim:
    torch.manual_seed(3)
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * side * side, 4))
    return Victim(network, torch.full((3, 1, 1), 1 / 128), torch.full((3, 1, 1), -1.0))


@pytest.mark.parametrize("spec", DEFENCES)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_a_twin_has_the_defences_pixels_and_a_gradient(spec: str, subsampling: str) -> None:
    defence = parse_defence(spec, subsampling=subsampling)
    images = pictures()
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).float().requires_grad_()
    found = defence.twin()(batch)
    assert np.array_equal(found.detach().permute(0, 2, 3, 1).numpy(), defence(images))
    found.sum().backward()
    assert batch.grad is not None
    assert batch.grad.abs().mean() > 0.1


def test_defences_are_what_their_names_say() -> None:
    image = pictures(1)[0]
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, "JPEG", quality=40, subsampling=0)
    assert np.array_equal(parse_defence("jpeg:40").apply(image), np.asarray(Image.open(stream)))
    assert set(np.unique(parse_defence("bits:2").apply(image))) <= {0, 85, 170, 255}
    assert np.array_equal(parse_defence("bits:8").apply(image), image)
    gray = image[..., 1].copy()
    found = parse_defence("fd-code+rgb").apply(np.stack([gray] * 3, axis=2))[..., 0].astype(float)
    steps = np.full((8, 8), 30.0)
    steps[:4, :4] = 25
    blocks = dctn(gray.reshape(2, 8, 2, 8).swapaxes(1, 2) - 128.0, axes=(2, 3), norm="ortho")
    coded = dctn(found.reshape(2, 8, 2, 8).swapaxes(1, 2) - 128.0, axes=(2, 3), norm="ortho")
    clipped = ((found == 0) | (found == 255)).reshape(2, 8, 2, 8).swapaxes(1, 2).any(axis=(2, 3))
    off = np.abs(coded / steps - np.rint(blocks / steps))[~clipped]
    assert (off * 25 < 4).mean() > 0.98  # rounding to pixels moves a coefficient by a few levels


@pytest.mark.parametrize("spec", ["", "jpeg", "jpeg:0", "jpeg:101", "bits:9", "bits:0", "fd-v2", "none+rgb"])
def test_other_defences_are_refused(spec: str) -> None:
    with pytest.raises(ValueError, match=r"defence|quality"):
        parse_defence(spec)


def test_fgsm_is_the_sign_of_the_gradient() -> None:
    victim, images = linear_victim(), pictures()
    labels = victim.predict(images)
    batch = torch.from_numpy(images).permute(0, 3, 1, 2).float().requires_grad_()
    nn.functional.cross_entropy(victim(batch), torch.from_numpy(labels), reduction="sum").backward()
    assert batch.grad is not None
    expected = images + 3 * batch.grad.sign().permute(0, 2, 3, 1).numpy()
    assert np.array_equal(attack(victim, "fgsm:3", images, labels), expected.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("spec", ["bim:2", "pgd:2", "deepfool", "cw2"])
def test_attacks_succeed_within_their_bounds(spec: str) -> None:
    victim, images = linear_victim(), pictures(8)
    labels = victim.predict(images)
    # Two levels turn only images near a boundary; the least change of these is often rounded away.
    margins = torch.topk(victim(torch.from_numpy(images).permute(0, 3, 1, 2).float()), 2).values
    order = (margins[:, 0] - margins[:, 1]).argsort().numpy()[slice(3) if ":" in spec else slice(-3, None)]
    images, labels = images[order], labels[order]
    found = attack(
        victim, spec, images, labels, AttackSettings(steps=10, deepfool_overshoot=0.5, cw_steps=60, batch_size=2)
    )
    change = np.abs(found.astype(int) - images)
    assert (victim.predict(found) != labels).all()
    assert change.max() <= 2 if ":" in spec else np.sqrt(np.square(change / 255).sum(axis=(1, 2, 3))).max() < 2
    assert change.any()


def test_an_attack_through_the_defence_does_more_than_a_blind_one() -> None:
    """Who does not know of the subsampling spends the bound on chroma that it averages away."""
    victim, images = linear_victim(), pictures(60)
    defence = parse_defence("jpeg:98", subsampling="4:2:0")
    labels = victim.predict(defence(images))
    blind = attack(victim, "pgd:1", images, labels)
    adaptive = attack(victim.behind(defence.twin()), "pgd:1", images, labels)
    kept = [float((victim.predict(defence(found)) == labels).mean()) for found in (blind, adaptive)]
    assert np.abs(adaptive.astype(int) - images).max() <= 1
    assert kept[1] < kept[0] - 0.05


def test_the_number_of_steps_may_be_part_of_the_attack() -> None:
    victim, images, labels = linear_victim(), pictures(3), np.zeros(3, np.int64)
    given = attack(victim, "bim:2", images, labels, AttackSettings(steps=7))
    assert np.array_equal(attack(victim, "bim:2x7", images, labels, AttackSettings(steps=1)), given)
    assert not np.array_equal(attack(victim, "bim:2", images, labels, AttackSettings(steps=1)), given)


@pytest.mark.parametrize("spec", ["magic", "pgd", "pgd:x", "cw2:2", "pgd:2x", "pgd:2x0", "fgsm:2x3"])
def test_other_attacks_are_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="attack"):
        attack(linear_victim(), spec, pictures(1), np.zeros(1, np.int64))


def test_a_victim_is_its_classifier_from_pixels_on() -> None:
    classifier = toy.classifier()
    victim = victim_of(classifier)
    pixels = toy.photo(1, 5, (32, 32))
    seen = as_seen(classifier, victim, pixels)
    assert seen.shape == (8, 8, 3)
    logits = victim(torch.from_numpy(seen).permute(2, 0, 1)[None].float())
    expected = torch.log_softmax(logits, 1).numpy()
    assert np.allclose(expected, classifier.log_probabilities([classifier.prepare(pixels)]), atol=1e-5)


def test_a_preprocessing_that_is_not_affine_is_refused() -> None:
    whole = toy.classifier()
    squared = Classifier("x", whole.model, lambda image: toy.preprocess(image) ** 2, "squared", "")
    with pytest.raises(ValueError, match="one factor and offset"):
        victim_of(squared)
    called = Classifier("x", lambda images: images.mean(dim=(2, 3)), toy.preprocess, "", "")
    with pytest.raises(ValueError, match="the network itself"):
        victim_of(called)


def test_accuracies_are_paired() -> None:
    correct = {"none": [1, 0, 0, 0, 1], "jpeg:75": [1, 1, 1, 0, 0]}
    rows = pd.DataFrame(
        [
            {"attack": "pgd:2", "image": str(image), "defence": name, "correct": bool(value)}
            for name, values in correct.items()
            for image, value in enumerate(values)
        ]
    )
    table = accuracies(rows, ["attack"]).set_index("defence")
    assert table.loc["jpeg:75", "accuracy"] == pytest.approx(0.6)
    assert tuple(table.loc["jpeg:75", ["accuracy_low", "accuracy_high"]]) == pytest.approx(wilson(3, 5))
    assert table.loc["jpeg:75", "gain"] == pytest.approx(0.2)
    assert table.loc["none", "gain_low"] == table.loc["none", "gain_high"] == 0
    with pytest.raises(ValueError, match="different images"):
        accuracies(rows.iloc[:-1], ["attack"])
