"""``dnjpeg evaluate``: its results against an independent computation, what it refuses, and how it goes on."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from processes import start_dnjpeg

HERE = Path(__file__).parent
TOY = f"{HERE.parent / 'evaluation' / 'toy.py'}:make"
FILES = {"rows.parquet", "summary.csv", "summary.json", "accuracy.png", "accuracy.svg", "report.html"}


def write_photos(folder: Path, count: int, *, seed: int = 0) -> None:
    """Noise with more of one colour, and labels.csv."""
    folder.mkdir()
    random = np.random.default_rng(seed)
    lines = []
    for index in range(count):
        label = index % 3
        pixels = random.integers(90, 150, (24, 40, 3))
        pixels[..., label] += random.integers(-4, 40)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{index:03d}.png")
        lines.append((f"{index:03d}.png", label))
    with (folder / "labels.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("file", "label"), *lines])


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with test photos, others to calibrate with, and a cache of its own."""
    write_photos(tmp_path / "photos", 9)
    write_photos(tmp_path / "others", 6, seed=1)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def arguments(*more: str | Path, output: str = "out", contenders: tuple[str, ...] = ("jpeg:90,30",)) -> list[str]:
    specs = [word for spec in contenders for word in ("--contender", spec)]
    fixed = ["--classifier", TOY, "--cache", "cache.sqlite", "--device", "cpu", "-o", output]
    return ["evaluate", *map(str, more), *fixed, *specs]


@pytest.fixture
def evaluate(cli: Callable, work: Path) -> Callable:
    """Evaluate the test photos in this process."""
    return lambda *more, **options: cli(*arguments(*(more or ("photos",)), **options))


def test_results(evaluate: Callable, work: Path) -> None:
    outcome = evaluate(
        "photos", "--calibration", "others", "--json", contenders=("jpeg:90,30", "same-q:20", "deepn:literal")
    )
    assert outcome.status == 0, outcome.stderr
    assert {path.name for path in (work / "out").iterdir()} == FILES
    rows = pd.read_parquet(work / "out" / "rows.parquet")
    names = ["uncompressed", "JPEG 100", "JPEG 90", "JPEG 30", "SAME-Q 20", "DeepN literal"]
    assert rows["contender"].tolist() == names * 9
    for row in rows[rows["family"] == "JPEG"].itertuples():
        stream = io.BytesIO()
        image = Image.open(work / "photos" / row.image)
        image.save(stream, "JPEG", quality=int(row.setting), optimize=True, subsampling="4:2:0")
        assert row.bytes == len(stream.getvalue())
    summary = json.loads(outcome.stdout)
    by_name = {line["contender"]: line for line in summary["contenders"]}
    assert list(by_name) == names
    totals = rows.groupby("contender")["bytes"].sum()
    assert by_name["JPEG 30"]["CR (QF 100)"] == pytest.approx(totals["JPEG 100"] / totals["JPEG 30"])
    assert by_name["JPEG 30"]["CR (raw RGB)"] == pytest.approx(9 * 24 * 40 * 3 / totals["JPEG 30"])
    assert by_name["JPEG 30"]["top1"] == pytest.approx(rows.loc[rows["contender"] == "JPEG 30", "top1"].mean())
    saved = json.loads((work / "out" / "summary.json").read_text())
    assert saved["contenders"] == summary["contenders"]
    assert saved["measured"]["calibration"] == "6 images, none of them tested"


