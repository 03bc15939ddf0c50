"""The benchmark of data loaders measures what it says: the same files, the same crops' size, every contender."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # `benchmarks` is not part of the package

loader = pytest.importorskip("benchmarks.loader")


def test_all_contenders_read_all_files(tmp_path, photo):
    crops = [photo(375, 500, seed=seed) for seed in range(4)]
    sets = loader.write_photos(tmp_path, crops, small=6, large=0, quality=90)
    assert list(sets) == ["500x375"]
    folder, count = sets["500x375"]
    datasets = loader.contenders(folder, 96)
    assert {len(dataset) for dataset in datasets.values()} == {count} == {6}
    for dataset in datasets.values():
        image, label = dataset[3]
        assert image.shape == (3, 96, 96)
        assert label == 1
    seconds = loader.time_loaders(datasets, rounds=2, workers=0, batch=2)
    assert list(seconds) == list(datasets)
    assert all(len(spent) == 2 and min(spent) > 0 for spent in seconds.values())
