"""``dnjpeg stats``: collect, merge, show; exit statuses and one line for whatever goes wrong."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from PIL import Image

from dnjpeg import FrequencyStatistics, collect_statistics


@pytest.fixture
def images(tmp_path, photo):
    """Two class folders with three photos each."""
    for seed, name in enumerate(("cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/2.png", "dog/3.png")):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo(24, 32, seed=seed)).save(path)
    return tmp_path / "images"


def test_collects_a_tree_into_a_file(cli, images, tmp_path):
    out = tmp_path / "stats.json"
    outcome = cli("stats", "-r", images, "-o", out, "-j", 1, "--every", 2, "--data-name", "six photos")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert FrequencyStatistics.load(out) == collect_statistics(images, every=2, data="six photos")
    assert "4 images (one image in 2 of each class): pixels ycbcr 4:2:0" in outcome.stdout
    assert "data: six photos" in outcome.stdout


def test_options_reach_the_collection(cli, images, tmp_path):
    out = tmp_path / "stats.json"
    for options, how in (
        (("--subsampling", "4:4:4"), {"subsampling": "4:4:4"}),
        (("--color", "rgb"), {"color": "rgb"}),
        (("--color", "gray"), {"color": "gray"}),
    ):
        assert cli("stats", "-r", images, "-o", out, "--force", "-j", 1, *options).status == 0
        assert FrequencyStatistics.load(out) == collect_statistics(images, **how)


def test_stored_coefficients(cli, tmp_path, photo):
    Image.fromarray(photo(24, 32)).save(tmp_path / "photo.jpg")
    outcome = cli("stats", tmp_path / "photo.jpg", "--domain", "coefficients", "-o", tmp_path / "s.json", "-j", 1)
    assert outcome.status == 0
    expected = collect_statistics(tmp_path / "photo.jpg", domain="coefficients")
    assert FrequencyStatistics.load(tmp_path / "s.json") == expected


def test_several_processes_give_the_same_file(cli, images, tmp_path, photo):
    for seed in range(60):  # enough for a second process
        Image.fromarray(photo(8, 8, seed=seed)).save(images / "cat" / f"small{seed}.png")
    for jobs in (1, 2):
        assert cli("stats", "-r", images, "-o", tmp_path / f"{jobs}.json", "-j", jobs).status == 0
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()


def test_labels_give_the_classes(cli, images, tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("file,label\n1.png,0\n2.png,1\n3.png,0\n")
    out = tmp_path / "s.json"
    assert cli("stats", images / "cat", "--labels", labels, "--every", 2, "-o", out, "-j", 1).status == 0
    assert FrequencyStatistics.load(out).provenance["images"] == 2
    labels.write_text("file,label\n1.png,0\n")
    outcome = cli("stats", images / "cat", "--labels", labels)
    assert outcome.status == 1
    assert "2.png: there is no label" in outcome.stderr
    labels.write_text("name;class\n")
    outcome = cli("stats", images / "cat", "--labels", labels)
    assert outcome.status == 1
    assert "labels.csv: its first line must name the columns file and label" in outcome.stderr


def test_saved_files_are_shown_and_merged(cli, images, tmp_path):
    for name in ("cat", "dog"):
        cli("stats", images / name, "-o", tmp_path / f"{name}.json", "-j", 1)
    shown = cli("stats", tmp_path / "cat.json")
    assert shown.status == 0
    deviation = FrequencyStatistics.load(tmp_path / "cat.json").std("Y")
    assert f"{deviation[0, 0]:8.2f}{deviation[0, 1]:8.2f}" in shown.stdout
    merged = cli("stats", tmp_path / "*.json", "-o", tmp_path / "all.json")
    assert merged.status == 0
    assert FrequencyStatistics.load(tmp_path / "all.json") == collect_statistics(images)


def test_json_is_for_machines(cli, images):
    outcome = cli("stats", images / "cat", "--json", "-j", 1)
    summary = json.loads(outcome.stdout)
    expected = collect_statistics(images / "cat")
    assert summary["hash"] == expected.hash
    assert summary["provenance"] == expected.provenance
    assert summary["blocks"] == {"Y": 36, "Cb": 12, "Cr": 12}
    np.testing.assert_array_equal(summary["std"]["Y"], expected.std("Y"))


@pytest.mark.parametrize(("suffix", "begins"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_plot(cli, images, tmp_path, suffix, begins):
    pytest.importorskip("matplotlib")
    target = tmp_path / f"plot.{suffix}"
    assert cli("stats", images / "cat", "--plot", target, "-j", 1).status == 0
    assert target.read_bytes().startswith(begins)


def test_broken_images_are_named_and_the_status_is_2(cli, images, tmp_path):
    (images / "cat" / "2.png").write_bytes(b"broken")
    outcome = cli("stats", images / "cat", "-o", tmp_path / "s.json", "-j", 1)
    assert outcome.status == 2
    assert outcome.stderr.splitlines() == [
        f"error: {images / 'cat' / '2.png'}: this is not an image that Pillow can open",
        "error: 1 of 3 failed",
    ]
    assert FrequencyStatistics.load(tmp_path / "s.json").provenance["failed"] == 1


def test_nothing_is_overwritten_or_begun_in_vain(cli, images, tmp_path):
    out = tmp_path / "s.json"
    out.write_text("mine")
    for arguments, message in (
        (("-o", out), "exists; use --force"),
        (("-o", tmp_path), "is a folder"),
        (("-o", tmp_path / "missing" / "s.json"), "its folder does not exist"),
        (("--plot", out), "exists; use --force"),
        (("--plot", tmp_path / "plot.xyz"), "plot.xyz: a plot is a .png, .svg or .pdf file"),
    ):
        outcome = cli("stats", images / "cat", *arguments)
        assert outcome.status == 1
        assert message in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1
    assert out.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_write_permission_is_found_before_the_work(cli, images, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    outcome = cli("stats", images / "cat", "-o", locked / "s.json")
    assert outcome.status == 1
    assert "cannot be written to" in outcome.stderr


def test_bad_input_is_one_line(cli, images, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.json").write_text("{}")
    for arguments, message in (
        ((tmp_path / "empty",), "no file in this folder"),
        ((tmp_path / "none.png",), "No such file"),
        ((tmp_path / "bad.json",), "bad.json: not a file of frequency statistics"),
        ((images / "cat", "--domain", "coefficients"), "no image could be read"),
        ((images / "cat", "--color", "rgb", "--subsampling", "4:2:0"), "only chroma has any"),
        ((images / "cat", "--every", "0"), "--every"),
    ):
        outcome = cli("stats", *arguments, "-j", 1)
        assert outcome.status == 1
        assert message in outcome.stderr
        assert len(outcome.stderr.splitlines()) == 1


def test_help_names_the_defaults(cli):
    outcome = cli("stats", "--help")
    assert outcome.status == 0
    assert "[default: pixels]" in " ".join(outcome.stdout.split())
