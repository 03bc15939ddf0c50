"""Runs: resumed, refused, locked, and added up."""

from __future__ import annotations

import json
import multiprocessing
import shutil

import pytest
from filelock import FileLock
from making import QUALITY, Slow, contents, jpeg, read_tar, samples, task, transcoded, visible, write_tar

from dnjpeg.shards import Convert, Encode, RunError, Transcode, convert_shards
from dnjpeg.shards.records import Record


@pytest.fixture
def source(tmp_path):
    for shard in range(4):
        write_tar(tmp_path / f"in/{shard}.tar", samples(range(3 * shard, 3 * shard + 3)))
    return tmp_path / "in"


def convert(source, target, chosen=None, jobs=1, **options):
    return convert_shards([str(source)], str(target), chosen or task(), jobs=jobs, **options)


def test_the_record_beside_a_shard_says_what_became_of_it(source, tmp_path):
    convert(source, tmp_path / "out")
    content = json.loads((tmp_path / "out/.dnjpeg-0.tar.json").read_text())
    assert content["counts"]["items"] == 9
    assert content["counts"]["bytes_before"] == sum(len(jpeg(seed)) for seed in range(3))
    assert content["source"]["bytes"] == (source / "0.tar").stat().st_size
    assert content["output"]["bytes"] == (tmp_path / "out/0.tar").stat().st_size
    run = json.loads((tmp_path / "out/.dnjpeg-run.json").read_text())
    assert run["totals"]["counts"]["converted"] == 12
    assert run["settings"]["quality"] == QUALITY


def test_processes_and_threads_leave_the_same_files(source, tmp_path):
    convert(source, tmp_path / "one")
    convert(source, tmp_path / "two", jobs=2)
    convert(source / "0.tar", tmp_path / "threads", jobs=3)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert visible(tmp_path / "threads")["0.tar"] == visible(tmp_path / "one")["0.tar"]


