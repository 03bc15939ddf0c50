"""Parquet shards: images in the Hugging Face convention or as plain binary, and all that stays around them."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from making import QUALITY, jpeg, task, transcoded
from PIL import Image

import dnjpeg
from dnjpeg.shards import Convert, Encode, convert_shards

FEATURES = json.dumps({"info": {"features": {"image": {"_type": "Image"}, "label": {"dtype": "int64"}}}})
ROWS = 10


def convert(source, target, chosen=None):
    return convert_shards([str(source)], str(target), chosen or task(), jobs=1)


def table(images) -> pa.Table:
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {
        "label": pa.array(range(len(images)), pa.int32()),
        "image": pa.array(images, kind),
        "words": pa.array([["a", "b"], None] * (len(images) // 2), pa.list_(pa.string())),
        "thumbnail": pa.array([None if image is None else image["bytes"] for image in images], pa.binary()),
    }
    return pa.table(columns).replace_schema_metadata({"huggingface": FEATURES, "mine": "kept"})


def write(path, images=None, **how):
    if images is None:
        images = [{"bytes": jpeg(seed), "path": f"{seed}.jpg"} for seed in range(ROWS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table(images), path, **how)
    return path


def test_only_the_declared_images_change(tmp_path):
    source = write(tmp_path / "in/0.parquet")
    report = convert(source, tmp_path / "out")
    before, after = pq.read_table(source), pq.read_table(tmp_path / "out/0.parquet")
    assert after.schema.equals(before.schema, check_metadata=True)
    for name in ("label", "words", "thumbnail"):
        assert after[name].equals(before[name])
    images = after["image"].to_pylist()
    assert images == [{"bytes": transcoded(jpeg(seed)), "path": f"{seed}.jpg"} for seed in range(ROWS)]
    assert (report.totals.counts.items, report.totals.counts.converted) == (ROWS, ROWS)


@pytest.mark.parametrize("compression", ["zstd", {"label": "none", "image.bytes": "gzip"}])
def test_row_groups_and_encodings_stay(tmp_path, compression):
    source = write(
        tmp_path / "in/0.parquet",
        row_group_size=4,
        compression=compression,
        use_dictionary=["label"],
        write_statistics=["label", "image.path"],
        write_page_index=True,
    )
    convert(source, tmp_path / "out")
    before, after = (pq.ParquetFile(path).metadata for path in (source, tmp_path / "out/0.parquet"))
    assert (after.num_row_groups, after.num_rows, after.format_version) == (3, ROWS, before.format_version)
    for group in range(3):
        assert after.row_group(group).num_rows == before.row_group(group).num_rows
        for column in range(before.num_columns):
            old, new = (one.row_group(group).column(column) for one in (before, after))
            for known in (
                "path_in_schema",
                "compression",
                "encodings",
                "is_stats_set",
                "has_column_index",
                "num_values",
            ):
                assert getattr(new, known) == getattr(old, known), (old.path_in_schema, known)


def test_binary_columns_are_known_by_their_first_image(tmp_path):
    path = tmp_path / "in/0.parquet"
    path.parent.mkdir()
    columns = {"jpg": [None, jpeg(0), jpeg(1)], "blob": [b"abc", b"def", b"ghi"], "large": [jpeg(2)] * 3}
    kinds = pa.schema([("jpg", pa.binary()), ("blob", pa.binary()), ("large", pa.large_binary())])
    pq.write_table(pa.table(columns, kinds), path)
    report = convert(path, tmp_path / "out")
    found = pq.read_table(tmp_path / "out/0.parquet")
    assert found.schema.equals(kinds)
    assert found.to_pydict() == {
        "jpg": [None, transcoded(jpeg(0)), transcoded(jpeg(1))],
        "blob": columns["blob"],
        "large": [transcoded(jpeg(2))] * 3,
    }
    assert (report.totals.counts.converted, report.totals.counts.untouched) == (5, 1)


def test_only_the_columns_that_are_meant_are_converted(tmp_path):
    path = tmp_path / "in/0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"photo": [jpeg(0)], "mask": [jpeg(1)]}), path)
    report = convert(path, tmp_path / "out", task(only=("photo",)))
    assert pq.read_table(tmp_path / "out/0.parquet").to_pydict() == {"photo": [transcoded(jpeg(0))], "mask": [jpeg(1)]}
    assert report.totals.counts.items == 1


def test_what_is_null_or_of_another_kind_stays_and_what_is_broken_is_named(tmp_path):
    png = io.BytesIO()
    Image.new("RGB", (4, 4)).save(png, "png")
    images = [
        None,
        {"bytes": None, "path": "elsewhere.jpg"},
        {"bytes": png.getvalue(), "path": "a.png"},
        {"bytes": png.getvalue(), "path": "a.JPEG"},
        {"bytes": jpeg(1)[:200], "path": None},
        {"bytes": jpeg(2), "path": None},
    ]
    source = write(tmp_path / "in/0.parquet", images)
    report = convert(source, tmp_path / "out")
    found = pq.read_table(tmp_path / "out/0.parquet")["image"].to_pylist()
    assert found[:5] == pq.read_table(source)["image"].to_pylist()[:5]
    assert found[5] == {"bytes": transcoded(jpeg(2)), "path": None}
    counts = report.totals.counts
    assert (counts.items, counts.converted, counts.untouched, counts.failed) == (6, 1, 3, 2)
    assert [failure.name for failure in report.failures] == [
        "0.parquet: row 3, image, a.JPEG",
        "0.parquet: row 4, image",
    ]
    assert "this is a PNG file" in report.failures[0].reason


def test_dropping_leaves_out_the_row(tmp_path):
    images = [{"bytes": jpeg(seed) if seed % 3 else b"broken", "path": None} for seed in range(8)]
    source = write(tmp_path / "in/0.parquet", images, row_group_size=3)
    report = convert(source, tmp_path / "out", task(on_error="drop"))
    found = pq.read_table(tmp_path / "out/0.parquet")
    assert found["label"].to_pylist() == [1, 2, 4, 5, 7]
    assert found["image"].to_pylist() == [{"bytes": transcoded(jpeg(seed)), "path": None} for seed in (1, 2, 4, 5, 7)]
    assert (report.totals.counts.failed, report.totals.counts.converted) == (3, 5)


def test_encoded_images_get_the_suffix_of_jpeg_files(tmp_path):
    source = write(tmp_path / "in/0.parquet", [{"bytes": jpeg(seed), "path": f"{seed}.png"} for seed in range(2)])
    convert(source, tmp_path / "out", Convert(Encode({"quality": QUALITY})))
    found = pq.read_table(tmp_path / "out/0.parquet")["image"].to_pylist()
    expected = [dnjpeg.encode(dnjpeg.decode(jpeg(seed)), quality=QUALITY) for seed in range(2)]
    assert found == [{"bytes": data, "path": f"{seed}.jpg"} for seed, data in enumerate(expected)]


def test_no_rows(tmp_path):
    source = write(tmp_path / "in/0.parquet", [])
    report = convert(source, tmp_path / "out")
    found = pq.read_table(tmp_path / "out/0.parquet")
    assert found.schema.equals(pq.read_schema(source), check_metadata=True)
    assert (found.num_rows, report.totals.counts.items, report.failures) == (0, 0, [])


def test_a_file_without_images_is_passed_on(tmp_path):
    path = tmp_path / "in/0.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"label": [1, 2]}), path)
    report = convert(path, tmp_path / "out")
    assert pq.read_table(tmp_path / "out/0.parquet").equals(pq.read_table(path))
    assert report.totals.counts.items == 0


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: b"PAR1" + data[200:], lambda data: b""])
def test_a_damaged_file_fails_as_a_whole(tmp_path, damage):
    source = write(tmp_path / "in/0.parquet")
    source.write_bytes(damage(source.read_bytes()))
    report = convert(source, tmp_path / "out")
    assert report.totals.failed_shards == 1
    assert not (tmp_path / "out/0.parquet").exists()


def test_lists_of_images_are_refused_instead_of_passed_over(tmp_path):
    path = tmp_path / "in/0.parquet"
    path.parent.mkdir()
    kind = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    pq.write_table(pa.table({"images": pa.array([[{"bytes": jpeg(0), "path": None}]], kind)}), path)
    report = convert(path, tmp_path / "out")
    assert [failure.reason for failure in report.failures] == [
        "the column images holds lists of images, which cannot be read here"
    ]
