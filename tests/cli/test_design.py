"""``dnjpeg design``: every design from the command line, as from Python."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from dnjpeg import FrequencyStatistics, QuantizationTables, collect_statistics, design
from dnjpeg.statistics.sensitivity import NetworkGradients, Sensitivity


@pytest.fixture
def pixels(photo):
    return photo(40, 56)


@pytest.fixture
def image(tmp_path, pixels):
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def statistics(tmp_path, pixels):
    collect_statistics(pixels, data="a picture").save(tmp_path / "stats.json")
    return tmp_path / "stats.json"


def test_lists_the_designs(cli):
    outcome = cli("design", "--help")
    assert outcome.status == 0
    for name in design.DESIGNS:
        assert f"\n  {name} " in outcome.stdout


@pytest.mark.parametrize("name", design.DESIGNS)
def test_every_design_explains_itself(cli, name):
    outcome = cli("design", name, "--help")
    assert outcome.status == 0
    assert "Q(" in outcome.stdout or "Q =" in outcome.stdout or "q =" in outcome.stdout  # its formula
    for option in design.DESIGNS[name].options:
        assert f"--{option.parameter.replace('_', '-')} " in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("standard", "--quality", 30), design.standard(30)),
        (("same-q", "--step", 8), design.same_q(8)),
        (("rm-hf", "--drop", 6), design.rm_hf(6)),
        (("rm-hf", "--drop", 6, "--quality", 80, "--step", 200), design.rm_hf(6, quality=80, step=200)),
        (("fd-code",), design.fd_code()),
        (("fd-code", "--corner-step", 5), design.fd_code(corner_step=5)),
    ],
)
def test_designs_without_statistics(cli, tmp_path, arguments, expected):
    target = tmp_path / "t.json"
    outcome = cli("design", *arguments, "-o", target)
    assert (outcome.status, outcome.stderr) == (0, "")
    made = QuantizationTables.load(target)
    assert (made, made.name, made.provenance) == (expected, expected.name, expected.provenance)
    assert expected.grids() in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((), {}),
        (("--mode", "continuous", "--components", "luma"), {"mode": "continuous", "components": "luma"}),
        (("--t1", 5, "--t2", 30.5, "--k3", 1, "--q-min", 2), {"t1": 5, "t2": 30.5, "k3": 1, "q_min": 2}),
    ],
)
def test_deepn_from_a_statistics_file(cli, tmp_path, statistics, arguments, options):
    target = tmp_path / "t.json"
    outcome = cli("design", "deepn", "--statistics", statistics, "-o", target, *arguments)
    assert (outcome.status, outcome.stderr) == (0, "")
    expected = design.deepn(FrequencyStatistics.load(statistics), **options)
    made = QuantizationTables.load(target)
    assert (made, made.name, made.provenance) == (expected, expected.name, expected.provenance)
    assert str(tmp_path) not in target.read_text()


def test_statistics_may_be_collected_from_images_at_once(cli, image, pixels):
    def tables(*arguments):
        outcome = cli("design", *arguments, "--json")
        assert (outcome.status, outcome.stderr) == (0, "")
        return json.loads(outcome.stdout)["tables"]

    def lists(made):
        return [table.tolist() for table in made.arrays]

    assert tables("fd-v1", "--statistics", image) == lists(design.fd_v1(collect_statistics(pixels)))
    assert tables("deepn", "--statistics", image.parent, "--components", "rgb") == lists(
        design.deepn(collect_statistics(pixels, color="rgb"), components="rgb")
    )


def test_images_that_cannot_be_read_are_named(cli, image):
    (image.parent / "broken.jpg").write_bytes(b"not an image")
    outcome = cli("design", "deepn", "--statistics", image.parent)
    assert outcome.status == 2
    assert "deepn-literal" in outcome.stdout
    assert "broken.jpg" in outcome.stderr
    assert outcome.stderr.endswith("error: 1 of 2 failed\n")


def test_text_and_names(cli, tmp_path):
    outcome = cli("design", "same-q", "--step", 8, "-o", tmp_path / "eight.txt", "--name", "eights")
    assert outcome.stdout.startswith("eights\n")
    assert (tmp_path / "eight.txt").read_text().startswith("# eights\n")
    assert np.unique(QuantizationTables.load(tmp_path / "eight.txt").luma).tolist() == [8]


def test_overwrites_only_when_told(cli, tmp_path):
    target = tmp_path / "t.json"
    target.write_text("precious")
    outcome = cli("design", "same-q", "--step", 8, "-o", target)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr == f"error: {target} exists; use --force to overwrite\n"
    assert target.read_text() == "precious"
    assert cli("design", "same-q", "--step", 8, "-o", target, "--force").status == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("same-q",), "Missing option '--step'"),
        (("same-q", "--step", 0), "SAME-Q: step 0, must be 1 to 65535"),
        (("same-q", "--step", 8.5), "'8.5' is not a valid integer"),
        (("standard", "--quality", 101), "a quality is a whole number from 1 to 100, not 101"),
        (("rm-hf", "--drop", 64), "a whole number of coefficients from 1 to 63, not 64"),
        (("same-q", "--step", 8, "-o", "no/such/t.json"), "no/such/t.json: its folder does not exist"),
        (("same-q", "--step", 8, "-o", "."), "this is a folder"),
        (("same-q", "--step", 8, "--name", ""), "one line of text"),
        (("deepn",), "Missing option '--statistics'"),
        (("deepn", "--statistics", "missing.json"), "missing.json: No such file or directory"),
        (("deepn", "--statistics", "missing"), "missing: No such file or directory"),
        (("deepn", "--statistics", "empty"), "there is no image in this folder"),
        (("deepn", "--statistics", "bad.json"), "bad.json: not a file of frequency statistics"),
        (("deepn", "--statistics", "bad.png"), "bad.png"),
        (("deepn", "--statistics", "stats.json", "--components", "rgb"), "rgb needs statistics of R, G and B"),
        (("deepn", "--statistics", "stats.json", "--t1", 70), "the thresholds must rise"),
        (("deepn", "--statistics", "stats.json", "--mode", "exact"), "'exact' is not one of 'literal', 'rank'"),
        (("frobnicate",), "No such command 'frobnicate'"),
    ],
)
def test_errors_are_one_line(cli, arguments, message, statistics, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.json").write_text("{}")
    (tmp_path / "bad.png").write_text("not an image")
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    outcome = cli("design", *arguments)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith("error: ")
    assert message in outcome.stderr
    assert outcome.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_designs_from_sensitivities(cli, tmp_path, statistics):
    gradients = NetworkGradients("toy", "hash", np.ones((3, 8, 8)), np.ones((3, 8, 8)))
    sensitivity = Sensitivity(("Y", "Cb", "Cr"), "4:2:0", "kl", 1, (gradients,), (1, 1, 1), ("a",))
    sensitivity.save(tmp_path / "sens.json")
    target = tmp_path / "t.json"
    words = ("--sensitivity", tmp_path / "sens.json", "-o", target, "--force", "--step", 9)
    assert cli("design", "grace", *words).status == 0
    assert QuantizationTables.load(target) == design.grace(sensitivity, step=9)
    assert cli("design", "opts", *words, "--statistics", statistics, "--quantizer", "rounding").status == 0
    expected = design.opts(sensitivity, FrequencyStatistics.load(statistics), step=9, quantizer="rounding")
    assert QuantizationTables.load(target) == expected
    assert "Missing option '--sensitivity'" in cli("design", "opts", "--statistics", statistics).stderr
    wrong = cli("design", "grace", "--sensitivity", statistics)
    assert (wrong.status, "not a file of sensitivities" in wrong.stderr) == (1, True)
