"""What stands for tables: values, shipped names, files and qualities; and that what is shipped is right."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dnjpeg import QuantizationTables
from dnjpeg.tables import resolve, shipped_names

MOZJPEG = {
    "annex-k": 0,
    "flat": 1,
    "ms-ssim": 2,
    "robidoux": 3,
    "psnr-hvs-m": 4,
    "klein-1992": 5,
    "watson-1997": 6,
    "ahumada-1993": 7,
    "peterson-1993": 8,
}


def test_a_value_stands_for_itself():
    tables = QuantizationTables(np.full((8, 8), 3))
    assert resolve(tables) is tables


@pytest.mark.parametrize("quality", [50, "50", "+50", np.uint8(50)])
def test_a_quality_stands_for_the_standard_tables(quality):
    assert resolve(quality) == resolve("annex-k")


def test_a_path_stands_for_its_file(tmp_path, monkeypatch):
    tables = QuantizationTables(np.arange(1, 65).reshape(8, 8))
    tables.save(tmp_path / "mine.json")
    tables.save(tmp_path / "bare")
    monkeypatch.chdir(tmp_path)
    for spec in (tmp_path / "mine.json", str(tmp_path / "mine.json"), "mine.json", "bare", "./bare"):
        assert resolve(spec) == tables


def test_a_shipped_name_wins_over_a_file_in_the_folder(tmp_path, monkeypatch):
    other = QuantizationTables(np.full((8, 8), 3))
    other.save(tmp_path / "annex-k")
    monkeypatch.chdir(tmp_path)
    assert resolve("annex-k") != other
    assert resolve("./annex-k") == other


@pytest.mark.parametrize("quality", [0, 101, -5, "0", "101", "-5", "9" * 30, True, False])
def test_a_quality_out_of_range_is_refused(quality):
    with pytest.raises(ValueError, match="a quality is a whole number from 1 to 100, not "):
        resolve(quality)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("anex-k", "did you mean annex-k?"),
        ("ANNEX-K", "did you mean annex-k?"),
        ("deepn-lteral", "did you mean deepn-literal"),
        ("qqqqqqqq", "there are ahumada-1993, annex-k, "),
        ("", "there are ahumada-1993, annex-k, "),
        ("a\0b", "no quantization tables or table file are called"),
        (75.0, "a value, a shipped name, a table file or a quality 1 to 100, not 75.0"),
        (None, "a value, a shipped name, a table file or a quality 1 to 100, not None"),
        (np.ones((8, 8), int), "a value, a shipped name, a table file or a quality 1 to 100"),
    ],
)
def test_what_stands_for_nothing_is_refused(spec, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        resolve(spec)


def test_a_missing_file_is_an_os_error(tmp_path):
    for spec in ("missing.json", "folder/missing", str(tmp_path / "missing")):
        with pytest.raises(FileNotFoundError):
            resolve(spec)
    with pytest.raises(IsADirectoryError):
        resolve(str(tmp_path))


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_tables_say_what_they_are(name):
    tables = resolve(name)
    assert tables.name == name
    assert {"method", "description", "source"} <= tables.provenance.keys()
    assert tables.provenance.get("mozjpeg") == MOZJPEG.get(name)


def test_all_that_is_promised_is_shipped():
    assert set(MOZJPEG) <= set(shipped_names())
    assert {"deepn-literal", "deepn-rank", "deepn-continuous", "fd-code"} <= set(shipped_names())


def test_published_tables_agree_with_each_other():
    # Robidoux derived his table from that of Klein, Silverstein and Carney: a slip in either would show.
    klein, robidoux = resolve("klein-1992").luma.astype(int), resolve("robidoux").luma
    assert np.array_equal(np.maximum(klein - 1, 16), robidoux)
    # The detection models depend on frequency alone, without a direction.
    for name in ("klein-1992", "robidoux", "watson-1997", "ahumada-1993", "peterson-1993"):
        assert np.array_equal(resolve(name).luma, resolve(name).luma.T)
    # DCTune's thresholds for a gray image are nearly a product of two curves, cut off at 255.
    watson = resolve("watson-1997").luma
    product = np.outer(watson[:, 0], watson[0]) / 7.4
    assert np.abs(np.minimum(product, 255) / watson - 1).max() < 0.09


def test_published_tables_do_not_change():
    assert {name: resolve(name).digest[:16] for name in MOZJPEG} == {
        "annex-k": "2b18f7853068e2b8",
        "flat": "5274e35fc998ed08",
        "ms-ssim": "7361419568dcf3ec",
        "robidoux": "65bdcbe3416271c9",
        "psnr-hvs-m": "7205ff2a951b852e",
        "klein-1992": "7739e619ec3c06c0",
        "watson-1997": "d7039827bdbc4d79",
        "ahumada-1993": "08b437289378da69",
        "peterson-1993": "763aa1af13a24058",
    }


def test_deepn_tables_are_what_their_provenance_says():
    for name in ("deepn-literal", "deepn-rank", "deepn-continuous"):
        tables = resolve(name)
        provenance = tables.provenance
        assert provenance["method"] == "deepn"
        assert provenance["parameters"]["mode"] == name.removeprefix("deepn-")
        assert len(provenance["statistics"]["hash"]) == 64
        assert provenance["data"]["images"] == 250
        assert len(tables.arrays) == len(provenance["constants"]) == 3
        assert not re.search(r"[/\\]", str(provenance["data"]))
        assert tables.luma.min() == tables.luma[0, 0] == 5
