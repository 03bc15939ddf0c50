"""The designs that ask networks: from a folder and a network of one's own to tables, going on after an interruption."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from dnjpeg import QuantizationTables

NETWORK = """
from types import SimpleNamespace
import torch
from torchvision.transforms.functional import pil_to_tensor
from dnjpeg.vision.networks import View
def load():
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(1936, 3))
    return SimpleNamespace(name="toy", model=model, preprocess=look, preprocessing="as it is", view=View(24))
def look(image):
    return (pil_to_tensor(image.crop((0, 0, 24, 24))).float() - 127) / 128
"""


@pytest.fixture
def folder(tmp_path, photo):
    (tmp_path / "net.py").write_text(NETWORK)
    (tmp_path / "photos").mkdir()
    for index in range(3):
        Image.fromarray(photo(24, 24, seed=index)).save(tmp_path / "photos" / f"{index}.png")
    Image.fromarray(photo(24, 24)[..., 0]).save(tmp_path / "photos" / "gray.png")
    return tmp_path


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("sorted-random", ["--asked", "3"]),
        ("evolution", ["--evaluations", "2", "--start", "machine-40"]),
        ("learned", ["--iterations", "3", "--batch-size", "2", "--rate", "0.1", "--subsampling", "4:4:4"]),
    ],
)
def test_finds_tables_and_goes_on(cli, folder, method, arguments):
    output = folder / "found.json"
    words = ("design", method, folder / "photos", "--network", f"{folder / 'net.py'}:load", "-o", output, *arguments)
    outcome = cli(*words, "--name", "mine")
    assert outcome.status == 0, outcome.stderr
    tables = QuantizationTables.load(output)
    assert tables.name == "mine"
    assert tables.provenance["method"] == method
    assert tables.provenance["images"] == 3  # the gray one is of no use
    assert tables.provenance["networks"] == ["toy"]
    assert cli(*words).status == 1  # there is such a file
    journal = (folder / "found.json.journal").read_text()
    again = cli(*words, "--force", "--json")
    assert again.status == 0
    assert "going on after" in again.stderr
    assert json.loads(again.stdout)["digest"] == tables.digest
    assert (folder / "found.json.journal").read_text() == journal
    (folder / "photos" / "1.png").unlink()
    other = cli(*words, "--force")
    assert other.status == 1
    assert "a journal of another search" in other.stderr


def test_what_is_missing_is_said(cli, folder):
    words = ("design", "sorted-random", folder / "photos", "--network", f"{folder / 'net.py'}:load")
    outcome = cli(*words, "-o", folder / "x.json", "--statistics", folder / "s.json")
    assert outcome.status != 0
    assert "--sensitivity and --statistics together" in outcome.stderr
    for index in range(3):
        (folder / "photos" / f"{index}.png").unlink()
    outcome = cli(*words, "-o", folder / "x.json")
    assert outcome.status == 1
    assert "no RGB image" in outcome.stderr
