"""A sweep's rows: what they hold against an independent computation, what is remembered, and what goes wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import toy
from PIL import Image

from dnjpeg.errors import FormatError
from dnjpeg.evaluation.cache import MeasurementCache
from dnjpeg.evaluation.contenders import Contender
from dnjpeg.evaluation.datasets import load_dataset
from dnjpeg.evaluation.measure import entropy_coded_bytes
from dnjpeg.evaluation.photos import Dataset
from dnjpeg.evaluation.rows import COLUMNS, read_rows, write_rows
from dnjpeg.evaluation.sweeping import sweep


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    toy.write_folder(tmp_path / "photos", 7)
    return load_dataset(str(tmp_path / "photos"))


@pytest.fixture
def cache(tmp_path: Path) -> MeasurementCache:
    return MeasurementCache(tmp_path / "cache.sqlite")


def expected_row(folder: Path, file: str, label: int, quality: int | None) -> dict[str, object]:
    """One row's content, worked out with Pillow, NumPy and PyTorch alone."""
    pixels = np.asarray(Image.open(folder / file).convert("RGB"))
    logits = []
    for version in (pixels, pixels if quality is None else toy.pillow_decode(toy.pillow_encode(pixels, quality))):
        small = Image.fromarray(version).resize((8, 8), Image.Resampling.BOX)
        logits.append(torch.tensor(4.0 * np.asarray(small, np.float32).mean(axis=(0, 1)) / 255))
    before, after = (torch.softmax(each.double(), 0) for each in logits)
    return {
        "bytes": pixels.size if quality is None else len(toy.pillow_encode(pixels, quality)),
        "height": pixels.shape[0],
        "width": pixels.shape[1],
        "label": label,
        "prediction": int(after.argmax()),
        "top1": int(after.argmax()) == label,
        "top5": True,
        "probability": float(after[label]),
        "confidence": float(after.max()),
        "agreement": int(before.argmax()) == int(after.argmax()),
        "kl": float((before * (before / after).log()).sum()),
        "image_hash": hashlib.sha256((folder / file).read_bytes()).hexdigest(),
        "file_bytes": (folder / file).stat().st_size,
    }


def test_rows_are_what_an_independent_computation_gives(dataset: Dataset) -> None:
    rows = sweep(dataset, toy.classifier(), toy.pillow_contenders([90, 10]), batch_size=5).rows
    assert list(rows.columns) == list(COLUMNS)
    assert len(rows) == 7 * 3
    for row in rows.itertuples():
        expected = expected_row(
            Path(dataset.name), row.image, int(row.image[:3]) % 3, None if np.isnan(row.setting) else int(row.setting)
        )
        for name, value in expected.items():
            wanted = pytest.approx(value, rel=1e-4, abs=1e-6) if isinstance(value, float) else value
            assert getattr(row, name) == wanted, (row.image, row.contender, name)
    assert rows["top1"].nunique() == 2  # both answers occur, or the comparison above would show little


def test_header_and_entropy_coded_parts_make_up_the_file() -> None:
    pixels = toy.photo(0, 0, (50, 70))
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, restart_marker_blocks=3)
    data = stream.getvalue()
    scan = data.index(b"\xff\xda")
    scan_header = 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
    assert entropy_coded_bytes(data) == len(data) - 2 - scan - scan_header
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95, progressive=True)
    progressive = stream.getvalue()
    assert progressive.count(b"\xff\xda") > 5
    assert 0.3 * len(progressive) < entropy_coded_bytes(progressive) < len(progressive) - 600


def test_threads_and_batches_do_not_change_the_rows(dataset: Dataset) -> None:
    one = sweep(dataset, toy.classifier(), toy.pillow_contenders([50, 5]), jobs=1, batch_size=1).rows
    many = sweep(dataset, toy.classifier(), toy.pillow_contenders([50, 5]), jobs=4, batch_size=64).rows
    pd.testing.assert_frame_equal(one, many, rtol=1e-5)


def test_a_repeated_sweep_measures_nothing(dataset: Dataset, cache: MeasurementCache) -> None:
    contenders = toy.pillow_contenders([50, 5])
    first = sweep(dataset, toy.classifier(), contenders, cache=cache)
    assert (first.cached, first.measured) == (0, 21)

    def fail(*_: object) -> bytes:
        raise AssertionError("encoded again")

    untouchable = [dataclasses.replace(contender, encode=fail) for contender in contenders]
    again = sweep(dataset, toy.classifier(), untouchable, cache=cache)
    assert (again.cached, again.measured) == (21, 0)
    pd.testing.assert_frame_equal(first.rows, again.rows)


