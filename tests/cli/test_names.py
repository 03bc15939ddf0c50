"""Names of files that a terminal or an encoding cannot show: they are worked on like any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from dnjpeg.cli import failures

# Bytes that are no UTF-8, an escape sequence that clears the screen, a line break, and what is no ASCII.
NAMES = (b"a\xffb.png", b"clear\x1b[2J.png", b"two\nlines.png", "größe 日本.png".encode(), b"-dash.png")


@pytest.fixture
def strange(tmp_path, photo, monkeypatch):
    """A folder of images with such names, in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for name in NAMES:
        with Path("in", os.fsdecode(name)).open("wb") as file:
            Image.fromarray(photo(8, 8)).save(file, "PNG")
    return Path("in")


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict"])
def test_all_are_encoded_whatever_standard_output_can_show(strange, encoding):
    result = subprocess.run(
        [sys.executable, "-m", "dnjpeg", "encode", "in", "-o", "out"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert result.stderr == b""
    assert result.returncode == failures.ALL_WELL
    expected = {name.removesuffix(b".png") + b".jpg" for name in NAMES}
    assert {os.fsencode(path.name) for path in Path("out").iterdir()} == expected
    lines = result.stdout.splitlines()
    assert len(lines) == len(NAMES) + 1
    assert b"\x1b" not in result.stdout
    assert lines[-1].startswith(b"5 of 5 files")


def test_errors_show_them_escaped_on_one_line(cli, strange):
    for name in NAMES:
        (strange / os.fsdecode(name)).write_bytes(b"not an image")
    outcome = cli("encode", "in", "-o", "out")
    assert outcome.status == failures.ERROR
    assert outcome.stderr.count("\n") == len(NAMES) + 1
    assert "\x1b" not in outcome.stderr
    assert "in/clear\\x1b[2J.png: not an image" in outcome.stderr


def test_json_gives_them_back_whole(cli, strange):
    outcome = cli("encode", "in", "-o", "out", "--json")
    named = {os.fsencode(json.loads(line)["input"]) for line in outcome.stdout.splitlines()}
    assert named == {b"in/" + name for name in NAMES}
