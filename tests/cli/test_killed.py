"""A batch that is killed: nothing half-written bears an output's name, and the next run goes on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from PIL import Image
from processes import start_dnjpeg

from dnjpeg.cli import failures

COUNT = 60


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_batch_goes_on(cli, tmp_path, photo, how, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pixels = photo(400, 600)
    for number in range(COUNT):
        folder = Path("in", str(number % 3))
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{number:02}.bmp")
    words = ("encode", "-r", "in", "-o", "out", "-j", "2")
    with start_dnjpeg(*words) as process:
        wait_for_output(Path("out"), process)
        process.send_signal(how)
        process.communicate(timeout=60)
    assert process.returncode == (failures.INTERRUPTED if how == signal.SIGINT else -how)

    written = set(Path("out").rglob("*.jpg"))
    assert 0 < len(written) < COUNT
    assert cli("encode", "in/0/00.bmp", "-o", "whole.jpg").status == failures.ALL_WELL
    whole = Path("whole.jpg").read_bytes()
    assert {path.read_bytes() for path in written} == {whole}

    assert cli(*words).status == failures.ERROR  # what exists is not overwritten unasked
    outcome = cli(*words, "--skip-existing")
    assert outcome.status == failures.ALL_WELL
    assert outcome.stdout.count("exists, skipped") == len(written)
    all_files = {f"{number % 3}/{number:02}.jpg" for number in range(COUNT)}
    assert {str(path.relative_to("out")) for path in Path("out").rglob("*.jpg")} == all_files
    assert {path.read_bytes() for path in Path("out").rglob("*.jpg")} == {whole}


def test_what_a_killed_process_left_is_no_input_and_is_removed_by_and_by(cli, tmp_path, photo, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo(8, 8)).save("a.png")
    assert cli("encode", "a.png", "-o", "out/").status == failures.ALL_WELL
    old, new, other = Path("out/.dnjpeg-0123.part"), Path("out/.dnjpeg-4567.part"), Path("out/.other.part")
    for path in (old, new, other):
        path.write_bytes(Path("out/a.jpg").read_bytes()[:-2])
    two_hours_ago = time.time() - 7200
    for path in (old, other):
        os.utime(path, (two_hours_ago, two_hours_ago))
    for names in (["out"], ["out/*"]):
        outcome = cli("transcode", "-r", *names, "-o", "again", "--force")
        assert outcome.status == failures.ALL_WELL
        assert [path.name for path in Path("again").iterdir()] == ["a.jpg"]
    assert old.exists()  # inputs are left alone
    assert cli("encode", "a.png", "-o", "out/b.jpg").status == failures.ALL_WELL
    assert {path.name for path in Path("out").iterdir()} == {"a.jpg", "b.jpg", new.name, other.name}


def wait_for_output(folder, process):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if any(folder.rglob("*.jpg")):
            return
        time.sleep(0.002)
    pytest.fail(f"nothing was written: {process.communicate()[1]}")
