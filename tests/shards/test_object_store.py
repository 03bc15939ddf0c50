"""Runs from and to an object store that speaks S3: what it refuses, cuts off, and who else writes there."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest
from making import Slow, contents, samples, task, write_tar
from processes import start_dnjpeg

from dnjpeg.shards import Convert, RunError, convert_shards
from dnjpeg.shards.stores import lease, open_store

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("s3fs")
pytest.importorskip("moto.server")
from object_store import running  # noqa: E402

SHARDS = 4
LOCK = "out/.dnjpeg-lock"


@pytest.fixture(scope="module")
def server():
    with running() as store:
        yield store


@pytest.fixture
def s3(server, monkeypatch):
    """A bucket with `SHARDS` shards, as s3fs sees it; the server fails in no way."""
    environment = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**environment, "AWS_ENDPOINT_URL_S3": server.url, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    import s3fs

    monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
    s3fs.S3FileSystem.clear_instance_cache()
    files = fsspec.filesystem("s3")
    files.mkdir("bucket")
    yield files
    server.fails = lambda method, path: None
    files.invalidate_cache()
    files.rm("bucket", recursive=True)


@pytest.fixture
def source(tmp_path, s3):
    for shard in range(SHARDS):
        path = write_tar(tmp_path / f"in/{shard}.tar", samples(range(3 * shard, 3 * shard + 3)))
        s3.pipe_file(f"bucket/in/{shard}.tar", path.read_bytes())
    return tmp_path / "in"


def objects(s3, name="out"):
    s3.invalidate_cache()
    root = f"bucket/{name}/"
    return {path.removeprefix(root): s3.cat_file(path) for path in s3.find(root) if not path.endswith("-run.json")}


@pytest.fixture
def expected(source, tmp_path):
    convert_shards([str(source)], str(tmp_path / "alone"), task(), jobs=1)
    return {name: data for name, data in contents(tmp_path / "alone").items() if not name.endswith("-run.json")}


def convert(chosen=None, **options):
    return convert_shards(["s3://bucket/in"], "s3://bucket/out", chosen or task(), jobs=1, **options)


def test_from_bucket_to_bucket_and_again(s3, expected):
    report = convert()
    assert (report.failures, report.totals.made) == ([], SHARDS)
    assert objects(s3) == expected  # and the lock is gone
    assert convert(check="size").totals.resumed == SHARDS
    assert convert().totals.resumed == SHARDS
    s3.pipe_file("bucket/out/1.tar", b"spoiled")
    assert convert(check="size").totals.made == 1
    assert objects(s3) == expected


SLOW = pytest.mark.skipif(not os.environ.get("DNJPEG_SLOW"), reason="s3fs is patient: DNJPEG_SLOW is not set")


@pytest.mark.parametrize(
    ("method", "name", "status"),
    [
        ("GET", "/bucket/in/2.tar", 500),
        pytest.param("GET", "/bucket/in/2.tar", 0, marks=SLOW),
        ("PUT", "/bucket/out/2.tar", 500),
        ("PUT", "/bucket/out/2.tar", 0),
    ],
)
def test_a_request_that_fails_costs_its_shard_and_the_next_run_makes_it(server, s3, expected, method, name, status):
    server.fails = lambda how, path: status if (how, path) == (method, name) else None
    report = convert()
    assert [failure.name for failure in report.failures] == ["2.tar"]
    assert (report.totals.made, report.totals.failed_shards, report.discrepancies) == (SHARDS - 1, 1, [])
    assert not any("2.tar" in name for name in objects(s3))
    server.fails = lambda method, path: None
    report = convert()
    assert (report.totals.resumed, report.totals.made, report.failures) == (SHARDS - 1, 1, [])
    assert objects(s3) == expected


def test_a_record_that_cannot_be_sent_is_no_finished_shard(server, s3, expected):
    server.fails = lambda method, path: 500 if (method, path) == ("PUT", "/bucket/out/.dnjpeg-0.tar.json") else None
    assert [failure.name for failure in convert().failures] == ["0.tar"]
    server.fails = lambda method, path: None
    assert convert().totals.resumed == SHARDS - 1
    assert objects(s3) == expected


def test_killed_in_the_middle_the_next_run_goes_on_at_once(server, s3, source, tmp_path, cli):
    words = ("transcode", "s3://bucket/in", "s3://bucket/out", "--quality", "40")
    server.fails = lambda method, path: time.sleep(0.05)  # it has a long line
    with start_dnjpeg(*words, "-j", "2") as process:
        while not s3.glob("bucket/out/*.tar"):
            assert process.poll() is None, process.communicate()[1]
            s3.invalidate_cache()
        time.sleep(random.uniform(0, 0.2))
        process.kill()
    server.fails = lambda method, path: None
    for command in (words, ("transcode", source, tmp_path / "alone", "--quality", "40")):
        result = cli(*command, "-j", 1)
        assert result.status == 0, result
    assert objects(s3) == {name: data for name, data in contents(tmp_path / "alone").items() if "-run" not in name}


def test_a_second_run_is_told_who_is_there(s3, source, expected):
    with open_store("s3://bucket/out").locked(".dnjpeg-lock"):
        content = json.loads(s3.cat_file(f"bucket/{LOCK}"))
        assert content["pid"] == os.getpid()
        with pytest.raises(
            RunError, match=rf"another run is writing there \(process {os.getpid()} on .*, last heard of"
        ):
            convert()
    assert convert().failures == []


def hold(s3, **changes):
    held = {"owner": "other", "host": "elsewhere", "machine": "elsewhere", "pid": 1, "renewed": time.time()}
    s3.pipe_file(f"bucket/{LOCK}", json.dumps(held | changes).encode())


def test_what_another_machine_has_abandoned_is_taken_over_after_a_while(s3, expected):
    hold(s3, renewed=time.time() - lease.ABANDONED + 30)
    with pytest.raises(RunError, match=r"process 1 on elsewhere.*if it was killed, try again in (2[0-9]|30) seconds"):
        convert()
    hold(s3, renewed=time.time() - lease.ABANDONED - 1)
    assert convert().failures == []
    assert objects(s3) == expected
    s3.pipe_file(f"bucket/{LOCK}", b"rubbish")
    assert convert().totals.resumed == SHARDS


def test_of_two_that_begin_at_once_one_has_it(s3, source, monkeypatch):
    """The other has looked before there was a lease."""
    first = open_store("s3://bucket/out").locked(".dnjpeg-lock")
    read = lease._read
    answers = iter([None])
    with first:
        monkeypatch.setattr(lease, "_read", lambda files, path: next(answers, None) or read(files, path))
        monkeypatch.setattr(type(s3), "exists", lambda *_, **__: False)
        with pytest.raises(RunError, match="another run is writing there"):
            convert()


def test_whoever_was_taken_for_dead_ends_and_leaves_the_lease_alone(s3, source, expected, monkeypatch):
    monkeypatch.setattr(lease, "RENEWAL", 0.02)
    with open_store("s3://bucket/out").locked(".dnjpeg-lock") as still_ours:
        first = json.loads(s3.cat_file(f"bucket/{LOCK}"))
        deadline = time.monotonic() + 10
        while json.loads(s3.cat_file(f"bucket/{LOCK}"))["renewed"] == first["renewed"]:  # he lives
            assert time.monotonic() < deadline
        still_ours()
    taken = []

    def take_over(outcome, count):
        while not taken or json.loads(s3.cat_file(f"bucket/{LOCK}"))["owner"] != "other":
            taken.append(hold(s3))
            time.sleep(0.1)  # once he may have renewed it at the very moment

    with pytest.raises(RunError, match="another run has taken over; this one ends"):
        convert(Convert(Slow({"quality": 40})), on_outcome=take_over)
    assert json.loads(s3.cat_file(f"bucket/{LOCK}"))["owner"] == "other"
    s3.rm_file(f"bucket/{LOCK}")
    convert()
    assert objects(s3) == expected


def test_ctrl_c_gives_the_lease_back(s3, source, server):
    server.fails = lambda method, path: time.sleep(0.05)
    with start_dnjpeg("transcode", "s3://bucket/in", "s3://bucket/out", "--quality", "40", "-j", "1") as process:
        while not s3.exists(f"bucket/{LOCK}"):
            assert process.poll() is None, process.communicate()[1]
            s3.invalidate_cache()
        process.send_signal(signal.SIGINT)
        process.wait()
    s3.invalidate_cache()
    assert not s3.exists(f"bucket/{LOCK}")
