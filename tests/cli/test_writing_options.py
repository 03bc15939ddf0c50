"""The options of ``dnjpeg encode`` and ``transcode`` about scans, restarts, wide tables and metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from dnjpeg import RateDistortion, encode, read, transcode
from dnjpeg.cli import failures
from dnjpeg.statistics.sensitivity import NetworkGradients, Sensitivity

SCRIPT = "0: 0-0, 0, 0;\n1,2: 0-0, 0, 0;\n0: 1-63, 0, 1;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n0: 1-63, 1, 0;\n"
GRAY_PROFILE, RGB_PROFILE = (bytes(16) + space + bytes(200) for space in (b"GRAY", b"RGB "))


@pytest.fixture
def pixels(tmp_path, photo, monkeypatch):
    """The working folder holds photo.png, the same as a JPEG file of quality 75, and scans.txt."""
    monkeypatch.chdir(tmp_path)
    pixels = photo(33, 50)
    exif = Image.Exif()
    exif[0x0112] = 1
    exif[0x010E] = "what is seen"
    Image.fromarray(pixels).save("photo.png", exif=exif.tobytes(), icc_profile=RGB_PROFILE, dpi=(300, 300))
    Path("photo.jpg").write_bytes(encode(pixels, exif=exif.tobytes(), comment="seen", icc_profile=RGB_PROFILE))
    Path("scans.txt").write_text(SCRIPT)
    return pixels


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--scans", "scans.txt"], {"scans": SCRIPT}),
        (["--scans", "smallest"], {"scans": "smallest"}),
        (["--restart", "3"], {"restart": 3}),
        (["--restart-rows", "1", "--progressive"], {"restart_rows": 1, "progressive": True}),
        (["--compact"], {"compact": True}),
        (["--wide-tables", "--quality", "3"], {"wide_tables": True, "quality": 3}),
        (["--comment", "größer", "--dpi", "96"], {"comment": "größer", "dpi": 96}),
    ],
)
def test_options_mean_what_they_mean_in_the_api(cli, pixels, arguments, options):
    assert cli("encode", "photo.png", "-o", "x.jpg", *arguments).status == failures.ALL_WELL
    assert Path("x.jpg").read_bytes() == encode(pixels, **options)
    assert cli("transcode", "photo.jpg", "-o", "y.jpg", *arguments).status == failures.ALL_WELL
    assert Path("y.jpg").read_bytes() == transcode(Path("photo.jpg").read_bytes(), **options)


def test_metadata_of_files_and_of_other_jpeg_files(cli, pixels):
    Path("profile.icc").write_bytes(RGB_PROFILE)
    Path("packet.xmp").write_bytes(b"<packet/>")
    arguments = ["--exif", "photo.jpg", "--icc", "profile.icc", "--xmp", "packet.xmp"]
    assert cli("encode", "photo.png", "-o", "x.jpg", *arguments).status == failures.ALL_WELL
    exif = read(Path("photo.jpg").read_bytes()).exif
    assert Path("x.jpg").read_bytes() == encode(pixels, exif=exif, icc_profile=RGB_PROFILE, xmp=b"<packet/>")
    outcome = cli("encode", "photo.png", "-o", "z.jpg", "--xmp", "photo.jpg")
    assert outcome.status == failures.ERROR
    assert "photo.jpg: there is no XMP packet in this file" in outcome.stderr


def test_transcode_keeps_or_drops_metadata(cli, pixels):
    data = Path("photo.jpg").read_bytes()
    for copy in ("all", "icc", "comments", "none"):
        assert cli("transcode", "photo.jpg", "-o", "x.jpg", "--force", "--copy", copy).status == failures.ALL_WELL
        assert Path("x.jpg").read_bytes() == transcode(data, copy=copy)
    cli("transcode", "photo.jpg", "-o", "y.jpg")
    assert Path("y.jpg").read_bytes() == data


def test_encode_leaves_metadata_out_or_copies_them(cli, pixels):
    cli("encode", "photo.png", "-o", "none.jpg")
    assert Path("none.jpg").read_bytes() == encode(pixels)
    cli("encode", "photo.png", "-o", "icc.jpg", "--copy", "icc")
    assert Path("icc.jpg").read_bytes() == encode(pixels, icc_profile=RGB_PROFILE)
    cli("encode", "photo.png", "-o", "all.jpg", "--copy", "all", "--comment", "added")
    image = read(Path("all.jpg").read_bytes())
    assert (image.icc_profile, image.jfif.density, image.comments) == (RGB_PROFILE, (300, 300), (b"added",))
    with Image.open("all.jpg") as written:
        assert written.getexif()[0x010E] == "what is seen"


def test_a_copied_orientation_is_not_applied_twice(cli, pixels):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save("turned.png", exif=exif.tobytes())
    cli("encode", "turned.png", "-o", "x.jpg", "--copy", "all")
    with Image.open("x.jpg") as image:
        assert image.size == (33, 50)
        assert image.getexif().get(0x0112, 1) == 1


def test_a_profile_of_other_colours_is_not_copied(cli, pixels):
    info = PngImagePlugin.PngInfo()
    Image.fromarray(pixels).convert("L").save("gray.png", icc_profile=GRAY_PROFILE, pnginfo=info)
    Image.fromarray(pixels).convert("L").save("wrong.png", icc_profile=RGB_PROFILE, pnginfo=info)
    cli("encode", "gray.png", "wrong.png", "-o", "out", "--copy", "all")
    assert read(Path("out/gray.jpg").read_bytes()).icc_profile == GRAY_PROFILE
    assert read(Path("out/wrong.jpg").read_bytes()).icc_profile is None


def test_transcode_drops_restarts(cli, pixels):
    Path("r.jpg").write_bytes(encode(pixels, restart=2))
    cli("transcode", "r.jpg", "-o", "x.jpg", "--restart", "0")
    assert Path("x.jpg").read_bytes() == encode(pixels)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--scans", "missing.txt"], "missing.txt: No such file or directory"),
        (["--scans", "bad.txt"], "bad.txt, line 2: 'one' is not a scan: write it like 0,1,2: 0-0, 0, 1;"),
        (["--scans", "gray.txt"], "gray.txt, line 2: component 3, the image has only 0 to 2"),
        (["--restart", "1", "--restart-rows", "1"], "a restart interval is given in MCUs or in rows of MCUs"),
        (["--exif", "missing"], "missing: No such file or directory"),
        (["--exif", "broken.jpg"], "broken.jpg: "),
        (["--comment", "x" * 70000], "70,000 bytes are too many for a comment"),
    ],
)
def test_errors(cli, pixels, arguments, reason):
    Path("bad.txt").write_text("0;\none;")
    Path("gray.txt").write_text("0;\n3;")
    Path("broken.jpg").write_bytes(b"\xff\xd8nothing")
    for command in (["encode", "photo.png"], ["transcode", "photo.jpg"]):
        outcome = cli(*command, "-o", "x.jpg", *arguments)
        assert outcome.status == failures.ERROR
        assert reason in outcome.stderr
        assert not Path("x.jpg").exists()


def test_steps_above_255_are_clamped_with_a_warning_or_kept(cli, pixels):
    np.savetxt("wide.txt", np.full((8, 8), 300), "%d")
    outcome = cli("encode", "photo.png", "-o", "clamped.jpg", "--tables", "wide.txt")
    assert outcome.status == failures.INCOMPLETE
    assert read(Path("clamped.jpg").read_bytes()).tables[0].max() == 255
    assert cli("encode", "photo.png", "-o", "x.jpg", "--tables", "wide.txt", "--wide-tables").status == 0
    assert read(Path("x.jpg").read_bytes()).tables[0].max() == 300


def test_rate_distortion_means_what_it_means_in_the_api(cli, pixels):
    weights = np.linspace(1, 2, 64).reshape(8, 8)
    sums = NetworkGradients("toy", "0", np.stack([weights, weights.T, weights]), np.ones((3, 8, 8)))
    sensitivity = Sensitivity(("Y", "Cb", "Cr"), "4:2:0", "kl", 1, (sums,), (1, 1, 1))
    sensitivity.save("sensitivity.json")
    maps = [sensitivity.mean_square(index) for index in range(3)]
    for arguments, rdo in (
        (["--rdo", "0.1"], 0.1),
        (["--rdo", "0.1", "--rdo-weights", "steps"], RateDistortion(0.1, "steps")),
        (["--rdo", "0.1", "--rdo-weights", "sensitivity.json"], RateDistortion(0.1, maps)),
    ):
        assert cli("encode", "photo.png", "-o", "x.jpg", "--force", *arguments).status == failures.ALL_WELL
        assert Path("x.jpg").read_bytes() == encode(pixels, rdo=rdo)
        arguments += ["--quality", "50"]
        assert cli("transcode", "photo.jpg", "-o", "y.jpg", "--force", *arguments).status == failures.ALL_WELL
        assert Path("y.jpg").read_bytes() == transcode(Path("photo.jpg").read_bytes(), quality=50, rdo=rdo)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--rdo-weights", "steps"], "--rdo-weights needs --rdo"),
        (["--rdo", "0"], "0"),
        (["--rdo", "0.1", "--rdo-weights", "scans.txt"], "scans.txt"),
        (["--rdo", "0.1", "--rdo-weights", "nothing.json"], "nothing.json"),
        (["--rdo", "0.1", "--preset", "machine"], "leave it out"),
    ],
)
def test_rate_distortion_that_cannot_be(cli, pixels, arguments, reason):
    outcome = cli("encode", "photo.png", "-o", "x.jpg", *arguments)
    assert outcome.status != failures.ALL_WELL
    assert reason in outcome.stderr
    assert not Path("x.jpg").exists()
