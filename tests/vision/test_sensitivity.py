"""Gradients of networks with respect to coefficients, against finite differences and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnjpeg.statistics.sensitivity import NetworkGradients, Sensitivity
from dnjpeg.vision.differentiable import coefficients_to_pixels, pixels_to_coefficients
from dnjpeg.vision.networks import Network, View, frozen
from dnjpeg.vision.sensitivity import Picture, coefficient_gradients, collect_sensitivity


def _network(seed=0, classes=5, gain=1.0):
    torch.manual_seed(seed)
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3, stride=2), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(6 * 5 * 5, classes)
    )
    with torch.no_grad():
        layers[3].weight *= 4 * gain
    return Network(f"toy-{seed}", frozen(layers), View(12, kept=0.8), weights_hash=str(seed))


@pytest.fixture
def images(photo):
    pixels = [photo(20, 26, seed=seed) for seed in (1, 2)]
    return torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() * 0.6 + 50


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_gradients_are_those_of_finite_differences(images, subsampling):
    images = images.round()
    network = _network()
    labels = torch.tensor([1, 4])
    found = coefficient_gradients(images, network, subsampling=subsampling, loss="labels", labels=labels)
    coefficients = [c.double() for c in pixels_to_coefficients(images, subsampling=subsampling)]
    precise = Network("precise", network.model.double(), network.view)

    def loss(changed):
        pixels = coefficients_to_pixels(changed, (20, 26), subsampling=subsampling, exact=False)
        answers = torch.log_softmax(precise.model(precise.view(pixels)), 1)
        return float(-answers[range(2), labels].sum())

    generator = np.random.default_rng(3)
    for component, gradient in enumerate(found):
        scale = float(gradient.abs().max())
        for _ in range(6):
            place = tuple(int(generator.integers(size)) for size in gradient.shape[:3]) + tuple(
                generator.integers(0, 4, 2)
            )
            sides = []
            for sign in (1, -1):
                changed = [c.clone() for c in coefficients]
                changed[component][place] += sign * 0.05
                sides.append(loss(changed))
            assert float(gradient[place]) == pytest.approx((sides[0] - sides[1]) / 0.1, abs=2e-3 * scale)


def test_squares_for_the_divergence_are_the_fisher_diagonal(images):
    """Mean over directions of squared gradients against sum over classes of p (dlog p / dc)^2."""
    network, one = _network(gain=0.5), images[:1].round()
    coefficients = [c.requires_grad_() for c in pixels_to_coefficients(one)]
    answers = network.log_probabilities(coefficients_to_pixels(coefficients, (20, 26), exact=False))[0]
    exact = 0
    for k in range(5):
        (gradient,) = torch.autograd.grad(answers[k], coefficients[0], retain_graph=True)
        exact = exact + answers[k].exp().detach() * gradient.square()
    generator = torch.Generator().manual_seed(1)
    draws = 3000
    directions = torch.randn(draws, 5, generator=generator)
    batch = one.expand(100, -1, -1, -1)
    found = torch.cat([coefficient_gradients(batch, network, directions=d)[0] for d in directions.split(100)])
    found = found.square().mean(0)
    assert float(found.sum() / exact.sum()) == pytest.approx(1, abs=0.1)
    strong = exact[0] > exact.max() / 10
    assert torch.allclose(found[strong], exact[0][strong], rtol=0.25)


def _pictures(photo, sizes):
    return [Picture(f"{index}", lambda size=size: photo(*size)) for index, size in enumerate(sizes)]


def test_a_run_that_goes_on_gives_what_one_run_gives(photo):
    networks, pictures = [_network(1), _network(2)], _pictures(photo, [(24, 24), (24, 24), (20, 33), (24, 24)])
    whole, failures = collect_sensitivity(pictures, networks, batch_size=2)
    assert failures == ()
    begun, _ = collect_sensitivity(pictures[:2], networks, batch_size=2)
    resumed, _ = collect_sensitivity(pictures, networks, batch_size=2, begun=begun)
    assert set(resumed.images) == {"0", "1", "2", "3"}
    assert resumed.blocks == whole.blocks == (3 * 9 + 3 * 5, 3 * 4 + 2 * 3, 3 * 4 + 2 * 3)
    for one, other in zip(whole.networks, resumed.networks, strict=True):
        assert np.allclose(one.squares, other.squares, rtol=1e-4)
        assert np.allclose(one.magnitudes, other.magnitudes, rtol=1e-4)
    with pytest.raises(ValueError, match="other networks, settings or data"):
        collect_sensitivity(pictures, networks[:1], begun=begun)


def test_unreadable_images_are_named_and_the_rest_go_on(photo):
    def broken():
        raise ValueError("not an image")

    pictures = [Picture("bad", broken), *_pictures(photo, [(24, 24)])]
    found, failures = collect_sensitivity(pictures, [_network()])
    assert (found.images, [str(failure) for failure in failures]) == (("0",), ["bad: not an image"])
    with pytest.raises(ValueError, match="no image to take sensitivities from: bad: not an image"):
        collect_sensitivity(pictures[:1], [_network()])
    with pytest.raises(ValueError, match="0 has no label"):
        collect_sensitivity(pictures[1:], [_network()], loss="labels")


def _sensitivity(*squares):
    networks = tuple(
        NetworkGradients(str(i), "h", np.array(s, float), np.array(s, float)) for i, s in enumerate(squares)
    )
    return Sensitivity(("Y", "Cb", "Cr"), "4:2:0", "kl", 1, networks, (4, 1, 1), ("a",))


def test_a_network_with_large_gradients_does_not_decide_alone():
    one = np.ones((3, 8, 8))
    one[0, 0, 1] = 5
    sensitivity = _sensitivity(one, 10000 * one.transpose(0, 2, 1))
    mean = sensitivity.mean_square(0)
    assert mean[0, 1] == pytest.approx(mean[1, 0])
    assert mean[0, 1] == pytest.approx(3 * mean[0, 0])
    assert mean[0, 0] == pytest.approx(100 * 0.25)  # the geometric mean of 1 and 10,000, over four blocks


def test_the_file_keeps_everything_and_notices_changes(tmp_path):
    sensitivity = _sensitivity(np.random.default_rng(1).random((3, 8, 8)))
    sensitivity.save(tmp_path / "s.json")
    loaded = Sensitivity.load(tmp_path / "s.json")
    assert (loaded.hash, loaded.images, loaded.provenance) == (sensitivity.hash, ("a",), sensitivity.provenance)
    assert np.array_equal(loaded.networks[0].squares, sensitivity.networks[0].squares)
    with pytest.raises(FileExistsError):
        sensitivity.save(tmp_path / "s.json")
    text = (tmp_path / "s.json").read_text()
    (tmp_path / "changed.json").write_text(text.replace('"blocks": [\n  4', '"blocks": [\n  5'))
    with pytest.raises(
        ValueError, match=r"changed\.json: not a file of sensitivities: the numbers do not give its hash"
    ):
        Sensitivity.load(tmp_path / "changed.json")
