"""Folder trees: each file to its place, chunk by chunk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from making import contents, jpeg, task, transcoded, visible, write_tar

from dnjpeg.shards import Convert, Encode, RunError, convert_shards, units


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def convert(source, target, chosen=None, **options):
    return convert_shards([str(source)], str(target), chosen or task(), jobs=1, **options)


def test_the_whole_tree_is_there_afterwards(tmp_path):
    files = {
        "cat/1.jpg": jpeg(1),
        "cat/2.JPEG": jpeg(2),
        "dog/1.jpg": jpeg(3),  # the same name in two folders
        "dog/deep/1.jpg": jpeg(4),
        "labels.csv": b"file,label\n",
        "dog/notes.txt": b"none",
    }
    write(tmp_path / "in", files)
    os.utime(tmp_path / "in/labels.csv", (1, 1_500_000_000))
    report = convert(tmp_path / "in", tmp_path / "out")
    assert visible(tmp_path / "out") == {
        name: transcoded(data) if data.startswith(b"\xff\xd8") else data for name, data in files.items()
    }
    counts = report.totals.counts
    assert (counts.items, counts.converted, counts.untouched, report.totals.shards) == (6, 4, 2, 4)
    assert (tmp_path / "out/labels.csv").stat().st_mtime == 1_500_000_000


def test_a_class_folder_without_images_stays_a_class(tmp_path):
    write(tmp_path / "in", {"cat/1.jpg": jpeg(1)})
    (tmp_path / "in/empty/deeper").mkdir(parents=True)
    convert(tmp_path / "in", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir()) == ["cat", "empty"]
    assert (tmp_path / "out/empty/deeper").is_dir()


def test_a_large_folder_is_several_units(tmp_path, monkeypatch):
    monkeypatch.setattr(units, "FILES", 4)
    write(tmp_path / "in", {f"cat/{seed:02}.jpg": jpeg(seed) for seed in range(10)})
    report = convert(tmp_path / "in", tmp_path / "out")
    assert report.totals.shards == 3
    assert {name for name in contents(tmp_path / "out") if "cat/." in name} == {
        f"cat/.dnjpeg-files-0000{number}.json" for number in range(3)
    }
    (tmp_path / "out/cat/05.jpg").unlink()
    report = convert(tmp_path / "in", tmp_path / "out")
    assert (report.totals.made, report.totals.resumed) == (1, 2)
    assert (tmp_path / "out/cat/05.jpg").read_bytes() == transcoded(jpeg(5))


def test_shards_among_files_are_shards(tmp_path):
    write(tmp_path / "in", {"a.jpg": jpeg(1), "README.md": b"#"})
    write_tar(tmp_path / "in/data/0.tar", [("b.jpg", jpeg(2))])
    report = convert(tmp_path / "in", tmp_path / "out")
    assert set(visible(tmp_path / "out")) == {"a.jpg", "README.md", "data/0.tar"}
    assert report.totals.counts.converted == 2


def test_two_files_that_would_get_one_name_are_refused_before_any_work(tmp_path):
    write(tmp_path / "in", {"cat/1.png": jpeg(1), "cat/1.bmp": jpeg(2)})
    with pytest.raises(ValueError, match=r"1.bmp and .*1.png would both become cat/1.jpg"):
        convert(tmp_path / "in", tmp_path / "out", Convert(Encode()))
    assert not (tmp_path / "out").exists()


def test_only_what_is_meant_is_converted(tmp_path):
    write(tmp_path / "in", {"photo/1.png": jpeg(1), "mask/1.png": jpeg(2)})
    chosen = Convert(Encode({"quality": 40}), only=("photo/*",))
    for resumed in range(2):
        report = convert(tmp_path / "in", tmp_path / "out", chosen)
        assert (report.totals.resumed, report.totals.counts.converted) == (2 * resumed, 1)
    assert set(visible(tmp_path / "out")) == {"photo/1.jpg", "mask/1.png"}
    assert (tmp_path / "out/mask/1.png").read_bytes() == jpeg(2)


def test_what_fails_stays_as_it_is_under_its_name(tmp_path):
    write(tmp_path / "in", {"1.png": b"no image", "2.jpg": jpeg(2)})
    for _ in range(2):
        report = convert(tmp_path / "in", tmp_path / "out", Convert(Encode({"quality": 40})))
        assert [str(failure) for failure in report.failures] == [
            "1.png .. 2.jpg: 1.png: not an image in a format that Pillow reads"
        ]
        assert (tmp_path / "out/1.png").read_bytes() == b"no image"
    assert report.totals.resumed == 1


def test_dropping_leaves_out_the_file(tmp_path):
    write(tmp_path / "in", {"1.jpg": jpeg(1)[:300], "2.jpg": jpeg(2)})
    for resumed in range(2):
        report = convert(tmp_path / "in", tmp_path / "out", task(on_error="drop"))
        assert set(visible(tmp_path / "out")) == {"2.jpg"}
        assert (report.totals.resumed, report.totals.counts.failed) == (resumed, 1)


def test_files_that_cannot_be_read_are_named_and_tried_again(tmp_path):
    write(tmp_path / "in", {"1.jpg": jpeg(1), "3.jpg": jpeg(3)})
    (tmp_path / "in/2.jpg").symlink_to("nowhere")
    report = convert(tmp_path / "in", tmp_path / "out")
    assert [failure.reason for failure in report.failures] == ["2.jpg: cannot be read: No such file or directory"]
    assert set(visible(tmp_path / "out")) == {"1.jpg", "3.jpg"}
    (tmp_path / "in/2.jpg").unlink()
    (tmp_path / "in/2.jpg").write_bytes(jpeg(2))
    assert convert(tmp_path / "in", tmp_path / "out").failures == []
    assert set(visible(tmp_path / "out")) == {"1.jpg", "2.jpg", "3.jpg"}


def test_a_folder_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    write(tmp_path / "in", {"cat/1.jpg": jpeg(1), "dog/1.jpg": jpeg(2)})
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("dog"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = convert(tmp_path / "in", tmp_path / "out")
    assert [failure.reason for failure in report.failures] == ["Permission denied"]
    assert report.failures[0].name.endswith("in/dog")
    assert set(visible(tmp_path / "out")) == {"cat/1.jpg"}


def test_links_that_make_a_folder_its_own_descendant(tmp_path):
    write(tmp_path / "in", {"cat/1.jpg": jpeg(1)})
    (tmp_path / "in/cat/loop").symlink_to("..")
    convert(tmp_path / "in", tmp_path / "out")
    assert set(visible(tmp_path / "out")) == {"cat/1.jpg"}


@pytest.mark.parametrize("target", ["in", "in/out", "."])
def test_the_results_lie_apart_from_the_source(tmp_path, target):
    write(tmp_path / "in", {"1.jpg": jpeg(1)})
    with pytest.raises(RunError, match="apart"):
        convert(tmp_path / "in", tmp_path / target)
    assert contents(tmp_path) == {"in/1.jpg": jpeg(1)}
