"""``dnjpeg inspect``: what it says of good and bad files, against Pillow and the bytes themselves."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from segments import SOS, joined, pieces, places

import dnjpeg
from dnjpeg.cli import failures

ASYMMETRIC = np.arange(1, 65).reshape(8, 8)


@pytest.fixture
def folder(tmp_path, photo, monkeypatch):
    """The working folder, with a JPEG file by Pillow, quality 90, 4:2:0."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo(33, 50)).save("photo.jpg", quality=90, comment=b"hello \x1b[2J")
    return tmp_path


def one(outcome):
    return json.loads(outcome.stdout)


def test_the_report_says_what_the_file_is(cli, folder):
    outcome = cli("inspect", "photo.jpg")
    assert outcome.status == failures.ALL_WELL
    assert outcome.stderr == ""
    lines = outcome.stdout.splitlines()
    assert lines[0] == f"photo.jpg: {Path('photo.jpg').stat().st_size:,} bytes"
    assert lines[1] == "50 x 33, 8 bits, YCbCr 4:2:0, baseline sequential DCT, Huffman (SOF0)"
    assert "quality 90: the standard tables" in lines
    assert "\x1b" not in outcome.stdout


def test_json_covers_every_byte_once(cli, folder):
    found = one(cli("inspect", "photo.jpg", "--json"))
    data = Path("photo.jpg").read_bytes()
    position = 0
    for segment in found["segments"]:
        assert segment["offset"] == position
        position += segment["length"]
        if segment["marker"] == "SOS":
            assert data[segment["offset"] : segment["offset"] + 2] == b"\xff\xda"
    assert position == found["size"] == len(data)
    usage = found["usage"]
    parts = (usage[f"{part}_bytes"] for part in ("header", "metadata", "data", "other"))
    assert sum(parts) == len(data)
    bits = sum(part["dc_bits"] + part["ac_bits"] for part in usage["components"]) + usage["overhead_bits"]
    assert bits == 8 * usage["data_bytes"]
    assert usage["exact"]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True, "quality": 37}, {"subsampling": 0}])
def test_tables_and_geometry_are_pillows(cli, folder, photo, options):
    Image.fromarray(photo(40, 41)).save("x.jpg", **options)
    found = one(cli("inspect", "x.jpg", "--json"))
    with Image.open("x.jpg") as image:
        tables = {entry["slot"]: np.ravel(entry["steps"]).tolist() for entry in found["quantization_tables"]}
        assert tables == {slot: list(steps) for slot, steps in image.quantization.items()}
        layers = [(c["identifier"], c["horizontal"], c["vertical"]) for c in found["frame"]["components"]]
        assert layers == [layer[:3] for layer in image.layer]
        assert (found["frame"]["width"], found["frame"]["height"]) == image.size
    assert found["quality"] == {"quality": options.get("quality", 75), "difference": 0, "custom": False}
    assert found["problems"] == []
    assert len(found["scans"]) == (10 if options.get("progressive") else 1)


def test_an_asymmetric_table_is_shown_in_natural_order(cli, folder, photo):
    Path("x.jpg").write_bytes(dnjpeg.encode(photo(16, 16), tables=dnjpeg.QuantizationTables(ASYMMETRIC)))
    assert one(cli("inspect", "x.jpg", "--json"))["quantization_tables"][0]["steps"] == ASYMMETRIC.tolist()
    report = cli("inspect", "x.jpg").stdout
    begin = report.index("table 0 of component")
    rows = report[begin:].splitlines()[1:9]
    assert [list(map(int, row.split())) for row in rows] == ASYMMETRIC.tolist()


def test_a_file_with_something_wrong_is_status_2_and_names_the_byte(cli, folder):
    data = Path("photo.jpg").read_bytes()
    Path("cut.jpg").write_bytes(data[:-20])
    outcome = cli("inspect", "cut.jpg")
    assert outcome.status == failures.INCOMPLETE
    assert f"byte {len(data) - 20}: " in outcome.stdout
    found = one(cli("inspect", "cut.jpg", "--json"))
    assert len(data) - 20 in {problem["offset"] for problem in found["problems"]}
    Path("more.jpg").write_bytes(data + b"behind")
    assert cli("inspect", "more.jpg").status == failures.INCOMPLETE


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_jpeg_file_is_one_error(cli, folder, content):
    Path("x.jpg").write_bytes(content)
    outcome = cli("inspect", "x.jpg")
    assert outcome.status == failures.ERROR
    assert outcome.stdout == ""
    assert outcome.stderr.startswith("error: x.jpg: not a JPEG file")
    assert outcome.stderr.count("\n") == 1