class _Resources(HTMLParser):
    """Collects what a page would load."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "poster")]


def test_report_holds_all_it_shows(evaluate: Callable, work: Path) -> None:
    assert evaluate("photos", "--calibration", "others", contenders=("jpeg:90,30", "deepn:literal")).status == 0
    text = (work / "out" / "report.html").read_text()
    page = _Resources(text)
    assert page.found
    assert all(source.startswith("data:") for source in page.found)
    assert not {"script", "iframe", "object", "embed"} & set(page.tags)
    assert "url(" not in text
    assert "@import" not in text
    for name in ("JPEG 30", "DeepN literal", "mean colour", "8x8 box", "6 images, none of them tested"):
        assert name in text
    jpegs = [source for source in page.found if source.startswith("data:image/jpeg")]
    assert len(jpegs) >= 2  # what the contenders wrote is shown as they wrote it


def test_summary_is_printed(evaluate: Callable) -> None:
    lines = evaluate().stdout.splitlines()
    assert lines[0].split()[:3] == ["contender", "bytes", "bpp"]
    assert [line.split("  ")[0] for line in lines[2:6]] == ["uncompressed", "JPEG 100", "JPEG 90", "JPEG 30"]
    assert any(line.startswith("Note: Only 9 photos") for line in lines)
    assert any(line.startswith("out/report.html: ") for line in lines)


def test_repeating_it_measures_nothing(evaluate: Callable, work: Path) -> None:
    assert "36 rows measured, 0 known" in evaluate().stderr
    before = (work / "out" / "rows.parquet").read_bytes()
    assert "0 rows measured, 36 known" in evaluate("photos", "--force").stderr
    assert (work / "out" / "rows.parquet").read_bytes() == before


def test_results_are_not_overwritten(evaluate: Callable, work: Path) -> None:
    evaluate()
    before = {path.name: path.read_bytes() for path in (work / "out").iterdir()}
    outcome = evaluate("photos", "--limit", "3")
    assert outcome.status == 1
    assert outcome.stderr == "error: out holds results already (rows.parquet); use --force to replace them\n"
    assert {path.name: path.read_bytes() for path in (work / "out").iterdir()} == before


def test_a_bad_photo_is_named_and_the_rest_is_measured(evaluate: Callable, work: Path) -> None:
    (work / "photos" / "004.png").write_bytes(b"not an image")
    outcome = evaluate()
    assert outcome.status == 2
    assert "error: 004.png: not an image that Pillow can read" in outcome.stderr.splitlines()
    assert pd.read_parquet(work / "out" / "rows.parquet")["image"].nunique() == 8
    assert "004.png: not an image" in (work / "out" / "report.html").read_text()


def test_nothing_but_bad_photos(evaluate: Callable, work: Path) -> None:
    for path in (work / "photos").glob("*.png"):
        path.write_bytes(b"")
    outcome = evaluate()
    assert outcome.status == 1
    assert "none of 9 photos could be measured; 000.png: not an image" in outcome.stderr
    assert not (work / "out").exists()


def test_limit_and_batches(evaluate: Callable, work: Path) -> None:
    assert evaluate("photos", "--limit", "3", "--batch-size", "2", "-j", "1").status == 0
    rows = pd.read_parquet(work / "out" / "rows.parquet")
    assert rows["image"].unique().tolist() == ["000.png", "003.png", "006.png"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("photos", "--classifier", "nonsense"), "unknown classifier 'nonsense'"),
        (("photos", "--contender", "webp:80"), "unknown contender 'webp:80'"),
        (("photos", "--contender", "jpeg:101"), "quality 101, must be 1 to 100"),
        (("photos", "--contender", "tables:short.txt"), "63"),
        (("photos", "--contender", "tables:zero.txt"), "0"),
        (("photos", "--contender", "tables:half.txt"), "16.5"),
        (("photos", "--contender", "tables:absent.txt"), "absent.txt"),
        (("photos", "--contender", "deepn:literal"), "need the statistics of calibration images"),
        (("photos", "--calibration", "photos"), "calibration and test images overlap: 9 of 9"),
        (("photos", "--calibration", "empty"), "empty"),
        (("photos", "--calibration", "short.txt"), "short.txt"),
        (("photos", "--reference", "QF 0"), "quality 0, must be 1 to 100"),
        (("photos", "--reference", "best"), "the reference 'best' is neither"),
        (("photos", "--device", "abacus"), "device 'abacus' is not available"),
        (("empty",), "empty: the folder is empty"),
        (("absent",), "absent: neither a folder nor a torchvision dataset"),
        (("short.txt",), "short.txt: not a folder"),
        (("gone",), "gone/labels.csv names 1 missing file: x.png"),
        (("photos", "-o", "short.txt/out"), "short.txt"),
        (("photos", "-o", "/proc/out"), "/proc/out"),
        (("photos", "--cache", "short.txt"), "short.txt: the cache of measurements cannot be used"),
        (("photos", "--subsampling", "4:2:1"), "4:2:1"),
        (("photos", "--limit", "0"), "0"),
    ],
)
def test_bad_input(cli: Callable, work: Path, words: tuple[str, ...], message: str) -> None:
    (work / "empty").mkdir()
    (work / "gone").mkdir()
    (work / "gone" / "labels.csv").write_text("file,label\nx.png,0\n")
    (work / "short.txt").write_text(" ".join(["16"] * 63))
    (work / "zero.txt").write_text(" ".join(["0"] + ["16"] * 63))
    (work / "half.txt").write_text(" ".join(["16.5"] + ["16"] * 63))
    given = dict(zip(words[1::2], words[2::2], strict=True))
    base = arguments(words[0])
    for option, value in given.items():
        if option in base:
            base[base.index(option) + 1] = value
        else:
            base += [option, value]
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    outcome = cli(*base)
    assert outcome.status == 1
    assert outcome.stdout == ""
    errors = [line for line in outcome.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert message in errors[0]
    assert "Traceback" not in outcome.stderr
    after = {path: path.read_bytes() for path in work.rglob("*") if path.is_file() and path.suffix != ".sqlite"}
    assert after == before


SLOW = """
import sys, time
sys.path.insert(0, {folder!r})
import toy

