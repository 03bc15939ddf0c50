"""``dnjpeg encode``, ``decode`` and ``transcode``: what they write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from libjpeg import pillow_encode
from outcomes import decoded, files_below, one_error
from PIL import Image, ImageOps
from random_files import random_image, written

from dnjpeg import decode, transcode
from dnjpeg.cli import failures


def test_encode_writes_beside_the_input_with_quality_75(cli, folder):
    outcome = cli("encode", "in/a.png")
    assert outcome.status == failures.ALL_WELL
    written = Path("in/a.jpg").read_bytes()
    assert written == pillow_encode(decoded("in/a.png"), quality=75, optimize=True)
    assert outcome.stderr == ""
    assert outcome.stdout.startswith(f"in/a.png -> in/a.jpg: {Path('in/a.png').stat().st_size:,} -> {len(written):,} b")


def test_encode_passes_every_option_on(cli, folder):
    arguments = ["--quality", "40", "--subsampling", "4:4:4", "--no-optimize", "--restart", "2"]
    assert cli("encode", "in/a.png", "-o", "x.jpg", *arguments).status == failures.ALL_WELL
    expected = pillow_encode(decoded("in/a.png"), quality=40, subsampling="4:4:4", restart_marker_blocks=2)
    assert Path("x.jpg").read_bytes() == expected


def test_progressive_files(cli, folder):
    assert cli("encode", "in/a.png", "-o", "x.jpg", "--progressive").status == failures.ALL_WELL
    assert Path("x.jpg").read_bytes() == pillow_encode(decoded("in/a.png"), quality=75, progressive=True)
    assert cli("transcode", "x.jpg", "-o", "same.jpg").status == failures.ALL_WELL
    assert Path("same.jpg").read_bytes() == Path("x.jpg").read_bytes()
    assert cli("transcode", "x.jpg", "-o", "baseline.jpg", "--baseline").status == failures.ALL_WELL
    assert Path("baseline.jpg").read_bytes() == pillow_encode(decoded("in/a.png"), quality=75, optimize=True)
    assert cli("transcode", "baseline.jpg", "-o", "back.jpg", "--progressive").status == failures.ALL_WELL
    assert Path("back.jpg").read_bytes() == Path("x.jpg").read_bytes()


def test_encode_takes_a_quality_as_tables(cli, folder):
    assert cli("encode", "in/a.png", "-o", "tables.jpg", "--tables", "30").status == failures.ALL_WELL
    assert cli("encode", "in/a.png", "-o", "quality.jpg", "--quality", "30").status == failures.ALL_WELL
    assert Path("tables.jpg").read_bytes() == Path("quality.jpg").read_bytes()


def test_encode_keeps_an_asymmetric_table_file_in_its_order(cli, folder):
    steps = np.arange(1, 65).reshape(8, 8)
    Path("mine.txt").write_text("\n".join(" ".join(map(str, row)) for row in steps))
    assert cli("encode", "in/a.png", "-o", "x.jpg", "--tables", "mine.txt").status == failures.ALL_WELL
    with Image.open("x.jpg") as image:
        assert image.quantization[0] == steps.ravel().tolist()


@pytest.mark.parametrize("name", ["x.png", "x.ppm", "x.tif", "x.npy"])
def test_decode_writes_the_format_that_the_name_says(cli, jpeg, name):
    assert cli("decode", jpeg, "-o", name).status == failures.ALL_WELL
    pixels = np.load(name) if name.endswith("npy") else decoded(name)
    np.testing.assert_array_equal(pixels, decoded(jpeg))


def test_decode_writes_png_beside_the_input_or_the_format_asked_for(cli, jpeg):
    assert cli("decode", jpeg).status == failures.ALL_WELL
    assert cli("decode", jpeg, "--format", "npy").status == failures.ALL_WELL
    np.testing.assert_array_equal(np.load("photo.npy"), decoded("photo.png"))


def test_decode_of_a_gray_file_writes_gray(cli, tmp_path, photo):
    path = tmp_path / "gray.jpg"
    Image.fromarray(photo(9, 17, gray=True)).save(path)
    assert cli("decode", path, "--format", "ppm").status == failures.ALL_WELL
    assert path.with_suffix(".ppm").read_bytes().startswith(b"P5")


def test_cmyk_goes_into_tiff_and_numpy_files(cli, tmp_path, photo, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo(9, 17)).convert("CMYK").save("x.jpg")
    assert cli("decode", "x.jpg", "-o", "x.tiff").status == failures.ALL_WELL
    assert cli("decode", "x.jpg", "-o", "x.npy").status == failures.ALL_WELL
    with Image.open("x.tiff") as image:
        assert image.mode == "CMYK"
    np.testing.assert_array_equal(decoded("x.tiff"), decoded("x.jpg"))
    np.testing.assert_array_equal(np.load("x.npy"), decoded("x.jpg"))
    for kind in ("png", "ppm"):
        outcome = cli("decode", "x.jpg", "--format", kind)
        assert outcome.status == failures.ERROR
        assert f"is CMYK, which {kind} files do not hold: choose --format tiff or npy" in outcome.stderr


def test_12_bits_go_into_wide_enough_files(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, factors, color in (("gray", [(1, 1)], "grayscale"), ("rgb", [(1, 1)] * 3, "RGB")):
        Path(f"{name}.jpg").write_bytes(written(random_image(factors, 9, 17, color=color, precision=12)))
        for kind in ("npy", "ppm"):
            assert cli("decode", f"{name}.jpg", "--format", kind).status == failures.ALL_WELL
        pixels = np.load(f"{name}.npy")
        assert 255 < pixels.max() <= 4095
        head, body = Path(f"{name}.ppm").read_bytes().split(b"4095\n", 1)
        assert head == (b"P5" if color == "grayscale" else b"P6") + b"\n17 9\n"
        np.testing.assert_array_equal(np.frombuffer(body, ">u2").reshape(pixels.shape), pixels)
    for kind in ("png", "tiff"):
        assert cli("decode", "gray.jpg", "--format", kind).status == failures.ALL_WELL
        np.testing.assert_array_equal(decoded(f"gray.{kind}") >> 4, np.load("gray.npy"))
        outcome = cli("decode", "rgb.jpg", "--format", kind)
        assert f"is RGB of 12 bits, which {kind} files do not hold: choose --format ppm or npy" in outcome.stderr


def test_decode_turns_as_the_orientation_says(cli, tmp_path, photo, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(20, 30)).save("x.jpg", exif=exif)
    assert cli("decode", "x.jpg", "--orient", "--region", "10x5+2+3").status == failures.ALL_WELL
    with Image.open("x.jpg") as image:
        np.testing.assert_array_equal(decoded("x.png"), np.asarray(ImageOps.exif_transpose(image))[3:8, 2:12])


def test_transcode_without_tables_loses_nothing(cli, jpeg):
    assert cli("transcode", jpeg, "-o", "smaller.jpg").status == failures.ALL_WELL
    np.testing.assert_array_equal(decoded("smaller.jpg"), decoded(jpeg))
    assert Path("smaller.jpg").stat().st_size < jpeg.stat().st_size


def test_transcode_swaps_the_tables_and_keeps_each_name(cli, jpeg):
    jpeg.rename("n01440764_10026.JPEG")
    assert cli("transcode", "n01440764_10026.JPEG", "-o", "out/", "--quality", "50").status == failures.ALL_WELL
    with Image.open("out/n01440764_10026.JPEG") as image:
        assert image.quantization[0][:4] == [16, 11, 10, 16]


def test_transcode_in_place_needs_force(cli, jpeg):
    before = jpeg.read_bytes()
    outcome = cli("transcode", jpeg)
    assert outcome.status == failures.ERROR
    assert outcome.stderr == f"error: {jpeg} exists; use --force to overwrite or --skip-existing to leave it\n"
    assert jpeg.read_bytes() == before
    assert cli("transcode", jpeg, "--force").status == failures.ALL_WELL
    assert len(jpeg.read_bytes()) < len(before)


def test_a_truncated_file_names_the_place(cli, jpeg):
    jpeg.write_bytes(jpeg.read_bytes()[:900])
    one_error(cli("decode", jpeg), "photo.jpg: ")
    one_error(cli("decode", jpeg), "byte ")
    assert files_below(".") == {"photo.jpg"}


def test_decode_takes_a_scale_and_a_region(cli, jpeg):
    """In the order of X11 and jpegtran: width, height, left, top."""
    data = jpeg.read_bytes()
    assert cli("decode", jpeg, "-o", "half.png", "--scale", "1/2").status == failures.ALL_WELL
    np.testing.assert_array_equal(decoded("half.png"), decode(data, scale=0.5))
    assert cli("decode", jpeg, "-o", "part.png", "--scale", "4/8", "--region", "7x5+3+2").status == failures.ALL_WELL
    np.testing.assert_array_equal(decoded("part.png"), decode(data, scale=0.5)[2:7, 3:10])
    one_error(cli("decode", jpeg, "-o", "x.png", "--region", "51x1+0+0"), "photo.jpg: region of 1 lines")
    one_error(cli("decode", jpeg, "-o", "x.png", "--region", "7x5"), "640x480+0+16")
    one_error(cli("decode", jpeg, "-o", "x.png", "--scale", "1/3"), "--scale")


def test_transcode_turns_and_crops_without_loss(cli, jpeg):
    """Named as jpegtran's options."""
    data = jpeg.read_bytes()
    for options, expected in (
        (["--rotate", "90", "--trim"], {"operation": "rotate 90", "trim": True}),
        (["--flip", "vertical", "--grayscale"], {"operation": "flip vertical", "grayscale": True}),
        (["--transverse", "--crop", "20x16+0+16"], {"operation": "transverse", "crop": (16, 0, 16, 20)}),
        (["--orient"], {"orient": True}),
    ):
        assert cli("transcode", jpeg, "-o", "new.jpg", "--force", *options).status == failures.ALL_WELL
        assert Path("new.jpg").read_bytes() == transcode(data, **expected)
    one_error(cli("transcode", jpeg, "-o", "x.jpg", "--rotate", "90", "--transpose"), "--rotate 90 and --transpose")
    one_error(
        cli("transcode", jpeg, "-o", "x.jpg", "--rotate", "90", "--perfect"), "photo.jpg: rotate 90 is not perfect"
    )
    one_error(cli("transcode", jpeg, "-o", "x.jpg", "--crop", "20"), "640x480+0+16")
    assert not Path("x.jpg").exists()


def test_lenient_decoding_saves_what_it_can_and_says_so(cli, jpeg):
    whole = decoded(jpeg)
    jpeg.write_bytes(jpeg.read_bytes()[:-400])
    outcome = cli("decode", jpeg, "--lenient")
    assert outcome.status == failures.INCOMPLETE
    assert outcome.stderr.startswith("warning: photo.jpg: ")
    np.testing.assert_array_equal(decoded("photo.png")[:8], whole[:8])
