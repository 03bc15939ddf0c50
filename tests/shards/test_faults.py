"""What goes wrong in large datasets: it is named, counted and survived."""

from __future__ import annotations

import errno
import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from making import Deadly, contents, jpeg, read_tar, samples, task, transcoded, visible, write_tar
from PIL import Image

import dnjpeg
from dnjpeg.shards import Convert, RunError, Transcode, convert_shards


def convert(source, target, chosen=None, jobs=1, **options):
    return convert_shards([str(source)], str(target), chosen or task(), jobs=jobs, **options)


BROKEN = jpeg(7)[:400]


def with_a_broken_image(count: int, place: int):
    return [(f"{number:04}.jpg", BROKEN if number == place else jpeg(number % 20)) for number in range(count)]


def test_a_corrupt_image_among_a_thousand_stays_and_is_named(tmp_path):
    write_tar(tmp_path / "in/0.tar", with_a_broken_image(1000, 321))
    report = convert(tmp_path / "in", tmp_path / "out")
    found = read_tar(tmp_path / "out/0.tar")
    assert len(found) == 1000
    assert found[321] == ("0321.jpg", BROKEN)
    assert all(data == transcoded(jpeg(number % 20)) for number, (_, data) in enumerate(found) if number != 321)
    counts = report.totals.counts
    assert (counts.items, counts.converted, counts.failed, report.discrepancies) == (1000, 999, 1, [])
    with pytest.raises(dnjpeg.JpegError) as caught:
        dnjpeg.transcode(BROKEN)
    assert [str(failure) for failure in report.failures] == [f"0.tar: 0321.jpg: {caught.value}"]


def test_dropping_leaves_out_the_whole_sample(tmp_path):
    members = [(name, BROKEN if name == "0001.jpg" else data) for name, data in samples(range(3))]
    write_tar(tmp_path / "in/0.tar", members)
    report = convert(tmp_path / "in", tmp_path / "out", task(on_error="drop"))
    assert [name for name, _ in read_tar(tmp_path / "out/0.tar")] == [
        name for name, _ in members if not name.startswith("0001")
    ]
    counts = report.totals.counts
    assert (counts.items, counts.converted, counts.untouched, counts.failed, counts.dropped) == (9, 2, 4, 1, 2)


def test_failing_leaves_out_the_shard(tmp_path):
    write_tar(tmp_path / "in/0.tar", with_a_broken_image(4, 2))
    write_tar(tmp_path / "in/1.tar", samples([1]))
    report = convert(tmp_path / "in", tmp_path / "out", task(on_error="fail"))
    assert set(visible(tmp_path / "out")) == {"1.tar"}
    assert (report.totals.failed_shards, report.totals.made) == (1, 1)
    assert report.failures[0].reason.startswith("0002.jpg: ")


@pytest.mark.parametrize("size", [0, 100, 512, 700, 512 + 1024, 2048 + 5, -10240])
def test_a_truncated_tar_is_no_shorter_dataset(tmp_path, size):
    whole = write_tar(tmp_path / "in/0.tar", samples(range(3))).read_bytes().rstrip(b"\0")
    whole += bytes(-len(whole) % 512)  # up to the end mark, which is missing where the size is -10240
    (tmp_path / "in/0.tar").write_bytes(whole[:size] if size >= 0 else whole)
    write_tar(tmp_path / "in/1.tar", samples([1]))
    report = convert(tmp_path / "in", tmp_path / "out")
    assert set(visible(tmp_path / "out")) == {"1.tar"}
    assert (report.totals.failed_shards, report.totals.made) == (1, 1)
    assert [failure.name for failure in report.failures] == ["0.tar"]
    assert "cut off" in report.failures[0].reason or "empty" in report.failures[0].reason


def test_rubbish_in_place_of_a_header_is_no_end(tmp_path):
    data = bytearray(write_tar(tmp_path / "in/0.tar", samples(range(3))).read_bytes())
    data[data.index(b"0001.jpg") + 140] ^= 0xFF  # the checksum's field
    (tmp_path / "in/0.tar").write_bytes(data)
    report = convert(tmp_path / "in", tmp_path / "out")
    assert "after 3 members" in report.failures[0].reason
    assert visible(tmp_path / "out") == {}


def test_what_follows_the_end_mark_is_not_lost(tmp_path):
    one, two = (write_tar(tmp_path / f"{seed}.tar", samples([seed])).read_bytes() for seed in range(2))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/0.tar").write_bytes(one + two)
    report = convert(tmp_path / "in", tmp_path / "out")
    assert "neither a header nor the end mark" in report.failures[0].reason


def test_an_empty_shard_stays_one(tmp_path):
    write_tar(tmp_path / "in/0.tar", [])
    report = convert(tmp_path / "in", tmp_path / "out")
    assert (tmp_path / "out/0.tar").read_bytes() == (tmp_path / "in/0.tar").read_bytes()
    assert (report.totals.made, report.failures) == (1, [])


