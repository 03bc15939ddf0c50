"""``dnjpeg encode``, ``decode`` and ``transcode``: what they write, and what they do with bad input."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from libjpeg import pillow_encode
from PIL import Image, ImageOps
from processes import start_dnjpeg
from random_files import random_image, written

from dnjpeg import decode, transcode
from dnjpeg.cli import failures


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


def files_below(folder: Path | str) -> set[str]:
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}


def decoded(data: bytes | Path | str) -> np.ndarray:
    with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as image:
        return np.asarray(image)


# What is written


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


# What goes wrong


def one_error(outcome, text: str) -> None:
    assert outcome.status == failures.ERROR
    assert outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1
    assert outcome.stderr.startswith("error: ")
    assert text in outcome.stderr


@pytest.mark.parametrize("command", ["encode", "decode", "transcode"])
@pytest.mark.parametrize("content", [b"", b"no image at all", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"])
def test_a_file_that_is_not_an_image_is_one_error(cli, tmp_path, command, content):
    path = tmp_path / "x.jpg"
    path.write_bytes(content)
    one_error(cli(command, path, "-o", tmp_path / "y.jpg"), f"error: {path}: ")
    assert files_below(tmp_path) == {"x.jpg"}


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
