"""``dnjpeg encode --preset machine`` and the function behind it: any decoder reads the files; sizes are kept."""

from __future__ import annotations

import io
import itertools
import shutil
import subprocess
import tarfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import dnjpeg
from dnjpeg.machine import TableLadder, activity, shipped_ladder, step_of_quality
from dnjpeg.machine.activity import step_factor
from dnjpeg.tables.catalogue import shipped


@pytest.fixture
def pixels(photo):
    return photo(150, 170)


def _opened(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image), {slot: list(table) for slot, table in image.quantization.items()}


@pytest.mark.parametrize("gray", [False, True])
def test_pillow_reads_what_our_decoder_reads(photo, gray):
    data = dnjpeg.encode_for_machines(photo(61, 83, gray=gray), quality=60)
    shown, tables = _opened(data)
    assert np.array_equal(shown, dnjpeg.decode(data))
    assert len(tables) == (1 if gray else 2)
    assert b"JFIF" not in data


def test_tables_are_the_ladders_scaled_by_the_images_activity(pixels):
    energy = activity(pixels)
    luma = dnjpeg.read(dnjpeg.encode(pixels, quality=100)).dequantized(0).reshape(-1, 64)[:, 1:]
    assert energy == pytest.approx(float(np.mean(luma.astype(float) ** 2)), rel=0.02)
    ladder = shipped_ladder()
    image = dnjpeg.read(dnjpeg.encode_for_machines(pixels, quality=75))
    expected = ladder.at(step_of_quality(75) * step_factor(energy))
    assert np.array_equal(image.tables[0], expected.luma)
    assert np.array_equal(image.tables[2], expected.chroma)
    plain = dnjpeg.read(dnjpeg.encode_for_machines(pixels, step=28, adaptive=False))
    assert np.array_equal(plain.tables[0], shipped("machine-28").luma)


def test_busier_images_get_coarser_steps_and_smooth_ones_finer():
    assert step_factor(10) < 1 < step_factor(5000)
    assert step_factor(32 * 498) == pytest.approx(2, rel=0.01)  # the fifth root of 32
    assert step_factor(0) == pytest.approx(1 / 3)


def test_the_ladder_interpolates_geometrically():
    low, high = (dnjpeg.QuantizationTables(np.full((8, 8), step)) for step in (4, 64))
    ladder = TableLadder({10.0: low, 40.0: high})
    assert [int(ladder.at(step).luma[0, 0]) for step in (10, 20, 40, 80, 5)] == [4, 16, 64, 128, 2]
    assert ladder.at(1e6).max_step == 255
    for step in (0, -1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="a step is a number above 0"):
            ladder.at(step)
    with pytest.raises(ValueError, match="a ladder has rungs"):
        TableLadder({})


def test_the_smallest_coding_is_taken(pixels):
    for quality in (10, 90):
        best, fast, baseline = (
            dnjpeg.encode_for_machines(pixels, quality=quality, effort=effort)
            for effort in ("best", "fast", "baseline")
        )
        image = replace(dnjpeg.read(best), jfif=None)
        ways = ({}, {"progressive": True}, {"scans": "smallest"})
        others = [len(dnjpeg.write(image, compact=True, **how)) for how in ways]
        assert len(best) == min(others)
        assert len(fast) == min(others[:2])
        assert len(baseline) == others[0]
        assert dnjpeg.read_header(baseline).frame.process == 0
        assert all(
            np.array_equal(a, b)
            for a, b in zip(dnjpeg.read(best).coefficients, dnjpeg.read(fast).coefficients, strict=True)
        )


@pytest.mark.parametrize("size", [1500, 4000, 20000])
@pytest.mark.parametrize("effort", ["best", "fast", "baseline"])
def test_a_size_is_kept_and_used(pixels, size, effort):
    data = dnjpeg.encode_for_machines(pixels, size=size, effort=effort)
    assert 0.93 * size < len(data) <= size
    bpp = dnjpeg.encode_for_machines(pixels, bpp=size * 8 / (150 * 170) + 1e-6, effort=effort)
    assert bpp == data


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quality": 75, "size": 100}, "give one of quality, step, size and bpp, not quality and size"),
        ({"quality": 0}, "a quality is a whole number from 1 to 100, not 0"),
        ({"size": 100}, "the image does not fit 100 bytes: at the coarsest step it takes "),
        ({"bpp": 0}, "bits a pixel are a number above 0, not 0"),
        ({"effort": "some"}, "effort 'some', must be one of best, fast, baseline"),
        ({"subsampling": "4:3:2"}, "4:3:2"),
    ],
)
def test_refuses(pixels, options, message):
    with pytest.raises(ValueError, match=message):
        dnjpeg.encode_for_machines(pixels, **options)
    with pytest.raises(ValueError, match="RGB or gray"):
        dnjpeg.encode_for_machines(np.zeros((8, 8, 4), np.uint8))


def test_qualities_and_activities_rise_together():
    steps = [step_of_quality(quality) for quality in range(1, 101)]
    assert all(a > b for a, b in itertools.pairwise(steps))


