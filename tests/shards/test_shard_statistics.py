"""Statistics of shards: the same as from the files, however they are cut."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from making import jpeg, samples, write_tar

from dnjpeg import collect_statistics
from dnjpeg.shards import Collect, RunError, collect_shards
from dnjpeg.statistics.extraction import Extraction

COUNT = 12


def cut(folder, size):
    """The same images, so many in a shard."""
    for begin in range(0, COUNT, size):
        write_tar(folder / f"{begin}.tar", samples(range(begin, min(begin + size, COUNT))))
    return folder


def collect(sources, parts, task=None, **options):
    return collect_shards(list(map(str, sources)), str(parts), task or Collect(Extraction()), **options)


@pytest.mark.parametrize("how", [{}, {"domain": "coefficients"}, {"color": "rgb"}])
def test_any_cut_gives_what_the_files_give(tmp_path, how):
    expected = collect_statistics([jpeg(seed) for seed in range(COUNT)], **how)
    for size in (1, 5, COUNT):
        found, report = collect(
            [cut(tmp_path / f"{size}", size)], tmp_path / f"parts{size}", Collect(Extraction(**how)), jobs=1
        )
        assert (found, found.hash) == (expected, expected.hash)
        assert report.totals.counts.converted == COUNT


def test_formats_and_engines_agree(tmp_path):
    expected = collect_statistics([jpeg(seed) for seed in range(COUNT)])
    for seed in range(4):
        path = tmp_path / f"files/{seed % 2}/{seed}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(seed))
    write_tar(tmp_path / "0.tar", samples(range(4, 8)))
    pq.write_table(pa.table({"jpg": [jpeg(seed) for seed in range(8, COUNT)]}), tmp_path / "0.parquet")
    sources = [tmp_path / "files", tmp_path / "0.tar", tmp_path / "0.parquet"]
    assert collect(sources, tmp_path / "one", jobs=1)[0] == expected
    assert collect(sources, tmp_path / "two", jobs=2)[0] == expected


def test_a_sample_is_chosen_by_content_and_so_the_same_however_cut(tmp_path):
    chosen = [seed for seed in range(COUNT) if int(hashlib.sha256(jpeg(seed)).hexdigest(), 16) % 2 == 0]
    assert 2 < len(chosen) < 10
    task = Collect(Extraction(), every=2, data="photos")
    found = [collect([cut(tmp_path / f"{size}", size)], tmp_path / f"p{size}", task, jobs=1)[0] for size in (3, 10)]
    assert found[0] == found[1]
    assert found[0].hash == collect_statistics([jpeg(seed) for seed in chosen]).hash
    assert found[0].provenance["sampling"] == ["one image in 2, by the SHA-256 of its bytes"]
    assert found[0].provenance["data"] == ["photos"]


def test_it_goes_on_from_the_parts(tmp_path):
    source = cut(tmp_path / "in", 3)
    first, _ = collect([source], tmp_path / "parts", jobs=1)
    (tmp_path / "parts/0/6.tar.json").unlink()
    second, report = collect([source], tmp_path / "parts", jobs=1)
    assert second == first
    assert (report.totals.made, report.totals.resumed) == (1, 3)
    with pytest.raises(RunError, match="every 1, now 2"):
        collect([source], tmp_path / "parts", Collect(Extraction(), every=2), jobs=1)


def test_broken_images_are_named_and_the_rest_goes_on(tmp_path):
    write_tar(tmp_path / "in/0.tar", [("a.jpg", jpeg(0)), ("b.jpg", b"broken"), ("c.txt", b"")])
    write_tar(tmp_path / "in/1.tar", [])
    (tmp_path / "in/2.tar").write_bytes(b"no tar file")
    found, report = collect([tmp_path / "in"], tmp_path / "parts", jobs=1)
    assert found.hash == collect_statistics(jpeg(0)).hash
    assert (found.origin.images, found.origin.failed) == (1, 1)
    assert [failure.name for failure in report.failures] == ["0.tar: b.jpg", "2.tar"]
    counts = report.totals.counts
    assert (counts.items, counts.converted, counts.untouched, counts.failed) == (3, 1, 1, 1)


def test_stored_coefficients_are_of_jpeg_files_only(tmp_path):
    pq.write_table(pa.table({"image": [jpeg(0), b"\x89PNG\r\n\x1a\nrest", None]}), tmp_path / "0.parquet")
    found, report = collect([tmp_path / "0.parquet"], tmp_path / "parts", Collect(Extraction("coefficients")), jobs=1)
    assert found.origin.images == 1
    assert (report.totals.counts.untouched, report.failures) == (2, [])


def test_only_what_is_meant_counts(tmp_path):
    write_tar(tmp_path / "in/0.tar", [("1.jpg", jpeg(1)), ("1.mask.jpg", jpeg(2))])
    found, _ = collect([tmp_path / "in"], tmp_path / "parts", Collect(Extraction(), only=("?.jpg",)), jobs=1)
    assert found.hash == collect_statistics(jpeg(1)).hash


def test_no_image_is_no_statistics(tmp_path):
    write_tar(tmp_path / "in/0.tar", [("a.txt", b"")])
    found, report = collect([tmp_path / "in"], tmp_path / "parts", jobs=1)
    assert found is None
    assert report.totals.made == 1
