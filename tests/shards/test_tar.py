"""Tar shards: what is converted, and that all else stays as it is to the last bit."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile

import pytest
import webdataset
from making import QUALITY, jpeg, read_tar, samples, task, transcoded, write_tar
from PIL import Image

import dnjpeg
from dnjpeg.shards import Convert, Encode, convert_shards


def convert(source, target, chosen=None, **options):
    return convert_shards([str(source)], str(target), chosen or task(), jobs=1, **options)


def test_only_the_images_change(tmp_path):
    source = write_tar(tmp_path / "in/0.tar", samples(range(5)))
    report = convert(source, tmp_path / "out")
    expected = [(name, transcoded(data) if name.endswith(".jpg") else data) for name, data in samples(range(5))]
    assert read_tar(tmp_path / "out/0.tar") == expected
    counts = report.totals.counts
    assert (counts.items, counts.converted, counts.untouched, counts.failed) == (15, 5, 10, 0)
    assert counts.bytes_before == sum(len(jpeg(seed)) for seed in range(5))
    assert counts.bytes_after == sum(len(transcoded(jpeg(seed))) for seed in range(5))


def test_webdataset_reads_the_result(tmp_path):
    write_tar(tmp_path / "in/0.tar", samples(range(4)))
    convert(tmp_path / "in", tmp_path / "out")
    found = list(webdataset.WebDataset(str(tmp_path / "out/0.tar"), shardshuffle=False))
    assert [sample["__key__"] for sample in found] == ["0000", "0001", "0002", "0003"]
    assert [sample["jpg"] for sample in found] == [transcoded(jpeg(seed)) for seed in range(4)]
    assert all(set(sample) >= {"jpg", "cls", "json"} for sample in found)


LONG = "a/" * 60 + "ünïcode " * 10 + ".jpg"


@pytest.mark.parametrize("dialect", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_headers_stay_but_for_sizes(tmp_path, dialect):
    path = tmp_path / "in/0.tar"
    path.parent.mkdir()
    name = LONG if dialect != tarfile.USTAR_FORMAT else "short.jpg"
    with tarfile.open(path, "w", format=dialect, pax_headers={"comment": "of the whole"}) as tar:
        folder = tarfile.TarInfo("a")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o711
        link = tarfile.TarInfo("link.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "elsewhere.jpg"
        tar.addfile(folder)
        tar.addfile(link)
        for seed in range(3):
            info = tarfile.TarInfo(f"{seed}{name}")
            info.size, info.gname, info.mtime = len(jpeg(seed)), "readers", 1_234_567_890.25
            info.pax_headers = {"SCHILY.xattr.user.note": "kept"} if dialect == tarfile.PAX_FORMAT else {}
            tar.addfile(info, io.BytesIO(jpeg(seed)))
    convert(path, tmp_path / "out")
    with tarfile.open(path) as before, tarfile.open(tmp_path / "out/0.tar") as after:
        assert before.pax_headers == after.pax_headers
        for old, new in zip(before.getmembers(), after.getmembers(), strict=True):
            known = ("name", "mode", "uid", "gid", "mtime", "type", "linkname", "uname", "gname", "pax_headers")
            assert [getattr(old, field) for field in known] == [getattr(new, field) for field in known]
        assert sum(member.isreg() for member in after.getmembers()) == 3
    listing = subprocess.run(["tar", "-tf", tmp_path / "out/0.tar"], capture_output=True, check=True)
    assert len(listing.stdout.splitlines()) == 5


def test_what_needs_no_change_is_the_same_file(tmp_path):
    source = write_tar(tmp_path / "in/0.tar", [("a.txt", b"x" * 700), ("b.bin", b""), ("c.txt", b"y")])
    convert(source, tmp_path / "out")
    assert (tmp_path / "out/0.tar").read_bytes() == source.read_bytes()


def test_a_compressed_shard_stays_compressed_and_has_no_time_in_it(tmp_path):
    plain = write_tar(tmp_path / "0.tar", samples(range(2)))
    (tmp_path / "in").mkdir()
    (tmp_path / "in/0.tar.gz").write_bytes(gzip.compress(plain.read_bytes()))
    convert(tmp_path / "in", tmp_path / "out")
    convert(plain, tmp_path / "plain")
    made = (tmp_path / "out/0.tar.gz").read_bytes()
    assert made[4:8] == bytes(4)
    assert gzip.decompress(made) == (tmp_path / "plain/0.tar").read_bytes()


def test_several_threads_keep_the_order(tmp_path):
    source = write_tar(tmp_path / "in/0.tar", samples(range(12)))
    convert(source, tmp_path / "one")
    convert_shards([str(source)], str(tmp_path / "four"), task(), jobs=4)
    assert (tmp_path / "four/0.tar").read_bytes() == (tmp_path / "one/0.tar").read_bytes()


def png(seed: int) -> bytes:
    stream = io.BytesIO()
    Image.open(io.BytesIO(jpeg(seed))).save(stream, "png")
    return stream.getvalue()


def test_encoded_images_get_the_suffix_of_jpeg_files(tmp_path):
    source = write_tar(tmp_path / "in/0.tar", [("1.png", png(1)), ("1.cls", b"1"), ("a" * 150 + ".PNG", png(2))])
    convert(source, tmp_path / "out", Convert(Encode({"quality": QUALITY})))
    expected = [dnjpeg.encode(dnjpeg.decode(jpeg(seed)), quality=QUALITY) for seed in (1, 2)]
    found = read_tar(tmp_path / "out/0.tar")
    assert found == [("1.jpg", expected[0]), ("1.cls", b"1"), ("a" * 150 + ".jpg", expected[1])]
    with tarfile.open(tmp_path / "out/0.tar") as tar:
        assert [(info.mtime, info.uname) for info in tar] == [(1_500_000_000 + place, "ann") for place in range(3)]


def test_only_what_is_meant_is_converted(tmp_path):
    members = [("a/1.left.jpg", jpeg(1)), ("a/1.right.jpg", jpeg(2)), ("a/1.mask.png", png(3)), ("b/2.jpg", jpeg(4))]
    source = write_tar(tmp_path / "in/0.tar", members)
    report = convert(source, tmp_path / "out", task(only=("*.left.jpg", "b/*")))
    found = dict(read_tar(tmp_path / "out/0.tar"))
    assert {name for name, data in members if found[name] != data} == {"a/1.left.jpg", "b/2.jpg"}
    assert (report.totals.counts.converted, report.totals.counts.untouched) == (2, 2)


def test_no_two_members_get_one_name(tmp_path):
    source = write_tar(
        tmp_path / "in/0.tar", [("1.png", png(1)), ("1.jpg", jpeg(2)), ("2.bmp", png(3)), ("2.png", png(4))]
    )
    report = convert(source, tmp_path / "out", Convert(Encode({"quality": QUALITY})))
    assert [name for name, _ in read_tar(tmp_path / "out/0.tar")] == ["1.png", "1.jpg", "2.jpg", "2.png"]
    assert [failure.reason for failure in report.failures] == [
        "another member of the shard is called 1.jpg",
        "another member of the shard is called 2.jpg",
    ]