def slowly(image):
    time.sleep(0.05)
    return toy.preprocess(image)

def make():
    made = toy.make()
    made.preprocess = slowly
    return made
"""


def test_a_stopped_sweep_goes_on(cli: Callable, work: Path) -> None:
    """Interrupted, then killed outright, it ends with what an undisturbed sweep finds."""
    (work / "slow.py").write_text(SLOW.format(folder=str(HERE.parent / "evaluation")))
    words = arguments("photos", "-j", "1", "--batch-size", "2", contenders=("jpeg:90..92",))
    words[words.index("--classifier") + 1] = "slow.py:make"

    status, errors = run_and_stop(words, signal.SIGINT, work / "cache.sqlite", rows=6)
    assert status == 130
    assert "they are kept: run the same command to go on" in errors
    assert "Traceback" not in errors
    assert not (work / "out").exists()
    run_and_stop(words, signal.SIGKILL, work / "cache.sqlite", rows=16)
    assert not (work / "out").exists()

    outcome = cli(*words)
    assert outcome.status == 0
    measured, known = map(int, re.findall(r"(\d+) rows measured, (\d+) known", outcome.stderr)[0])
    assert measured + known == 9 * 5
    assert known >= 16
    assert measured > 0
    assert (
        cli(*arguments("photos", "--cache", "other.sqlite", output="direct", contenders=("jpeg:90..92",))).status == 0
    )
    resumed, direct = (
        pd.read_parquet(work / name / "rows.parquet").drop(columns="preprocessing") for name in ("out", "direct")
    )
    pd.testing.assert_frame_equal(resumed, direct, rtol=1e-5)


def run_and_stop(words: list[str], how: signal.Signals, cache: Path, rows: int) -> tuple[int, str]:
    """Run a command until the cache holds so many rows, and send it a signal; return its exit status and errors."""
    process = start_dnjpeg(*words, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        wait_for_rows(cache, rows, process)
        process.send_signal(how)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, errors


def wait_for_rows(cache: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{cache}?mode=ro", uri=True)) as connection:
            if connection.execute("SELECT COUNT(*) FROM measurements").fetchone()[0] >= count:
                return
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"the sweep did not come to measure: {process.communicate()[1]}")
