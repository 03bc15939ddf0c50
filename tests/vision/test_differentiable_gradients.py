"""Gradients of the differentiable JPEG: against finite differences and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft
import torch
from pictures import make_photo
from test_differentiable_values import SUBSAMPLINGS, as_batch

import dnjpeg
from dnjpeg.vision import differentiable as d


def double(*shape: int, low: float = 40, high: float = 210, seed: int = 0) -> torch.Tensor:
    values = torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return (low + (high - low) * values).requires_grad_()


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_the_way_to_coefficients_in_real_numbers(subsampling):
    images = double(1, 3, 9, 11)
    assert torch.autograd.gradcheck(
        lambda x: d.pixels_to_coefficients(x, subsampling=subsampling, exact=False), images, fast_mode=True
    )


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_the_way_back_in_real_numbers(subsampling):
    small = double(1, 3, 9, 11, low=100, high=150)
    coefficients = d.pixels_to_coefficients(small, subsampling=subsampling, exact=False)
    leaves = [c.detach().requires_grad_() for c in coefficients]
    assert torch.autograd.gradcheck(
        lambda *c: d.coefficients_to_pixels(c, (9, 11), subsampling=subsampling, exact=False), leaves, fast_mode=True
    )


def test_the_orthonormal_dct_is_scipys():
    samples = double(5, 8, 8).detach()
    expected = scipy.fft.dctn(samples.numpy() - 128, axes=(1, 2), norm="ortho")
    np.testing.assert_allclose(d.block_dct(samples, exact=False).numpy(), expected, atol=1e-10)
    back = d.inverse_block_dct(torch.from_numpy(expected), exact=False)
    np.testing.assert_allclose(back.numpy(), samples.numpy(), atol=1e-10)


def test_exact_values_carry_the_gradient_of_the_real_numbers():
    """All stages are linear where nothing is clipped: the two gradients are the same, whatever the values."""
    images = as_batch(make_photo(17, 31), dtype=torch.float64).clamp(60, 200).requires_grad_()
    weights = double(1, 3, 17, 31, seed=1).detach()
    for subsampling in SUBSAMPLINGS:
        found = []
        for exact in (True, False):
            coefficients = d.pixels_to_coefficients(images, subsampling=subsampling, exact=exact)
            whole = [d.rounded(c) for c in coefficients]
            shown = d.coefficients_to_pixels(whole, (17, 31), subsampling=subsampling, exact=exact)
            found.append(torch.autograd.grad((shown * weights).sum(), images)[0])
        assert found[0].abs().max() > 0
        torch.testing.assert_close(*found)


@pytest.mark.parametrize("rounding", ["soft", "straight-through"])
def test_the_whole_layer_in_soft_fidelity_with_respect_to_pixels_and_steps(rounding):
    jpeg = d.DifferentiableJpeg(quality=60, fidelity="soft", rounding=rounding)
    images = double(2, 3, 9, 10, low=100, high=150)
    steps = double(2, 8, 8, low=10, high=60, seed=2)

    def values(x: torch.Tensor, q: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        compressed = jpeg.compress(x, q)
        return compressed.pixels, compressed.bits

    assert torch.autograd.gradcheck(values, (images, steps), fast_mode=True, eps=1e-7, atol=1e-4)


def test_parameters_get_the_gradient_of_a_finite_difference():
    jpeg = d.DifferentiableJpeg(quality=60, fidelity="soft", rounding="soft").double()
    images = double(1, 3, 16, 16, low=90, high=160).detach()
    jpeg(images).square().mean().backward()
    gradient = jpeg.log_steps.grad.clone()
    for place in [(0, 0, 0), (0, 1, 2), (1, 0, 1)]:
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                jpeg.log_steps[place] += sign * 1e-6
                ends.append(jpeg(images).square().mean().item())
                jpeg.log_steps[place] -= sign * 1e-6
        assert gradient[place].item() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-7)
    assert gradient.abs().max() > 0


def test_straight_through_gradients_are_one_for_coefficients_and_the_rounding_error_for_steps():
    coefficients = double(3, 8, 8, low=-300, high=300)
    steps = double(8, 8, low=5, high=50, seed=1)
    value = d.dequantize(d.quantize(coefficients, steps), steps)
    weights = double(3, 8, 8, seed=2).detach()
    by_coefficient, by_step = torch.autograd.grad((value * weights).sum(), (coefficients, steps))
    torch.testing.assert_close(by_coefficient, weights)
    error = torch.round(coefficients / steps) - coefficients / steps
    torch.testing.assert_close(by_step, (weights * error).sum(0))


@pytest.mark.parametrize("hard", [True, False])
def test_cubic_rounding_is_shins_and_songs(hard):
    x = torch.tensor([-1.3, 0.2, 0.49, 2.75], dtype=torch.float64, requires_grad=True)
    value = d.rounded(x, "cubic", hard=hard)
    nearest = torch.tensor([-1.0, 0, 0, 3], dtype=torch.float64)
    expected = nearest if hard else nearest + (x - nearest) ** 3
    torch.testing.assert_close(value, expected)
    (gradient,) = torch.autograd.grad(value.sum(), x)
    torch.testing.assert_close(gradient, 3 * (x - nearest).detach() ** 2)


def test_soft_rounding_lies_between_the_identity_and_rounding():
    x = torch.linspace(-2, 2, 401, dtype=torch.float64)
    torch.testing.assert_close(d.soft(x, 1e-4), x)
    off = (x - torch.floor(x) - 0.5).abs() > 0.05
    torch.testing.assert_close(d.soft(x, 300)[off], torch.round(x)[off], atol=1e-6, rtol=0)
    step = d.soft(x + 1e-9) - d.soft(x - 1e-9)
    assert step.abs().max() < 1e-6  # no jump, at integers and between them


def test_a_surrogate_of_ones_own():
    x = torch.tensor([0.3, 1.6], requires_grad=True)
    value = d.rounded(x, lambda t: 5 * t)
    assert value.tolist() == [0, 2]
    value.sum().backward()
    assert x.grad.tolist() == [5, 5]


def test_halves_are_rounded_away_from_zero():
    x = torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    assert d.rounded(x).tolist() == [-3, -2, -1, 1, 2, 3]


def test_bounds_hold_back_only_what_leads_further_out():
    x = torch.tensor([0.5, 0.5, 9.0, 9.0, 3.0, 3.0], requires_grad=True)
    down = torch.tensor([1.0, -1, 1, -1, 1, -1])
    value = d.bounded(x, 1, 8)
    assert value.tolist() == [1, 1, 8, 8, 3, 3]
    (value * down).sum().backward()
    assert x.grad.tolist() == [0, -1, 1, 0, 1, -1]


def test_sensitivities_of_coefficients_agree_with_changing_them():
    """What a network's loss gains from a coefficient, through the decoder, at the coded subsampling."""
    file = dnjpeg.encode(make_photo(32, 48).clip(80, 180), quality=80)
    leaves = [c.double().requires_grad_() for c in d.from_coefficient_image(dnjpeg.read(file))]
    weights = double(1, 3, 32, 48, seed=4).detach()
    shown = d.coefficients_to_pixels(leaves, (32, 48))
    gradients = torch.autograd.grad((shown * weights).sum(), leaves)
    for index, place in [(0, (0, 1, 2, 0, 1)), (1, (0, 1, 1, 2, 0)), (2, (0, 0, 1, 0, 0))]:
        changed = [leaf.detach().clone() for leaf in leaves]
        changed[index][place] += 40
        moved, before = (d.coefficients_to_pixels(c, (32, 48), exact=False) for c in (changed, leaves))
        change = ((moved - before) * weights).sum().item()
        assert change == pytest.approx(40 * gradients[index][place].item(), rel=1e-9)
        rounding = ((d.coefficients_to_pixels(changed, (32, 48)) - shown) - (moved - before)).abs().max()
        assert rounding < 3


