"""Table files: exact round trips, cjpeg's text, and one clear line for whatever else a file may hold."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnjpeg import QuantizationTables

ASYMMETRIC = np.arange(1, 65).reshape(8, 8)
TABLES = QuantizationTables(
    ASYMMETRIC, ASYMMETRIC.T * 1000, name="größer", provenance={"method": "by hand", "parameters": {"k": [1, 2.5]}}
)
GRID = "\n".join(" ".join(map(str, row)) for row in ASYMMETRIC.tolist())


def test_json_keeps_everything(tmp_path):
    TABLES.save(tmp_path / "t.json")
    loaded = QuantizationTables.load(tmp_path / "t.json")
    assert (loaded, loaded.name, loaded.provenance) == (TABLES, TABLES.name, TABLES.provenance)
    unnamed = QuantizationTables(ASYMMETRIC)
    unnamed.save(tmp_path / "u.json")
    assert QuantizationTables.load(tmp_path / "u.json").name is None


def test_json_has_a_row_a_line_in_natural_order(tmp_path):
    QuantizationTables(ASYMMETRIC, name="mine").save(tmp_path / "t.json")
    text = (tmp_path / "t.json").read_text()
    assert "\n      [ 1,  2,  3,  4,  5,  6,  7,  8],\n      [ 9, 10, 11, 12, 13, 14, 15, 16],\n" in text
    content = json.loads(text)
    assert content["format"] == "dnjpeg quantization tables"
    assert content["tables"] == [ASYMMETRIC.tolist()]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_text_keeps_the_steps(tmp_path, count):
    tables = QuantizationTables(*(ASYMMETRIC * (index + 1) for index in range(count)), provenance={"method": "x # y"})
    tables.save(tmp_path / "mine.txt")
    loaded = QuantizationTables.load(tmp_path / "mine.txt")
    assert (loaded, loaded.name) == (tables, "mine")
    words = [
        word
        for line in (tmp_path / "mine.txt").read_text().splitlines()
        if not line.startswith("#")
        for word in line.split()
    ]
    assert words == [str(step) for table in tables.arrays for step in table.ravel()]


def test_what_a_file_holds_counts_and_not_its_name(tmp_path):
    TABLES.save(tmp_path / "t.json")
    (tmp_path / "t.json").rename(tmp_path / "t.txt")
    assert QuantizationTables.load(tmp_path / "t.txt") == TABLES
    (tmp_path / "text.json").write_text(GRID)
    assert QuantizationTables.load(tmp_path / "text.json") == QuantizationTables(ASYMMETRIC)


@pytest.mark.parametrize(
    "content",
    [
        GRID,
        GRID.replace("\n", "\r\n"),
        GRID.replace("\n", "\r"),
        "\ufeff" + GRID,
        "# luma: 1 2 3\n" + GRID.replace("\n", "  # comment é\n\n") + "#",
        GRID.replace(" ", "\t\f"),
        GRID.replace("\n", " "),
        GRID.replace(" ", "\n"),
        GRID.replace("9 10", "0009 10"),
    ],
)
def test_text_is_read_however_it_is_laid_out(tmp_path, content):
    (tmp_path / "t.txt").write_bytes(content.encode())
    assert QuantizationTables.load(tmp_path / "t.txt") == QuantizationTables(ASYMMETRIC)


def test_json_is_read_with_a_byte_order_mark_and_line_ends_of_windows(tmp_path):
    TABLES.save(tmp_path / "t.json")
    data = (tmp_path / "t.json").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "t.json").write_bytes(b"\xef\xbb\xbf" + data)
    assert QuantizationTables.load(tmp_path / "t.json") == TABLES


def line(number: int, old: str, new: str) -> str:
    lines = GRID.splitlines()
    lines[number - 1] = lines[number - 1].replace(old, new)
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (line(8, "64", ""), ", line 8: the file ends after 63 steps, and a table has 64 (table 1 lacks 1)"),
        (GRID + "\n\n7\n", ", line 10: the file ends after 65 steps, and a table has 64 (table 2 lacks 63)"),
        ("\n".join([GRID] * 4 + ["1"]), ", line 33: more than 4 tables of 64 steps"),
        (line(3, "17", "0"), ", line 3: step 0, must be 1 to 65535"),
        (line(3, "17", "65536"), ", line 3: step 65536, must be 1 to 65535"),
        (line(3, "17", "1" * 5000), f", line 3: step {'1' * 20}, must be 1 to 65535"),
        (line(2, "10", "-10"), ", line 2: step -10, must be 1 to 65535"),
        (line(2, "10", "+10"), ", line 2: '+10' is not a whole number"),
        (line(2, "10", "10.5"), ", line 2: '10.5' is not a whole number"),
        (line(2, "10", "10,"), ", line 2: '10,' is not a whole number"),
        (line(2, "10", "ten"), ", line 2: 'ten' is not a whole number"),
        (line(2, "10", "٣"), ", line 2: '٣' is not a whole number"),
        (line(2, "10", "1\0"), r", line 2: '1\x00' is not a whole number"),
        ("", ": there are no steps in this file"),
        ("# nothing\n", ": there are no steps in this file"),
        ("<html>", ", line 1: '<html>' is not a whole number"),
    ],
)
def test_text_that_is_wrong_is_refused_with_its_line(tmp_path, content, message):
    path = tmp_path / "t.txt"
    path.write_bytes(content.encode())
    with pytest.raises(ValueError, match=r"^[^\n]*$") as caught:
        QuantizationTables.load(path)
    assert str(caught.value) == f"{path}{message}"


def changed(**fields) -> str:
    content = {"format": "dnjpeg quantization tables", "version": 1, "tables": [ASYMMETRIC.tolist()]}
    return json.dumps(content | fields)


def with_step(step) -> list[list[list[object]]]:
    return [[[step if (row, col) == (2, 4) else 16 for col in range(8)] for row in range(8)]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "Expecting property name"),
        ("[[1]]", '"format" is not'),
        ("{}", '"format" is not'),
        (changed(format="dnjpeg frequency statistics"), '"format" is not "dnjpeg quantization tables"'),
        (changed(version=2), "its version is 2, and only version 1 can be read"),
        (changed(order="zigzag"), "its order is 'zigzag', and only natural order can be read"),
        (changed(tables=None), '"tables" must be a list'),
        (changed(tables=[]), "0 quantization tables, must be 1 to 4"),
        (changed(tables=[1, 2]), "a table must be 8 rows of 8 steps"),
        (changed(tables=[list(range(1, 65))]), "a table must be 8 rows of 8 steps"),
        (changed(tables=[[[1] * 8] * 7]), "must be 8 rows of 8 steps, not an array of shape"),
        (changed(tables=[[[1] * 8] * 7 + [[1] * 7]]), "rows of different lengths, must be 8 rows of 8 steps"),
        (changed(tables=with_step(0)), "row 3, column 5: step 0, must be 1 to 65535"),
        (changed(tables=with_step(-3)), "row 3, column 5: step -3, must be 1 to 65535"),
        (changed(tables=with_step(70000)), "row 3, column 5: step 70000, must be 1 to 65535"),
        (changed(tables=with_step(10**30)), "must be 1 to 65535"),
        (changed(tables=with_step(16.0)), "row 3, column 5: 16.0 is not a whole number"),
        (changed(tables=with_step("16")), "row 3, column 5: '16' is not a whole number"),
        (changed(tables=with_step(True)), "row 3, column 5: True is not a whole number"),
        (changed(tables=with_step(None)), "row 3, column 5: None is not a whole number"),
        (changed(tables=with_step(float("nan"))), "row 3, column 5: nan is not a whole number"),
        (changed(tables=with_step([1, 2])), "must be 8 rows of 8 steps|is not a whole number"),
        (changed(name=3), "one line of text"),
        (changed(provenance=[1]), '"provenance" an object'),
        ("[" * 100_000, "recursion"),
    ],
)
def test_json_that_is_wrong_is_refused(tmp_path, content, message):
    path = tmp_path / "t.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=message) as caught:
        QuantizationTables.load(path)
    assert str(caught.value).startswith(f"{path}: not a file of quantization tables: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytes(range(256)), "neither JSON nor text"),
        (GRID.encode("utf-16"), "neither JSON nor text"),
        (b"\xff\xd8\xff\xe0", "neither JSON nor text"),
        (b"1 " * (1 << 20), "too large for a table file"),
    ],
)
def test_files_of_other_kinds_are_refused(tmp_path, content, message):
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        QuantizationTables.load(tmp_path / "t")


def test_missing_files_and_folders_are_os_errors(tmp_path):
    with pytest.raises(FileNotFoundError):
        QuantizationTables.load(tmp_path / "missing.json")
    with pytest.raises(IsADirectoryError):
        QuantizationTables.load(tmp_path)


def test_nothing_is_overwritten_unless_asked(tmp_path):
    path = tmp_path / "t.json"
    path.write_text("precious")
    with pytest.raises(FileExistsError) as caught:
        TABLES.save(path)
    assert (path.read_text(), caught.value.filename) == ("precious", str(path))
    TABLES.save(path, overwrite=True)
    assert QuantizationTables.load(path) == TABLES


def test_nothing_is_left_of_a_file_that_could_not_be_written(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        TABLES.save(tmp_path / "missing" / "t.json")
    assert caught.value.filename == str(tmp_path / "missing" / "t.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(IsADirectoryError):
        TABLES.save(tmp_path / "folder.json", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.json"]