def test_many_files_one_of_which_is_none(cli, folder):
    Path("text.jpg").write_text("text")
    outcome = cli("inspect", ".", "--json")
    assert outcome.status == failures.INCOMPLETE
    photo, text = map(json.loads, outcome.stdout.splitlines())
    assert photo["is_jpeg"]
    assert text["error"].startswith("text.jpg: not a JPEG file")
    assert outcome.stderr.splitlines()[-1] == "error: 1 of 2 failed"


def test_what_cannot_be_decoded_is_named(cli, folder):
    data = Path("photo.jpg").read_bytes()
    at = data.index(b"\xff\xc0")
    header = data[at + 2 : at + 19]
    for name, changed, reason in (
        ("JPEG-LS", data[: at + 1] + b"\xf7" + data[at + 2 :], "JPEG-LS (SOF55)"),
        ("lossless", data[: at + 1] + b"\xc3" + data[at + 2 :], "lossless, Huffman (SOF3), 8 bits a sample"),
        ("hierarchical", data[:at] + b"\xff\xde" + header + data[at:], "hierarchical JPEG"),
    ):
        Path("x.jpg").write_bytes(changed)
        assert f"\ncannot be decoded by dnjpeg: {reason}\n" in cli("inspect", "x.jpg").stdout, name
        assert one(cli("inspect", "x.jpg", "--json"))["unsupported"] == reason
        with pytest.raises(dnjpeg.UnsupportedError, match=re.escape(reason)):
            dnjpeg.decode(changed)
    assert one(cli("inspect", "photo.jpg", "--json"))["unsupported"] is None


def test_components_of_one_name_are_told_and_told_apart(cli, folder):
    data = bytearray(Path("photo.jpg").read_bytes())
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    data[frame + 13] = data[scan + 7] = 1
    Path("x.jpg").write_bytes(data)
    found, before = one(cli("inspect", "x.jpg", "--json")), one(cli("inspect", "photo.jpg", "--json"))
    (problem,) = found["problems"]
    assert (problem["offset"], problem["reason"]) == (frame + 4, "several components with the identifier 1")
    assert found["scans"][0]["data_bytes"] == before["scans"][0]["data_bytes"]
    bits = [[(part["dc_bits"], part["ac_bits"]) for part in each["usage"]["components"]] for each in (found, before)]
    assert bits[0] == bits[1]


def test_scans_that_contradict_what_was_sent(cli, folder, photo):
    parts = pieces(dnjpeg.encode(photo(16, 16), progressive=True))
    scans = places(parts, SOS)
    for moved, reason in (
        ([*parts[: scans[0]], *parts[scans[0] + 1 :]], "AC of component 0 before its DC"),
        (
            [*parts[: scans[4]], *parts[scans[4] + 1 :]],
            "Ah 2, Al 1 for coefficient 6 of component 0, which is not known",
        ),
        ([*parts[:-1], parts[scans[0]], parts[-1]], "Ah 0, Al 1 for coefficient 0 of component 0, which is known down"),
    ):
        assert reason in str(dnjpeg.inspect(joined(moved)))
    assert dnjpeg.inspect(joined(parts)).problems == ()


def test_standard_input(cli, folder):
    data = Path("photo.jpg").read_bytes()
    outcome = cli("inspect", "-", stdin=data)
    assert outcome.stdout.startswith(f"standard input: {len(data):,} bytes")


def test_the_api_says_the_same(cli, folder):
    inspection = dnjpeg.inspect(Path("photo.jpg").read_bytes())
    assert cli("inspect", "photo.jpg").stdout == f"photo.jpg: {inspection}\n"
    assert one(cli("inspect", "photo.jpg", "--json")) == {"input": "photo.jpg", **inspection.as_dict()}


def test_bits_of_a_gray_block_counted_by_hand(cli, folder):
    """One flat block: its DC code and its end of block, and nothing else."""
    stream = io.BytesIO()
    Image.new("L", (8, 8), 128).save(stream, "JPEG")
    (part,) = dnjpeg.inspect(stream.getvalue()).usage.components
    assert (part.dc_bits, part.ac_bits) == (2, 4)  # category 0 of table K.3, EOB of table K.5
