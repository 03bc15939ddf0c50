"""Datasets behind URLs, in fsspec's memory file system: the same results as on disk."""

from __future__ import annotations

import fsspec
import pytest
from making import QUALITY, contents, jpeg, samples, task, transcoded, write_tar

from dnjpeg.shards import Collect, RunError, collect_shards, convert_shards
from dnjpeg.shards.stores import LocalStore, RemoteStore, open_store
from dnjpeg.statistics.extraction import Extraction


@pytest.fixture
def bucket():
    memory = fsspec.filesystem("memory")
    yield memory
    for path in memory.ls("/", detail=False):
        memory.rm(path, recursive=True)


@pytest.fixture
def source(tmp_path):
    write_tar(tmp_path / "in/0.tar", samples(range(3)))
    write_tar(tmp_path / "in/deep/1.tar", samples(range(3, 6)))
    (tmp_path / "in/a.jpg").write_bytes(jpeg(9))
    (tmp_path / "in/b.txt").write_bytes(b"text")
    return tmp_path / "in"


def upload(folder, bucket, name):
    for path, data in contents(folder).items():
        bucket.pipe_file(f"/{name}/{path}", data)


def download(bucket, name):
    return {path.removeprefix(f"/{name}/"): bucket.cat_file(path) for path in bucket.find(f"/{name}")}


def without_run(files):
    return {name: data for name, data in files.items() if name != ".dnjpeg-run.json"}  # it names the source


def test_from_url_to_url(source, bucket, tmp_path):
    upload(source, bucket, "in")
    report = convert_shards(["memory://in"], "memory://out", task(), jobs=1)
    assert report.failures == []
    convert_shards([str(source)], str(tmp_path / "out"), task(), jobs=1)
    assert without_run(download(bucket, "out")) == without_run(contents(tmp_path / "out"))
    before = download(bucket, "out")
    assert convert_shards(["memory://in"], "memory://out", task(), jobs=1).totals.resumed == 3
    assert download(bucket, "out") == before
    with pytest.raises(RunError, match="other settings"):
        convert_shards(["memory://in"], "memory://out", task(on_error="drop"), jobs=1)


def test_between_disk_and_url(source, bucket, tmp_path):
    convert_shards([str(source)], "memory://up", task(), jobs=1)
    upload(source, bucket, "in")
    convert_shards(["memory://in"], f"file://{tmp_path / 'down'}", task(), jobs=1)
    assert without_run(download(bucket, "up")) == without_run(contents(tmp_path / "down"))


def test_single_shards_and_globs(source, bucket):
    upload(source, bucket, "in")
    convert_shards(["memory://in/0.tar"], "memory://named/small.tar", task(), jobs=1)
    convert_shards(["memory://in/*.tar"], "memory://out", task(), jobs=1)
    assert bucket.cat_file("/named/small.tar") == bucket.cat_file("/out/0.tar")
    assert not bucket.exists("/out/1.tar")
    for missing in ("memory://in/none.tar", "memory://none"):
        with pytest.raises(FileNotFoundError, match="there is no such file or folder"):
            convert_shards([missing], "memory://out2", task(), jobs=1)
    with pytest.raises(ValueError, match="no file matches"):
        convert_shards(["memory://in/*.none"], "memory://out2", task(), jobs=1)


def test_what_fails_on_the_way_leaves_nothing_under_the_name(source, bucket, monkeypatch):
    upload(source, bucket, "in")

    def fail(*_: object, **__: object) -> None:
        raise ConnectionResetError("the network is down")

    monkeypatch.setattr(type(bucket), "mv", fail)
    store = open_store("memory://out")
    with pytest.raises(ConnectionResetError), store.writing("0.tar") as path:
        path.write_bytes(b"whole")
    assert store.size("0.tar") is None
    monkeypatch.undo()
    assert convert_shards(["memory://in"], "memory://out", task(), jobs=1, force=True).failures == []
    assert not [path for path in bucket.find("/out") if path.endswith(".part")]


def test_a_shard_that_cannot_be_fetched_fails_alone(source, bucket, monkeypatch):
    upload(source, bucket, "in")
    get_file = type(bucket).get_file

    def get(self, remote, local, **options):
        if remote.endswith("0.tar"):
            raise TimeoutError("the store does not answer")
        return get_file(self, remote, local, **options)

    monkeypatch.setattr(type(bucket), "get_file", get)
    report = convert_shards(["memory://in"], "memory://out", task(), jobs=1)
    assert [str(failure) for failure in report.failures] == ["0.tar: the store does not answer"]
    assert (report.totals.made, report.totals.failed_shards) == (2, 1)


def test_a_url_whose_package_is_missing_is_one_error(source, monkeypatch):
    def refuse(url: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec, "url_to_fs", refuse)
    for names in (["s3://bucket/in"], "out"), ([str(source)], "s3://bucket/out"):
        with pytest.raises(ValueError, match=r"^s3://bucket/.*: Install s3fs to access S3$"):
            convert_shards(*names, task(), jobs=1)


def test_object_stores_show_a_file_only_when_it_is_whole(bucket, monkeypatch):
    monkeypatch.setattr(type(bucket), "protocol", ("s3", "memory"))
    moved = []
    monkeypatch.setattr(type(bucket), "mv", lambda *names, **_: moved.append(names))
    with open_store("memory://out").writing("0.tar") as path:
        path.write_bytes(b"whole")
    assert bucket.cat_file("/out/0.tar") == b"whole"
    assert moved == []


def test_statistics_of_urls(source, bucket, tmp_path):
    upload(source, bucket, "in")
    chosen = Collect(Extraction())
    remote, _ = collect_shards(["memory://in"], "memory://parts", chosen, jobs=1)
    local, _ = collect_shards([str(source)], str(tmp_path / "parts"), chosen, jobs=1)
    assert remote == local


@pytest.mark.parametrize("store", [LocalStore, RemoteStore])
def test_both_kinds_of_store_keep_the_same_promises(store, bucket, tmp_path):
    place = LocalStore(tmp_path / "place") if store is LocalStore else RemoteStore("memory://place")
    assert (place.size("a/b"), place.digest("a/b")) == (None, None)
    with place.writing("a/b") as path:
        path.write_bytes(b"one")
    with place.writing(".hidden") as path:
        path.write_bytes(b"two")
    assert (place.size("a/b"), place.read("a/b"), place.size("a")) == (3, b"one", None)
    assert place.listing().files == ["a/b"]
    with place.on_disk("a/b") as path:
        assert path.read_bytes() == b"one"
    with pytest.raises(ZeroDivisionError), place.writing("a/b") as path:
        path.write_bytes(b"half" * (1 // 0))
    assert place.read("a/b") == b"one"
    place.discard()
    assert place.size("a/b") is None


def test_the_usual_task_is_a_real_change():
    assert transcoded(jpeg(0)) != jpeg(0)
    assert QUALITY < 75
