"""``dnjpeg sensitivity``: from a folder and a network of one's own to a file that designs take."""

from __future__ import annotations

import json
import shutil

import pytest
from PIL import Image

from dnjpeg.statistics.sensitivity import Sensitivity

NETWORK = """
from types import SimpleNamespace
import torch
from dnjpeg.vision.networks import View
def load():
    torch.manual_seed(1)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3))
    return SimpleNamespace(name="toy", model=model, preprocess=lambda image: None, view=View(8))
def blind():
    return SimpleNamespace(name="blind", model=torch.nn.Flatten(), preprocess=lambda image: None)
"""


@pytest.fixture
def folder(tmp_path, photo):
    (tmp_path / "net.py").write_text(NETWORK)
    for index in range(3):
        (tmp_path / "photos" / "abc"[index]).mkdir(parents=True)
        Image.fromarray(photo(24, 24, seed=index)).save(tmp_path / "photos" / "abc"[index] / "x.png")
    return tmp_path


def test_measures_goes_on_and_starts_anew(cli, folder):
    words = ("sensitivity", "-r", folder / "photos", "--network", f"{folder / 'net.py'}:load", "-o", folder / "s.json")
    (folder / "photos" / "a" / "bad.png").write_bytes(b"no image")
    first = cli(*words)
    assert first.status == 2
    assert "a/bad.png: not an image that Pillow can read" in first.stderr
    found = Sensitivity.load(folder / "s.json")
    assert found.images == ("a/x.png", "b/x.png", "c/x.png")
    (folder / "photos" / "a" / "bad.png").unlink()
    again = cli(*words, "--json")
    assert again.status == 0
    assert "going on after 3 images" in again.stderr
    assert json.loads(again.stdout)["hash"] == found.hash
    other = cli(*words, "--loss", "labels")
    assert other.status == 1
    assert "other networks, settings or data" in other.stderr
    anew = cli(*words, "--loss", "labels", "--force")
    assert anew.status == 0
    assert Sensitivity.load(folder / "s.json").loss == "labels"


def test_the_numbers_do_not_depend_on_where_the_images_lie(cli, folder):
    (folder / "photos").rename(folder / "moved")
    (folder / "elsewhere").mkdir()
    shutil.copytree(folder / "moved", folder / "elsewhere" / "copies")
    hashes = []
    for images in (folder / "moved", folder / "elsewhere" / "copies"):
        spec = f"{folder / 'net.py'}:load"
        assert cli("sensitivity", "-r", images, "--network", spec, "-o", folder / "s.json", "--force").status == 0
        hashes.append(Sensitivity.load(folder / "s.json").hash)
    assert hashes[0] == hashes[1]


def test_a_network_without_gradients_is_refused(cli, folder):
    spec = f"{folder / 'net.py'}:blind"
    outcome = cli("sensitivity", "-r", folder / "photos", "--network", spec, "-o", folder / "s.json")
    assert outcome.status == 1
    assert "blind: gradients need a torch.nn.Module and its preprocessing as a View" in outcome.stderr
