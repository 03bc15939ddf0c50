"""What commands that convert files have in common: inputs, outputs, order, and what they do when something fails."""

from __future__ import annotations

import errno
import json
import os
import signal
import time
from pathlib import Path

import pytest
from libjpeg import pillow_encode
from outcomes import decoded, files_below, one_error
from processes import start_dnjpeg

from dnjpeg.cli import failures


def test_standard_input_to_standard_output(cli, folder):
    source = Path("in/a.png").read_bytes()
    outcome = cli("encode", "-", stdin=source)
    assert outcome.status == failures.ALL_WELL
    assert outcome.stdout_bytes == pillow_encode(decoded(source), quality=75, optimize=True)
    assert outcome.stdout_bytes == cli("encode", "in/a.png", "-o", "-").stdout_bytes


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["in"], {"a.jpg", "b.jpg"}),
        (["-r", "in"], {"a.jpg", "b.jpg", "deep/c.jpg", "deep/er/d.jpg"}),
        (["in/*.png"], {"a.jpg"}),
        (["in/**/*.png"], {"a.jpg", "deep/c.jpg", "deep/er/d.jpg"}),
        (["in/d*/*.png"], {"deep/c.jpg"}),
        (["in/a.png", "in/deep/c.png", "in/a.png"], {"a.jpg", "c.jpg"}),
    ],
)
def test_folders_and_globs_keep_their_tree(cli, folder, arguments, expected):
    assert cli("encode", *arguments, "-o", "out").status == failures.ALL_WELL
    assert files_below("out") == expected


def test_folders_that_link_to_themselves_are_walked_once(cli, folder):
    Path("in/deep/loop").symlink_to("..", target_is_directory=True)
    assert cli("encode", "-r", "in", "-o", "out").status == failures.ALL_WELL
    assert files_below("out") == {"a.jpg", "b.jpg", "deep/c.jpg", "deep/er/d.jpg"}


def test_results_are_in_the_order_of_the_inputs_whatever_the_number_of_workers(cli, folder):
    alone = cli("encode", "-r", "in", "-o", "one", "-j", "1").stdout
    together = cli("encode", "-r", "in", "-o", "four", "-j", "4").stdout
    assert alone.replace("one/", "four/") == together
    assert alone.splitlines()[-1].startswith("4 of 4 files: ")


def test_json_is_one_object_a_line(cli, folder):
    Path("in/broken.png").write_bytes(b"no image")
    outcome = cli("encode", "in", "-o", "out", "--json")
    a, b, broken = map(json.loads, outcome.stdout.splitlines())
    assert (a["input"], a["output"], a["status"]) == ("in/a.png", "out/a.jpg", "done")
    assert a["bytes_in"] == Path("in/a.png").stat().st_size
    assert a["bytes_out"] == Path("out/a.jpg").stat().st_size
    assert a["ms"] > 0
    assert b["input"] == "in/b.bmp"
    assert broken["status"] == "failed"
    assert "not an image" in broken["error"]


@pytest.mark.parametrize("command", ["encode", "decode", "transcode"])
@pytest.mark.parametrize("content", [b"", b"no image at all", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_a_file_that_is_not_an_image_is_one_error(cli, tmp_path, command, content):
    path = tmp_path / "x.jpg"
    path.write_bytes(content)
    one_error(cli(command, path, "-o", tmp_path / "y.jpg"), f"error: {path}: ")
    assert files_below(tmp_path) == {"x.jpg"}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["missing.png"], "missing.png: No such file or directory"),
        (["in/*.gif"], "in/*.gif: no file matches"),
        (["empty"], "empty: no file in this folder"),
        (["in/deep/er", "empty"], "empty: no file in this folder"),
        (["-", "in/a.png"], "cannot be one of several inputs"),
        (["in", "-o", "-"], "standard output holds one image, not 2"),
        (["in", "-o", "in/a.png"], "in/a.png"),
        (["in/a.png", "-o", "in/notes.txt/x.jpg"], "in/notes.txt"),
        (["in/a.png", "-o", "-", "--json"], "--json"),
        (["in/a.png", "more/a.png", "-o", "out"], "in/a.png and more/a.png would both become out/a.jpg"),
    ],
)
def test_requests_that_make_no_sense_are_one_error_before_any_work(cli, folder, arguments, text):
    Path("empty").mkdir()
    Path("more").mkdir()
    Path("more/a.png").write_bytes(Path("in/a.png").read_bytes())
    before = files_below(".")
    one_error(cli("encode", *arguments), text)
    assert files_below(".") == before


def test_an_empty_folder_with_sub_folders_points_to_recursive(cli, folder):
    Path("top/sub").mkdir(parents=True)
    one_error(cli("encode", "top"), "-r goes into sub-folders")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_unreadable_inputs_and_unwritable_folders_are_one_error(cli, folder):
    Path("in/a.png").chmod(0)
    one_error(cli("encode", "in/a.png"), "in/a.png: Permission denied")
    Path("locked").mkdir(mode=0o500)
    one_error(cli("encode", "in/b.bmp", "-o", "locked/"), "locked: this folder cannot be written to")


