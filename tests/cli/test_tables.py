"""``dnjpeg tables``: list, show, convert; one line for whatever goes wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnjpeg import QuantizationTables
from dnjpeg.tables import resolve, shipped_names

ASYMMETRIC = QuantizationTables(
    np.arange(1, 65).reshape(8, 8), np.arange(64, 0, -1).reshape(8, 8), name="mine", provenance={"method": "by hand"}
)


@pytest.fixture
def mine(tmp_path):
    ASYMMETRIC.save(tmp_path / "mine.json")
    return tmp_path / "mine.json"


def test_lists_what_is_shipped(cli):
    outcome = cli("tables")
    assert (outcome.status, outcome.stderr) == (0, "")
    first_words = [line.split()[0] for line in outcome.stdout.splitlines() if not line.startswith(" ")]
    assert first_words == list(shipped_names())
    assert "The tables that the standard prints" in outcome.stdout


def test_lists_for_machines(cli):
    listed = [json.loads(line) for line in cli("tables", "--json").stdout.splitlines()]
    assert [tables["name"] for tables in listed] == list(shipped_names())
    for tables in listed:
        assert tables["digest"] == resolve(tables["name"]).digest
        assert tables["description"]


def test_shows_grids_in_natural_order(cli, mine):
    outcome = cli("tables", "show", mine)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert f"mine\ndigest {ASYMMETRIC.digest}\n\nluma:\n  1  2  3  4  5  6  7  8\n  9 10" in outcome.stdout
    assert "\n\nchroma:\n 64 63 62" in outcome.stdout


def test_shows_for_machines(cli, mine):
    shown = json.loads(cli("tables", "show", mine, "--json").stdout)
    assert shown["tables"] == [table.tolist() for table in ASYMMETRIC.arrays]
    assert shown["provenance"] == {"method": "by hand"}
    assert shown["labels"] == ["luma", "chroma"]


@pytest.mark.parametrize("spec", ["75", "annex-k"])
def test_shows_qualities_and_names(cli, spec):
    options = ["--quality", "75"] if spec == "annex-k" else []
    assert json.loads(cli("tables", "show", spec, *options, "--json").stdout)["digest"] == resolve(75).digest


def test_converts_to_text_and_back(cli, mine, tmp_path):
    assert cli("tables", "convert", mine, "-o", tmp_path / "mine.txt").status == 0
    assert (tmp_path / "mine.txt").read_text().startswith('# mine\n# {"method": "by hand"}\n# luma\n 1  2  3')
    assert cli("tables", "convert", tmp_path / "mine.txt", "-o", tmp_path / "back.json").status == 0
    back = QuantizationTables.load(tmp_path / "back.json")
    assert (back, back.name) == (ASYMMETRIC, "mine")


def test_converts_to_standard_output(cli, mine, tmp_path):
    outcome = cli("tables", "convert", mine, "-o", "-", "--quality", 25)
    (tmp_path / "out.txt").write_bytes(outcome.stdout_bytes)
    assert QuantizationTables.load(tmp_path / "out.txt") == ASYMMETRIC.scaled(25)


def test_overwrites_only_when_told(cli, mine, tmp_path):
    target = tmp_path / "t.txt"
    target.write_text("precious")
    outcome = cli("tables", "convert", mine, "-o", target)
    assert (outcome.status, outcome.stderr) == (1, f"error: {target} exists; use --force to overwrite\n")
    assert target.read_text() == "precious"
    assert cli("tables", "convert", mine, "-o", target, "--force").status == 0
    assert QuantizationTables.load(target) == ASYMMETRIC


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "annexk"), "did you mean annex-k?"),
        (("show", "101"), "a quality is a whole number from 1 to 100, not 101"),
        (("show", "0"), "a quality is a whole number from 1 to 100, not 0"),
        (("show", "missing.json"), "missing.json: No such file or directory"),
        (("show", "."), ".: Is a directory"),
        (("show",), "Missing argument"),
        (("show", "75", "--quality", "101"), "101 is not in the range 1<=x<=100"),
        (("convert", "75"), "Missing option '-o'"),
        (("convert", "75", "-o", "no/such/folder/t.json"), "no/such/folder/t.json: its folder does not exist"),
        (("convert", "75", "-o", "."), "this is a folder; name a file"),
        (("frobnicate",), "No such command 'frobnicate'"),
    ],
)
def test_errors_are_one_line(cli, arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = cli("tables", *arguments)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("error: ")
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_broken_file_is_named_with_its_line(cli, tmp_path):
    (tmp_path / "t.txt").write_text("1 2 3\n4 x\n")
    outcome = cli("tables", "show", tmp_path / "t.txt")
    assert outcome.status == 1
    assert f"{tmp_path / 't.txt'}, line 2: 'x' is not a whole number" in outcome.stderr
