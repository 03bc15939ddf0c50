"""Files of frequency statistics: an exact round trip, and clear errors for everything else."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnjpeg import FrequencyStatistics, collect_statistics


@pytest.fixture
def statistics(photo):
    return collect_statistics([photo(40, 56, seed=1), photo(16, 16, gray=True)], data="two pictures")


@pytest.fixture
def saved(statistics, tmp_path):
    path = tmp_path / "stats.json"
    statistics.save(path)
    return path


def test_round_trip_is_exact(statistics, saved):
    loaded = FrequencyStatistics.load(saved)
    assert loaded == statistics
    assert loaded.hash == statistics.hash
    assert loaded.provenance == statistics.provenance
    for index in range(3):
        np.testing.assert_array_equal(loaded.std(index), statistics.std(index))
        np.testing.assert_array_equal(loaded.histogram(index), statistics.histogram(index))


def test_round_trip_of_what_is_wider_than_64_bits(photo, tmp_path):
    many = collect_statistics(photo(16, 16, gray=True), color="gray")
    for _ in range(50):
        many = many.merge(many)
    many.save(tmp_path / "many.json")
    assert FrequencyStatistics.load(tmp_path / "many.json") == many


def test_round_trip_of_empty_and_pooled_components(photo, tmp_path):
    gray = collect_statistics(photo(16, 16, gray=True))
    for name, statistics in (("gray", gray), ("pooled", gray.pooled())):
        statistics.save(tmp_path / name)
        assert FrequencyStatistics.load(tmp_path / name) == statistics


def test_the_file_explains_itself_to_other_programs(statistics, saved):
    content = json.loads(saved.read_text())
    assert content["format"] == "dnjpeg frequency statistics"
    assert "natural order" in content["notes"]
    luma = content["components"][0]
    mean = np.array(luma["sum"]) / 8 / luma["blocks"]
    np.testing.assert_allclose(mean, statistics.mean("Y"))
    low_vertical = luma["histogram"][8]
    assert sum(low_vertical["counts"]) == luma["blocks"]
    assert str(saved.parent) not in saved.read_text()


def test_nothing_is_overwritten_unless_asked(statistics, saved, photo):
    before = saved.read_bytes()
    other = collect_statistics(photo(8, 8, seed=9))
    with pytest.raises(FileExistsError, match="there is a file of this name"):
        other.save(saved)
    assert saved.read_bytes() == before
    other.save(saved, overwrite=True)
    assert FrequencyStatistics.load(saved) == other
    assert [path.name for path in saved.parent.iterdir()] == ["stats.json"]


def test_nothing_is_left_of_a_failed_write(statistics, tmp_path, monkeypatch):
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        statistics.save(tmp_path / "stats.json")
    assert list(tmp_path.iterdir()) == []


def change(path, *keys, value):
    """Rewrite a saved file with one entry replaced, or deleted if the value is None."""
    content = json.loads(path.read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["format"], "something else", '"format" is not'),
        (["version"], 2, "its version is 2"),
        (["version"], None, "there is no 'version'"),
        (["hash"], "0" * 64, "changed or damaged"),
        (["components"], [], "no component"),
        (["components"], 7, "not iterable"),
        (["components", 0, "blocks"], 34, "as many coefficients as there are blocks"),
        (["components", 0, "blocks"], -1, "is not a count"),
        (["components", 0, "name"], 1, "is not a text"),
        (["components", 0, "sum"], [[1] * 8] * 7, "sum is not 8x8"),
        (["components", 0, "sum_abs", 3, 4], 2.5, "2.5 is not an integer"),
        (["components", 0, "sum_squares", 3, 4], 10**30, "changed or damaged"),
        (["components", 0, "histogram"], [], "0 histograms"),
        (["components", 0, "histogram", 0, "first"], 2048, "beyond"),
        (["components", 0, "histogram", 5, "counts"], [True], "is not an integer"),
        (["components", 0, "histogram", 5, "counts"], [2**63], "is not a count"),
        (["provenance", "images"], "many", "is not an integer"),
        (["provenance", "data"], [3], "is not a text"),
        (["provenance"], None, "there is no 'provenance'"),
    ],
)
def test_changed_files_are_refused(saved, keys, value, message):
    change(saved, *keys, value=value)
    with pytest.raises(ValueError, match=f"stats.json: not a file of frequency statistics: .*{message}"):
        FrequencyStatistics.load(saved)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format": 1}'])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"other\.json: not a file of frequency statistics"):
        FrequencyStatistics.load(path)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        FrequencyStatistics.load(tmp_path / "missing.json")
