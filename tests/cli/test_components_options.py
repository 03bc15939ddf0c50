"""``dnjpeg encode`` of other colours and sampling factors, and tables that files share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dnjpeg import decode, encode, read_tables, shared_tables, write_tables
from dnjpeg.cli import failures

PROFILE = bytes(16) + b"CMYK" + bytes(200)


@pytest.fixture
def inks(tmp_path, photo, monkeypatch):
    """The working folder holds inks.tif, of four colours with a profile, and photo.png."""
    monkeypatch.chdir(tmp_path)
    pixels = np.concatenate([photo(33, 50), photo(33, 50, seed=1, gray=True)[..., None]], axis=2)
    Image.fromarray(pixels, "CMYK").save("inks.tif", icc_profile=PROFILE)
    Image.fromarray(photo(33, 50)).save("photo.png")
    Image.fromarray(photo(33, 50, gray=True)).save("gray.png")
    return pixels


def encoded(cli, name: str, *arguments: str) -> bytes:
    outcome = cli("encode", name, "-o", "-", *arguments)
    assert outcome.status == failures.ALL_WELL, outcome.stderr
    return outcome.stdout_bytes


@pytest.mark.parametrize("color", ["CMYK", "YCCK"])
def test_cmyk_stays_cmyk_when_asked_for(cli, inks, color):
    assert encoded(cli, "inks.tif", "--color", color) == encode(inks, color=color)
    assert encoded(cli, "inks.tif", "--color", color, "--copy", "icc") == encode(inks, color=color, icc_profile=PROFILE)


def test_other_images_are_converted(cli, inks):
    with Image.open("photo.png") as image:
        rgb, as_cmyk = np.asarray(image), np.asarray(image.convert("CMYK"))
    with Image.open("gray.png") as image:
        gray, gray_rgb = np.asarray(image), np.asarray(image.convert("RGB"))
    with Image.open("inks.tif") as image:
        inks_rgb = np.asarray(image.convert("RGB"))
    for name, color, expected in (
        ("photo.png", "RGB", rgb),
        ("photo.png", "grayscale", rgb),
        ("photo.png", "CMYK", as_cmyk),
        ("gray.png", "RGB", gray_rgb),
        ("gray.png", "YCbCr", gray_rgb),
        ("gray.png", "grayscale", gray),
        ("inks.tif", "YCbCr", inks_rgb),
    ):
        assert encoded(cli, name, "--color", color) == encode(expected, color=color), (name, color)
    assert encoded(cli, "inks.tif", "--copy", "icc") == encode(inks_rgb)  # the profile is of other colours


def test_sampling_factors(cli, inks, photo):
    for text in ("4:1:0", "2x1,1x2,1x1"):
        assert encoded(cli, "photo.png", "--subsampling", text) == encode(photo(33, 50), subsampling=text)
    for text, message in (
        ("4:2", "unknown subsampling '4:2'"),
        ("9x9", "must be 1 to 4"),
        ("3x1,2x1", "must be whole"),
    ):
        outcome = cli("encode", "photo.png", "-o", "-", "--subsampling", text)
        assert outcome.status == failures.ERROR
        assert message in outcome.stderr


def test_tables_are_shared_by_a_folder(cli, tmp_path, photo, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train").mkdir()
    pictures = {f"{seed}": photo(32, 32, seed=seed) for seed in range(4)}
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(f"train/{name}.png")
    shared = shared_tables(pictures.values(), quality=60, subsampling="4:4:4")
    made = cli("tables", "share", "train", "-o", "shared.jpg", "--quality", "60", "--subsampling", "4:4:4")
    assert made.status == failures.ALL_WELL, made.stderr
    assert Path("shared.jpg").read_bytes() == write_tables(shared)
    again = cli("tables", "share", "train", "-o", "shared.jpg")
    assert again.status == failures.ERROR
    assert "shared.jpg exists" in again.stderr
    given = ["--shared-tables", "shared.jpg"]
    assert cli("encode", "train", "-o", "small", "--subsampling", "4:4:4", "--no-jfif", *given).status == 0
    assert cli("decode", "small", "-o", "pixels", "--format", "npy", *given).status == failures.ALL_WELL
    assert cli("transcode", "small", "-o", "whole", *given).status == failures.ALL_WELL
    tables = read_tables(Path("shared.jpg").read_bytes())
    for name, pixels in pictures.items():
        data = Path(f"small/{name}.jpg").read_bytes()
        assert data == encode(pixels, coding_tables=shared, subsampling="4:4:4", jfif=False)
        np.testing.assert_array_equal(np.load(f"pixels/{name}.npy"), decode(data, coding_tables=tables))
        np.testing.assert_array_equal(decode(Path(f"whole/{name}.jpg").read_bytes()), np.load(f"pixels/{name}.npy"))
    assert cli("inspect", "small/0.jpg", *given).status == failures.ALL_WELL
    assert cli("inspect", "small/0.jpg").status == failures.INCOMPLETE
    without = cli("decode", "small/0.jpg", "-o", "x.png")
    assert without.status == failures.ERROR
    assert "quantization table 0 is missing" in without.stderr


def test_files_that_have_no_tables_to_share(cli, inks):
    Path("none.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    for name, message in (("none.jpg", "the file defines no tables"), ("nowhere.jpg", "No such file")):
        outcome = cli("encode", "photo.png", "-o", "-", "--shared-tables", name)
        assert outcome.status == failures.ERROR
        assert message in outcome.stderr
