"""What experiments are made of: pieces, subjects, band groups and the command's frame."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import dnjpeg
from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.evaluation import compare, load_dataset, read_rows, summarize, sweep
from dnjpeg.evaluation.band_groups import by_magnitude, by_position, group_contenders
from dnjpeg.evaluation.classes import align
from dnjpeg.evaluation.experiment import Experiment, main
from dnjpeg.evaluation.pieces import Unfinished, compact, sweep_in_pieces
from dnjpeg.evaluation.rows import write_rows
from dnjpeg.evaluation.subjects import center_square, parse_subjects
from tests.evaluation import toy


def world(folder: Path, count: int = 7):
    toy.write_folder(folder, count)
    classifier = toy.classifier()
    return align(load_dataset(str(folder)), classifier.class_count, classifier.class_names), classifier


def test_pieces_are_the_sweep(tmp_path: Path) -> None:
    dataset, classifier = world(tmp_path / "photos")
    contenders = toy.pillow_contenders([90, 20])
    whole = sweep(dataset, classifier, contenders, fidelity=False).rows
    said: list[str] = []
    found = sweep_in_pieces(dataset, classifier, contenders, tmp_path / "work", rows=6, progress=said.append)
    pd.testing.assert_frame_equal(found, whole)
    assert len(said) == 4
    assert len(list((tmp_path / "work").rglob("*.parquet"))) == 4


def test_a_deadline_stops_and_the_next_run_goes_on(tmp_path: Path) -> None:
    dataset, classifier = world(tmp_path / "photos")
    contenders = toy.pillow_contenders([90, 20])
    with pytest.raises(Unfinished, match="0 of 7 photos"):
        sweep_in_pieces(dataset, classifier, contenders, tmp_path / "work", deadline=time.monotonic() - 1)
    first = sweep_in_pieces(dataset, classifier, contenders, tmp_path / "work")
    said: list[str] = []
    again = sweep_in_pieces(
        dataset, classifier, contenders, tmp_path / "work", deadline=time.monotonic() - 1, progress=said.append
    )
    pd.testing.assert_frame_equal(again, first)
    assert not said
    with pytest.raises(Unfinished):  # other contenders are another sweep
        sweep_in_pieces(dataset, classifier, contenders[:1], tmp_path / "work", deadline=time.monotonic() - 1)


def test_a_photo_that_cannot_be_measured_is_an_error(tmp_path: Path) -> None:
    dataset, classifier = world(tmp_path / "photos")
    (tmp_path / "photos" / "003.png").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"003\.png"):
        sweep_in_pieces(dataset, classifier, toy.pillow_contenders([90]), tmp_path / "work")


def test_compact_rows_give_the_same_figures(tmp_path: Path) -> None:
    dataset, classifier = world(tmp_path / "photos", 100)
    rows = sweep(dataset, classifier, toy.pillow_contenders([90, 50, 10]), fidelity=False).rows
    write_rows(compact(rows), tmp_path / "rows.parquet")
    found = read_rows(tmp_path / "rows.parquet")
    same = ["contender", "bytes", "header_share", "top1", "top1_low", "top1_change_high", "agreement"]
    pd.testing.assert_frame_equal(summarize(found)[same], summarize(rows)[same])
    assert np.allclose(summarize(found)["kl"], summarize(rows)["kl"], atol=5e-5)
    assert compare(found).images == 100


def test_groups_by_position_follow_the_zigzag() -> None:
    groups = by_position()
    assert {name: int(mask.sum()) for name, mask in groups.items()} == {"LF": 6, "MF": 22, "HF": 36}
    row, column = np.indices((8, 8))
    assert np.array_equal(groups["LF"][0], row + column < 3)  # 6 = 1 + 2 + 3 bands: three whole diagonals
    assert np.array_equal(groups["MF"][0], (row + column >= 3) & (row + column < 7))  # 28 = 1 + ... + 7
    assert set(np.flatnonzero(groups["HF"])) == set(ZIGZAG[28:])


def test_groups_by_magnitude_follow_the_deviation() -> None:
    random = np.random.default_rng(3)
    deltas = random.permutation(np.arange(1.0, 129)).reshape(2, 8, 8)
    groups = by_magnitude(deltas)
    for component in range(2):
        ranked = np.sort(deltas[component].ravel())[::-1]
        assert np.array_equal(groups["LF"][component], deltas[component] >= ranked[5])
        assert np.array_equal(groups["HF"][component], deltas[component] <= ranked[28])
    with pytest.raises(ValueError, match="64 bands together"):
        by_magnitude(deltas, (6, 22, 30))


def test_group_contenders_are_coarse_in_their_group_alone() -> None:
    random = np.random.default_rng(4)
    pixels = random.integers(0, 256, (24, 24, 3), dtype=np.uint8)
    contenders = group_contenders({"position": by_position()}, [40], subsampling="4:4:4")
    assert [contender.name for contender in contenders] == [f"{group} by position 40" for group in ("LF", "MF", "HF")]
    lossless = dnjpeg.read(dnjpeg.encode(pixels, quality=100, subsampling="4:4:4"))
    for contender, mask in zip(contenders, by_position().values(), strict=True):
        image = dnjpeg.read(contender.encode(pixels))
        for table in image.tables:
            assert np.array_equal(table, np.where(mask[0], 40, 1))
        for found, exact in zip(image.coefficients, lossless.coefficients, strict=True):
            assert np.array_equal(found[..., ~mask[0]], exact[..., ~mask[0]])


CONFIG = """
[[subject]]
name = "toy"
images = "{folder}/test"
calibration = "$TOY/calibration"
classifiers = ["{toy}:make"]
"""


def configured(folder: Path) -> Path:
    toy.write_folder(folder / "test", 6)
    toy.write_folder(folder / "calibration", 4, first=50)
    path = folder / "config.toml"
    path.write_text(CONFIG.format(folder=folder, toy=Path(toy.__file__)))
    return path


def test_an_experiment_runs_by_its_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY", str(tmp_path))
    configured(tmp_path)

    def run(experiment: Experiment) -> None:
        (subject,) = experiment.subjects
        classifier = subject.classifier(subject.classifiers[0])
        dataset = subject.aligned(subject.tested, classifier)
        rows = experiment.rows(dataset, classifier, toy.pillow_contenders([50]))
        assert subject.statistics("4:2:0").statistics().origin.images == 4
        (experiment.results / "found.json").write_text(json.dumps([len(rows), len(subject.calibrating.photos)]))

    options = ["--work", str(tmp_path / "work"), "--limit", "3"]
    main(run, str(tmp_path / "run.py"), options)
    assert json.loads((tmp_path / "results" / "found.json").read_text()) == [6, 4]


def test_other_photos_of_the_same_names_are_measured_anew(tmp_path: Path) -> None:
    """A folder whose photos were exchanged, with the same work folder."""
    toy.write_folder(tmp_path / "test", 4)
    entry = {"name": "toy", "images": str(tmp_path / "test"), "calibration": str(tmp_path / "calibration")}
    found = []
    for first in (50, 80, 50):
        for place, (name, _) in enumerate(toy.write_folder(tmp_path / "calibration", 3)):
            Image.fromarray(toy.photo(0, first + place)).save(tmp_path / "calibration" / name)
        subjects = parse_subjects({"subject": [{**entry, "classifiers": [f"{toy.__file__}:make"]}]})
        experiment = Experiment({}, tuple(subjects), tmp_path, tmp_path / "work")
        classifier = toy.classifier()
        dataset = subjects[0].aligned(subjects[0].calibrating, classifier)
        rows = experiment.rows(dataset, classifier, toy.pillow_contenders([50]))
        delta = experiment.statistics(subjects[0], "4:2:0").std("Y")
        found.append((delta[0, 0], rows.loc[rows["contender"] == "JPEG 50", "bytes"].sum()))
    assert found[0] == found[2]
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]


def test_any_name_makes_a_file(tmp_path: Path) -> None:
    experiment = Experiment({}, (), tmp_path, tmp_path)
    path = experiment.file("rows", "my photos/1", "torchvision:resnet50:V2", suffix=".parquet")
    assert path == tmp_path / "rows-my photos-1-torchvision-resnet50-V2.parquet"


@pytest.mark.parametrize(
    ("options", "status"),
    [(["--minutes", "-1"], 75), (["--subject", "no"], "error: no subject 'no': choose from toy")],
)
def test_an_experiment_says_why_it_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], status: object
) -> None:
    monkeypatch.setenv("TOY", str(tmp_path))
    configured(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(lambda experiment: experiment.check_time("nothing"), str(tmp_path / "run.py"), options)
    assert stopped.value.code == status


def test_environment_variables_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"name": "x", "images": "${NOT_SET}/a", "calibration": "b", "classifiers": []}
    with pytest.raises(ValueError, match="NOT_SET is not set"):
        parse_subjects({"subject": [entry]})
    monkeypatch.delenv("CIFAR10", raising=False)
    cifar = {"name": "c", "images": "$CIFAR10/test.npz", "calibration": "$CIFAR10/train.npz", "classifiers": []}
    (subject,) = parse_subjects({"subject": [cifar]})
    assert (subject.images, subject.calibration) == ("torchvision:CIFAR10:test", "torchvision:CIFAR10:train")
    monkeypatch.setenv("CIFAR10", "somewhere")
    assert parse_subjects({"subject": [cifar]})[0].images == "somewhere/test.npz"
    with pytest.raises(ValueError, match="subject 'c'"):
        parse_subjects({"subject": [{"name": "c", "images": "x"}]})


def test_center_square_is_pillows_resize_of_the_crop() -> None:
    # What lies beside the square is seen by the filter only, so it may be anything but different from the edge.
    inside = np.random.default_rng(5).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    picture = Image.fromarray(np.pad(inside, ((0, 0), (10, 10), (0, 0)), mode="edge"))
    found = np.asarray(center_square(picture, 16))
    expected = np.asarray(Image.fromarray(inside).resize((16, 16), Image.Resampling.BICUBIC))
    assert found.shape == (16, 16, 3)
    assert np.array_equal(found[:, 2:-2], expected[:, 2:-2])
