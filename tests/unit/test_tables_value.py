"""QuantizationTables: what it holds, refuses, scales and gives to the codec."""

from __future__ import annotations

import io
import pickle
import warnings

import numpy as np
import pytest
from PIL import Image

import dnjpeg
from dnjpeg import JpegWarning, QuantizationTables
from dnjpeg.tables import resolve

ASYMMETRIC = np.arange(1, 65).reshape(8, 8)
PIXELS = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)


def written_tables(data: bytes) -> list[list[int]]:
    """Quantization tables of a JPEG file as Pillow reads them, natural order."""
    with Image.open(io.BytesIO(data)) as image:
        return [list(table) for _, table in sorted(image.quantization.items())]


def test_holds_natural_order_arrays_that_cannot_be_changed():
    source = ASYMMETRIC.copy()
    tables = QuantizationTables(source, source.T, name="mine")
    source[0, 0] = 99
    assert tables.luma.dtype == np.uint16
    assert np.array_equal(tables.luma, ASYMMETRIC)
    assert np.array_equal(tables.chroma, ASYMMETRIC.T)
    with pytest.raises(ValueError, match="read-only"):
        tables.luma[0, 0] = 2
    with pytest.raises(AttributeError):
        tables.name = "other"


@pytest.mark.parametrize("copies", [1, 2, 3])
def test_an_asymmetric_table_reaches_the_file_in_its_order(copies):
    grids = [(ASYMMETRIC + 10 * index).tolist() for index in range(copies)]
    data = dnjpeg.encode(PIXELS, tables=QuantizationTables(*grids))
    assert written_tables(data) == [np.ravel(grid).tolist() for grid in grids]


def test_components_beyond_the_last_table_use_it():
    one, two, three = (np.full((8, 8), step) for step in (1, 2, 3))

    def steps(tables, count):
        return [int(table[0, 0]) for table in tables.for_components(count)]

    assert steps(QuantizationTables(one), 3) == [1, 1, 1]
    assert steps(QuantizationTables(one, two), 3) == [1, 2, 2]
    assert steps(QuantizationTables(one, two, three), 3) == [1, 2, 3]
    assert steps(QuantizationTables(one, two), 1) == [1]
    with pytest.raises(ValueError, match="5 components, must be 1 to 4"):
        QuantizationTables(one).for_components(5)


def test_equality_and_hash_are_those_of_the_steps():
    first = QuantizationTables(ASYMMETRIC, name="a", provenance={"method": "by hand"})
    assert first == QuantizationTables(ASYMMETRIC.astype(np.uint8).tolist(), name="b")
    assert hash(first) == hash(QuantizationTables(ASYMMETRIC))
    assert first != QuantizationTables(ASYMMETRIC.T)
    assert first != QuantizationTables(ASYMMETRIC, ASYMMETRIC)
    assert first != 16


def test_the_digest_is_of_the_steps_and_never_changes():
    # sha256 of "dnjpeg quantization tables 1" and the 64 steps as big-endian 16-bit numbers
    assert QuantizationTables(ASYMMETRIC).digest == "f29ba8d67e2ca1178a2d35feacd074c250ac241527d02502c258e951725db965"
    assert QuantizationTables(ASYMMETRIC, name="x", provenance={"a": 1}).digest == QuantizationTables(ASYMMETRIC).digest


def test_pickles_whole_and_stays_read_only():
    tables = QuantizationTables(ASYMMETRIC, name="mine", provenance={"method": "by hand", "parameters": {"n": [1, 2]}})
    copy = pickle.loads(pickle.dumps(tables))
    assert (copy, copy.name, copy.provenance) == (tables, tables.name, tables.provenance)
    assert not copy.luma.flags.writeable


def test_provenance_is_a_copy():
    given = {"method": "by hand", "parameters": {"step": 3}}
    tables = QuantizationTables(ASYMMETRIC, provenance=given)
    given["parameters"]["step"] = 4
    tables.provenance["parameters"]["step"] = 5
    assert tables.provenance == {"method": "by hand", "parameters": {"step": 3}}


