"""``dnjpeg compare``: what it says of saved rows, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnjpeg.evaluation.rows import COLUMNS, ORIGINAL


def make_rows(images: int, gain: float) -> pd.DataFrame:
    """Rows of a made-up sweep: at equal divergence and accuracy, "B" needs `gain` times JPEG's bytes."""
    random = np.random.default_rng(0)
    difficulty = random.random(images)
    contenders = [(ORIGINAL, ORIGINAL, 3000.0, 0.0, 0.99)]
    for size in (1000, 2000, 4000, 8000):
        numbers = (400 / size, 0.95 - 100 / size)
        contenders += [(f"JPEG {size}", "JPEG", size, *numbers), (f"B {size}", "B", gain * size, *numbers)]
    columns = dict.fromkeys(COLUMNS, "x") | {
        "file_bytes": None,
        "setting": 1.0,
        "psnr": 30,
        "ssim": 0.9,
        "ms_ssim": 0.9,
    }
    return pd.DataFrame(
        [
            columns
            | {"image": str(image), "contender": name, "family": family, "bytes": round(size), "kl": kl}
            | {"top1": difficulty[image] < accuracy, "top5": True, "probability": 0.5, "confidence": 0.5}
            | {"height": 10, "width": 10, "channels": 3, "header_bytes": 100, "entropy_bytes": 100}
            | {"label": 0, "prediction": 0, "agreement": True, "crops": "five", "classifier": "a network"}
            for image in range(images)
            for name, family, size, kl, accuracy in contenders
        ]
    )


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "one").mkdir()
    make_rows(120, 0.5).to_csv(tmp_path / "one" / "rows.csv", index=False)
    (tmp_path / "two").mkdir()
    make_rows(40, 1.0).to_parquet(tmp_path / "two" / "rows.parquet", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_words(cli: Callable, work: Path) -> None:
    outcome = cli("compare", "one/rows.csv", "--kl", "0.1,0.2", "--drop", "10", "--draws", "200")
    assert (outcome.status, outcome.stderr) == (0, "")
    lines = outcome.stdout.splitlines()
    assert lines[0] == "one/rows.csv: a network, 120 images, crops: five"
    assert "At KL 0.1 B needs fewest bytes, 2,000 an image: beyond chance fewer than JPEG." in lines
    assert any(line.startswith("At a top-1 drop of 10 points B needs fewest bytes") for line in lines)
    assert (
        "B, bytes against JPEG: beyond chance fewer at KL 0.1 and KL 0.2; no difference beyond chance at 1 of 3"
        in lines
    )
    assert any(line.split()[:3] == ["B", "2,000", "[2,000,"] and "11/2/1" in line for line in lines)


def test_a_folder_and_few_images(cli: Callable, work: Path) -> None:
    outcome = cli("compare", "two", "--draws", "200")
    assert outcome.status == 0
    assert "Fewer than 100 images" in outcome.stdout
    assert "not beyond chance fewer than B." in outcome.stdout
    assert "top-1 drop" not in outcome.stdout


def test_json_a_line_for_each_file(cli: Callable, work: Path) -> None:
    outcome = cli(
        "compare",
        "one/rows.csv",
        "two",
        "--reference",
        "B",
        "--kl",
        ".1",
        "--link",
        "5G:8:2",
        "--draws",
        "200",
        "--json",
    )
    one, two = map(json.loads, outcome.stdout.splitlines())
    assert (one["results"], one["reference"], one["images"], two["images"]) == ("one/rows.csv", "B", 120, 40)
    kl = one["targets"][-1]
    assert (kl["measure"], kl["value"], kl["winner"], kl["beyond_chance"]) == ("kl", 0.1, "B", True)
    jpeg = kl["families"][0]
    assert (jpeg["family"], jpeg["ratio"], jpeg["verdict"]) == ("JPEG", pytest.approx(2), "more")
    assert jpeg["sending"] == [{"link": "5G", "seconds": pytest.approx(0.004), "joules": pytest.approx(0.008)}]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none.parquet",), "none.parquet: No such file or directory"),
        (("one",), "one/rows.parquet: No such file or directory"),
        (("one/rows.csv", "--reference", "C"), "one/rows.csv: the reference 'C' is not among the families"),
        (("one/rows.csv", "--kl", "0"), "--kl '0': write positive numbers"),
        (("one/rows.csv", "--drop", "1,x"), "--drop '1,x': write positive numbers"),
        (("one/rows.csv", "--link", "5G"), "link '5G': write NAME:MBIT_S"),
        (("one/rows.csv", "--draws", "1"), "1"),
    ],
)
def test_what_is_refused(cli: Callable, work: Path, words: tuple[str, ...], message: str) -> None:
    outcome = cli("compare", *words)
    assert outcome.status == 1
    assert outcome.stdout == ""
    assert len(outcome.stderr.splitlines()) == 1
    assert message in outcome.stderr