@pytest.mark.parametrize("check", ["hash", "size"])
def test_what_is_finished_is_skipped(source, tmp_path, check):
    first = convert(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.tar")}
    second = convert(source, tmp_path / "out", check=check)
    assert (second.totals.made, second.totals.resumed) == (0, 4)
    assert second.totals.counts == first.totals.counts
    assert contents(tmp_path / "out") == before
    assert times == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.tar")}


def damaged(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "harm",
    [
        lambda folder: damaged(folder / "2.tar"),
        lambda folder: (folder / "2.tar").unlink(),
        lambda folder: (folder / "2.tar").write_bytes((folder / "2.tar").read_bytes()[:-1]),
        lambda folder: (folder / ".dnjpeg-2.tar.json").unlink(),
        lambda folder: (folder / ".dnjpeg-2.tar.json").write_bytes(b"{"),
    ],
)
def test_what_is_not_as_its_record_says_is_made_again(source, tmp_path, harm):
    convert(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    harm(tmp_path / "out")
    report = convert(source, tmp_path / "out")
    assert (report.totals.made, report.totals.resumed) == (1, 3)
    assert contents(tmp_path / "out") == before


def test_a_source_that_has_changed_is_converted_again(source, tmp_path):
    convert(source, tmp_path / "out")
    write_tar(source / "1.tar", samples(range(50, 53)))
    write_tar(source / "9.tar", samples([9]))
    report = convert(source, tmp_path / "out")
    assert (report.totals.made, report.totals.resumed) == (2, 3)
    assert dict(read_tar(tmp_path / "out/1.tar"))["0050.jpg"] == transcoded(jpeg(50))


def test_a_dataset_that_has_moved_goes_on_but_another_one_is_refused(source, tmp_path):
    convert(source, tmp_path / "out")
    shutil.copytree(source, tmp_path / "moved")
    assert convert(tmp_path / "moved", tmp_path / "out").totals.resumed == 4
    write_tar(tmp_path / "moved/1.tar", samples(range(50, 53)))
    convert(source, tmp_path / "out")
    before = (tmp_path / "out/1.tar").read_bytes()
    report = convert(tmp_path / "moved", tmp_path / "out")
    assert [failure.name for failure in report.failures] == ["1.tar"]
    assert "made from another file" in report.failures[0].reason
    assert (tmp_path / "out/1.tar").read_bytes() == before


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (Convert(Transcode({"quality": 41})), "quality 40, now 41"),
        (Convert(Transcode({"quality": QUALITY}), "drop"), "on_error keep, now drop"),
        (Convert(Transcode({"tables": "annex-k"})), "tables none, now sha256"),
        (Convert(Encode({"quality": QUALITY})), "operation transcode, now encode"),
    ],
)
def test_other_settings_are_refused(source, tmp_path, other, named):
    convert(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(RunError, match="other settings") as caught:
        convert(source, tmp_path / "out", other)
    assert named in str(caught.value)
    assert contents(tmp_path / "out") == before
    assert convert(source, tmp_path / "out", other, force=True).totals.made == 4
    convert(source, tmp_path / "fresh", other)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_a_forced_run_that_was_stopped_goes_on_with_its_own_settings(source, tmp_path):
    convert(source, tmp_path / "out")

    class StopError(Exception):
        pass

    def stop(*_: object) -> None:
        raise StopError

    other = Convert(Transcode({"quality": 41}))
    with pytest.raises(StopError):
        convert(source, tmp_path / "out", other, force=True, on_outcome=stop)
    report = convert(source, tmp_path / "out", other)
    assert (report.totals.made, report.totals.resumed) == (3, 1)
    convert(source, tmp_path / "fresh", other)
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


def test_nothing_is_written_over_unasked(source, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/0.tar").write_bytes(b"mine")
    with pytest.raises(RunError, match=r"not empty \(0.tar\)"):
        convert(source, tmp_path / "out")
    assert contents(tmp_path / "out") == {"0.tar": b"mine"}
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(RunError, match="this is a file"):
        convert(source, tmp_path / "file")


def test_one_shard_may_be_given_a_name(source, tmp_path):
    convert(source, tmp_path / "out")
    for resumed in range(2):
        report = convert(source / "0.tar", tmp_path / "small.tar")
        assert report.totals.resumed == resumed
    assert (tmp_path / "small.tar").read_bytes() == (tmp_path / "out/0.tar").read_bytes()
    with pytest.raises(RunError, match="other settings"):
        convert(source / "0.tar", tmp_path / "small.tar", task(on_error="drop"))
    (tmp_path / "mine.tar").write_bytes(b"mine")
    with pytest.raises(RunError, match=r"mine\.tar"):
        convert(source / "0.tar", tmp_path / "mine.tar")
    assert (tmp_path / "mine.tar").read_bytes() == b"mine"
    with pytest.raises(RunError, match="its own kind"):
        convert(source / "0.tar", tmp_path / "other.parquet")


def test_two_sources_with_one_name_are_refused(source, tmp_path):
    write_tar(tmp_path / "more/0.tar", samples([1]))
    with pytest.raises(ValueError, match=r"in/0.tar and .*more/0.tar would both become 0.tar"):
        convert_shards([str(source), str(tmp_path / "more")], str(tmp_path / "out"), task(), jobs=1)


def test_several_sources_and_globs(source, tmp_path):
    write_tar(tmp_path / "more/5.tar", samples([1]))
    sources = [str(source / "[01].tar"), str(tmp_path / "more")]
    assert convert_shards(sources, str(tmp_path / "out"), task(), jobs=1).totals.shards == 3
    assert set(visible(tmp_path / "out")) == {"0.tar", "1.tar", "5.tar"}
    with pytest.raises(ValueError, match="no file matches"):
        convert(source / "x*.tar", tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        convert(source / "x.tar", tmp_path / "none")


def test_a_second_run_on_the_same_output_is_refused(source, tmp_path):
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out/.dnjpeg-lock"), pytest.raises(RunError, match="another run is writing there"):
        convert(source, tmp_path / "out")
    assert visible(tmp_path / "out") == {}
    assert convert(source, tmp_path / "out").totals.made == 4


def _convert_slowly(source, target, answers) -> None:
    try:
        report = convert(source, target, Convert(Slow({"quality": QUALITY}, seconds=0.02)))
        answers.put(str(report.totals.made))
    except RunError as error:
        answers.put(str(error))


def test_of_two_runs_that_are_started_together_one_does_the_work(source, tmp_path):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    runs = [context.Process(target=_convert_slowly, args=(source, tmp_path / "out", answers)) for _ in range(2)]
    for run in runs:
        run.start()
    said = sorted((answers.get(timeout=60) for _ in runs), key=len)
    for run in runs:
        run.join()
    assert said[0] == "4"
    assert "another run is writing there" in said[1]
    convert(source, tmp_path / "alone")
    assert visible(tmp_path / "out") == visible(tmp_path / "alone")


def test_unfinished_files_of_a_killed_run_are_removed(source, tmp_path):
    convert(source, tmp_path / "out")
    before = contents(tmp_path / "out")
    (tmp_path / "out/.dnjpeg-0123456789abcdef.part").write_bytes(b"half")
    convert(source, tmp_path / "out")
    assert contents(tmp_path / "out") == before


def test_warnings_are_counted_and_shown_once(source, tmp_path):
    wide = Convert(Transcode({"tables": "annex-k", "quality": 1, "wide_tables": True}))
    convert(source, tmp_path / "wide", wide)  # none: steps above 255 are asked for
    tables = tmp_path / "wide.txt"
    tables.write_text("\n".join(["300 " * 64] * 2))
    with pytest.warns(UserWarning, match="255") as caught:
        convert(source, tmp_path / "out", Convert(Transcode({"tables": str(tables)})))
    record = Record.from_json((tmp_path / "out/.dnjpeg-0.tar.json").read_bytes())
    assert list(record.warnings.values()) == [3]
    assert len({str(one.message) for one in caught}) == 1


def test_totals_that_do_not_add_up_are_said(source, tmp_path, monkeypatch):
    from dnjpeg.shards import run

    monkeypatch.setattr(run, "outcomes", lambda *_: (outcome for outcome in ()))
    report = convert(source, tmp_path / "out")
    assert [failure.reason for failure in report.failures] == ["no result came back from it: its worker died?"] * 4

    from dnjpeg.shards.conversion import Conversion

    monkeypatch.undo()
    settle = Conversion.settle

    def forgetful(self, attempt):
        written = settle(self, attempt)
        self.counts.untouched -= attempt is None
        return written

    monkeypatch.setattr(Conversion, "settle", forgetful)
    report = convert(source, tmp_path / "other")
    assert "items where" in report.failures[0].reason
    assert visible(tmp_path / "other") == {}