def with_step(step, kind=object):
    table = ASYMMETRIC.astype(kind)
    table[2, 4] = step
    return table


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([], "0 quantization tables, must be 1 to 4"),
        ([ASYMMETRIC] * 5, "5 quantization tables, must be 1 to 4"),
        ([range(64)], "the quantization table must be 8 rows of 8 steps, not 64 numbers in a row"),
        ([range(63)], "must be 8 rows of 8 steps, not 63 numbers in a row"),
        ([ASYMMETRIC[:7]], r"must be 8 rows of 8 steps, not an array of shape \(7, 8\)"),
        ([[[1, 2], [3]]], "rows of different lengths"),
        ([np.array([[1, 2], [3]], object)], "rows of different lengths"),
        ([with_step(0)], "the quantization table, row 3, column 5: step 0, must be 1 to 65535"),
        ([with_step(-1)], "row 3, column 5: step -1, must be 1 to 65535"),
        ([ASYMMETRIC, with_step(65536)], "quantization table 2 of 2, row 3, column 5: step 65536, must be 1 to 65535"),
        ([with_step(1 << 70)], "step 1180591620717411303424, must be 1 to 65535"),
        ([with_step(16.5)], "row 3, column 5: 16.5 is not a whole number"),
        ([with_step(True)], "row 3, column 5: True is not a whole number"),
        ([with_step("16")], "row 3, column 5: '16' is not a whole number"),
        ([with_step(None)], "row 3, column 5: None is not a whole number"),
        ([ASYMMETRIC.astype(float)], "row 1, column 1: 1.0 is not a whole number"),
        ([with_step(np.nan, float)], "is not a whole number"),
        ([np.ones((8, 8), bool)], "True is not a whole number"),
    ],
)
def test_refuses_what_is_no_table(tables, message):
    with pytest.raises(ValueError, match=message) as caught:
        QuantizationTables(*tables)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", 7])
def test_refuses_what_is_no_name(name):
    with pytest.raises(ValueError, match="one line of text"):
        QuantizationTables(ASYMMETRIC, name=name)


@pytest.mark.parametrize("provenance", [{"data": object()}, {"mean": float("nan")}, {("a",): 1}])
def test_refuses_a_provenance_that_json_cannot_hold(provenance):
    with pytest.raises(ValueError, match="what JSON can hold"):
        QuantizationTables(ASYMMETRIC, provenance=provenance)


@pytest.mark.parametrize("quality", [*range(1, 101)])
def test_the_standard_tables_scale_as_libjpeg_scales_them(quality):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, "JPEG", quality=quality)
    scaled = resolve("annex-k").scaled(quality)
    assert [table.ravel().tolist() for table in scaled.arrays] == written_tables(stream.getvalue())


def test_scaling_by_hand():
    table = np.full((8, 8), 16)
    table[0, :4] = 1, 3, 255, 419

    def scaled(quality):
        return QuantizationTables(table).scaled(quality).luma[0, :5].tolist()

    assert scaled(50) == [1, 3, 255, 255, 16]  # 100 %: nothing but the bound
    assert scaled(75) == [1, 2, 128, 210, 8]  # 50 %: 0.5, 1.5, 127.5, 209.5 and 8, halves up
    assert scaled(100) == [1, 1, 1, 1, 1]  # 0 %, at least 1
    assert scaled(3) == [17, 50, 255, 255, 255]  # 5000 // 3 = 1666 %
    assert scaled(1) == [50, 150, 255, 255, 255]


@pytest.mark.parametrize("quality", [0, 101, -1, True, 50.0, "50", None])
def test_refuses_what_is_no_quality(quality):
    with pytest.raises(ValueError, match="a quality is a whole number from 1 to 100"):
        QuantizationTables(ASYMMETRIC).scaled(quality)


def test_scaling_says_what_was_scaled():
    tables = QuantizationTables(ASYMMETRIC, name="mine", provenance={"method": "by hand"})
    scaled = tables.scaled(np.int64(80))
    assert scaled.name == "mine at quality 80"
    assert scaled.provenance["parameters"] == {"quality": 80}
    assert scaled.provenance["tables"] == {
        "name": "mine",
        "digest": tables.digest,
        "provenance": {"method": "by hand"},
    }


def test_steps_above_255_are_clamped_for_baseline_with_a_warning():
    tables = QuantizationTables(with_step(300, int), with_step(65535, int), name="mine")
    with pytest.warns(JpegWarning, match=r"^mine: 2 steps are above 255 \(up to 65535\)"):
        arrays = tables.arrays_for_baseline()
    assert [np.array_equal(array, with_step(255, int)) for array in arrays] == [True, True]
    assert tables.max_step == 65535


def test_tables_that_fit_baseline_pass_without_a_warning():
    tables = QuantizationTables(with_step(255, int))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tables.arrays_for_baseline() is tables.arrays


def test_grids_are_read_row_by_row():
    lines = QuantizationTables(ASYMMETRIC, ASYMMETRIC.T).grids().splitlines()
    assert lines[0] == "luma:"
    assert lines[1].split() == [str(step) for step in range(1, 9)]
    assert lines[9:11] == ["", "chroma:"]
    assert lines[11].split() == [str(step) for step in range(1, 65, 8)]


def test_repr_is_one_line():
    text = repr(QuantizationTables(ASYMMETRIC, ASYMMETRIC, name="mine"))
    assert text.startswith("<QuantizationTables mine: 2 tables, steps 1 to 64, digest ")


def test_renaming_keeps_the_rest():
    tables = QuantizationTables(ASYMMETRIC, name="old", provenance={"method": "by hand"})
    renamed = tables.renamed("new")
    assert (renamed, renamed.name, renamed.provenance) == (tables, "new", tables.provenance)
