"""Files of rate–distortion optimised quantization: what they cost, and who reads them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from pictures import make_photo as photo
from PIL import Image
from scipy.fft import dctn

import dnjpeg
from dnjpeg import RateDistortion
from dnjpeg.codec.encoder import transform
from dnjpeg.tables import resolve

ASYMMETRIC = np.arange(1, 65, dtype=np.uint16).reshape(8, 8) // 2 + 6


def levels_of(data):
    return dnjpeg.read(data).coefficients


def entropy_coded_bits(data):
    return 8 * len(data)


def same_but_for_ties(levels, nearest, source, table):
    """Where a coefficient lies halfway between two levels the cheaper one is as good."""
    tied = np.abs(source) % (8 * table) == 4 * table
    return np.array_equal(levels[~tied], nearest[~tied])


def weighted_error_of(data, source, weights):
    """Squared error in the DCT domain, from the file that was written."""
    image = dnjpeg.read(data)
    return sum(
        (np.asarray(weights[min(index, len(weights) - 1)]) * (image.dequantized(index) - source[index] / 8) ** 2).sum()
        for index in range(len(image.coefficients))
    )


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("quality", [30, 75, 92])
def test_the_lagrangian_of_the_file_is_below_that_of_rounding(quality, subsampling):
    pixels = photo(123, 165)
    source = transform(pixels, subsampling=subsampling)
    luma = resolve(quality).arrays[0].astype(float)
    plain = dnjpeg.encode(pixels, quality=quality, subsampling=subsampling)
    for strength in (0.02, 0.1, 0.4):
        multiplier = strength * np.exp(np.log(luma**2).mean())
        data = dnjpeg.encode(pixels, quality=quality, subsampling=subsampling, rdo=strength)
        before, after = (
            weighted_error_of(each, source, [np.ones((8, 8))]) + multiplier * entropy_coded_bits(each)
            for each in (plain, data)
        )
        assert after < before
        assert len(data) < len(plain)
        if strength == 0.1:
            assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), dnjpeg.decode(data))


@pytest.mark.parametrize(
    "options",
    [
        {"progressive": True},
        {"scans": "smallest"},
        {"optimize": False},
        {"restart": 3},
        {"restart_rows": 1},
        {"arithmetic": True},
        {"color": "grayscale"},
        {"color": "RGB"},
        {"subsampling": "4:1:1"},
        {"subsampling": "1x2,2x1,1x1"},
        {"threads": 2},
    ],
    ids=str,
)
def test_other_ways_to_write_are_smaller_too_and_read_by_libjpeg(options):
    pixels = photo(90, 131)
    plain = dnjpeg.encode(pixels, quality=70, **options)
    data = dnjpeg.encode(pixels, quality=70, rdo=0.1, **options)
    assert len(data) < len(plain)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), dnjpeg.decode(data))
    for near, far in zip(levels_of(plain), levels_of(data), strict=True):
        ac = np.ones((8, 8), bool)
        ac[0, 0] = False
        assert (np.abs(far) <= np.abs(near))[..., ac].all()
        assert np.abs(far.astype(int) - near)[..., 0, 0].max() <= 1


def test_a_vanishing_strength_is_plain_rounding_but_for_ties():
    pixels = photo(70, 50)
    source = transform(pixels)
    for table in (ASYMMETRIC, np.full((8, 8), 3, np.uint16)):
        tables = dnjpeg.QuantizationTables(table)
        chosen, plain = dnjpeg.encode(pixels, tables=tables, rdo=1e-9), dnjpeg.encode(pixels, tables=tables)
        assert weighted_error_of(chosen, source, [np.ones((8, 8))]) == weighted_error_of(
            plain, source, [np.ones((8, 8))]
        )
        assert len(chosen) <= len(plain)
        for index, coefficients in enumerate(source):
            assert same_but_for_ties(levels_of(chosen)[index], levels_of(plain)[index], coefficients, table)


def test_psnr_is_higher_at_equal_bytes():
    pixels = photo(240, 320)

    def point(quality, **options):
        data = dnjpeg.encode(pixels, quality=quality, **options)
        return len(data), -10 * np.log10(np.mean((dnjpeg.decode(data).astype(float) - pixels) ** 2))

    curve = np.array([point(quality) for quality in range(40, 90, 3)])
    for quality in (60, 75, 85):
        size, fidelity = point(quality, rdo=0.05)
        assert fidelity > np.interp(size, *curve.T) + 0.1


def test_weights_are_in_natural_order_and_per_component():
    pixels = photo(96, 96)
    weights = np.ones((8, 8))
    weights[:, 4:] = 1e-6  # high horizontal frequencies do not matter, high vertical ones do
    rdo = RateDistortion(20, [weights, np.full((8, 8), 1e3)])
    plain, chosen = (
        levels_of(dnjpeg.encode(pixels, quality=95, subsampling="4:4:4", rdo=choice)) for choice in (None, rdo)
    )
    right, below = (..., slice(0, 4), slice(4, 8)), (..., slice(4, 8), slice(0, 4))
    kept = [np.count_nonzero(chosen[0][part]) / np.count_nonzero(plain[0][part]) for part in (right, below)]
    assert kept[0] < 0.5
    assert kept[1] > 0.9
    source, table = transform(pixels, subsampling="4:4:4"), resolve(95).arrays[1]
    assert all(same_but_for_ties(chosen[index], plain[index], source[index], table) for index in (1, 2))


def test_steps_as_weights_are_the_inverse_squares():
    pixels = photo(64, 80)
    tables = dnjpeg.QuantizationTables(ASYMMETRIC)
    inverse = 1 / ASYMMETRIC.astype(float) ** 2
    named = dnjpeg.encode(pixels, tables=tables, rdo=RateDistortion(0.1, "steps"))
    assert named == dnjpeg.encode(pixels, tables=tables, rdo=RateDistortion(0.1, 7 * inverse))
    assert named != dnjpeg.encode(pixels, tables=tables, rdo=0.1)


def test_more_passes_never_cost_more():
    pixels = photo(150, 200)
    tables = dnjpeg.QuantizationTables(np.full((8, 8), 30, np.uint16))
    multiplier = 0.2 * 30**2
    costs = []
    for passes in (1, 2, 4):
        data = dnjpeg.encode(pixels, tables=tables, rdo=RateDistortion(0.2, passes=passes))
        bits = 8 * (len(data) - data.count(b"\xff\x00"))  # no table foresees which bytes are stuffed
        costs.append(weighted_error_of(data, transform(pixels), [np.ones((8, 8))]) + multiplier * bits)
    assert costs[0] > costs[1] >= costs[2] - 8 * multiplier


def test_transcoding_chooses_among_the_files_own_coefficients():
    pixels = photo(130, 170)
    data = dnjpeg.encode(pixels, quality=90)
    source = dnjpeg.read(data)
    plain = dnjpeg.transcode(data, quality=60)
    smaller = dnjpeg.transcode(data, quality=60, rdo=0.1)
    assert len(smaller) < len(plain)
    luma = resolve(60).arrays[0].astype(float)
    multiplier = 0.1 * np.exp(np.log(luma**2).mean())

    def cost(file):
        image = dnjpeg.read(file)
        error = sum(((image.dequantized(i) - source.dequantized(i)).astype(float) ** 2).sum() for i in range(3))
        return error + multiplier * 8 * len(file)

    assert cost(smaller) < cost(plain)
    own = dnjpeg.transcode(data, rdo=0.1)
    assert len(own) < len(dnjpeg.transcode(data))
    assert all(map(np.array_equal, dnjpeg.read(own).tables, source.tables))


def test_transcoding_turns_first_and_keeps_twelve_bits():
    data = dnjpeg.encode(photo(64, 96), quality=85)
    turned = dnjpeg.transcode(data, operation="rotate 90", rdo=0.1)
    assert dnjpeg.read_header(turned).frame.width == 64
    assert len(turned) < len(dnjpeg.transcode(data, operation="rotate 90"))
    imagecodecs = pytest.importorskip("imagecodecs")
    deep = imagecodecs.jpeg8_encode((photo(64, 96)[..., 0].astype(np.uint16) << 4), level=90, bitspersample=12)
    smaller = dnjpeg.transcode(deep, rdo=0.2)
    assert len(smaller) < len(dnjpeg.transcode(deep))
    assert np.array_equal(imagecodecs.jpeg8_decode(smaller), dnjpeg.decode(smaller))


def test_shared_huffman_tables_are_kept():
    pixels = [photo(32, 32, seed=seed) for seed in range(3)]
    shared = dnjpeg.shared_tables(pixels, quality=75)
    plain = dnjpeg.encode(pixels[0], coding_tables=shared)
    data = dnjpeg.encode(pixels[0], coding_tables=shared, rdo=0.15)
    assert len(data) < len(plain)
    dnjpeg.decode(data, coding_tables=shared)


@pytest.mark.parametrize("size", [(1, 1), (3, 17), (8, 8), (16, 9)])
def test_small_and_flat_images(size):
    for pixels in (photo(*size), np.full((*size, 3), 200, np.uint8)):
        data = dnjpeg.encode(pixels, quality=80, rdo=0.2)
        assert len(data) <= len(dnjpeg.encode(pixels, quality=80))
        assert dnjpeg.decode(data).shape == (*size, 3)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"strength": 0}, "above 0"),
        ({"strength": np.inf}, "above 0"),
        ({"strength": "much"}, "above 0"),
        ({"strength": 0.1, "weights": "flat"}, "error, steps"),
        ({"strength": 0.1, "weights": np.ones((8, 7))}, "8x8"),
        ({"strength": 0.1, "weights": np.zeros((8, 8))}, "above 0"),
        ({"strength": 0.1, "weights": [np.ones((8, 8)), [1]]}, "8x8"),
        ({"strength": 0.1, "passes": 0}, "passes"),
    ],
)
def test_arguments_that_are_none(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        RateDistortion(**arguments)


def test_source_scale_is_that_of_the_orthonormal_transform():
    pixels = np.random.default_rng(5).integers(0, 256, (8, 8), np.uint8)
    expected = dctn(pixels.astype(float) - 128, norm="ortho")
    assert np.abs(transform(pixels)[0][0, 0] / 8 - expected).max() < 0.2
