"""Bytes at equal accuracy: rows whose answer is known, intervals that cover it, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pytest

from dnjpeg.evaluation import verdicts
from dnjpeg.evaluation.comparison import Comparison, Target, compare
from dnjpeg.evaluation.correlation import rank_correlations
from dnjpeg.evaluation.metrics import pair
from dnjpeg.evaluation.rows import COLUMNS, ORIGINAL

Curve = Sequence[tuple[float, np.ndarray | float, np.ndarray | float]]
ACCURACY = 0.9


def make_rows(
    families: Mapping[str, Curve], images: int = 200, original: np.ndarray | float = ACCURACY
) -> pd.DataFrame:
    """Rows of families, each a list of points: mean bytes, and top-1 and divergence of the images or their means."""
    columns = dict.fromkeys(COLUMNS, "x") | dict.fromkeys(("psnr", "ssim", "ms_ssim", "file_bytes", "setting"), np.nan)
    # Images differ in size, and in what they lose, in proportion: the means are what was asked for.
    share = 1 + 0.5 * np.cos(np.pi * (np.arange(images) + 0.5) / images)

    def contender(
        name: str, family: str, size: float, top1: np.ndarray | float, kl: np.ndarray | float
    ) -> pd.DataFrame:
        right = top1 if isinstance(top1, np.ndarray) else np.arange(images) < round(top1 * images)
        lost = kl if isinstance(kl, np.ndarray) else kl * share
        return pd.DataFrame(
            columns
            | {"image": [f"{index:04d}" for index in range(images)], "contender": name, "family": family}
            | {"height": 8, "width": 8, "channels": 3, "bytes": size * share, "header_bytes": 300}
            | {"top1": right, "top5": True, "probability": 0.5, "agreement": True, "kl": lost}
        )

    frames = [contender(ORIGINAL, ORIGINAL, 192, original, 0.0)]
    for family, points in families.items():
        frames += [contender(f"{family} {size:g}", family, size, top1, kl) for size, top1, kl in points]
    return pd.concat(frames, ignore_index=True)


def power(sizes: Sequence[float], scale: float) -> Curve:
    """A family whose divergence is (scale / bytes)², and whose top-1 loses a point with each halving of the bytes."""
    return [(size, ACCURACY - 0.01 * np.log2(scale * 100 / size), (scale / size) ** 2) for size in sizes]


KL_TARGETS = (0.01, 0.02, 0.05)


@pytest.fixture(scope="module")
def known() -> Comparison:
    """ "half" is JPEG with half the bytes; "tiny" ends where JPEG begins."""
    rows = make_rows(
        {
            "JPEG": power([1250, 2500, 5000, 10_000, 20_000, 40_000], 400),
            "half": power([625, 1250, 2500, 5000, 10_000, 20_000], 200),
            "tiny": power([500, 1000], 400),
            "alone": power([3000], 300),
        },
        images=1000,
    )
    return compare(rows, top1_drops=(0.01, 0.02, 0.5), kls=KL_TARGETS, draws=300)


def standing(comparison: Comparison, target: Target, family: str) -> verdicts.Standing:
    return next(each for each in comparison.standings[target] if each.family == family)


@pytest.mark.parametrize("kl", KL_TARGETS)
def test_bytes_at_equal_divergence_in_closed_form(known: Comparison, kl: float) -> None:
    target = Target("kl", kl)
    jpeg, half = standing(known, target, "JPEG"), standing(known, target, "half")
    assert jpeg.least == jpeg.most == pytest.approx(400 / np.sqrt(kl), rel=1e-6)
    assert half.least == pytest.approx(200 / np.sqrt(kl), rel=1e-6)
    assert half.ratio == pytest.approx(0.5, rel=1e-6)
    # Every draw of the images scales both curves alike: the pairing leaves nothing to chance.
    assert (half.ratio_low, half.ratio_high) == (pytest.approx(0.5, abs=0.01), pytest.approx(0.5, abs=0.01))
    assert jpeg.high - jpeg.low > 100
    assert (jpeg.ratio_low, jpeg.ratio_high) == (1, 1)


@pytest.mark.parametrize(("drop", "halvings"), [(0.01, 1), (0.02, 2)])
def test_bytes_at_equal_top1_in_closed_form(known: Comparison, drop: float, halvings: int) -> None:
    target = Target("top1_drop", drop)
    assert standing(known, target, "JPEG").least == pytest.approx(40_000 / 2**halvings, rel=1e-3)
    assert standing(known, target, "half").least == pytest.approx(20_000 / 2**halvings, rel=1e-3)
    assert standing(known, target, "half").ratio == pytest.approx(0.5, rel=1e-3)


def test_beyond_a_curve_there_are_bounds(known: Comparison) -> None:
    tiny = standing(known, Target("kl", 0.01), "tiny")  # its largest, 1,000 bytes, has .16
    assert (tiny.least, tiny.most) == (pytest.approx(1000), np.inf)
    assert not tiny.measured
    assert np.isnan(tiny.ratio)
    assert tiny.ratio_low == pytest.approx(0.25, abs=0.02)  # more than 1,000 of 4,000
    assert tiny.ratio_high == np.inf
    lost = Target("top1_drop", 0.5)  # nobody loses as much
    assert all(each.least == 0 for each in known.standings[lost])


def test_families_and_single_settings(known: Comparison) -> None:
    assert known.families == ("JPEG", "half", "tiny")
    assert known.points == ("alone",)
    assert known.winner(Target("kl", 0.02)).family == "half"
    assert standing(known, Target("kl", 0.02), "JPEG").behind
    assert not standing(known, Target("kl", 0.02), "tiny").behind


def test_a_bound_can_decide() -> None:
    """Even its largest files too bad, or already its smallest good enough: beyond chance without a number."""
    rows = make_rows(
        {
            "JPEG": power([1000, 2000, 4000], 100),
            "worse": power([3000, 4000], 1000),
            "better": power([100, 200], 5),
        }
    )
    found = compare(rows, kls=(0.0025,), draws=200)  # JPEG: 2,000 bytes
    target = Target("kl", 0.0025)
    worse, better = standing(found, target, "worse"), standing(found, target, "better")
    assert (worse.most, better.least) == (np.inf, pytest.approx(100))
    assert verdicts.judged(worse) == "more"
    assert verdicts.judged(better) == "fewer"
    found = compare(rows, kls=(0.005,), draws=200)
    better = standing(found, Target("kl", 0.005), "better")
    assert (better.least, better.most) == (0, pytest.approx(100))
    assert verdicts.judged(better) == "fewer"


def simulated(seed: int, images: int, gain: float) -> pd.DataFrame:
    """Images with an accuracy that rises with the logarithm of the bytes; "B" needs `gain` times JPEG's bytes.

    Top-1 is drawn by a difficulty of each image and some luck; the divergence of each image has a factor of its own and
    a factor of each contender's.
    """
    random = np.random.default_rng(seed)
    difficulty = random.normal(size=images)
    own = random.lognormal(sigma=0.8, size=images)
    sizes = np.geomspace(1000, 16_000, 7)

    def point(size: float, scale: float) -> tuple[float, np.ndarray, np.ndarray]:
        ability = 0.8 * np.log2(size / scale / 1000)
        right = difficulty + 0.7 * random.normal(size=images) < ability - 0.5
        kl = 0.5 * (1000 * scale / size) * own * random.lognormal(-(0.3**2) / 2, 0.3, size=images)
        return size, right, kl

    original = difficulty < 3
    return make_rows(
        {"JPEG": [point(size, 1) for size in sizes], "B": [point(size * gain, gain) for size in sizes]},
        images,
        original,
    )


def test_intervals_cover_the_truth() -> None:
    """Of 60 sweeps with the truth .8, at 95 % some 57 intervals hold it; 52 leave room for chance (1 %)."""
    covered, decided = np.zeros((2, 2), int)
    for seed in range(60):
        found = compare(simulated(seed, 150, 0.8), kls=(0.15,), top1_drops=(0.15,), draws=150)
        for place, target in enumerate(found.standings):
            ours = standing(found, target, "B")
            covered[place] += ours.ratio_low <= 0.8 <= ours.ratio_high
            decided[place] += ours.ratio_high < 1
    assert covered.min() >= 52
    assert decided.min() > 8  # the intervals are short enough to say something


def test_chance_alone_rarely_wins() -> None:
    """Two families that are one: a verdict beyond chance is a mistake, made in some 2 of 40 sweeps."""
    target = Target("kl", 0.15)
    wrong = sum(
        verdicts.judged(standing(compare(simulated(seed, 150, 1.0), kls=(0.15,), draws=150), target, "B")) != "close"
        for seed in range(200, 240)
    )
    assert wrong <= 6


def test_words(known: Comparison) -> None:
    assert verdicts.headline(known, Target("kl", 0.01)) == (
        "At KL 0.01 half needs fewest bytes, 2,000 an image: beyond chance fewer than JPEG; tiny was not measured as "
        "far."
    )
    assert verdicts.headline(known, Target("top1_drop", 0.01)).startswith(
        "At a top-1 drop of 1 point half needs fewest"
    )
    assert verdicts.conclusion(known, "half") == (
        "half, bytes against JPEG: beyond chance fewer at a top-1 drop of 1 point, a top-1 drop of 2 points, KL 0.01, "
        "KL 0.02 and KL 0.05; not measured as far at 1 of 6."
    )
    text = verdicts.report_text(known)
    assert "> 1,000" in text
    assert "< 1,250" in text
    assert "0.50 [0.50, 0.50]  fewer, beyond chance" in text
    assert "single setting is no curve: alone" in text


def test_words_for_a_tie_and_for_nobody() -> None:
    jpeg = power([1000, 2000, 4000], 100)
    tie = compare(make_rows({"JPEG": jpeg, "B": jpeg}), kls=(0.0025, 1e-6), draws=200)
    close, nobody = (Target("kl", 0.0025), Target("kl", 1e-6))
    assert verdicts.headline(tie, close).endswith("an image: not beyond chance fewer than B.")
    assert verdicts.headline(tie, nobody) == "At KL 1e-06 no family was measured: all lose more at every size."
    assert verdicts.as_records(tie)["targets"][-1]["winner"] is None


def test_records_hold_what_json_can(known: Comparison) -> None:
    import json

    records = json.loads(json.dumps(verdicts.as_records(known), allow_nan=False))
    kl = next(target for target in records["targets"] if (target["measure"], target["value"]) == ("kl", 0.01))
    assert (kl["winner"], kl["beyond_chance"]) == ("half", False)
    half, tiny = kl["families"][1:3]
    assert half["verdict"] == "fewer"
    assert half["sending"][0] == {
        "link": "3G",
        "seconds": pytest.approx(2000 * 0.87 / 152_000),
        "joules": pytest.approx(2000 * 0.87 / 152_000 * 2.0325, rel=1e-3),
    }
    assert (tiny["most"], tiny["ratio"], tiny["sending"]) == (None, None, [])


def test_few_images_have_no_equal_accuracies() -> None:
    found = compare(make_rows({"JPEG": power([1000, 2000], 100)}, images=99), draws=200)
    assert {target.measure for target in found.standings} == {"kl"}


def test_a_reference_without_a_curve() -> None:
    rows = make_rows({"JPEG": power([1000], 100), "half": power([500, 1000], 50)})
    with pytest.raises(ValueError, match="'JPEG' is not among the families with several settings: choose from half"):
        compare(rows)


def test_rank_correlations_by_hand() -> None:
    """Four contenders whose order by SSIM differs from that by accuracy in one neighbouring pair: 1 - 6·2/60, 4/6."""
    rows = make_rows({"JPEG": [(1000, 0.5, 0.4), (2000, 0.6, 0.3), (3000, 0.7, 0.2), (4000, 0.8, 0.1)]})
    rows["ssim"] = rows["contender"].map({"JPEG 1000": 0.1, "JPEG 2000": 0.2, "JPEG 3000": 0.4, "JPEG 4000": 0.3})
    rows["psnr"] = rows["contender"].map({"JPEG 1000": 30, "JPEG 2000": 20, "JPEG 3000": 10, "JPEG 4000": np.inf})
    found = rank_correlations(pair(rows)).set_index("measure")
    assert found.loc["ssim", ["srocc", "krcc"]].tolist() == pytest.approx([0.8, 4 / 6])
    assert found.loc["psnr", ["contenders", "srocc", "krcc"]].tolist() == pytest.approx([3, -1, -1])
    assert found.loc["kl", "srocc"] == pytest.approx(1)
    assert "ms_ssim" not in found.index
    two = make_rows({"JPEG": power([1000, 2000], 100)})
    assert rank_correlations(pair(two)).empty
