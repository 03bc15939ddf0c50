"""Designs from sensitivities: closed forms, numerical integration, and measured histograms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import integrate

from dnjpeg import collect_statistics, design
from dnjpeg.statistics.sensitivity import NetworkGradients, Sensitivity
from dnjpeg.tables.design.opts import laplacian_distortion


def _sensitivity(squares, magnitudes=None):
    squares = np.asarray(squares, float)
    gradients = NetworkGradients("toy", "hash", squares, np.sqrt(squares) if magnitudes is None else magnitudes)
    return Sensitivity(("Y", "Cb", "Cr"), "4:2:0", "kl", 1, (gradients,), (1, 1, 1), ("a",))


FLAT = np.ones((3, 8, 8))


@pytest.fixture
def statistics(photo):
    return collect_statistics([photo(64, 64, seed=seed) for seed in range(3)])


def test_grace_and_inverse_root_follow_the_gradients():
    squares = FLAT.copy()
    squares[0, 2, 5], squares[1], squares[2] = 16, 2, 6  # chroma: 4 on average
    sensitivity = _sensitivity(squares)
    mean = 16 ** (1 / 64)  # luma's geometric mean
    made = design.inverse_root(sensitivity, step=20)
    assert made.luma[2, 5] == round(20 / np.sqrt(16 / mean))
    assert made.luma[5, 2] == made.luma[0, 0] == round(20 * np.sqrt(mean))
    assert (made.chroma == round(20 / np.sqrt(4 / mean))).all()
    made = design.grace(sensitivity, step=20)
    assert made.luma[2, 5] == round(20 / (4 / np.sqrt(mean)))
    assert (made.chroma == round(20 / ((np.sqrt(2) + np.sqrt(6)) / 2 / np.sqrt(mean)))).all()
    assert made.provenance["sensitivity"]["hash"] == sensitivity.hash
    finer = design.inverse_root(sensitivity, step=20, chroma=4)
    assert (finer.luma == design.inverse_root(sensitivity, step=20).luma).all()
    assert (finer.chroma == round(10 / np.sqrt(4 / mean))).all()


@pytest.mark.parametrize("quantizer", ["dead-zone", "rounding"])
@pytest.mark.parametrize(("scale", "step"), [(8, 20), (3, 20), (50, 7)])
def test_the_error_of_a_laplacian_is_its_integral(quantizer, scale, step):
    threshold = step / 2 if quantizer == "rounding" else (step - scale) + step / np.expm1(step / scale)

    def error(x):
        return (
            (x - step * (0 if x < threshold else np.floor((x - threshold) / step) + 1)) ** 2
            * np.exp(-x / scale)
            / scale
        )

    edges = [0, *(threshold + step * np.arange(200))]
    exact = sum(integrate.quad(error, a, b)[0] for a, b in itertools.pairwise(edges) if a < 40 * scale)
    assert laplacian_distortion(np.array(step), np.array(scale), quantizer=quantizer) == pytest.approx(exact, rel=1e-6)


def test_published_values_of_the_laplacian_error():
    found = [laplacian_distortion(np.array(20.0), np.array(8.0), quantizer=q) for q in ("dead-zone", "rounding")]
    assert np.round(found, 1).tolist() == [36.3, 28.1]


@pytest.mark.parametrize("quantizer", ["dead-zone", "rounding"])
def test_opts_fills_to_one_level(statistics, quantizer):
    squares = FLAT.copy()
    squares[0] = np.geomspace(30, 0.03, 64).reshape(8, 8)
    made = design.opts(_sensitivity(squares), statistics, step=40, quantizer=quantizer)
    level, weight = 40**2 / 12, squares[0] / np.exp(np.log(squares[0]).mean())
    assert made.luma[0, 0] == int(np.sqrt(12 * level / weight[0, 0]))
    for (row, col), q in np.ndenumerate(made.luma):
        s, scale = weight[row, col], statistics.mean_abs(0)[row, col]
        if (row, col) == (0, 0):
            continue
        if s * statistics.std(0)[row, col] ** 2 < level:
            assert q == 255
        elif q < 255:
            below, above = (s * laplacian_distortion(q + np.array(d), scale, quantizer=quantizer) for d in (0.0, 1.0))
            assert below <= level < above or (q == 1 and below > level)
    assert 1 < made.luma[0, 1] < 255
    assert (made.luma == 255).any()


@pytest.mark.parametrize("name", ["opts", "rate_distortion"])
def test_a_ceiling_bounds_steps_and_nothing_else(statistics, name):
    function = getattr(design, name)
    squares = FLAT.copy()
    squares[0] = np.geomspace(30, 0.03, 64).reshape(8, 8)
    free, held = (function(_sensitivity(squares), statistics, step=20, **more) for more in ({}, {"ceiling": 2.5}))
    assert free.max_step > 50
    for before, after in zip(free.arrays, held.arrays, strict=True):
        assert np.array_equal(after, np.minimum(before, 50))
    assert held.provenance["parameters"]["ceiling"] == 2.5
    assert "ceiling" not in free.provenance["parameters"]
    with pytest.raises(ValueError, match="the ceiling is a number above 0"):
        function(_sensitivity(squares), statistics, ceiling=0)


def test_rate_distortion_takes_the_least_cost(statistics):
    squares = FLAT.copy()
    squares[0, 0, 1] = 3
    made = design.rate_distortion(_sensitivity(squares), statistics, step=11)
    weight = squares[0] / np.exp(np.log(squares[0]).mean())
    pixels = statistics.histogram(0)
    middle = np.arange(-2048, 2049)  # signed half-wide bins; see histogram_edges
    centre = np.sign(middle) * (np.abs(middle) / 2 + 0.25)

    def cost(row, col, q):
        counts = pixels[row, col]
        levels = np.sign(centre) * np.floor(np.abs(centre) / q + 0.5)
        share = np.bincount((levels - levels.min()).astype(int), counts)
        share = share[share > 0] / counts.sum()
        bits = -(share * np.log2(share)).sum()
        return (
            weight[row, col] * (counts * (centre - q * levels) ** 2).sum() / counts.sum() + 121 * np.log(2) / 6 * bits
        )

    for row, col in ((0, 1), (1, 0), (3, 2), (7, 7)):
        costs = [cost(row, col, q) for q in range(1, 256)]
        assert costs[made.luma[row, col] - 1] == pytest.approx(min(costs), rel=1e-9)


@pytest.mark.parametrize("name", ["grace", "inverse_root", "opts", "rate_distortion"])
def test_refuses_what_makes_no_table(name, statistics, photo):
    function = getattr(design, name)
    more = (statistics,) if name in ("opts", "rate_distortion") else ()
    with pytest.raises(ValueError, match="the step is a number above 0, not 0"):
        function(_sensitivity(FLAT), *more, step=0)
    with pytest.raises(ValueError, match="the factor on chroma is a number above 0, not nan"):
        function(_sensitivity(FLAT), *more, chroma=float("nan"))
    with pytest.raises(ValueError, match="a sensitivity is zero"):
        function(_sensitivity(FLAT * (np.arange(64).reshape(8, 8) > 0)), *more)
    if more:
        with pytest.raises(ValueError, match="of Y, Cb and Cr are needed; these are of R, G, B"):
            function(_sensitivity(FLAT), collect_statistics(photo(16, 16), color="rgb"))


def test_opts_refuses_unknown_quantizers(statistics):
    with pytest.raises(ValueError, match="quantizer 'trellis', must be one of dead-zone, rounding"):
        design.opts(_sensitivity(FLAT), statistics, quantizer="trellis")
