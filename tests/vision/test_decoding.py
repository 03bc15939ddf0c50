"""Decoding for training: as much as is needed, and what torchvision's transforms of the whole would give."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2

import dnjpeg
from dnjpeg.codec.decoder import decode_begun
from dnjpeg.vision import (
    DecodeJpeg,
    DecodeRandomResizedCrop,
    DecodeResizedCenterCrop,
    decode_jpeg,
    decode_random_resized_crop,
    decode_resized_center_crop,
)
from dnjpeg.vision.decoding import source as sources


@pytest.fixture(scope="module")
def large(photo) -> bytes:
    """A JPEG file of 600x840 pixels, smooth enough that resampling filters agree."""
    small = Image.fromarray(photo(150, 210))
    return dnjpeg.encode(np.asarray(small.resize((840, 600), Image.Resampling.BICUBIC)), quality=92)


def saved(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def as_tensor(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(Image.fromarray(pixels).convert("RGB")).transpose(2, 0, 1).copy())


def test_whole_files_are_decoded_as_pillow_does(photo):
    for pixels in (photo(33, 50), photo(33, 50, gray=True)):
        data = saved(pixels, "JPEG", quality=80)
        expected = as_tensor(np.asarray(Image.open(io.BytesIO(data))))
        for form in (data, bytearray(data), np.frombuffer(data, np.uint8), torch.tensor(list(data), dtype=torch.uint8)):
            result = decode_jpeg(form)
            assert result.dtype == torch.uint8
            assert torch.equal(result, expected)
            result += 1  # it may be written to


def test_the_scale_is_the_smallest_that_covers_the_target(large):
    assert decode_jpeg(large, target=140).shape == (3, 150, 210)
    assert decode_jpeg(large, target=(151, 40)).shape == (3, 225, 315)
    expected = dnjpeg.decode(large, scale=0.25)
    np.testing.assert_array_equal(DecodeJpeg(150)(large).permute(1, 2, 0).numpy(), expected)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_files_are_left_to_pillow(photo, kind):
    data = saved(photo(40, 56), kind)
    expected = as_tensor(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    assert torch.equal(DecodeJpeg(target=10)(data), expected)
    assert DecodeRandomResizedCrop(16)(data).shape == (3, 16, 16)
    assert DecodeResizedCenterCrop(16)(data).shape == (3, 16, 16)


def test_cmyk_files_become_rgb(photo):
    stream = io.BytesIO()
    Image.fromarray(photo(24, 32)).convert("CMYK").save(stream, "JPEG")
    expected = as_tensor(np.asarray(Image.open(io.BytesIO(stream.getvalue())).convert("RGB")))
    assert torch.equal(decode_jpeg(stream.getvalue()), expected)


def test_the_random_crop_is_torchvisions_own(large):
    """The same seed, the same rectangle: on an image whose colour says where one is, at every scale."""
    y, x = np.mgrid[:400, :480]
    pixels = np.stack([y * 255 // 399, x * 255 // 479, 0 * x + 128], axis=2).astype(np.uint8)
    data = dnjpeg.encode(pixels, quality=98, subsampling="4:4:4")
    whole = decode_jpeg(data)
    theirs = v2.RandomResizedCrop(32, antialias=True)
    for seed in range(30):
        torch.manual_seed(seed)
        expected = theirs(whole)
        state = torch.get_rng_state()
        torch.manual_seed(seed)
        result = decode_random_resized_crop(data, 32)
        assert (result.int() - expected.int()).abs().max() <= 5
        assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("interpolation", [InterpolationMode.BILINEAR, InterpolationMode.BICUBIC])
def test_crops_look_like_those_of_the_whole_image(large, interpolation):
    whole = decode_jpeg(large)
    for seed in range(6):
        torch.manual_seed(seed)
        expected = v2.RandomResizedCrop(64, interpolation=interpolation, antialias=True)(whole).float()
        torch.manual_seed(seed)
        once = DecodeRandomResizedCrop(64, interpolation=interpolation)(large).float()
        torch.manual_seed(seed)
        twice = DecodeRandomResizedCrop(64, interpolation=interpolation, oversampling=2)(large).float()
        assert (once - expected).abs().mean() < 5
        assert (twice - expected).abs().mean() < 1
        assert (twice - expected).abs().mean() <= (once - expected).abs().mean() + 0.05


def test_where_less_than_half_is_lost_the_crop_is_torchvisions_to_the_last_bit(large):
    """Scaling by 5/8 to 7/8 saves nothing: the crop is decoded at full size then."""
    whole = decode_jpeg(large)
    for seed in range(8):
        torch.manual_seed(seed)
        expected = v2.RandomResizedCrop(300, scale=(0.1, 0.5), antialias=True)(whole)
        torch.manual_seed(seed)
        assert torch.equal(DecodeRandomResizedCrop(300, scale=(0.1, 0.5))(large), expected)


def test_the_center_crop_is_that_of_the_resized_image(large):
    image = Image.open(io.BytesIO(large))
    for size, resize in [(224, None), (64, 100), ((30, 90), 96), (480, 590)]:
        pair = (size, size) if isinstance(size, int) else size
        expected = v2.functional.pil_to_tensor(v2.CenterCrop(pair)(v2.Resize(resize or 256)(image))).float()
        result = decode_resized_center_crop(large, size, resize=resize).float()
        assert result.shape == expected.shape
        assert (result - expected).abs().mean() < 2.5
        if pair[0] > 400:  # nothing is scaled down: the same filter at the same places
            assert (result - expected).abs().max() <= 4


def test_no_more_is_decoded_than_is_needed(large, monkeypatch):
    calls = []

    def decode(reader, scan, *, scale, region, out):
        calls.append((scale, region))
        return decode_begun(reader, scan, scale=scale, region=region, out=out)

    monkeypatch.setattr(sources, "decode_begun", decode)
    torch.manual_seed(1)
    DecodeRandomResizedCrop(64, scale=(0.1, 0.2))(large)
    ((scale, (_, _, height, width)),) = calls
    assert scale <= 0.5
    assert min(height, width) >= 64
    assert height * width < 0.25 * 600 * 840 * scale**2 + 2 * (height + width)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 200), (9, 8)])
def test_tiny_and_thin_images(photo, size):
    data = dnjpeg.encode(photo(*size), quality=90)
    for seed in range(10):
        torch.manual_seed(seed)
        assert DecodeRandomResizedCrop(16)(data).shape == (3, 16, 16)
    assert DecodeResizedCenterCrop(16)(data).shape == (3, 16, 16)
    assert DecodeJpeg(16)(data).shape == (3, *size)


def test_blanks_have_the_shape_of_images():
    for decode in (DecodeJpeg(), DecodeRandomResizedCrop(24), DecodeResizedCenterCrop((20, 30))):
        blank = decode.blank((50, 70))
        assert blank.shape == decode(dnjpeg.encode(np.zeros((50, 70, 3), np.uint8))).shape
        assert (blank == 128).all()


def test_decoders_pickle():
    for decode in (DecodeJpeg(3), DecodeRandomResizedCrop(24), DecodeResizedCenterCrop((20, 30))):
        assert pickle.loads(pickle.dumps(decode)) == decode


def test_broken_files_are_errors_of_two_kinds(photo):
    whole = dnjpeg.encode(photo(24, 32))
    with pytest.raises(dnjpeg.JpegError):
        decode_jpeg(whole[:-30])
    with pytest.raises(OSError, match="cannot identify"):
        decode_jpeg(b"no image")
    with pytest.raises(OSError, match=r"."):
        decode_jpeg(saved(photo(24, 32), "PNG")[:-40])
    with pytest.raises(TypeError, match="a file's bytes are needed"):
        decode_jpeg(np.zeros((2, 2), np.uint8))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: DecodeRandomResizedCrop(0), "at least 1"),
        (lambda: DecodeRandomResizedCrop(8, interpolation="bilinear"), "unknown interpolation"),
        (lambda: DecodeResizedCenterCrop(224, resize=200), "has no room for a crop"),
    ],
)
def test_bad_arguments_are_refused_when_the_decoder_is_made(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()
