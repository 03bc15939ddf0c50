"""Runs that are killed at a random moment: the next one goes on, and in the end nothing shows it."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from making import QUALITY, Slow, contents, jpeg, samples, transcoded, write_tar
from processes import start_dnjpeg

from dnjpeg.shards import Convert, convert_shards

KILLS = 10


@pytest.fixture
def source(tmp_path):
    """Shards of both formats, and files."""
    return write_source(tmp_path / "in", 12)


def write_source(folder: Path, each: int) -> Path:
    """Write so many shards of each of three kinds."""
    for shard in range(each):
        write_tar(folder / f"tar/{shard:02}.tar", samples(range(shard, shard + 6)))
        pq.write_table(pa.table({"jpg": [jpeg(seed) for seed in range(6)]}), folder / f"{shard:02}.parquet")
        (folder / f"class {shard}").mkdir()
        for seed in range(6):
            (folder / f"class {shard}/{seed}.jpg").write_bytes(jpeg(seed))
    return folder


def convert_in_a_child(source, target) -> int:
    child = os.fork()
    if child == 0:
        try:
            convert_shards([str(source)], str(target), Convert(Slow({"quality": QUALITY})), jobs=1)
        finally:
            os._exit(0)
    return child


def records(folder) -> list[Path]:
    return list(folder.rglob(".dnjpeg-*.json"))


def test_killed_ten_times_the_output_is_that_of_an_undisturbed_run(source, tmp_path):
    transcoded(jpeg(0))  # the kernels are ready in all children
    interrupted = 0
    for kill in range(KILLS):
        before = len(records(tmp_path / "out"))
        child = convert_in_a_child(source, tmp_path / "out")
        while kill % 2 and len(records(tmp_path / "out")) == before:  # or it may be killed before it has done anything
            time.sleep(0.001)
        time.sleep(random.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        interrupted += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    assert interrupted == KILLS
    chosen = Convert(Slow({"quality": QUALITY}, seconds=0))
    report = convert_shards([str(source)], str(tmp_path / "out"), chosen, jobs=1)
    assert report.totals.resumed + report.totals.made == report.totals.shards == 36
    assert 0 < report.totals.resumed < 36
    convert_shards([str(source)], str(tmp_path / "alone"), chosen, jobs=1)
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def end_of_session(leader: int, deadline: float) -> None:
    """Wait until a killed command has no workers any more."""
    while True:
        try:
            os.killpg(leader, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_commands_killed_with_two_workers_leave_none_behind_and_the_next_goes_on(tmp_path, cli):
    each = 40  # enough that a command is not done before it is killed
    words = (
        "transcode",
        str(write_source(tmp_path / "in", each)),
        str(tmp_path / "out"),
        "--quality",
        str(QUALITY),
        "-j",
        "2",
    )
    for _ in range(2):
        before = len(records(tmp_path / "out"))
        with start_dnjpeg(*words, start_new_session=True) as process:
            deadline = time.monotonic() + 60
            while len(records(tmp_path / "out")) <= before + 2:  # beside that of the run
                assert time.monotonic() < deadline
                assert process.poll() is None, process.communicate()[1]
                time.sleep(0.001)
            time.sleep(random.uniform(0, 0.03))
            process.kill()
        end_of_session(process.pid, deadline)
    assert len(records(tmp_path / "out")) < 3 * each + 1, "all of it was done before the last kill"
    for target in ("out", "alone"):
        assert cli(*words[:2], tmp_path / target, *words[3:5], "-j", 1).status == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")
