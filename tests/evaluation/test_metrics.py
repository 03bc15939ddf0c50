"""Summaries: each number against its definition, worked out another way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dnjpeg.evaluation.bootstrap import interval, resampled_means
from dnjpeg.evaluation.curves import Curve, closeness
from dnjpeg.evaluation.metrics import pair, reference_bytes, summarize, wilson
from dnjpeg.evaluation.rows import COLUMNS, ORIGINAL

IMAGES = 200


def make_rows(images: int = IMAGES) -> pd.DataFrame:
    """Rows of a made-up sweep: JPEG needs 1,000 to 8,000 bytes; "half" does what JPEG does with half the bytes."""
    random = np.random.default_rng(7)
    difficulty = random.random(images)
    contenders = [(ORIGINAL, ORIGINAL, np.nan, 3 * 64 * 64, 0.95, 0.0)]
    for quality, size, accuracy, kl in (
        (10, 1000, 0.5, 0.8),
        (50, 2000, 0.7, 0.4),
        (75, 4000, 0.8, 0.2),
        (100, 8000, 0.9, 0.1),
    ):
        contenders.append((f"JPEG {quality}", "JPEG", quality, size, accuracy, kl))
    contenders += [("half", "half", 1, 1000, 0.7, 0.4), ("best", "half", 2, 2000, 0.93, 0.01)]
    rows = []
    for name, family, setting, size, accuracy, kl in contenders:
        for image in range(images):
            right = difficulty[image] < accuracy
            row = dict.fromkeys(COLUMNS, "x") | {
                "image": f"{image:03d}",
                "height": 64,
                "width": 64,
                "channels": 3,
                "file_bytes": 20_000,
                "contender": name,
                "family": family,
                "setting": setting,
                "bytes": size + (image % 5 if family != ORIGINAL else 0),
                "header_bytes": None if family == ORIGINAL else 300,
                "top1": right,
                "top5": True,
                "probability": accuracy,
                "agreement": right,
                "kl": kl,
                "psnr": None if family == ORIGINAL else 30.0,
                "ssim": None if family == ORIGINAL else 0.9,
                "ms_ssim": None,
            }
            rows.append(row)
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def summary() -> pd.DataFrame:
    return summarize(make_rows(), references=("raw RGB", "QF 100", "files")).set_index("contender")


def test_sizes_and_ratios(summary: pd.DataFrame) -> None:
    assert summary.loc["JPEG 50", "bytes"] == 2002
    assert summary.loc["JPEG 50", "bpp"] == pytest.approx(8 * 2002 / 4096)
    assert summary.loc["JPEG 50", "header_share"] == pytest.approx(300 / 2002)
    assert summary.loc["JPEG 50", "CR (raw RGB)"] == pytest.approx(12288 / 2002)
    assert summary.loc["JPEG 50", "CR (QF 100)"] == pytest.approx(8002 / 2002)
    assert summary.loc["JPEG 50", "CR (files)"] == pytest.approx(20_000 / 2002)
    assert summary.loc["JPEG 100", "CR (QF 100)"] == 1
    assert summary.loc[ORIGINAL, "CR (raw RGB)"] == 1


def test_accuracy_and_its_intervals(summary: pd.DataFrame) -> None:
    rows = make_rows()
    for name in summary.index:
        right = rows.loc[rows["contender"] == name, "top1"].to_numpy(bool)
        oracle = stats.binomtest(int(right.sum()), IMAGES).proportion_ci(method="wilson")
        assert summary.loc[name, "top1"] == right.mean()
        assert summary.loc[name, ["top1_low", "top1_high"]].tolist() == pytest.approx([oracle.low, oracle.high])


def test_wilson_at_the_ends() -> None:
    assert wilson(0, 20)[0] == 0
    assert wilson(20, 20)[1] == 1
    assert wilson(20, 20)[0] == pytest.approx(20 / (20 + 1.959963984540054**2))


def test_change_against_the_uncompressed_images_is_paired(summary: pd.DataFrame) -> None:
    """The made-up accuracies are nested, so that the change is known image by image: its spread is binomial."""
    n, change = IMAGES, summary.loc["JPEG 50", "top1_change"]
    spread = 1.96 * np.sqrt(-change * (1 + change) / n)
    assert change == pytest.approx(summary.loc["JPEG 50", "top1"] - summary.loc[ORIGINAL, "top1"])
    assert summary.loc["JPEG 50", "top1_change_low"] == pytest.approx(change - spread, abs=0.01)
    assert summary.loc["JPEG 50", "top1_change_high"] == pytest.approx(change + spread, abs=0.01)
    assert summary.loc[ORIGINAL, ["top1_change", "top1_change_low", "top1_change_high"]].tolist() == [0, 0, 0]


def test_comparison_with_the_standard_curve(summary: pd.DataFrame) -> None:
    half = summary.loc["half"]
    assert half["bytes_ratio_at_equal_top1"] == pytest.approx(1002 / 2002)
    assert half["bytes_ratio_at_equal_kl"] == pytest.approx(1002 / 2002)
    assert half["top1_gain_at_equal_bytes"] == pytest.approx(half["top1"] - summary.loc["JPEG 10", "top1"])
    assert half["bytes_ratio_at_equal_top1_low"] <= 1002 / 2002 <= half["bytes_ratio_at_equal_top1_high"]
    assert half["top1_gain_at_equal_bytes_low"] > 0
    assert np.isnan(summary.loc["best", "bytes_ratio_at_equal_top1"])  # JPEG never gets there
    assert summary.loc["best", "top1_gain_at_equal_bytes"] > 0.2
    for name in (ORIGINAL, "JPEG 50"):
        assert np.isnan(summary.loc[name, "top1_gain_at_equal_bytes"])


def test_mean_image_quality(summary: pd.DataFrame) -> None:
    assert summary.loc["half", ["psnr", "ssim"]].tolist() == [30, pytest.approx(0.9)]
    assert summary[["psnr", "ssim"]].loc[ORIGINAL].isna().all()
    assert summary["ms_ssim"].isna().all()


def test_only_images_that_every_contender_has_are_compared() -> None:
    rows = make_rows(20)
    rows = rows.drop(rows.index[(rows["contender"] == "half") & (rows["image"] == "003")])
    assert "003" not in pair(rows).images
    assert summarize(rows)["images"].tolist() == [19] * 7


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows: rows.assign(classifier=["a", "b"] * (len(rows) // 2)), "several sweeps"),
        (lambda rows: pd.concat([rows, rows[:1]]), "twice"),
        (lambda rows: rows[rows["contender"] != ORIGINAL], "lack the uncompressed"),
    ],
)
def test_rows_that_do_not_belong_together(spoil, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pair(spoil(make_rows(4)))


def test_unknown_reference() -> None:
    with pytest.raises(ValueError, match=r"'QF 60' is not among the rows: choose from raw RGB, JPEG 10"):
        reference_bytes(pair(make_rows(4)), "QF 60")
    rows = make_rows(4).assign(file_bytes=None)
    with pytest.raises(ValueError, match="no files of their own"):
        reference_bytes(pair(rows), "files")


def test_curve_between_and_beyond_its_points() -> None:
    curve = Curve.through(np.array([4000.0, 1000.0]), np.array([0.8, 0.6]))
    assert curve.score_at(2000) == pytest.approx(0.7)
    assert curve.bytes_at(0.7) == pytest.approx(2000)
    assert curve.bytes_at(0.6) == pytest.approx(1000)
    assert np.isnan([curve.score_at(999), curve.score_at(4001), curve.bytes_at(0.59), curve.bytes_at(0.81)]).all()


def test_bounds_beyond_a_curve() -> None:
    curve = Curve.through(np.array([4000.0, 1000.0]), np.array([0.8, 0.6]))
    assert curve.bounds_at(0.7) == pytest.approx((2000, 2000))
    assert curve.bounds_at(0.59) == pytest.approx((0, 1000))
    assert curve.bounds_at(0.81) == pytest.approx((4000, np.inf))


def test_a_divergence_that_is_a_power_of_the_bytes_is_met_exactly() -> None:
    sizes = np.array([1000.0, 3000, 9000])
    curve = Curve.through(sizes, closeness(5e5 * sizes**-2))
    for size in (1000, 1500, 7777, 9000):
        assert curve.bytes_at(float(closeness(np.array(5e5 * size**-2.0)))) == pytest.approx(size, rel=1e-9)


def test_curve_does_not_fall() -> None:
    """Isotonic regression: scikit-learn and SciPy pool 3, 2 to 2.5, and 5, 4, 3 to 4."""
    sizes = np.arange(1.0, 8.0)
    scores = np.array([1.0, 3, 2, 5, 4, 3, 6])
    curve = Curve.through(sizes, scores)
    assert curve.score.tolist() == stats_isotonic(scores)
    assert curve.bytes_at(4) == pytest.approx(4)  # the fewest bytes of the flat part


def stats_isotonic(scores: np.ndarray) -> list[float]:
    from scipy.optimize import isotonic_regression

    return isotonic_regression(scores).x.tolist()


def test_bootstrap_agrees_with_the_standard_error() -> None:
    values = np.random.default_rng(3).normal(size=(400, 2)) * [1, 5]
    low, high = interval(resampled_means(values, 4000))
    expected = 1.96 * values.std(axis=0, ddof=1) / 20
    assert (high - low) / 2 == pytest.approx(expected, rel=0.06)
    assert (high + low) / 2 == pytest.approx(values.mean(axis=0), abs=0.03)


def test_no_interval_where_many_draws_have_no_value() -> None:
    resampled = np.random.default_rng(0).normal(size=(100, 2))
    resampled[:10, 0] = np.nan
    low, high = interval(resampled)
    assert np.isnan(low).tolist() == [True, False]
    assert np.isnan(high).tolist() == [True, False]
