"""The differentiable JPEG gives the codec's own values: coefficients, quantized ones, pixels."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from pictures import ASYMMETRIC_CHROMA, ASYMMETRIC_LUMA, ASYMMETRIC_THIRD, make_extreme, make_noise, make_photo

import dnjpeg
from dnjpeg.codec.encoder import transform
from dnjpeg.vision import differentiable as d

SUBSAMPLINGS = ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"]
SIZES = [(1, 1), (2, 3), (3, 5), (4, 4), (7, 9), (16, 16), (17, 31), (33, 50), (5, 64), (64, 2)]
TABLES = dnjpeg.QuantizationTables(ASYMMETRIC_LUMA, ASYMMETRIC_CHROMA, ASYMMETRIC_THIRD)


def as_batch(*pictures: np.ndarray, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.stack([torch.from_numpy(np.moveaxis(np.atleast_3d(p), 2, 0).copy()) for p in pictures]).to(dtype)


def as_pixels(image: torch.Tensor) -> np.ndarray:
    """One image of a batch as the codec has it; values must be whole."""
    pixels = image.detach().numpy().astype(np.uint8)
    np.testing.assert_array_equal(pixels, image.detach().numpy())
    return pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, 2)


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("make", [make_photo, make_noise, make_extreme])
def test_every_stage_is_the_codecs_at_every_size(make, subsampling):
    for (height, width), gray in itertools.product(SIZES, (False, True)):
        pixels = make(height, width, gray=gray)
        coefficients = d.pixels_to_coefficients(as_batch(pixels), subsampling=subsampling)
        for ours, theirs in zip(coefficients, transform(pixels, subsampling=subsampling), strict=True):
            np.testing.assert_array_equal(8 * ours[0].numpy(), theirs)
        file = dnjpeg.encode(pixels, tables=TABLES, subsampling=subsampling)
        tables = TABLES.for_components(len(coefficients))
        steps = [torch.from_numpy(table.astype(np.float32)) for table in tables]
        quantized = [d.quantize(c, q) for c, q in zip(coefficients, steps, strict=True)]
        for ours, theirs in zip(quantized, dnjpeg.read(file).coefficients, strict=True):
            np.testing.assert_array_equal(ours[0].numpy(), theirs)
        dequantized = [d.dequantize(k, q) for k, q in zip(quantized, steps, strict=True)]
        shown = d.coefficients_to_pixels(dequantized, (height, width), subsampling=subsampling)
        np.testing.assert_array_equal(as_pixels(shown[0]), dnjpeg.decode(file))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_layer_gives_the_pixels_of_its_files(subsampling, dtype):
    images = as_batch(*(make_photo(37, 50, seed=seed) for seed in range(3)), dtype=dtype)
    for quality in (1, 10, 50, 90, 100):
        jpeg = d.DifferentiableJpeg(quality=quality, subsampling=subsampling)
        shown = jpeg(images.requires_grad_())
        assert shown.dtype == dtype
        for ours, file in zip(shown, jpeg.encode(images), strict=True):
            np.testing.assert_array_equal(as_pixels(ours), dnjpeg.decode(file))


def test_wide_tables_and_gray():
    tables = dnjpeg.QuantizationTables(np.arange(1, 65).reshape(8, 8) * 40)
    images = as_batch(make_photo(40, 33, gray=True))
    jpeg = d.DifferentiableJpeg(tables, max_step=4000)
    (file,) = jpeg.encode(images)
    assert dnjpeg.read(file).tables[0].max() == 2560
    np.testing.assert_array_equal(as_pixels(jpeg(images)[0]), dnjpeg.decode(file))


def test_pixels_that_are_not_whole_are_those_of_the_rounded_and_clipped_image():
    images = (
        as_batch(make_photo(24, 32)) + torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0)) * 40 - 20
    )
    jpeg = d.DifferentiableJpeg(quality=60)
    whole = images.clamp(0, 255).round()
    assert not torch.equal(images, whole)
    assert torch.equal(jpeg(images), jpeg(whole))
    pixels = whole[0].permute(1, 2, 0).numpy().astype(np.uint8)
    np.testing.assert_array_equal(as_pixels(jpeg(images)[0]), dnjpeg.decode(dnjpeg.encode(pixels, quality=60)))


def test_any_16_bit_coefficients_are_shown_as_the_decoder_shows_them():
    """Far beyond what an encoder writes: the decoder's vectors wrap and saturate."""
    rng = np.random.default_rng(3)
    for size, limit in itertools.product([(16, 16), (24, 40)], [300, 1023]):
        shapes = [(-(-size[0] // 8), -(-size[1] // 8)), *[(-(-size[0] // 16), -(-size[1] // 16))] * 2]
        values = [torch.from_numpy(rng.integers(-limit, limit + 1, (1, *shape, 8, 8))).float() for shape in shapes]
        tables = dnjpeg.QuantizationTables(rng.integers(1, 33, (8, 8)))
        (image,) = d.to_coefficient_images(values, tables, size)
        steps = torch.from_numpy(tables.luma.astype(np.float32))
        shown = d.coefficients_to_pixels([v * steps for v in values], size)
        np.testing.assert_array_equal(as_pixels(shown[0]), dnjpeg.decode(dnjpeg.write(image)))


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_coefficients_of_files_become_their_pixels_and_go_back_to_the_same_file(subsampling):
    file = dnjpeg.encode(make_photo(33, 50), quality=40, subsampling=subsampling)
    image = dnjpeg.read(file)
    assert d.subsampling_of(image.frame) == subsampling
    shown = d.coefficients_to_pixels(d.from_coefficient_image(image), (33, 50), subsampling=subsampling)
    np.testing.assert_array_equal(as_pixels(shown[0]), dnjpeg.decode(file))
    quantized = d.from_coefficient_image(image, dequantized=False)
    tables = dnjpeg.QuantizationTables(image.tables[0], image.tables[1])
    (again,) = d.to_coefficient_images(quantized, tables, (33, 50), subsampling=subsampling)
    assert dnjpeg.write(again) == file


def test_each_image_may_have_tables_of_its_own():
    images = as_batch(*(make_photo(24, 32, seed=seed) for seed in range(2)))
    jpeg = d.DifferentiableJpeg(quality=50)
    own = [dnjpeg.tables.resolve(quality) for quality in (20, 80)]
    steps = torch.stack([torch.from_numpy(np.stack(tables.arrays).astype(np.float32)) for tables in own])
    compressed = jpeg.compress(images, steps)
    for index, tables in enumerate(own):
        pixels = images[index].permute(1, 2, 0).numpy().astype(np.uint8)
        expected = dnjpeg.decode(dnjpeg.encode(pixels, tables=tables))
        np.testing.assert_array_equal(as_pixels(compressed.pixels[index]), expected)
    written = d.to_coefficient_images(compressed.quantized, own, (24, 32))
    for index, image in enumerate(written):
        np.testing.assert_array_equal(dnjpeg.decode(dnjpeg.write(image)), as_pixels(compressed.pixels[index]))


def test_real_numbers_come_close_to_the_integers():
    images = as_batch(make_photo(61, 80))
    for subsampling in SUBSAMPLINGS:
        exact = d.pixels_to_coefficients(images, subsampling=subsampling)
        real = d.pixels_to_coefficients(images, subsampling=subsampling, exact=False)
        assert max((a - b).abs().max().item() for a, b in zip(exact, real, strict=True)) < 5
        whole = [c.round() for c in exact]
        shown = d.coefficients_to_pixels(whole, (61, 80), subsampling=subsampling)
        near = d.coefficients_to_pixels(whole, (61, 80), subsampling=subsampling, exact=False)
        assert (shown - near).abs().max() < 3
        assert (shown - near).abs().mean() < 0.75
        assert (shown - near).mean().abs() < 0.1


def test_nothing_depends_on_whether_gradients_are_wanted_nor_on_autocast():
    images = as_batch(make_photo(33, 50))
    jpeg = d.DifferentiableJpeg(quality=50, fidelity="hard")
    with torch.no_grad():
        expected = jpeg(images)
    assert torch.equal(jpeg(images.clone().requires_grad_()), expected)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(jpeg(images), expected)


def test_it_compiles_to_one_graph():
    torch.compiler.reset()
    images = as_batch(make_photo(17, 24))
    jpeg = d.DifferentiableJpeg(quality=50)
    compiled = torch.compile(jpeg, backend="eager", fullgraph=True)
    assert torch.equal(compiled(images), jpeg(images))


@pytest.mark.parametrize("fidelity", ["exact", "hard", "soft"])
def test_it_runs_on_any_device_and_looks_at_no_value(fidelity):
    """The device "meta" has shapes and no values; a tensor made on another device would be an error."""
    with torch.device("meta"):
        images = torch.empty(2, 3, 33, 50, requires_grad=True)
    jpeg = d.DifferentiableJpeg(quality=50, fidelity=fidelity, rounding="soft").to("meta")
    pixels, bits, quantized = jpeg.compress(images)
    assert pixels.shape == images.shape
    assert bits.shape == (2,)
    assert [tuple(component.shape[:3]) for component in quantized] == [(2, 5, 7), (2, 3, 4), (2, 3, 4)]
    (pixels.sum() + bits.sum()).backward()
    assert images.grad.device.type == jpeg.log_steps.grad.device.type == "meta"


def test_the_state_of_a_layer_is_its_tables(tmp_path):
    jpeg = d.DifferentiableJpeg(TABLES)
    assert jpeg.tables() == TABLES
    other = d.DifferentiableJpeg(dnjpeg.QuantizationTables(*[np.full((8, 8), 9)] * 3))
    other.load_state_dict(jpeg.state_dict())
    assert other.tables() == TABLES
    assert [name for name, _ in jpeg.named_parameters()] == ["log_steps"]
    fixed = d.DifferentiableJpeg(TABLES, learnable=False)
    assert list(fixed.parameters()) == []
    assert fixed.tables() == TABLES
    jpeg.tables("mine").save(tmp_path / "mine.json")
    assert dnjpeg.QuantizationTables.load(tmp_path / "mine.json") == TABLES


def test_every_whole_step_is_kept():
    """exp(log q) must round to q for every step there is."""
    steps = np.arange(1, 65536, 1023).astype(np.uint16)
    tables = dnjpeg.QuantizationTables(np.resize(steps, (8, 8)), np.resize(65535 - steps[:64], (8, 8)).clip(1))
    jpeg = d.DifferentiableJpeg(tables, max_step=65535)
    assert jpeg.tables() == tables
    np.testing.assert_array_equal(jpeg.steps.detach().numpy(), np.stack(tables.arrays))


@pytest.mark.parametrize(
    ("call", "error", "reason"),
    [
        (lambda: d.DifferentiableJpeg(fidelity="fast"), ValueError, "unknown fidelity 'fast'"),
        (lambda: d.DifferentiableJpeg(rounding="hard"), ValueError, "unknown rounding 'hard'"),
        (lambda: d.DifferentiableJpeg(subsampling="4:1:2"), ValueError, "unknown subsampling"),
        (lambda: d.DifferentiableJpeg(np.array(3)), ValueError, "quantization tables are"),
        (lambda: d.DifferentiableJpeg(tables=50, max_step=20), ValueError, "above the largest, 20"),
        (lambda: d.DifferentiableJpeg()(torch.zeros(1, 3, 8, 8, dtype=torch.uint8)), TypeError, "float32 or float64"),
        (lambda: d.DifferentiableJpeg()(torch.zeros(1, 3, 8, 8).half()), TypeError, "float32 or float64"),
        (lambda: d.DifferentiableJpeg()(torch.zeros(3, 8, 8)), ValueError, r"must be \(N, 3, H, W\)"),
        (lambda: d.DifferentiableJpeg()(torch.zeros(1, 3, 8, 8), torch.ones(8, 8)), ValueError, "steps must be"),
        (lambda: d.DifferentiableJpeg()(torch.zeros(1, 3, 8, 8), torch.ones(2, 2, 8, 8)), ValueError, "1 images need"),
        (lambda: d.coefficients_to_pixels([torch.zeros(1, 2, 2, 8, 8)] * 3, (16, 16)), ValueError, "component 1 of a"),
        (lambda: d.coefficients_to_pixels([torch.zeros(1, 2, 2, 8, 8)] * 2, (16, 16)), ValueError, "1 or 3 components"),
    ],
)
def test_what_cannot_be_done_is_refused(call, error, reason):
    with pytest.raises(error, match=reason):
        call()
