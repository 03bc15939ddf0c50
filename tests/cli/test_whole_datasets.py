"""Whole datasets on the command line: what is one, where it goes, what is said, and the exit status."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from PIL import Image

import dnjpeg
from dnjpeg import FrequencyStatistics, collect_statistics
from dnjpeg.cli import failures


@pytest.fixture
def jpegs(photo):
    return [dnjpeg.encode(photo(24, 32, seed=seed)) for seed in range(4)]


@pytest.fixture
def shards(tmp_path, monkeypatch, jpegs):
    """Two tar shards of two images and a text each, in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("shards").mkdir()
    for shard in range(2):
        members = [("a.jpg", jpegs[2 * shard]), ("b.txt", b"text"), ("b.jpg", jpegs[2 * shard + 1])]
        write_tar(Path(f"shards/{shard}.tar"), members)
    return tmp_path


def write_tar(path, members):
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def read_tar(path):
    with tarfile.open(path) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar}


@pytest.mark.parametrize(
    ("words", "target"),
    [
        (["shards", "out"], "out"),
        (["shards", "-o", "out"], "out"),
        (["-r", "shards", "-o", "out/"], "out"),
        (["shards/0.tar", "shards/1.tar", "out"], "out"),
        (["shards/*.tar", "out"], "out"),
        (["shards", "-o", "out", "--engine", "local"], "out"),
    ],
)
def test_ways_to_name_a_dataset(cli, shards, jpegs, words, target):
    outcome = cli("transcode", *words, "--quality", 40, "-j", 1)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert sorted(path.name for path in Path(target).glob("*"))[-2:] == ["0.tar", "1.tar"]
    assert read_tar(f"{target}/1.tar") == {
        "a.jpg": dnjpeg.transcode(jpegs[2], quality=40),
        "b.txt": b"text",
        "b.jpg": dnjpeg.transcode(jpegs[3], quality=40),
    }
    assert "2 of 2 shards (0 finished before): 6 items = 4 converted + 2 untouched + 0 failed" in outcome.stdout


def test_the_same_command_goes_on(cli, shards):
    cli("transcode", "shards", "out", "--quality", 40, "-j", 1)
    Path("out/1.tar").unlink()
    lines = cli("transcode", "shards", "out", "--quality", 40, "-j", 1, "--json").stdout.splitlines()
    assert [(one["shard"], one["status"]) for one in map(json.loads, lines[:2])] == [
        ("0.tar", "skipped"),
        ("1.tar", "done"),
    ]
    totals = json.loads(lines[2])["totals"]
    assert (totals["shards"], totals["made"], totals["resumed"]) == (2, 1, 1)
    assert totals["counts"]["converted"] == 4
    refused = cli("transcode", "shards", "out", "--quality", 50, "-j", 1)
    assert refused.status == failures.ERROR
    assert refused.stderr == ("error: out holds a run with other settings (quality 40, now 50); --force starts over\n")
    assert cli("transcode", "shards", "out", "--quality", 50, "-j", 1, "--force").status == 0


def test_a_tree_of_files_as_source_and_destination(cli, shards, jpegs):
    for name in ("tree/cat/1.jpg", "tree/dog/1.jpg"):
        Path(name).parent.mkdir(parents=True)
        Path(name).write_bytes(jpegs[0])
    Path("tree/labels.csv").write_text("file,label\n")
    for _ in range(2):  # an output of an earlier run is a destination too
        assert cli("transcode", "tree", "out", "--tables", "deepn-literal", "-j", 1).status == 0
    assert Path("out/dog/1.jpg").read_bytes() == dnjpeg.transcode(jpegs[0], tables="deepn-literal")
    assert Path("out/labels.csv").read_text() == "file,label\n"


def test_a_tree_of_images_with_a_shard_among_them_is_worked_on_file_by_file(cli, shards, jpegs):
    Path("tree/cat").mkdir(parents=True)
    Path("tree/cat/1.jpg").write_bytes(jpegs[0])
    Path("shards/0.tar").rename("tree/labels.tar")
    assert cli("transcode", "-r", "tree", "-o", "out", "--quality", 40).status == 0
    assert [str(path) for path in Path("out").rglob("*") if path.is_file()] == ["out/cat/1.jpg"]


def test_two_folders_of_images_that_exist_are_two_inputs(cli, shards, jpegs):
    for name in ("one", "two"):
        Path(name).mkdir()
        Path(name, "a.jpg").write_bytes(jpegs[0])
    refused = cli("transcode", "one", "two", "--quality", 40)
    assert refused.status == failures.ERROR
    assert "one/a.jpg exists (and 1 more)" in refused.stderr
    assert Path("two/a.jpg").read_bytes() == jpegs[0]


@pytest.mark.parametrize(("policy", "status"), [("keep", 2), ("drop", 2), ("fail", 2)])
def test_failures_are_named_at_the_end(cli, shards, jpegs, policy, status):
    write_tar(Path("shards/1.tar"), [("good.jpg", jpegs[0]), ("bad.jpg", jpegs[1][:300]), ("bad.cls", b"1")])
    outcome = cli("transcode", "shards", "out", "--quality", 40, "-j", 1, "--on-error", policy)
    assert outcome.status == status
    assert "1.tar: " in outcome.stderr
    assert "bad.jpg: " in outcome.stderr
    names = {"keep": {"good.jpg", "bad.jpg", "bad.cls"}, "drop": {"good.jpg"}}
    assert Path("out/1.tar").exists() == (policy != "fail")
    if policy != "fail":
        assert set(read_tar("out/1.tar")) == names[policy]