@pytest.fixture
def locked(folder, monkeypatch):
    """The folder in/deep cannot be listed, not even by root."""
    scandir = os.scandir

    def refuse(path="."):
        if Path(os.fspath(path)) == Path("in/deep"):
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)


@pytest.mark.parametrize("command", ["encode", "inspect"])
def test_a_sub_folder_that_cannot_be_listed_is_named_and_the_others_go_on(cli, folder, locked, command):
    if command == "inspect":
        for name in ("in/a", "in/b"):
            Path(f"{name}.jpg").write_bytes(pillow_encode(decoded("in/a.png")))
        outcome, as_json = cli("inspect", "-r", "in"), cli("inspect", "-r", "in", "--json")
        assert all(f"in/{name}.jpg: " in outcome.stdout for name in "ab")
    else:
        outcome, as_json = cli("encode", "-r", "in", "-o", "out"), cli("encode", "-r", "in", "-o", "again", "--json")
        assert files_below("out") == files_below("again") == {"a.jpg", "b.jpg"}
        assert "2 of 3 files" in outcome.stdout
    assert (outcome.status, as_json.status) == (failures.INCOMPLETE, failures.INCOMPLETE)
    assert outcome.stderr == "error: in/deep: Permission denied\nerror: 1 of 3 failed\n"
    assert "in/deep: Permission denied" in [json.loads(line).get("error") for line in as_json.stdout.splitlines()]


@pytest.mark.parametrize("name", ["in", "in/deep"])
def test_if_there_is_nothing_else_an_unreadable_folder_is_one_error(cli, folder, locked, name):
    for file in Path("in").glob("*.*"):
        file.unlink()
    one_error(cli("encode", "-r", name, "-o", "out"), "in/deep: Permission denied")
    assert not Path("out").exists()


def test_statistics_need_all_of_a_folder(cli, folder, locked):
    one_error(cli("stats", "-r", "in", "-o", "x.json"), "in/deep: Permission denied")


def test_nothing_is_overwritten_unless_asked(cli, folder):
    Path("out").mkdir()
    Path("out/b.jpg").write_bytes(b"precious")
    one_error(cli("encode", "in", "-o", "out"), "out/b.jpg exists; use --force")
    assert files_below("out") == {"b.jpg"}

    outcome = cli("encode", "in", "-o", "out", "--skip-existing")
    assert outcome.status == failures.ALL_WELL
    assert "in/b.bmp -> out/b.jpg: exists, skipped" in outcome.stdout
    assert Path("out/b.jpg").read_bytes() == b"precious"
    assert decoded("out/a.jpg").shape == (24, 40, 3)

    assert cli("encode", "in", "-o", "out", "--force").status == failures.ALL_WELL
    assert decoded("out/b.jpg").shape == (24, 40, 3)


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_a_failed_item_is_named_and_the_others_go_on(cli, folder, jobs):
    Path("in/aa.png").write_bytes(Path("in/a.png").read_bytes()[:200])
    Path("in/bb.png").write_bytes(b"no image")
    outcome = cli("encode", "in", "-o", "out", "-j", jobs)
    assert outcome.status == failures.INCOMPLETE
    assert files_below("out") == {"a.jpg", "b.jpg"}
    first, second, summary = outcome.stderr.splitlines()
    assert first.startswith("error: in/aa.png: cannot be read as an image: ")
    assert second == "error: in/bb.png: not an image in a format that Pillow reads"
    assert summary == "error: 2 of 4 failed"


def test_if_every_item_fails_the_status_is_1(cli, folder):
    for name in ("in/a.png", "in/b.bmp"):
        Path(name).write_bytes(b"no image")
    assert cli("encode", "in", "-o", "out").status == failures.ERROR


def test_a_failed_write_leaves_nothing_behind(cli, folder, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "replace", full)
    one_error(cli("encode", "in/a.png", "-o", "out/x.jpg"), "No space left on device")
    assert files_below("out") == set()


def test_a_device_is_written_to_and_not_replaced(cli, folder):
    assert cli("encode", "in/a.png", "-o", "/dev/null").status == failures.ALL_WELL
    assert Path("/dev/null").is_char_device()


def test_ctrl_c_is_one_line_and_leaves_nothing_half_written(tmp_path):
    pipe = tmp_path / "endless.png"
    os.mkfifo(pipe)
    with start_dnjpeg("encode", pipe.name, "-o", "x.jpg", cwd=tmp_path) as process:
        try:
            writer = open_when_read(pipe)
            time.sleep(0.5)  # from the opening to the reading, where the signal finds it
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
            os.close(writer)
        finally:
            process.kill()
    assert process.returncode == failures.INTERRUPTED
    assert errors.split() == ["interrupted"]
    assert files_below(tmp_path) == set()


def open_when_read(pipe: Path) -> int:
    """Open a named pipe for writing once another process has opened it for reading."""
    for _ in range(600):
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.1)
    pytest.fail("the command never came to read its input")
