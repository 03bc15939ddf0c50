"""The examples of the documentation do what they say, on two classes that anybody can tell apart."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def folder(tmp_path, photo):
    """Red and blue photos, as JPEG files."""
    for name, channel in (("red", 0), ("blue", 2)):
        (tmp_path / "in" / name).mkdir(parents=True)
        for seed in range(8):
            pixels = photo(40, 48, seed=seed) // 4
            pixels[..., channel] += 160
            Image.fromarray(pixels).save(tmp_path / "in" / name / f"{seed}.jpg", quality=95)
    return tmp_path / "in"


@pytest.fixture
def run(monkeypatch, capsys):
    def run_example(name: str, *words: object) -> str:
        monkeypatch.syspath_prepend(str(EXAMPLES))
        monkeypatch.setattr(sys, "argv", [name, *map(str, words), "--workers", "0"])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return run_example


def shares(text: str) -> list[float]:
    return [float(share) for share in re.findall(r"\b[01]\.\d{3}\b", text)]


def test_training_through_jpeg(run, folder):
    lines = run("train_through_jpeg.py", folder, "--epochs", 3, "--batch", 8).splitlines()
    assert lines[0] == "trained on | as they are | quality 50 | quality 20 | quality 10"
    assert [line.partition(" | ")[0] for line in lines[1:]] == ["images as they are", "random quality"]
    assert min(shares(lines[2])) > 0.9
    assert len(shares(lines[1])) == 4


def test_fine_tuning(run, folder):
    words = ("--random", "--size", 32, "--epochs", 3, "--batch", 8, "--quality", 10)
    text = run("fine_tune.py", folder, *words)
    assert len(shares(text)) == 3
    assert shares(text)[2] > 0.9


def test_compressing_and_training(run, folder, tmp_path):
    (folder / "red/broken.jpg").write_bytes(b"no image")
    text = run("compress_and_train.py", folder, tmp_path / "out", "--quality", 40, "--epochs", 3, "--batch", 8)
    before, after = (int(number.replace(",", "")) for number in re.search(r"([\d,]+) -> ([\d,]+) bytes", text).groups())
    assert text.startswith("16 images, ")
    assert after < before / 2
    assert "red/broken.jpg: " in text
    assert "epoch 3: " in text
    assert shares(text)[-1] > 0.9
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 16


def test_coefficients(run, folder):
    text = run("coefficient_network.py", folder, "--size", 32, "--epochs", 15, "--batch", 16)
    assert text.count("16 images") == 15
    assert shares(text)[-1] > 0.9


def test_loading(run, folder):
    assert re.search(r"16 images, \d+ a second", run("dataloader.py", folder, "--quality", 50))