def test_descent_finds_the_table_that_made_the_image():
    """Steps are learned through exact values: distortion falls and the rate is what it is charged for."""
    images = as_batch(*(make_photo(48, 48, seed=seed) for seed in range(2)))
    jpeg = d.DifferentiableJpeg(quality=50)
    optimizer = torch.optim.Adam(jpeg.parameters(), lr=0.05)
    history = []
    for _ in range(12):
        pixels, bits, _ = jpeg.compress(images)
        loss = (pixels - images).square().mean() + 0.02 * bits.mean() / (48 * 48 / 64)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < history[0] * 0.95
    files = jpeg.encode(images)
    for ours, file in zip(jpeg(images), files, strict=True):
        expected = torch.from_numpy(dnjpeg.decode(file).astype(np.float32)).permute(2, 0, 1)
        assert torch.equal(ours, expected)


def test_second_derivatives_and_functional_transforms_work():
    jpeg = d.DifferentiableJpeg(quality=60, fidelity="soft", rounding="soft", learnable=False).double()
    images = double(1, 1, 8, 8, low=100, high=150)
    (first,) = torch.autograd.grad(jpeg(images).square().sum(), images, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), images)
    assert second.isfinite().all()
    assert second.abs().max() > 0
    found = torch.func.grad(lambda x: jpeg(x).square().sum())(images.detach())
    torch.testing.assert_close(found, first.detach())


def test_the_whole_way_has_a_gradient_in_every_fidelity_and_rounding():
    images = as_batch(make_photo(17, 20)).clamp(40, 210)
    for fidelity in ("exact", "hard", "soft"):
        for rounding in ("straight-through", "cubic", "soft"):
            jpeg = d.DifferentiableJpeg(quality=30, fidelity=fidelity, rounding=rounding)
            leaf = images.clone().requires_grad_()
            pixels, bits, _ = jpeg.compress(leaf)
            (pixels.square().mean() + bits.mean()).backward()
            for gradient in (leaf.grad, jpeg.log_steps.grad):
                assert gradient.isfinite().all()
                assert gradient.abs().max() > 0
