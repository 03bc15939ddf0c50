"""Networks to be trained: they are what they say, and a seed gives the same weights again."""

from __future__ import annotations

import pytest
import torch

from dnjpeg.evaluation.classifiers import ClassifierError
from dnjpeg.evaluation.untrained import untrained
from tests.evaluation import toy


@pytest.mark.parametrize(
    "spec",
    ["small-resnet", "small-vgg", "cifar-resnet8", "resnet18", "torchvision:resnet18", f"{toy.__file__}:untrained"],
)
def test_a_seed_gives_the_same_weights(spec: str) -> None:
    before = torch.random.get_rng_state()
    first, again, other = (untrained(spec, 7, seed).eval() for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        found = [network(images) for network in (first, again, other)]
    assert found[0].shape == (2, 7)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("no-such", "small-resnet"),
        (f"{toy.__file__}:nothing", "no function"),
        (f"{toy.__file__}:preprocess", "failed"),
        ("math:sqrt", "not a torch.nn.Module"),
    ],
)
def test_others_are_refused(spec: str, reason: str) -> None:
    with pytest.raises(ClassifierError, match=reason):
        untrained(spec, 4, 0)
