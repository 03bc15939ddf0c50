"""`RandomJpegCompression`: what it draws, and that seeds decide it, in workers too."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

import dnjpeg
from dnjpeg.vision import JpegCompression, RandomJpegCompression, random_jpeg_compression


class Repeated(Dataset):
    """The same picture over and over, through a transform."""

    def __init__(self, pixels, transform, length=8):
        self.pixels, self.transform, self.length = pixels, transform, length

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        return self.transform(self.pixels)


@pytest.fixture
def image(photo) -> torch.Tensor:
    return torch.from_numpy(photo(24, 32)).permute(2, 0, 1).contiguous()


def test_each_result_is_that_of_a_quality_in_the_range_and_both_ends_occur(photo):
    pixels = photo(16, 24)
    possible = [JpegCompression(quality=quality)(pixels).tobytes() for quality in range(30, 34)]
    assert len(set(possible)) == 4
    torch.manual_seed(0)
    transform = RandomJpegCompression((30, 33))
    found = [possible.index(transform(pixels).tobytes()) for _ in range(60)]
    assert set(found) == {0, 1, 2, 3}


def test_tables_are_scaled_and_subsamplings_drawn(photo):
    pixels = photo(24, 40)
    tables = dnjpeg.QuantizationTables(np.arange(16, 80).reshape(8, 8))
    names = ("4:4:4", "4:2:0")
    possible = {JpegCompression(tables, 40, name)(pixels).tobytes() for name in names}
    assert len(possible) == 2
    torch.manual_seed(1)
    transform = RandomJpegCompression((40, 40), tables=tables, subsampling=names)
    assert {transform(pixels).tobytes() for _ in range(20)} == possible


def test_the_same_seed_gives_the_same_images(image):
    transform = RandomJpegCompression((5, 95), p=0.5)
    torch.manual_seed(3)
    first = [transform(image) for _ in range(6)]
    torch.manual_seed(3)
    assert all(torch.equal(a, transform(image)) for a in first)
    assert any(not torch.equal(first[0], other) for other in first)


def test_a_generator_of_its_own_leaves_the_global_one_alone(image):
    torch.manual_seed(3)
    untouched = torch.get_rng_state()
    results = []
    for _ in range(2):
        transform = RandomJpegCompression((5, 95), generator=torch.Generator().manual_seed(7))
        results.append([transform(image) for _ in range(4)])
    assert all(map(torch.equal, *results))
    assert torch.equal(torch.get_rng_state(), untouched)


def test_the_probability_is_kept_and_whether_it_happens_does_not_shift_the_rest(image):
    never, always = RandomJpegCompression((5, 95), p=0), RandomJpegCompression((5, 95), p=1)
    torch.manual_seed(0)
    assert never(image) is image
    state = torch.get_rng_state()
    torch.manual_seed(0)
    assert not torch.equal(always(image), image)
    assert torch.equal(torch.get_rng_state(), state)
    half = RandomJpegCompression((5, 95), p=0.5)
    applied = sum(half.draw() is not None for _ in range(200))
    assert 70 < applied < 130


def test_images_of_a_sample_get_the_same_quality(photo):
    one, two = Image.fromarray(photo(16, 24)), Image.fromarray(photo(16, 24))
    results = RandomJpegCompression((5, 95))([one, two])
    np.testing.assert_array_equal(*map(np.asarray, results))


def test_it_pickles_and_copies(image):
    transform = RandomJpegCompression((5, 95), subsampling="4:4:4")
    transform(image)
    for twin in (pickle.loads(pickle.dumps(transform)), copy.deepcopy(transform)):
        assert twin == transform
        torch.manual_seed(5)
        expected = transform(image)
        torch.manual_seed(5)
        assert torch.equal(twin(image), expected)


def test_workers_draw_differently_and_a_seeded_loader_repeats_itself(image):
    def epoch() -> torch.Tensor:
        loader = DataLoader(
            Repeated(image, RandomJpegCompression((5, 95))),
            batch_size=1,
            num_workers=2,
            multiprocessing_context="fork",
            generator=torch.Generator().manual_seed(11),
        )
        return torch.cat(list(loader))

    first = epoch()
    assert len({item.numpy().tobytes() for item in first}) > 4
    assert torch.equal(epoch(), first)


def test_the_function_is_the_class(image):
    torch.manual_seed(2)
    expected = RandomJpegCompression((10, 60), subsampling=("4:4:4", "4:2:2"))(image)
    torch.manual_seed(2)
    result = random_jpeg_compression(image, quality=(10, 60), subsampling=("4:4:4", "4:2:2"))
    assert torch.equal(result, expected)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"quality": (50, 40)}, "lowest quality, 50, is above"),
        ({"quality": (0, 40)}, "1 to 100|1..100"),
        ({"p": 1.5}, "probability"),
        ({"subsampling": ()}, "at least one subsampling"),
        ({"subsampling": ("4:4:4", "4:1:2")}, "unknown subsampling '4:1:2'"),
        ({"tables": "no-such-tables"}, "no-such-tables"),
    ],
)
def test_bad_arguments_are_refused_when_the_transform_is_made(arguments, reason):
    with pytest.raises(ValueError, match=reason):
        RandomJpegCompression(**arguments)
