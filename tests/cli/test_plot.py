"""``dnjpeg plot``: pictures of saved rows, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnjpeg.evaluation.rows import COLUMNS, ORIGINAL


def make_rows(quality_75: int) -> pd.DataFrame:
    """Rows of a made-up sweep of four images."""
    random = np.random.default_rng(0)
    contenders = [(ORIGINAL, np.nan, 3000), ("JPEG 100", 100, 1000), ("JPEG 75", 75, quality_75), ("JPEG 50", 50, 200)]
    return pd.DataFrame(
        [
            dict.fromkeys(COLUMNS, "x")
            | {"image": str(image), "contender": name, "setting": setting, "bytes": size, "top1": random.random() < 0.7}
            | {"family": ORIGINAL if name == ORIGINAL else "JPEG", "height": 10, "width": 10, "channels": 3}
            | {"file_bytes": None, "header_bytes": 100, "entropy_bytes": size - 100, "label": 0, "prediction": 0}
            | {"top5": True, "probability": 0.5, "confidence": 0.5, "agreement": True, "kl": 0.1}
            | {"psnr": 30.0, "ssim": 0.9, "ms_ssim": 0.95}
            for image in range(4)
            for name, setting, size in contenders
        ]
    )


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, size in (("one", 500), ("two", 400)):
        (tmp_path / name).mkdir()
        make_rows(size).to_csv(tmp_path / name / "rows.csv", index=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("suffix", "begin"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_pictures(cli: Callable, work: Path, suffix: str, begin: bytes) -> None:
    outcome = cli("plot", "one/rows.csv", "-o", f"x.{suffix}")
    assert (outcome.status, outcome.stdout) == (0, f"x.{suffix}\n")
    first = (work / f"x.{suffix}").read_bytes()
    assert first.startswith(begin)
    assert cli("plot", "one/rows.csv", "-o", f"x.{suffix}", "--force").status == 0
    assert (work / f"x.{suffix}").read_bytes() == first


@pytest.mark.parametrize("size", ["cr", "bpp", "bytes"])
@pytest.mark.parametrize("score", ["top1", "kl", "agreement", "ms_ssim"])
def test_every_pair_of_quantities(cli: Callable, work: Path, size: str, score: str) -> None:
    outcome = cli("plot", "one/rows.csv", "two/rows.csv", "-o", "x.svg", "--size", size, "--score", score)
    assert outcome.status == 0, outcome.stderr


def test_one_family_only(cli: Callable, work: Path) -> None:
    assert cli("plot", "one/rows.csv", "-o", "x.svg", "--family", "JPEG").status == 0
    outcome = cli("plot", "one/rows.csv", "-o", "y.svg", "--family", "PNG")
    assert outcome.status == 1
    assert outcome.stderr == "error: no family 'PNG' among the rows: choose from JPEG\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("one/rows.csv", "-o", "x.gif"), "x.gif: a picture is a .png, .svg, .pdf file"),
        (("one/rows.csv", "-o", "one/rows.csv.png"), None),
        (("one/rows.csv", "-o", "there.png"), "there.png exists; use --force to overwrite"),
        (("none.parquet", "-o", "x.png"), "none.parquet: No such file or directory"),
        (("there.png", "-o", "x.png"), "there.png: rows are kept in .parquet or .csv files"),
        (("one/rows.csv", "-o", "x.png", "--reference", "QF 60"), "the reference 'QF 60' is not among the rows"),
        (("one/rows.csv", "-o", "nowhere/x.png"), "nowhere"),
    ],
)
def test_what_is_refused(cli: Callable, work: Path, words: tuple[str, ...], message: str | None) -> None:
    (work / "there.png").write_bytes(b"mine")
    outcome = cli("plot", *words)
    if message is None:
        assert outcome.status == 0
        return
    assert outcome.status == 1
    assert len(outcome.stderr.splitlines()) == 1
    assert message in outcome.stderr
    assert (work / "there.png").read_bytes() == b"mine"
    assert not (work / "x.png").exists()