def test_a_png_named_jpeg_and_cmyk(tmp_path, photo):
    png, cmyk = io.BytesIO(), io.BytesIO()
    Image.fromarray(photo(16, 16)).save(png, "png")
    Image.fromarray(np.dstack([photo(16, 24), photo(16, 24, gray=True)]), "CMYK").save(cmyk, "jpeg")
    members = [("a.JPEG", png.getvalue()), ("b.jpg", cmyk.getvalue()), ("c.png", png.getvalue())]
    write_tar(tmp_path / "in/0.tar", members)
    report = convert(tmp_path / "in", tmp_path / "out")
    found = dict(read_tar(tmp_path / "out/0.tar"))
    assert found["a.JPEG"] == found["c.png"] == png.getvalue()
    assert found["b.jpg"] == transcoded(cmyk.getvalue())
    assert Image.open(io.BytesIO(found["b.jpg"])).mode == "CMYK"
    assert [str(failure) for failure in report.failures] == [
        "0.tar: a.JPEG: this is a PNG file, whatever its name says"
    ]
    counts = report.totals.counts
    assert (counts.converted, counts.untouched, counts.failed) == (1, 1, 1)


class Buggy(Transcode):
    """An operation with a fault of its own."""

    def __call__(self, data: bytes) -> bytes:
        if data == jpeg(1):
            raise ZeroDivisionError("a bug")
        return super().__call__(data)


def test_a_bug_costs_one_image(tmp_path):
    write_tar(tmp_path / "in/0.tar", samples(range(3)))
    report = convert(tmp_path / "in", tmp_path / "out", Convert(Buggy({"quality": 40})))
    assert [failure.reason for failure in report.failures] == ["ZeroDivisionError: a bug"]
    assert report.totals.counts.converted == 2


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 256 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_ends_the_run_and_what_is_finished_stays(tmp_path, small_disk, jobs):
    for shard in range(6):
        write_tar(tmp_path / f"in/{shard}.tar", samples(range(20)))
    with pytest.raises(RunError, match=r"No space left on device; what is finished stays"):
        convert(tmp_path / "in", small_disk / "out", jobs=jobs)
    finished = visible(small_disk / "out")
    assert 0 < len(finished) < 6
    assert not [name for name in contents(small_disk / "out") if name.endswith(".part")]
    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    report = convert(tmp_path / "in", small_disk / "out")
    assert report.totals.resumed >= len(finished) - 1  # one may have lost its record
    convert(tmp_path / "in", tmp_path / "alone")
    assert contents(small_disk / "out") == contents(tmp_path / "alone")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_an_error_that_all_shards_would_share_ends_the_run(tmp_path, monkeypatch, code):
    for shard in range(3):
        write_tar(tmp_path / f"in/{shard}.tar", samples([shard]))
    opened = Path.open

    def refuse(self, mode="r", *args, **kwargs):
        if "w" in mode and self.suffix == ".part" and (tmp_path / "out/0.tar").exists():
            raise OSError(code, "no")
        return opened(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(RunError, match="what is finished stays"):
        convert(tmp_path / "in", tmp_path / "out")
    monkeypatch.undo()
    assert set(visible(tmp_path / "out")) == {"0.tar"}
    assert convert(tmp_path / "in", tmp_path / "out").failures == []


def test_a_worker_that_dies_is_replaced(tmp_path):
    for shard in range(4):
        write_tar(tmp_path / f"in/{shard}.tar", samples(range(3 * shard, 3 * shard + 3)))
    deadly = Deadly.times(2, jpeg(4), tmp_path / "lives")
    report = convert(tmp_path / "in", tmp_path / "out", Convert(deadly), jobs=2)
    assert (report.failures, report.totals.made) == ([], 4)
    assert not list((tmp_path / "lives").iterdir())
    convert(tmp_path / "in", tmp_path / "alone")
    assert visible(tmp_path / "out") == visible(tmp_path / "alone")
    assert not [name for name in contents(tmp_path / "out") if name.endswith(".part")]


def test_a_shard_that_kills_its_workers_is_given_up(tmp_path):
    for shard in range(3):
        write_tar(tmp_path / f"in/{shard}.tar", samples(range(3 * shard, 3 * shard + 3)))
    deadly = Deadly.times(9, jpeg(4), tmp_path / "lives")
    report = convert(tmp_path / "in", tmp_path / "out", Convert(deadly), jobs=2)
    assert [str(failure) for failure in report.failures] == [
        "1.tar: 3 worker processes died on it (SIGKILL); out of memory?"
    ]
    assert set(visible(tmp_path / "out")) == {"0.tar", "2.tar"}
    assert (report.totals.shards, report.totals.made, report.totals.failed_shards) == (3, 2, 1)