def test_only(cli, shards, jpegs):
    assert cli("transcode", "shards", "out", "--quality", 40, "-j", 1, "--only", "a.*", "--only", "c.*").status == 0
    assert read_tar("out/0.tar") == {
        "a.jpg": dnjpeg.transcode(jpegs[0], quality=40),
        "b.txt": b"text",
        "b.jpg": jpegs[1],
    }
    assert cli("stats", "shards", "-o", "stats.json", "-j", 1, "--only", "a.*").status == 0
    assert FrequencyStatistics.load("stats.json") == collect_statistics([jpegs[0], jpegs[2]])


def test_a_dataset_without_images_is_a_warning(cli, shards):
    write_tar(Path("texts.tar"), [("a.txt", b"")])
    outcome = cli("transcode", "texts.tar", "out.tar", "--quality", 40)
    assert outcome.status == failures.INCOMPLETE
    assert outcome.stderr == "warning: there is no image in it, so nothing was converted\n"
    assert read_tar("out.tar") == {"a.txt": b""}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["shards"], "say where the shards go"),
        (["shards", "-o", "-"], "say where the shards go"),
        (["shards", "shards/out"], "the results must lie apart"),
        (["none.tar", "out"], "none.tar: No such file or directory"),
        (["shards/0.tar", "shards/1.tar"], "a source, or where the results go?"),
        (["shards/0.tar", "shards/1.tar", "--force"], "a source, or where the results go?"),
        (["shards/0.tar", "shards/1.tar", "new.tar"], "a source, or where the results go?"),
        (["shards", "-o", "shards/0.tar"], "this is a file"),
        (["nonsense://bucket", "out"], "Protocol not known: nonsense"),
        (["memory://none", "out"], "memory://none: there is no such file or folder"),
    ],
)
def test_requests_that_make_no_sense_are_one_error(cli, shards, words, text):
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    outcome = cli("transcode", *words, "--quality", 40)
    assert outcome.status == failures.ERROR
    assert text in outcome.stderr
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert outcome.stderr.count("\n") == 1


def test_encode(cli, shards, photo):
    stream = io.BytesIO()
    Image.fromarray(photo(16, 16)).save(stream, "png")
    write_tar(Path("pngs.tar"), [("a.png", stream.getvalue())])
    outcome = cli("encode", "pngs.tar", "out.tar", "--quality", 60, "--subsampling", "4:4:4")
    assert outcome.status == 0
    assert read_tar("out.tar") == {"a.jpg": dnjpeg.encode(photo(16, 16), quality=60, subsampling="4:4:4")}


@pytest.mark.parametrize("words", [["shards", "-o", "stats.json"], ["shards", "stats.json"]])
def test_stats(cli, shards, jpegs, words):
    outcome = cli("stats", *words, "-j", 1, "--data-name", "four")
    assert (outcome.status, outcome.stderr) == (0, "")
    assert FrequencyStatistics.load("stats.json") == collect_statistics(jpegs, data="four")
    assert {path.name for path in Path().iterdir()} == {"shards", "stats.json"}
    assert cli("stats", *words, "-j", 1).status == failures.ERROR  # it exists
    assert "4 images" in cli("stats", "shards", "-j", 1).stdout


def test_stats_of_broken_shards(cli, shards, jpegs):
    write_tar(Path("shards/1.tar"), [("a.jpg", jpegs[2]), ("b.jpg", b"broken")])
    Path("shards/2.tar").write_bytes(b"")
    outcome = cli("stats", "shards", "-o", "stats.json", "-j", 1)
    assert outcome.status == failures.INCOMPLETE
    assert "error: 1.tar: b.jpg: " in outcome.stderr
    assert "error: 2.tar: the file is empty" in outcome.stderr
    assert FrequencyStatistics.load("stats.json").hash == collect_statistics(jpegs[:3]).hash
    Path("shards/2.tar").unlink()  # what was finished is not done again
    assert cli("stats", "shards", "-o", "stats.json", "-j", 1, "--force").status == failures.INCOMPLETE
    assert not Path(".dnjpeg-stats.json.parts").exists()


def test_stats_to_a_url(cli, shards, jpegs):
    assert cli("stats", "shards", "-o", "memory://bucket/stats.json", "-j", 1).status == 0
    refused = cli("stats", "shards", "-o", "memory://bucket/stats.json", "-j", 1)
    assert "exists; use --force" in refused.stderr
    assert cli("stats", "shards", "-o", "memory://bucket/stats.json", "-j", 1, "--force").status == 0


def test_labels_are_for_files(cli, shards):
    Path("labels.csv").write_text("file,label\na.jpg,1\n")
    outcome = cli("stats", "shards", "--labels", "labels.csv")
    assert outcome.stderr == "error: --labels are for files, not for shards\n"
