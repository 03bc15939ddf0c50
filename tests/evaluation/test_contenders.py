"""Contenders: what the words on a command line become, and the bytes they make."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import toy
from PIL import Image, ImageFile

import dnjpeg
from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.evaluation.calibration import calibrate, load_calibration
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.datasets import load_dataset
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.specs import DEFAULTS, DEFAULTS_WITH_STATISTICS, parse_contenders, parse_numbers
from dnjpeg.tables import QuantizationTables, design


@pytest.fixture(scope="module")
def statistics() -> dnjpeg.FrequencyStatistics:
    noise = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), np.uint8)
    return dnjpeg.collect_statistics(noise)


def one(spec: str, **options: object) -> Contender:
    (contender,) = parse_contenders([spec], **options)
    return contender


def pillow_file(pixels: toy.Pixels, **options: object) -> bytes:
    ImageFile.MAXBLOCK = 1 << 20
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", optimize=True, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("5", (5,)), ("95,75,95", (95, 75)), ("3..6", (3, 4, 5, 6)), ("10..90..40,7", (10, 50, 90, 7)), ("4..4", (4,))],
)
def test_numbers(text: str, numbers: tuple[int, ...]) -> None:
    assert parse_numbers(text, "x") == numbers


@pytest.mark.parametrize("text", ["", "a", "1,", "5..3", "1..9..0", "1...3", "-4", "1.5"])
def test_no_numbers(text: str) -> None:
    with pytest.raises(ValueError, match=r"^the list: "):
        parse_numbers(text, "the list")


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_standard_jpeg_is_the_file_that_pillow_writes(photo, subsampling: str) -> None:
    pixels = photo(50, 70)
    for contender in parse_contenders(["jpeg:90,30"], subsampling=subsampling):
        expected = pillow_file(pixels, quality=int(contender.setting), subsampling=subsampling)
        assert contender.encode(pixels) == expected
        assert np.array_equal(contender.decode(expected), np.asarray(Image.open(io.BytesIO(expected))))


def test_same_q_is_flat(photo) -> None:
    contender = one("same-q:12")
    assert contender.name == "SAME-Q 12"
    assert contender.encode(photo(40, 40)) == pillow_file(photo(40, 40), qtables=[[12] * 64], subsampling="4:2:0")


def test_rm_hf_drops_the_last_coefficients_and_nothing_else() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 56, 3), np.uint8)
    standard = dnjpeg.read(one("jpeg:100").encode(noise))
    for count in (3, 9):
        dropped = dnjpeg.read(one(f"rm-hf:{count}").encode(noise))
        for before, after in zip(standard.coefficients, dropped.coefficients, strict=True):
            whole, rest = (blocks.reshape(-1, 64)[:, list(ZIGZAG)] for blocks in (before, after))
            assert whole[:, 64 - count :].any()
            assert not rest[:, 64 - count :].any()
            assert np.array_equal(whole[:, : 64 - count], rest[:, : 64 - count])


def test_deepn_is_the_design(statistics: dnjpeg.FrequencyStatistics) -> None:
    assert one("deepn:rank", statistics=statistics).tables == design.deepn(statistics, mode="rank")
    luma = one("deepn:literal+luma", statistics=statistics)
    assert luma.name == "DeepN literal luma"
    assert luma.tables == design.deepn(statistics, components="luma")
    asked = []

    def source(color: str) -> dnjpeg.FrequencyStatistics:
        asked.append(color)
        return dnjpeg.collect_statistics(toy.photo(0, 0), color=color)

    parse_contenders(["deepn:literal+rgb", "deepn:literal"], statistics=source)
    assert asked == ["rgb", "ycbcr"]


def test_scaled_tables_make_a_curve(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    tables = QuantizationTables(*random.integers(1, 100, (2, 8, 8)), name="mine")
    tables.save(tmp_path / "mine@work.json")
    scaled = parse_contenders([f"tables:{tmp_path / 'mine@work.json'}@30,50"])
    assert [(c.name, c.family, c.setting) for c in scaled] == [("mine @30", "mine", 30), ("mine @50", "mine", 50)]
    assert scaled[0].tables == tables.scaled(30)
    assert scaled[1].tables == tables
    plain = one(f"tables:{tmp_path / 'mine@work.json'}")
    assert (plain.name, plain.setting, plain.table_hash) == ("mine", None, tables.digest)


def test_subsampling_of_one_contender(photo) -> None:
    everyone, other = parse_contenders(["jpeg:50", "jpeg:50/4:4:4"])
    assert (everyone.name, other.name, other.family) == ("JPEG 50", "JPEG 4:4:4 50", "JPEG 4:4:4")
    assert other.encode(photo(33, 33)) == pillow_file(photo(33, 33), quality=50, subsampling="4:4:4")
    assert everyone.identity != other.identity


def test_each_contender_once() -> None:
    assert [c.name for c in parse_contenders(["jpeg:50,75", "jpeg:75,20"])] == ["JPEG 50", "JPEG 75", "JPEG 20"]


def test_defaults_are_contenders(statistics: dnjpeg.FrequencyStatistics) -> None:
    contenders = parse_contenders([*DEFAULTS, *DEFAULTS_WITH_STATISTICS], statistics=statistics)
    assert {c.family for c in contenders} >= {"JPEG", "SAME-Q", "RM-HF", "DeepN literal", "DeepN rank"}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("webp:50", "unknown contender 'webp:50': choose from jpeg:, same-q:, rm-hf:, deepn:, tables:"),
        ("", "unknown contender ''"),
        ("jpeg", r"quality: '' are no numbers"),
        ("jpeg:101", "quality 101, must be 1 to 100"),
        ("jpeg:0", "quality 0, must be 1 to 100"),
        ("jpeg:75.5", "are no numbers"),
        ("jpeg:75@50", "jpeg takes no @"),
        ("same-q:0", "step 0, must be 1 to 255"),
        ("rm-hf:64", "number of coefficients 64, must be 1 to 63"),
        ("rm-hf:3@0", "quality 0, must be 1 to 100"),
        ("deepn:literal", "need the statistics of calibration images"),
        ("deepn:magic", "choose deepn:literal, deepn:rank, deepn:continuous"),
        ("tables:", "name shipped tables or a table file"),
    ],
)
def test_what_is_no_contender(spec: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_contenders([spec])


def test_a_table_file_with_63_numbers(tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text(" ".join(["16"] * 63))
    with pytest.raises(ValueError, match="63"):
        parse_contenders([f"tables:{tmp_path / 'short.txt'}"])


@pytest.fixture
def tested(tmp_path: Path) -> Dataset:
    toy.write_folder(tmp_path / "test", 3)
    return load_dataset(str(tmp_path / "test"))


def test_calibration_from_a_folder_with_labels_or_without(tmp_path: Path, tested: Dataset) -> None:
    toy.write_folder(tmp_path / "calibration", 6, first=10)
    labelled = load_calibration(str(tmp_path / "calibration"), tested, every=2)
    assert labelled.statistics().origin.images == 3  # the first of each of three classes
    (tmp_path / "calibration" / "labels.csv").unlink()
    plain = load_calibration(str(tmp_path / "calibration"), tested)
    assert plain.statistics() == dnjpeg.collect_statistics(tmp_path / "calibration")
    assert plain.statistics("rgb").components == ("R", "G", "B")
    assert plain.checked
    assert plain.description == "6 images, none of them tested"


def test_calibration_from_a_file_of_statistics(
    tmp_path: Path, tested: Dataset, statistics: dnjpeg.FrequencyStatistics
) -> None:
    statistics.save(tmp_path / "statistics.json")
    loaded = load_calibration(str(tmp_path / "statistics.json"), tested)
    assert loaded.statistics() == statistics
    assert not loaded.checked


def test_calibration_images_are_not_tested(tmp_path: Path, tested: Dataset) -> None:
    """By content: under another name and in another folder it is the same image."""
    toy.write_folder(tmp_path / "calibration", 3, first=10)
    (tmp_path / "calibration" / "010.png").write_bytes((tmp_path / "test" / "002.png").read_bytes())
    with pytest.raises(ValueError, match=r"overlap: 1 of 3 test images .* 002.png for one"):
        load_calibration(str(tmp_path / "calibration"), tested)


def test_unreadable_calibration_images_are_named(tmp_path: Path, tested: Dataset) -> None:
    toy.write_folder(tmp_path / "calibration", 3, first=10)
    (tmp_path / "calibration" / "010.png").write_bytes(b"nonsense")
    photos = load_dataset(str(tmp_path / "calibration")).photos
    calibration = calibrate(photos, tested)
    assert calibration.statistics().origin.images == 2
    assert "010.png" in calibration.failures[0]


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_calibration_that_is_not_there(tmp_path: Path, tested: Dataset, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=name):
        load_calibration(str(tmp_path / name), tested)


def test_files_for_networks(photo) -> None:
    pixels = photo(50, 70)
    first, second = parse_contenders(["machine:80,30"])
    assert [contender.name for contender in (first, second)] == ["machine 80", "machine 30"]
    assert first.encode(pixels) == dnjpeg.encode_for_machines(pixels, quality=80)
    assert np.array_equal(second.decode(second.encode(pixels)), dnjpeg.decode(second.encode(pixels)))
    assert first.identity != second.identity
    full = one("machine:30/4:4:4")
    assert full.encode(pixels) == dnjpeg.encode_for_machines(pixels, quality=30, subsampling="4:4:4")
