"""Encoding with networks in the loop: fewer changes of mind for the bytes, within bounds, in files anyone reads."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import dnjpeg
from dnjpeg.machine import shipped_ladder
from dnjpeg.vision.in_the_loop import Search, encode_for_networks, rounded_for
from dnjpeg.vision.in_the_loop.scale import bearable_steps, expected_divergence
from dnjpeg.vision.networks import Network, View, frozen


@pytest.fixture(scope="module")
def networks():
    made = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 8, 5, stride=3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8 * 14 * 14, 10)
        )
        with torch.no_grad():
            layers[3].weight *= 10
        made.append(Network(f"toy-{seed}", frozen(layers), View(44, kept=0.9)))
    return made


@pytest.fixture(scope="module")
def images():
    from pictures import make_photo

    return [make_photo(72, 88, seed=seed) for seed in (1, 2)]


def _tensor(images):
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()


def _divergence(images, files, network):
    decoded = _tensor([dnjpeg.decode(data) for data in files])
    with torch.no_grad():
        before, after = network.log_probabilities(_tensor(images)), network.log_probabilities(decoded)
    return float((before.exp() * (before - after)).sum(1).mean())


def test_networks_in_the_loop_change_their_minds_less_for_hardly_more_bytes(images, networks):
    plain, own = (
        encode_for_networks(images, networks, step=40, trust=0, search=search)
        for search in (Search(iterations=0), Search(iterations=12))
    )
    for network in networks:
        assert _divergence(images, own, network) < 0.5 * _divergence(images, plain, network)
    assert sum(map(len, own)) < 1.1 * sum(map(len, plain))
    for image, data in zip(images, plain, strict=True):  # without iterations: what needs no network
        assert data == dnjpeg.encode_for_machines(image, step=40)


def test_coefficients_stay_within_the_offset_of_their_value(images, networks):
    tables = [shipped_ladder().at(30)] * 2
    plain = rounded_for(_tensor(images), tables, networks, expected=0.1, search=Search(iterations=0))
    found = rounded_for(_tensor(images), tables, networks, expected=0.1, search=Search(limit=0.2))
    from dnjpeg.vision.differentiable import pixels_to_coefficients

    changed = 0
    for k, p, c, table in zip(
        found, plain, pixels_to_coefficients(_tensor(images)), tables[0].for_components(3), strict=True
    ):
        exact = c / torch.from_numpy(table.astype(np.float32))
        assert float((k - exact).abs().max()) <= 0.7 + 1e-4
        assert torch.equal(k, k.round())
        changed += int((k != p).sum())
    assert changed > 100


def test_what_is_found_is_kept_where_it_is_better_than_plain_rounding(images, networks):
    batch, tables = _tensor(images), [shipped_ladder().at(6)] * 2
    blind = [replace(network, model=_Misled(network.model)) for network in networks]
    options = {"expected": 0.001}
    plain = rounded_for(batch, tables, blind, search=Search(iterations=0), **options)
    for asked, kept in ((blind, True), (networks, False)):
        found = rounded_for(batch, tables, asked, search=Search(iterations=4, rate=0), **options)
        assert all(torch.equal(a, b) for a, b in zip(plain, found, strict=True)) == kept


class _Misled(torch.nn.Module):
    """A network whose gradients point the wrong way."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, seen):
        answers = self.model(seen)
        return 2 * answers.detach() - answers


def test_the_same_seed_makes_the_same_file_and_another_decoder_reads_it(images, networks):
    one, two, other = (
        encode_for_networks(images, networks, quality=50, search=Search(iterations=3, seed=seed)) for seed in (1, 1, 2)
    )
    assert one == two
    assert one != other
    with Image.open(io.BytesIO(one[0])) as image:
        assert np.array_equal(np.asarray(image), dnjpeg.decode(one[0]))


def test_networks_may_be_asked_in_turn(images, networks):
    plain, own = (
        encode_for_networks(images, networks, step=40, trust=0, search=search)
        for search in (Search(iterations=0), Search(iterations=16, in_turn=True))
    )
    for network in networks:
        assert _divergence(images, own, network) < 0.6 * _divergence(images, plain, network)


def test_gray_images_have_one_component(images, networks):
    (data,) = encode_for_networks([images[0][..., 1].copy()], networks, quality=50, search=Search(iterations=2))
    assert dnjpeg.decode(data).shape == (72, 88)


def test_a_rate_makes_files_smaller(images, networks):
    sizes = [
        sum(map(len, encode_for_networks(images, networks, step=20, trust=0, search=Search(rate=rate))))
        for rate in (0, 10)
    ]
    assert sizes[1] < 0.97 * sizes[0]


def test_a_temperature_keeps_second_thoughts(images, networks):
    """Of a network that is sure, plain divergences say next to nothing: those of its softened answers do."""
    sure = [replace(network, model=_Sure(network.model)) for network in networks]
    apart = []
    for temperature in (1, 20):
        search = Search(iterations=12, rate=0, zoom=0, temperature=temperature)
        found = encode_for_networks(images, sure, step=40, trust=0, search=search)
        apart.append(sum(_divergence(images, found, network) for network in networks))
    assert apart[1] < 0.8 * apart[0]


class _Sure(torch.nn.Module):
    """A network's logits, twenty times as large."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, seen):
        return 20 * self.model(seen)


def test_images_that_networks_bear_get_coarser_steps(images, networks):
    ladder, batch = shipped_ladder(), _tensor(images)
    low, high = (bearable_steps(batch, networks, ladder, budget) for budget in (0.01, 0.1))
    assert (low <= high).all()
    assert (low < high).any()
    assert bearable_steps(batch, networks, ladder, 1e9).tolist() == pytest.approx([160, 160])
    flat = [np.full((72, 88, 3), 120, np.uint8)]
    assert bearable_steps(_tensor(flat), networks, ladder, 0.05)[0] >= high.min()
    trusting = encode_for_networks(images, networks, step=30, trust=1, search=Search(iterations=0))
    steps = bearable_steps(batch, networks, ladder, expected_divergence(30))
    for data, step in zip(trusting, steps, strict=True):
        assert np.array_equal(dnjpeg.read(data).tables[0], ladder.at(float(np.clip(step, 10, 90))).luma)


def test_the_expected_divergence_rises_with_the_step():
    values = [expected_divergence(step) for step in (1, 5, 9, 30, 100, 170, 500)]
    assert values == sorted(values)
    assert expected_divergence(24) == pytest.approx(0.0365)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quality": 50, "step": 3}, "give one of quality and step"),
        ({"trust": 1.5}, "trust is 0 to 1"),
        ({"effort": "much"}, "the effort is one of best, fast, baseline"),
        ({"quality": 0}, "a quality is a whole number"),
    ],
)
def test_refuses(images, networks, options, message):
    with pytest.raises(ValueError, match=message):
        encode_for_networks(images, networks, **options)


def test_refuses_what_networks_cannot_be_shown(images, networks):
    for wrong in ([], [images[0], images[1][:-1]], [np.zeros((8, 8, 4), np.uint8)]):
        with pytest.raises(ValueError, match="networks are shown RGB or gray images, of one size at a time"):
            encode_for_networks(wrong, networks)
    with pytest.raises(ValueError, match="at least one network"):
        encode_for_networks(images, [])
    for search in ({"limit": 0.6}, {"iterations": -1}, {"zoom": 1}, {"rate": -1}, {"temperature": 0}):
        with pytest.raises(ValueError, match=r"iterations are 0 or more|views are larger|a temperature is"):
            Search(**search)
