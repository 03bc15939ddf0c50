"""Tables found by search: on a judge whose answers are worked out by hand, the searches find what is there to find."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pictures import make_photo

import dnjpeg
from dnjpeg import QuantizationTables, collect_statistics
from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.statistics.sensitivity import NetworkGradients, Sensitivity
from dnjpeg.table_search import Journal, Judge, Proxy, evolution, sorted_random
from dnjpeg.table_search.evolution import directions
from dnjpeg.table_search.sorted_random import drawn
from dnjpeg.tables import resolve
from dnjpeg.tables.design import rate_distortion


def vertical_detail(images):
    """A network that only minds differences between neighbouring lines: its classes are where they are strongest."""
    logits = []
    for image in images:
        luma = image.astype(np.float64).mean(axis=2)
        strips = np.array_split(np.abs(np.diff(luma, axis=0)), 6, axis=1)
        logits.append([strip.mean() for strip in strips])
    logits = np.array(logits)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


IMAGES = [make_photo(48, 64, seed=seed) for seed in range(4)]


@pytest.fixture
def judge():
    return Judge(IMAGES, {"toy": vertical_detail})


def test_a_verdict_is_bytes_and_divergence_of_the_files(judge):
    tables = resolve("machine-40")
    verdict = judge.verdict(tables)
    files = [dnjpeg.encode(image, tables=tables) for image in IMAGES]
    before, after = vertical_detail(IMAGES), vertical_detail([dnjpeg.decode(data) for data in files])
    assert verdict.size == np.mean([len(data) for data in files])
    assert verdict.divergence == pytest.approx((np.exp(before) * (before - after)).sum(axis=1).mean())
    sizes, apart = judge.reference
    assert (np.diff(sizes) > 0).all()
    assert (np.diff(apart) <= 0).all()
    expected = np.exp(np.interp(np.log(verdict.divergence), np.log(apart[::-1]), np.log(sizes[::-1])))
    assert verdict.ratio == pytest.approx(verdict.size / expected, rel=1e-4)


def test_scaling_spends_the_bytes_that_are_named(judge):
    steps = np.stack([np.arange(1, 65).reshape(8, 8), np.full((8, 8), 30)]).astype(float)
    for size in (1100, 1500, 2500):
        tables = judge.scaled(steps, size)
        assert judge.size(tables) == pytest.approx(size, rel=0.03)
        assert tables.luma[5, 2] > tables.luma[2, 5]  # natural order
    with pytest.raises(ValueError, match="no scale of these steps"):
        judge.scaled(steps, 100)


def test_random_steps_rise_along_the_zigzag():
    for seed in range(20):
        for table in drawn(np.random.default_rng(seed)):
            along = table.reshape(64)[list(ZIGZAG)]
            assert (np.diff(along) >= 0).all()
            assert along[-1] / along[0] <= 64


def test_searches_find_better_tables_and_the_same_for_the_same_seed(judge):
    spent = judge.measured(resolve(60), "4:2:0")[0]
    begun = judge.verdict(judge.scaled(np.stack(resolve("annex-k").arrays).astype(float), spent)).ratio
    found = sorted_random(judge, quality=60, asked=8, seed=3)
    assert found.provenance["method"] == "sorted-random"
    assert found == sorted_random(judge, quality=60, asked=8, seed=3)
    assert found != sorted_random(judge, quality=60, asked=8, seed=4)
    counted = []
    better = evolution(judge, quality=60, evaluations=60, seed=1, progress=counted.append)
    assert better == evolution(judge, quality=60, evaluations=60, seed=1)
    measured = better.provenance["measured"]
    assert measured["bytes to standard JPEG's at equal divergence"] < 0.9 * begun
    assert sum(counted) >= 60
    assert judge.size(better) == pytest.approx(spent, rel=0.02)


def test_directions_are_of_one_size_and_independent():
    basis = directions()
    assert basis.shape == (21, 2, 8, 8)
    assert np.linalg.matrix_rank(basis.reshape(21, -1)) == 21
    constant = np.ones(128)
    assert np.linalg.matrix_rank(np.vstack([basis.reshape(21, -1), constant])) == 22  # the scale is not among them


def test_a_run_goes_on_from_its_journal(tmp_path):
    asked = []

    def counting(images):
        asked.append(len(images))
        return vertical_detail(images)

    path = tmp_path / "journal"
    first = evolution(Judge(IMAGES, {"toy": counting}, journal=Journal(path, {"a": 1})), quality=60, evaluations=26)
    whole = path.read_text()
    lines = whole.splitlines()
    path.write_text("\n".join(lines[:-3]) + '\n["half')  # killed while it wrote
    asked.clear()
    journal = Journal(path, {"a": 1})
    assert len(journal) == len(lines) - 4
    again = evolution(Judge(IMAGES, {"toy": counting}, journal=journal), quality=60, evaluations=26)
    assert again == first
    assert path.read_text() == whole
    assert len(asked) == 1 + 3  # the originals, and what was lost
    with pytest.raises(ValueError, match="of another search"):
        Journal(path, {"a": 2})
    path.write_text(lines[0] + '\n["half\n' + lines[1] + "\n")
    with pytest.raises(ValueError, match="line 2"):
        Journal(path, json.loads(lines[0])["settings"])


@pytest.fixture(scope="module")
def measured():
    squares = np.random.default_rng(0).uniform(0.1, 1, (3, 8, 8)) / (1 + np.add.outer(3 * np.arange(8), np.arange(8)))
    gradients = NetworkGradients("toy", "hash", squares, np.sqrt(squares))
    sensitivity = Sensitivity(("Y", "Cb", "Cr"), "4:2:0", "kl", 1, (gradients,), (1, 1, 1), ("a",))
    statistics = collect_statistics(IMAGES)
    return sensitivity, statistics, Proxy(sensitivity, statistics)


def test_the_proxy_ranks_as_rate_and_distortion_do(measured):
    sensitivity, statistics, proxy = measured
    chance = np.random.default_rng(0)
    designed = rate_distortion(sensitivity, statistics, step=20)
    steps = np.stack(designed.arrays).astype(float)
    bits = proxy.bits(designed.arrays)
    expected = [
        statistics.count(index) * statistics.entropy(index, designed.for_components(3)[index]).sum()
        for index in range(3)
    ]
    assert bits == pytest.approx(sum(expected) / sum(statistics.count(index) for index in range(3)))
    best = proxy.error_at(steps, bits)
    for _ in range(20):
        other = steps * np.exp(chance.normal(0, 0.5, steps.shape))
        assert proxy.error_at(other, bits) > best
    assert proxy.error_at(steps.transpose(0, 2, 1), bits) > best


def test_networks_are_asked_about_what_the_proxy_ranks_first(judge, measured):
    proxy = measured[2]
    ranked = sorted_random(judge, quality=60, candidates=200, asked=3, proxy=proxy)
    assert ranked.provenance["parameters"]["candidates"] == 200
    chance, bits = np.random.default_rng(0), proxy.bits(resolve(60).arrays)
    errors = sorted(proxy.error_at(drawn(chance), bits) for _ in range(200))
    assert proxy.error_at(np.stack(ranked.arrays).astype(float), bits) <= errors[10]


@pytest.mark.parametrize(
    "search", [lambda judge: sorted_random(judge, asked=0), lambda judge: evolution(judge, evaluations=0)]
)
def test_numbers_out_of_range(judge, search):
    with pytest.raises(ValueError, match="1 "):
        search(judge)


def test_a_judge_needs_images_and_networks():
    with pytest.raises(ValueError, match="images and networks"):
        Judge([], {"toy": vertical_detail})
    with pytest.raises(ValueError, match="images and networks"):
        Judge(IMAGES, {})


def test_tables_of_all_sizes_can_start(judge):
    three = QuantizationTables(*(np.full((8, 8), step, np.uint16) for step in (10, 20, 30)))
    found = evolution(judge, quality=60, start=three, evaluations=1, seed=0)
    assert len(found.arrays) == 2
