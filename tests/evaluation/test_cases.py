"""CASE 1, CASE 2 and both alike, worked out by hand on a few images."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dnjpeg.evaluation.cases import Key, Size, accuracies, against_jpeg, cases
from dnjpeg.evaluation.rows import ORIGINAL


def right(text: str) -> np.ndarray:
    return np.array([letter == "1" for letter in text])


CORRECT = {
    Key(ORIGINAL, 0, ORIGINAL): right("1111111100"),
    Key(ORIGINAL, 1, ORIGINAL): right("1111110000"),
    Key(ORIGINAL, 0, "JPEG 20"): right("1111000000"),
    Key(ORIGINAL, 1, "JPEG 20"): right("1100000000"),
    Key(ORIGINAL, 0, "JPEG 80"): right("1111111000"),
    Key(ORIGINAL, 1, "JPEG 80"): right("1111100000"),
    Key(ORIGINAL, 0, "DeepN"): right("1110000000"),
    Key(ORIGINAL, 1, "DeepN"): right("1110000000"),
    Key("JPEG 20", 0, ORIGINAL): right("1111100000"),
    Key("JPEG 20", 0, "JPEG 20"): right("1111110000"),
}
SIZES = {ORIGINAL: Size(900, math.nan), "JPEG 20": Size(100, 40), "JPEG 80": Size(400, 90), "DeepN": Size(200, 30)}


def test_changes_are_against_the_mean_of_the_controls() -> None:
    table = cases(CORRECT).set_index(["case", "version"])
    assert table["change"].round(6).to_dict() == {
        ("CASE 1", "JPEG 20"): -0.4,
        ("CASE 1", "JPEG 80"): -0.1,
        ("CASE 1", "DeepN"): -0.4,
        ("CASE 2", "JPEG 20"): -0.2,
        ("alike", "JPEG 20"): -0.1,
    }
    assert table.loc[("CASE 1", "JPEG 20"), ["lowest", "highest", "seeds"]].tolist() == [0.2, 0.4, 2]
    # CASE 1: both networks lose .4 at JPEG 20 and .1 at JPEG 80; one loses .5 and the other .3 at DeepN.
    assert table.loc["CASE 1", "seed_sd"].to_numpy() == pytest.approx(math.sqrt(0.02 / 3))
    # The other cases know the noise from the controls alone: .8 and .6.
    assert table.loc["CASE 2", "seed_sd"].to_numpy() == pytest.approx(math.sqrt(0.02))
    line = table.loc[("CASE 2", "JPEG 20")]
    for side in ("low", "high"):
        images = line[f"change_{side}"] - line["change"]
        both = math.sqrt(images**2 + (1.959964 * math.sqrt(0.02)) ** 2 * (1 + 1 / 2))
        assert abs(line[f"total_{side}"] - line["change"]) == pytest.approx(both)


def test_one_training_each_says_nothing_of_the_noise() -> None:
    table = cases({key: value for key, value in CORRECT.items() if key.seed == 0})
    assert table["total_low"].isna().all()
    assert table["change_low"].notna().all()


def test_equal_bytes_lie_on_a_line_over_their_logarithm() -> None:
    table = against_jpeg(CORRECT, SIZES)
    (line,) = table.to_dict("records")  # by entropy-coded parts DeepN lies beyond standard JPEG's ends
    assert (line["case"], line["version"], line["bytes"], line["between"]) == (
        "CASE 1",
        "DeepN",
        "file",
        "JPEG 20, JPEG 80",
    )
    assert line["gain"] == pytest.approx(0.3 - (0.3 + 0.6) / 2)  # 200 is halfway from 100 to 400
    assert line["gain_low"] < line["gain"] < line["gain_high"]
    # One network gains .3 - (.4 + .7) / 2 = -.25, the other .3 - (.2 + .5) / 2 = -.05: a standard deviation of .1 √2.
    for side in ("low", "high"):
        images = line[f"gain_{side}"] - line["gain"]
        both = math.sqrt(images**2 + (1.959964 * 0.1) ** 2)
        assert abs(line[f"total_{side}"] - line["gain"]) == pytest.approx(both)


def test_what_was_trained_on_each_version_adds_their_noise() -> None:
    """CASE 2: two trained on DeepN's images (.7, .5), one on each of standard JPEG's, and the controls (.8, .6)."""
    trained = {
        Key("DeepN", 0, ORIGINAL): right("1111111000"),
        Key("DeepN", 1, ORIGINAL): right("1111100000"),
        Key("JPEG 80", 0, ORIGINAL): right("1111111100"),
    }
    table = against_jpeg({**CORRECT, **trained}, SIZES).set_index("case")
    line = table.loc["CASE 2"]
    assert line["gain"] == pytest.approx(0.6 - (0.5 + 0.8) / 2)
    images = line["gain_high"] - line["gain"]
    both = math.sqrt(images**2 + 1.959964**2 * 0.02 * (1 / 2 + 1 / 4 + 1 / 4))
    assert line["total_high"] - line["gain"] == pytest.approx(both)


def test_accuracies_name_what_was_trained_and_tested() -> None:
    table = accuracies(CORRECT, SIZES).set_index(["trained", "seed", "tested"])
    assert table.loc[("JPEG 20", 0, "JPEG 20"), "accuracy"] == 0.6
    assert table.loc[(ORIGINAL, 1, "JPEG 80"), ["bytes tested", "entropy bytes tested", "images"]].tolist() == [
        400,
        90,
        10,
    ]
