"""FrequencyStatistics: its numbers against SciPy's DCT and NumPy's moments, in the right order and unit."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn

from dnjpeg import FrequencyStatistics, collect_statistics, read
from dnjpeg.codec.format.coefficients import CoefficientImage
from dnjpeg.codec.format.frame import Component, Frame
from dnjpeg.statistics import histogram_edges

ASYMMETRIC = 2 + np.arange(64, dtype=np.uint16).reshape(8, 8)


def dct_blocks(plane):
    """Orthonormal DCT of a level-shifted plane whose sides are multiples of 8, (blocks, 8, 8)."""
    height, width = plane.shape
    blocks = (plane.astype(float) - 128).reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)
    return dctn(blocks, axes=(2, 3), norm="ortho").reshape(-1, 8, 8)


def gray_image(levels, table):
    """Make a gray CoefficientImage of one row of blocks from quantized values, (blocks, 8, 8)."""
    levels = np.asarray(levels, dtype=np.int16)
    frame = Frame(8, 8 * len(levels), (Component(1, 1, 1, 0),))
    return CoefficientImage(frame, (levels[None],), (np.asarray(table, dtype=np.uint16),), "grayscale")


def stored_in_band(values, *, step=1, band=(0, 0)):
    """Statistics of stored coefficients that are zero but in one band."""
    levels = np.zeros((len(values), 8, 8), dtype=np.int16)
    levels[:, band[0], band[1]] = values
    table = np.ones((8, 8))
    table[band] = step
    return collect_statistics(gray_image(levels, table), domain="coefficients", color="gray")


def round_half_away(values):
    return np.sign(values) * np.floor(np.abs(values) + 0.5)


def entropy_of(values):
    shares = np.unique(values, return_counts=True)[1] / len(values)
    return -(shares * np.log2(shares)).sum()


def test_moments_from_pixels_are_those_of_scipys_dct(photo):
    pixels = photo(64, 96, gray=True)
    expected = dct_blocks(pixels)
    statistics = collect_statistics(pixels, color="gray")
    assert statistics.components == ("Y",)
    assert statistics.count(0) == len(expected)
    # the integer DCT rounds to 1/8
    np.testing.assert_allclose(statistics.mean(0), expected.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(statistics.std(0), expected.std(axis=0), rtol=0.01, atol=0.1)
    np.testing.assert_allclose(statistics.mean_abs(0), np.abs(expected).mean(axis=0), rtol=0.01, atol=0.1)


def test_moments_from_stored_coefficients_are_exact():
    rng = np.random.default_rng(5)
    levels = rng.integers(-500, 500, (300, 8, 8))
    expected = levels * ASYMMETRIC.astype(float)
    statistics = collect_statistics(gray_image(levels, ASYMMETRIC), domain="coefficients", color="gray")
    np.testing.assert_allclose(statistics.mean(0), expected.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(statistics.std(0), expected.std(axis=0), rtol=1e-12)
    np.testing.assert_allclose(statistics.mean_abs(0), np.abs(expected).mean(axis=0), rtol=1e-12)


def test_dc_is_eight_times_the_level_shifted_mean():
    statistics = collect_statistics(np.full((16, 24), 200, dtype=np.uint8))
    assert statistics.mean("Y")[0, 0] == 8 * (200 - 128)
    assert statistics.std("Y")[0, 0] == 0


@pytest.mark.parametrize("domain", ["pixels", "coefficients"])
def test_rows_are_vertical_frequencies(domain):
    x = np.arange(32)
    vertical_stripes = np.tile((128 + 60 * np.cos((2 * x + 1) * 3 * np.pi / 16)).astype(np.uint8), (32, 1))
    file = io.BytesIO()
    Image.fromarray(vertical_stripes).save(file, "JPEG", qtables=[ASYMMETRIC.ravel().tolist()])
    source = file.getvalue() if domain == "coefficients" else vertical_stripes
    energy = collect_statistics(source, domain=domain, color="gray").mean_abs(0)
    energy[0, 0] = 0
    assert np.unravel_index(energy.argmax(), (8, 8)) == (0, 3)
    assert energy[1:].max() == 0


def test_ycbcr_planes_have_their_own_sampling(photo):
    pixels = photo(64, 80)
    at_420, at_444 = (collect_statistics(pixels, subsampling=name) for name in ("4:2:0", "4:4:4"))
    assert [at_420.count(name) for name in ("Y", "Cb", "Cr")] == [80, 20, 20]
    assert [at_444.count(name) for name in ("Y", "Cb", "Cr")] == [80, 80, 80]
    assert collect_statistics(pixels) == at_420
    ycbcr = np.asarray(Image.fromarray(pixels).convert("YCbCr"))
    for index in range(3):
        expected = dct_blocks(ycbcr[:, :, index]).std(axis=0)
        np.testing.assert_allclose(at_444.std(index), expected, rtol=0.02, atol=0.15)


def test_rgb_planes_are_those_of_the_pixels(photo):
    pixels = photo(48, 64)
    statistics = collect_statistics(pixels, color="rgb")
    assert statistics.components == ("R", "G", "B")
    for index in range(3):
        expected = dct_blocks(pixels[:, :, index]).std(axis=0)
        np.testing.assert_allclose(statistics.std(index), expected, rtol=0.01, atol=0.1)


def test_partial_blocks_at_the_edges_are_counted(photo):
    statistics = collect_statistics(photo(17, 9))
    assert [statistics.count(index) for index in range(3)] == [6, 2, 2]


def test_pooling_throws_the_coefficients_of_components_together(photo):
    pixels = photo(64, 64)
    planes = np.concatenate([dct_blocks(pixels[:, :, index]) for index in range(3)])
    statistics = collect_statistics(pixels, color="rgb")
    pooled = statistics.pooled()
    assert pooled.components == ("pooled",)
    assert pooled.count(0) == len(planes)
    np.testing.assert_allclose(pooled.std(0), planes.std(axis=0), rtol=0.01, atol=0.1)
    two = statistics.pooled(["R", "B"])
    assert two.components == ("R+B",)
    np.testing.assert_allclose(two.std(0), planes.reshape(3, -1, 8, 8)[::2].std(axis=(0, 1)), rtol=0.01, atol=0.1)
    with pytest.raises(ValueError, match="each once"):
        statistics.pooled([0, "R"])


@pytest.mark.parametrize(
    ("coefficient", "low", "high"),
    [(0, -0.5, 0.5), (1, 1, 1.5), (-1, -1.5, -1), (37, 37, 37.5), (1024, 1024, 1024.5), (-1024, -1024.5, -1024)],
)
def test_histogram_counts_a_coefficient_in_its_bin(coefficient, low, high):
    histogram = stored_in_band([coefficient], band=(2, 5)).histogram("Y")
    assert histogram.shape == (8, 8, len(histogram_edges()) - 1)
    (place,) = np.flatnonzero(histogram[2, 5])
    assert (histogram_edges()[place], histogram_edges()[place + 1]) == (low, high)
    assert (histogram.sum(axis=2) == 1).all()


def test_histogram_of_pixels_agrees_with_numpys(photo):
    pixels = photo(128, 128, gray=True)
    # off the edges by at most the rounding of the integer DCT: compare the distribution functions
    coefficients = dct_blocks(pixels)[:, 1, 2]
    counted = collect_statistics(pixels, color="gray").histogram(0)[1, 2]
    expected = np.histogram(coefficients, histogram_edges())[0]
    assert np.abs(np.cumsum(counted) - np.cumsum(expected)).max() <= 0.15 * len(coefficients)
    assert np.abs(counted @ np.arange(4097) - expected @ np.arange(4097)) <= 0.2 * len(coefficients)


def test_coefficients_beyond_the_histogram_fall_in_its_last_bins_and_stay_exact_in_the_sums():
    statistics = stored_in_band([32767, -32768, 1], step=65535, band=(7, 0))
    assert statistics.mean("Y")[7, 0] == 0
    assert statistics.mean_abs("Y")[7, 0] == 65536 * 65535 / 3
    histogram = statistics.histogram("Y")[7, 0]
    assert (histogram[0], histogram[-1]) == (1, 2)


@pytest.mark.parametrize("step", [1, 2, 3, 7, 16, 40, 255, 65535])
def test_entropy_is_that_of_rounded_coefficients(step):
    rng = np.random.default_rng(step)
    values = np.clip(rng.laplace(0, 30, 4000).round(), -1000, 1000)
    entropy = stored_in_band(values, band=(3, 1)).entropy(0, np.full((8, 8), step))
    assert entropy[3, 1] == pytest.approx(entropy_of(round_half_away(values / step)), abs=1e-9)
    assert entropy[1, 3] == 0


def test_entropy_predicts_what_the_encoder_writes(photo):
    pixels = photo(160, 160, gray=True)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", qtables=[ASYMMETRIC.ravel().tolist()])
    levels = read(file.getvalue()).coefficients[0].reshape(-1, 8, 8)
    expected = [[entropy_of(levels[:, row, col]) for col in range(8)] for row in range(8)]
    entropy = collect_statistics(pixels, color="gray").entropy("Y", ASYMMETRIC)
    np.testing.assert_allclose(entropy, expected, atol=1e-9)


def test_laplace_scale_recovers_the_scale():
    values = np.random.default_rng(1).laplace(0, 12, 20000).round()
    assert stored_in_band(values, band=(0, 1)).laplace_scale(0)[0, 1] == pytest.approx(12, rel=0.02)
    moved = stored_in_band(values + 300)
    assert moved.laplace_scale(0)[0, 0] == pytest.approx(12, rel=0.04)
    assert moved.laplace_scale(0)[4, 4] == 0


def test_sums_do_not_overflow_at_a_hundred_billion_images():
    once = stored_in_band([1000, -1000, 900], step=1)
    many = once
    for _ in range(37):
        many = many.merge(many)
    assert many.count(0) == 3 * 2**37
    np.testing.assert_array_equal(many.std(0), once.std(0))
    np.testing.assert_array_equal(many.mean(0), once.mean(0))


def test_a_component_goes_by_index_or_name():
    statistics = stored_in_band([3])
    np.testing.assert_array_equal(statistics.std(0), statistics.std("Y"))
    for wrong in (1, -1, "Cb"):
        with pytest.raises(ValueError, match="there is no component"):
            statistics.std(wrong)


@pytest.mark.parametrize(
    "table",
    [np.ones((8, 7), int), np.ones(64, int), np.full((8, 8), 0), np.full((8, 8), 65536), np.full((8, 8), 1.5), "x"],
)
def test_entropy_refuses_what_is_no_table(table):
    with pytest.raises(ValueError, match="quantization"):
        stored_in_band([3]).entropy(0, table)


def test_statistics_that_count_different_things_do_not_merge(photo):
    pixels = photo(16, 16)
    statistics = collect_statistics(pixels)
    for other in (
        collect_statistics(pixels, subsampling="4:4:4"),
        collect_statistics(pixels, color="rgb"),
        statistics.pooled(),
    ):
        with pytest.raises(ValueError, match="cannot be merged"):
            statistics.merge(other)
    with pytest.raises(TypeError):
        statistics + 1


def test_hash_tells_statistics_apart_and_does_not_see_their_name(photo):
    one = collect_statistics(photo(16, 16, seed=1), data="a")
    same = collect_statistics(photo(16, 16, seed=1), data="b")
    other = collect_statistics(photo(16, 16, seed=2), data="a")
    assert one.hash == same.hash != other.hash
    assert one != same
    assert len(one.hash) == 64


def test_totals_cannot_be_changed_from_outside():
    statistics = stored_in_band([3])
    with pytest.raises(ValueError, match="read-only"):
        statistics.totals[0].histogram[0, 0] = 1
    statistics.histogram(0)[:] = 0
    assert statistics.histogram(0).sum() == 64


def test_totals_must_fit_the_components():
    statistics = stored_in_band([3])
    with pytest.raises(ValueError, match="do not fit"):
        FrequencyStatistics(("Y", "Cb"), statistics.totals, statistics.origin)


def test_numbers_are_finite_for_a_single_block():
    statistics = collect_statistics(np.zeros((1, 1), dtype=np.uint8))
    assert statistics.count("Y") == 1
    assert math.isclose(statistics.mean("Y")[0, 0], -1024)
    assert (statistics.std("Y") == 0).all()


def test_statistics_print_as_one_line() -> None:
    statistics = collect_statistics(np.zeros((16, 16), np.uint8), color="gray")
    assert repr(statistics) == f"<FrequencyStatistics of 1 image: blocks Y 4; hash {statistics.hash[:12]}>"
