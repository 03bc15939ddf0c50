"""Images that the tests of commands work on."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path, photo, monkeypatch):
    """A tree of images, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("in/deep/er").mkdir(parents=True)
    for name, seed in (("in/a.png", 1), ("in/b.bmp", 2), ("in/deep/c.png", 3), ("in/deep/er/d.png", 4)):
        Image.fromarray(photo(24, 40, seed=seed)).save(name)
    Path("in/notes.txt").write_text("not an image")
    Path("in/.hidden.png").write_bytes(b"not an image either")
    return tmp_path


@pytest.fixture
def jpeg(tmp_path, photo, monkeypatch):
    """A JPEG file by Pillow, quality 90, 4:2:0, standard Huffman tables."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo(33, 50)).save("photo.jpg", quality=90)
    return Path("photo.jpg")