def test_only_what_is_new_is_measured(dataset: Dataset, cache: MeasurementCache, tmp_path: Path) -> None:
    sweep(dataset, toy.classifier(), toy.pillow_contenders([50]), cache=cache)
    more = sweep(dataset, toy.classifier(), toy.pillow_contenders([50, 20]), cache=cache)
    assert (more.cached, more.measured) == (14, 7)
    direct = sweep(dataset, toy.classifier(), toy.pillow_contenders([50, 20]))
    pd.testing.assert_frame_equal(more.rows, direct.rows, rtol=1e-5)

    Image.fromarray(toy.photo(0, 999)).save(tmp_path / "photos" / "000.png")
    changed = sweep(dataset, toy.classifier(), toy.pillow_contenders([50, 20]), cache=cache)
    assert (changed.cached, changed.measured) == (18, 3)


def test_another_network_or_preprocessing_is_measured_anew(dataset: Dataset, cache: MeasurementCache) -> None:
    contenders = toy.pillow_contenders([50])
    network = toy.classifier()
    sweep(dataset, network, contenders, cache=cache)
    for change in ({"weights_hash": "0"}, {"preprocessing": "another"}):
        other = dataclasses.replace(network, **change)
        assert sweep(dataset, other, contenders, cache=cache).measured == 14


def test_what_was_measured_before_an_interrupt_stays(dataset: Dataset, cache: MeasurementCache) -> None:
    settled = 0

    def interrupt(rows: int) -> None:
        nonlocal settled
        settled += rows
        if settled >= 10:
            raise KeyboardInterrupt

    contenders = toy.pillow_contenders([50, 5])
    with pytest.raises(KeyboardInterrupt):
        sweep(dataset, toy.classifier(), contenders, cache=cache, batch_size=4, progress=interrupt)
    rest = sweep(dataset, toy.classifier(), contenders, cache=cache, batch_size=4)
    assert rest.cached >= 8
    assert rest.cached + rest.measured == 21
    pd.testing.assert_frame_equal(rest.rows, sweep(dataset, toy.classifier(), contenders).rows, rtol=1e-5)


def test_a_bad_photo_is_named_and_the_others_go_on(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "photos" / "002.png").write_bytes(b"not an image")
    (tmp_path / "photos" / "003.png").unlink()
    settled: list[int] = []
    result = sweep(dataset, toy.classifier(), toy.pillow_contenders([50]), progress=settled.append)
    assert [(f.image, f.contender, f.reason) for f in result.failures] == [
        ("002.png", None, "not an image that Pillow can read"),
        ("003.png", None, "No such file or directory"),
    ]
    assert len(result.rows) == 5 * 2
    assert sum(settled) == 7 * 2


def test_a_contender_that_fails_on_one_photo_is_named(dataset: Dataset) -> None:
    good, other = toy.pillow_contenders([50, 20])

    def refuse(pixels: toy.Pixels) -> bytes:
        if np.array_equal(pixels, toy.photo(1, 4)):
            raise FormatError("too green")
        return good.encode(pixels)

    fussy = dataclasses.replace(good, name="fussy", encode=refuse)
    result = sweep(dataset, toy.classifier(), [fussy, other])
    assert [str(failure) for failure in result.failures] == ["004.png (fussy): too green"]
    assert len(result.rows) == 7 * 3 - 1


def test_gray_photos_stay_gray(tmp_path: Path) -> None:
    toy.write_folder(tmp_path / "photos", 1)
    gray = np.random.default_rng(1).integers(0, 256, (20, 30), np.uint8)
    Image.fromarray(gray).save(tmp_path / "photos" / "000.png")
    seen = []

    def look(pixels: toy.Pixels) -> bytes:
        seen.append(pixels)
        return toy.pillow_encode(pixels, 100)

    contender = dataclasses.replace(toy.pillow_contenders([100])[0], encode=look)
    rows = sweep(load_dataset(str(tmp_path / "photos")), toy.classifier(), [contender]).rows
    assert np.array_equal(seen[0], gray)
    assert rows["channels"].tolist() == [1, 1]
    assert rows["bytes"][0] == 600


def test_contenders_need_names_of_their_own(dataset: Dataset) -> None:
    same: list[Contender] = toy.pillow_contenders([50]) * 2
    with pytest.raises(ValueError, match="two contenders are called 'JPEG 50'"):
        sweep(dataset, toy.classifier(), same)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_rows_survive_their_file(dataset: Dataset, tmp_path: Path, suffix: str) -> None:
    rows = sweep(dataset, toy.classifier(), toy.pillow_contenders([50])).rows
    write_rows(rows, tmp_path / f"rows{suffix}")
    pd.testing.assert_frame_equal(read_rows(tmp_path / f"rows{suffix}"), rows)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("image,bytes\na,1\n")
    with pytest.raises(ValueError, match="no column 'image_hash'"):
        read_rows(tmp_path / "rows.csv")
    (tmp_path / "rows.parquet").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match="not a file of rows"):
        read_rows(tmp_path / "rows.parquet")