def test_the_command_writes_what_the_function_returns(cli, tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "p.png")
    assert cli("encode", tmp_path / "p.png", "--preset", "machine", "--quality", 50, "--comment", "hello").status == 0
    expected = dnjpeg.encode_for_machines(pixels, quality=50, comment="hello")
    assert (tmp_path / "p.jpg").read_bytes() == expected
    words = ("encode", tmp_path / "p.png", "-o", "-", "--effort", "fast", "--preset", "machine")
    assert cli(*words, "--target-bytes", 3000).stdout_bytes == dnjpeg.encode_for_machines(
        pixels, size=3000, effort="fast"
    )
    assert cli(*words, "--bpp", 1.5).stdout_bytes == dnjpeg.encode_for_machines(pixels, bpp=1.5, effort="fast")
    assert cli(*words, "--same-tables").stdout_bytes == dnjpeg.encode_for_machines(
        pixels, adaptive=False, effort="fast"
    )


def test_the_command_refuses_what_the_preset_decides(cli, tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "p.png")
    for words in (
        ("--tables", "flat"),
        ("--progressive",),
        ("--arithmetic",),
        ("--no-optimize",),
        ("--scans", "smallest"),
    ):
        outcome = cli("encode", tmp_path / "p.png", "--preset", "machine", *words)
        assert outcome.status == 1
        assert f"--preset decides what {words[0]} would: leave it out" in outcome.stderr
    outcome = cli("encode", tmp_path / "p.png", "--target-bytes", 100)
    assert "belong to --preset machine" in outcome.stderr
    for words, message in (
        (("--iterations", 3), "--iterations and --device belong to --network"),
        (("--same-tables", "--bpp", 1), "--same-tables goes with a --quality"),
        (("--network", "x", "--bpp", 1), "with --network give a --quality"),
        (("--network", "no-such-network"), "unknown classifier 'no-such-network'"),
    ):
        outcome = cli("encode", tmp_path / "p.png", "--preset", "machine", *words)
        assert outcome.status == 1
        assert message in outcome.stderr


def test_networks_in_the_loop_from_the_command_line(cli, tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "p.png")
    (tmp_path / "net.py").write_text(
        "from types import SimpleNamespace\nimport torch\nfrom dnjpeg.vision.networks import View\n"
        "def load():\n    torch.manual_seed(1)\n"
        "    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), "
        "torch.nn.Linear(144, 3))\n"
        "    return SimpleNamespace(name='toy', model=model, preprocess=lambda image: None, view=View(8))\n"
    )
    words = ("encode", tmp_path / "p.png", "--preset", "machine", "--quality", 40, "-o", "-", "-j", 1)
    network = ("--network", f"{tmp_path / 'net.py'}:load", "--device", "cpu")
    outcome = cli(*words, *network, "--iterations", 4, "--comment", "seen")
    assert outcome.status == 0
    with Image.open(io.BytesIO(outcome.stdout_bytes)) as image:
        assert image.info["comment"] == b"seen"
    plain = cli(*words, *network, "--iterations", 0, "--comment", "seen")
    assert plain.stdout_bytes != outcome.stdout_bytes


def test_the_tables_of_the_ladder_work_in_pillow(pixels):
    tables = shipped("machine-28")
    stream = io.BytesIO()
    natural = [table.reshape(-1).tolist() for table in tables.arrays]
    Image.fromarray(pixels).save(stream, "JPEG", qtables=natural, subsampling="4:2:0", optimize=True)
    assert stream.getvalue() == dnjpeg.encode(pixels, tables=tables)


def test_the_tables_of_the_ladder_work_in_cjpeg(cli, tmp_path, pixels):
    if shutil.which("cjpeg") is None:
        pytest.skip("cjpeg is not installed")
    Image.fromarray(pixels).save(tmp_path / "p.ppm")
    assert cli("tables", "convert", "machine-57", "-o", tmp_path / "t.txt").status == 0
    tables = ["-qtables", tmp_path / "t.txt", "-qslots", "0,1"]
    words = ["cjpeg", *tables, "-sample", "2x2", "-optimize", tmp_path / "p.ppm"]
    written = subprocess.run(words, check=True, capture_output=True).stdout
    assert written == dnjpeg.encode(pixels, tables="machine-57")


def test_shards_are_converted_like_files(cli, tmp_path, pixels):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    (tmp_path / "in").mkdir()
    with tarfile.open(tmp_path / "in" / "000.tar", "w") as tar:
        entry = tarfile.TarInfo("a.png")
        entry.size = len(stream.getvalue())
        tar.addfile(entry, io.BytesIO(stream.getvalue()))
    words = ("encode", tmp_path / "in", "-o", tmp_path / "out", "--preset", "machine", "--quality", 40, "-j", 1)
    outcome = cli(*words)
    assert outcome.status == 0, outcome.stderr
    with tarfile.open(tmp_path / "out" / "000.tar") as tar:
        data = tar.extractfile("a.jpg").read()
    assert data == dnjpeg.encode_for_machines(pixels, quality=40)
