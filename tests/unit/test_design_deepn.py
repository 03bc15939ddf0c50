"""DeepN-JPEG tables against numbers worked out by hand, published statistics and a third party's tables."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnjpeg import collect_statistics, design

DESCENDING = np.arange(64, 0, -1.0).reshape(8, 8)


def flat_but(**values: float) -> np.ndarray:
    """δ of 10 everywhere but in the first row."""
    delta = np.full((8, 8), 10.0)
    delta[0, : len(values)] = list(values.values())
    return delta


def steps(*deltas: float, **options) -> list[int]:
    delta = np.full((8, 8), 10.0)
    delta[0, : len(deltas)] = deltas
    return design.deepn(delta, **options).luma[0, : len(deltas)].tolist()


def test_literal_map_by_hand():
    # 255 - 9.75 δ up to 20; 80 - δ up to 60; 240 - 3 δ above, at least 5
    assert steps(0, 10, 20) == [255, 158, 60]
    assert steps(20.01, 40, 60) == [60, 40, 20]
    assert steps(60.01, 70, 78, 78.4, 1000) == [60, 30, 6, 5, 5]


def test_literal_map_rounds_to_the_nearest():
    assert steps(1 / 9.75 * 0.49, 1 / 9.75 * 0.51, 30.4, 30.6) == [255, 254, 50, 49]


def test_constants_are_parameters():
    assert steps(0, 5, 10, 20, 30, t1=10, t2=20, q_max=100, q1=50, q2=30, q_min=8, k3=4) == [100, 75, 50, 30, 10]
    assert steps(31, t1=10, t2=20, q1=50, q2=30, q_min=8, k3=4) == [8]
    assert steps(0, q_max=1000) == [1000]


def test_rank_thresholds_are_the_6th_and_28th_largest():
    table = design.deepn(DESCENDING, mode="rank").luma.reshape(64)  # δ = 64, 63, ... 1: T2 = 59, T1 = 37
    assert table[:6].tolist() == [45, 48, 51, 54, 57, 20]  # 60 + 3 * 59 - 3 δ, and T2 itself is in the middle
    assert table[27] == 60
    assert table[6] == round(20 + 40 / 22)
    assert table[63] == round(255 - 195 / 37)
    constants = design.deepn(DESCENDING, mode="rank").provenance["constants"][0]
    assert (constants["t1"], constants["t2"]) == (37, 59)
    assert constants["k1"] == pytest.approx(195 / 37)
    assert constants["k2"] == pytest.approx(40 / 22)
    assert constants["b"] == pytest.approx(60 + 37 * 40 / 22)
    assert constants["c"] == 60 + 3 * 59


def test_continuous_differs_from_rank_in_the_low_bands_alone():
    rank, continuous = (design.deepn(DESCENDING, mode=mode).luma.reshape(64) for mode in ("rank", "continuous"))
    assert continuous[:6].tolist() == [5, 8, 11, 14, 17, 20]
    assert np.array_equal(rank[5:], continuous[5:])


def test_continuous_map_does_not_jump():
    delta = np.linspace(100, 0, 64)
    table = design.deepn(delta.reshape(8, 8), mode="continuous", t1=20, t2=60).luma.reshape(64).astype(int)
    slope = max(9.75, 3) * (delta[0] - delta[1])
    assert (np.diff(table) >= 0).all()
    assert np.diff(table).max() <= slope + 1


def test_group_sizes_are_parameters():
    constants = design.deepn(DESCENDING, mode="rank", low_bands=1, middle_bands=2).provenance["constants"][0]
    assert (constants["t2"], constants["t1"]) == (64, 62)


def test_a_band_gets_its_own_step():
    delta = flat_but(dc=500.0, first=30.0)
    table = design.deepn(delta).luma
    assert (table[0, 1], table[1, 0]) == (50, 158)
    assert np.array_equal(design.deepn(delta.T).luma, table.T)


def test_components_of_statistics(photo):
    photos = [photo(40, 56, seed=seed) for seed in range(2)]
    statistics = collect_statistics(photos, data="two pictures")
    maps = np.stack([statistics.std(index) for index in range(3)])

    tables = design.deepn(statistics)
    assert len(tables.arrays) == 3
    for index in range(3):
        assert np.array_equal(tables.arrays[index], design.deepn(maps[index]).luma)
    assert tables == design.deepn(maps)

    luma = design.deepn(statistics, components="luma")
    assert len(luma.arrays) == 1
    assert np.array_equal(luma.luma, tables.luma)
    assert (tables.name, luma.name) == ("deepn-literal", "deepn-literal-luma")

    provenance = tables.provenance
    assert provenance["statistics"] == {"hash": statistics.hash, "components": ["Y", "Cb", "Cr"]}
    assert provenance["data"]["data"] == ["two pictures"]
    assert provenance["data"]["images"] == 2


def test_rgb_throws_the_channels_together(photo):
    statistics = collect_statistics(photo(40, 56), color="rgb")
    tables = design.deepn(statistics, components="rgb")
    second_moment = sum(statistics.std(index) ** 2 + statistics.mean(index) ** 2 for index in range(3)) / 3
    mean = sum(statistics.mean(index) for index in range(3)) / 3
    expected = design.deepn(np.sqrt(second_moment - mean**2), components="rgb")
    assert (tables, len(tables.arrays)) == (expected, 1)


def test_gray_statistics_give_one_table(photo):
    assert len(design.deepn(collect_statistics(photo(24, 24, gray=True), color="gray")).arrays) == 1


def test_components_must_fit_the_statistics(photo):
    pixels = photo(24, 24)
    with pytest.raises(ValueError, match="rgb needs statistics of R, G and B; these are of Y, Cb, Cr"):
        design.deepn(collect_statistics(pixels), components="rgb")
    with pytest.raises(ValueError, match="per-component needs statistics of Y, Cb and Cr; these are of R, G, B"):
        design.deepn(collect_statistics(pixels, color="rgb"))
    with pytest.raises(ValueError, match="needs one map, of R, G and B thrown together, not 3"):
        design.deepn(np.ones((3, 8, 8)), components="rgb")
    with pytest.raises(ValueError, match="component Cb is empty"):
        design.deepn(collect_statistics(photo(24, 24, gray=True)))


def bad(value: float) -> np.ndarray:
    delta = DESCENDING.copy()
    delta[3, 3] = value
    return delta


@pytest.mark.parametrize(
    ("delta", "options", "message"),
    [
        (DESCENDING, {"mode": "exact"}, "mode 'exact', must be one of literal, rank, continuous"),
        (DESCENDING, {"components": "y"}, "components 'y', must be one of"),
        (DESCENDING, {"t1": 60}, "the thresholds must rise from above 0, and they are t1 = 60, t2 = 60"),
        (DESCENDING, {"t1": 0}, "thresholds must rise"),
        (DESCENDING, {"t2": float("nan")}, "thresholds must rise"),
        (DESCENDING, {"k3": -1}, "k3 is -1"),
        (DESCENDING, {"q_min": 0}, "the steps must rise from 1 to 65535"),
        (DESCENDING, {"q_min": 21}, "the steps must rise"),
        (DESCENDING, {"q_max": 65536}, "the steps must rise"),
        (DESCENDING, {"mode": "rank", "low_bands": 0}, "0 low and 22 middle bands"),
        (DESCENDING, {"mode": "rank", "middle_bands": 59}, "6 low and 59 middle bands"),
        (np.full((8, 8), 7.0), {"mode": "rank"}, "thresholds must rise from above 0, and they are t1 = 7, t2 = 7"),
        (np.zeros((8, 8)), {"mode": "continuous"}, "thresholds must rise"),
        (bad(-1), {}, "negative or not a finite number"),
        (bad(np.inf), {}, "negative or not a finite number"),
        (bad(np.nan), {}, "negative or not a finite number"),
        (np.ones(64), {}, r"must be \(8, 8\), or \(n, 8, 8\) for 1 to 4 components, not \(64,\)"),
        (np.ones((5, 8, 8)), {}, "for 1 to 4 components"),
        (np.ones((0, 8, 8)), {}, "for 1 to 4 components"),
        ("stats.json", {}, "statistics must be FrequencyStatistics or"),
        ([[1, 2], [3]], {}, "statistics must be FrequencyStatistics or"),
    ],
)
def test_refuses(delta, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        design.deepn(delta, **options)
    assert "\n" not in str(caught.value)


def test_published_imagenet_statistics_give_the_known_rows(data_folder):
    published = json.loads((data_folder / "reference" / "dct_stats_jpegdl.json").read_text())["ImageNet_std"]
    delta = np.array([published["Y"], published["CbCr"]])
    luma, chroma = design.deepn(delta).arrays
    assert luma[0].tolist() == [5, 5, 34, 51, 60, 116, 154, 178]
    assert luma[1].tolist() == [5, 36, 51, 60, 112, 151, 177, 195]
    assert np.array_equal(design.deepn(delta.transpose(0, 2, 1)).luma, luma.T)
    assert not np.array_equal(luma, luma.T)
    # The literal thresholds make nearly all of chroma high frequencies.
    assert (chroma >= 150).sum() == 61
    constants = design.deepn(delta, mode="rank").provenance["constants"][0]
    assert (constants["t2"], constants["t1"]) == pytest.approx((44.26, 10.40), abs=0.01)


def test_the_literal_mode_explains_a_third_partys_tables(data_folder):
    reference = data_folder / "reference"
    published = json.loads((reference / "dct_stats_jpegdl.json").read_text())["ImageNet_std"]
    theirs = np.array(json.loads((reference / "deepn_qtables_adacompress.json").read_text())["tables"])
    # Undo the literal map; each step belongs to one branch, that of 20 to 60 being the middle one.
    delta = np.select([theirs > 60, theirs >= 20], [(255 - theirs) / 9.75, 80 - theirs], (240 - theirs) / 3)
    assert np.array_equal(design.deepn(delta).arrays, theirs)
    # By rank there would be 36 steps above 60 in luma.
    assert (theirs[0] > 60).sum() == 49
    # The δ are those of photos, component by component: smooth against the published ones, apart from DC (clipped).
    for ours, other in zip(delta, (published["Y"], published["CbCr"], published["CbCr"]), strict=True):
        ratio = (ours / np.array(other)).reshape(64)[1:]
        assert ratio.min() > 0.7
        assert ratio.max() < 2.3
