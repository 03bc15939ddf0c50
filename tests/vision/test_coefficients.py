"""Reading coefficients for networks: layouts, sampling, cropping; jpeglib and SciPy are the oracles."""

from __future__ import annotations

import io

import jpeglib
import numpy as np
import pytest
import scipy.fft
import torch
from jpeg2dct import numpy as jpeg2dct
from PIL import Image

import dnjpeg
from dnjpeg.vision import ReadCoefficients, read_coefficients


@pytest.fixture
def file(tmp_path, photo):
    path = tmp_path / "x.jpg"
    path.write_bytes(dnjpeg.encode(photo(72, 104), tables=dnjpeg.QuantizationTables(np.arange(2, 66).reshape(8, 8))))
    return path


def theirs(path) -> list[np.ndarray]:
    """Quantized coefficients and steps by libjpeg, blocks of rows and columns."""
    image = jpeglib.read_dct(str(path))
    return [image.Y, image.Cb, image.Cr], [image.qt[0], image.qt[0], image.qt[0]]


def test_stored_coefficients_are_libjpegs_in_every_layout(file):
    quantized, steps = theirs(file)
    for dequantize in (False, True):
        expected = [k.astype(np.float32) * q if dequantize else k for k, q in zip(quantized, steps, strict=True)]
        kind = torch.float32 if dequantize else torch.int16
        read = {
            layout: read_coefficients(file.read_bytes(), layout=layout, dequantize=dequantize)
            for layout in ("blocks", "channels", "channels-last", "planes")
        }
        for index, blocks in enumerate(expected):
            rows, cols = blocks.shape[:2]
            assert read["blocks"][index].dtype == kind
            np.testing.assert_array_equal(read["blocks"][index], blocks)
            np.testing.assert_array_equal(read["channels-last"][index], blocks.reshape(rows, cols, 64))
            np.testing.assert_array_equal(read["channels"][index], blocks.reshape(rows, cols, 64).transpose(2, 0, 1))
        luma, chroma = read["planes"]
        np.testing.assert_array_equal(luma, expected[0][None])
        np.testing.assert_array_equal(chroma, np.stack(expected[1:]))


@pytest.mark.parametrize("gray", [False, True])
def test_channels_last_are_what_jpeg2dct_gives_to_networks_straight_from_jpeg(photo, gray):
    data = dnjpeg.encode(photo(70, 101, gray=gray), quality=60)
    for ours, theirs in zip(read_coefficients(data, layout="channels-last"), jpeg2dct.loads(data), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_channel_numbers_are_eight_times_the_vertical_frequency_plus_the_horizontal(photo):
    lines = np.repeat((np.arange(16) // 4 % 2 * 200).astype(np.uint8)[:, None], 16, axis=1)  # changes downwards only
    luma, _, _ = read_coefficients(dnjpeg.encode(np.stack([lines] * 3, 2), quality=100))
    energy = luma.square().sum((1, 2))
    assert energy[8::8].sum() > 1000
    assert energy[1:8].sum() == 0


def test_dequantized_coefficients_are_the_orthonormal_dct_of_the_samples(photo):
    gray = photo(32, 40, gray=True)
    luma, blue, red = read_coefficients(dnjpeg.encode(gray, quality=100), layout="blocks")
    blocks = gray.reshape(4, 8, 5, 8).swapaxes(1, 2).astype(float) - 128
    np.testing.assert_allclose(luma, scipy.fft.dctn(blocks, axes=(2, 3), norm="ortho"), atol=0.8)
    assert blue.shape == red.shape == (2, 3, 8, 8)
    assert not blue.any()
    assert not red.any()


@pytest.mark.parametrize("kind", ["4:4:4", "PNG", "RGB"])
def test_other_sampling_and_other_files_are_transformed_without_being_quantized(photo, kind):
    pixels = photo(40, 56)
    if kind == "PNG":
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG")
        data = stream.getvalue()
    elif kind == "RGB":
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", keep_rgb=True)
        data = stream.getvalue()
        pixels = np.asarray(Image.open(stream))
    else:
        data = dnjpeg.encode(pixels, subsampling="4:4:4", quality=90)
        pixels = dnjpeg.decode(data)
    found = read_coefficients(data, layout="blocks")
    stored = dnjpeg.read(dnjpeg.encode(pixels, tables=dnjpeg.design.same_q(1)))  # 4:2:0, rounded to whole numbers
    for ours, whole in zip(found, stored.coefficients, strict=True):
        assert (ours - torch.from_numpy(whole.astype(np.float32))).abs().max() <= 0.5
    with pytest.raises((dnjpeg.JpegError, OSError)):
        read_coefficients(data, dequantize=False)


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:2:2", "4:1:1"])
def test_crops_fall_on_whole_mcus_and_small_images_are_filled_up(photo, subsampling):
    data = dnjpeg.encode(photo(80, 112), subsampling=subsampling)
    whole = read_coefficients(data, layout="blocks", subsampling=subsampling)
    ratio = [-(-a // b) for a, b in zip(whole[0].shape[:2], whole[1].shape[:2], strict=True)]
    cropped = read_coefficients(data, layout="blocks", subsampling=subsampling, size=(32, 64))
    assert cropped[0].shape == (4, 8, 8, 8)
    assert cropped[1].shape == (4 // ratio[0], 8 // ratio[1], 8, 8)
    start = [(10 // ratio[0] - 4 // ratio[0]) // 2, (-(-14 // ratio[1]) - 8 // ratio[1]) // 2]
    rows, cols = (slice(s, s + n) for s, n in zip(start, cropped[1].shape[:2], strict=True))
    assert torch.equal(cropped[1], whole[1][rows, cols])
    rows, cols = (slice(s * r, s * r + n) for s, r, n in zip(start, ratio, cropped[0].shape[:2], strict=True))
    assert torch.equal(cropped[0], whole[0][rows, cols])
    larger = read_coefficients(data, layout="blocks", subsampling=subsampling, size=(160, 192))
    assert larger[0].shape == (20, 24, 8, 8)
    for big, small in zip(larger, whole, strict=True):
        assert big.square().sum() == small.square().sum()


def test_random_crops_follow_the_seed_and_reach_all_places(photo):
    read = ReadCoefficients(size=64, crop="random", layout="blocks")
    data = dnjpeg.encode(photo(96, 96))
    found = set()
    for seed in range(40):
        torch.manual_seed(seed)
        luma = read(data)[0]
        torch.manual_seed(seed)
        assert torch.equal(read(data)[0], luma)
        found.add(luma.numpy().tobytes())
    assert len(found) == 9


def test_blanks_have_the_shape_of_images():
    for layout in ("channels", "blocks", "planes"):
        for size in (None, 32):
            read = ReadCoefficients(layout, size=size, dequantize=False)
            expected = read(dnjpeg.encode(np.full((50, 70, 3), 128, np.uint8)))
            for blank, part in zip(read.blank((50, 70)), expected, strict=True):
                assert not blank.any()
                assert blank.dtype == part.dtype
                if size:
                    assert blank.shape == part.shape


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"layout": "zigzag"}, "unknown layout"),
        ({"crop": "left"}, "unknown crop"),
        ({"size": 24}, "whole MCUs, 16x16 pixels"),
        ({"size": (16, 16), "subsampling": "4:1:1"}, "whole MCUs, 8x32 pixels"),
        ({"subsampling": "4:1:2"}, "unknown subsampling"),
    ],
)
def test_bad_arguments_are_refused(options, reason):
    with pytest.raises(ValueError, match=reason):
        ReadCoefficients(**options)
