"""Any tables survive every path in the right order, and designs keep their promises for any δ."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

import dnjpeg
from dnjpeg import QuantizationTables, design
from dnjpeg.tables.files import from_bytes, to_json, to_text

ARRAYS = npst.arrays(np.uint16, (8, 8), elements=st.integers(1, 65535))
BASELINE = npst.arrays(np.uint16, (8, 8), elements=st.integers(1, 255))
DELTAS = npst.arrays(np.float64, (8, 8), elements=st.floats(0, 2048, allow_subnormal=False))
NAMES = st.none() | st.text(min_size=1).filter(lambda text: text.isprintable() and text.strip())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PIXELS = np.random.default_rng(0).integers(0, 256, (17, 9, 3), dtype=np.uint8)


@given(st.lists(ARRAYS, min_size=1, max_size=4), NAMES, st.dictionaries(st.text(), JSON, max_size=3))
def test_files_round_trip(arrays, name, provenance):
    tables = QuantizationTables(*arrays, name=name, provenance=provenance)
    content = from_bytes(to_json(tables).encode(), "t.json")
    assert (QuantizationTables(*content.tables), content.name, content.provenance) == (tables, name, provenance)
    assert QuantizationTables(*from_bytes(to_text(tables).encode(), "t.txt").tables) == tables


@settings(max_examples=50, deadline=None)
@given(st.lists(BASELINE, min_size=1, max_size=3))
def test_tables_reach_a_file_and_come_back(arrays):
    data = dnjpeg.encode(PIXELS, tables=QuantizationTables(*arrays))
    with Image.open(io.BytesIO(data)) as image:
        written = [np.reshape(table, (8, 8)) for _, table in sorted(image.quantization.items())]
    assert all(map(np.array_equal, written, arrays))
    assert len(written) == len(arrays)
    read = QuantizationTables(*dnjpeg.read(data).tables)
    assert all(map(np.array_equal, read.arrays, QuantizationTables(*arrays).for_components(3)))


@settings(max_examples=50, deadline=None)
@given(BASELINE, st.integers(50, 100))
def test_any_table_scales_as_libjpeg_scales_it(table, quality):
    stream = io.BytesIO()
    Image.new("L", (8, 8)).save(stream, "JPEG", qtables=[table.ravel().tolist()], quality=quality)
    with Image.open(stream) as image:
        expected = image.quantization[0]
    assert QuantizationTables(table).scaled(quality).luma.ravel().tolist() == list(expected)


@given(DELTAS, st.sampled_from(["literal", "rank", "continuous"]))
@example(np.repeat([1.0, 2.3e-308], [6, 58]).reshape(8, 8), "rank")  # slopes beyond all numbers
@example(np.repeat([np.nextafter(3.0, 4), 3.0], [6, 58]).reshape(8, 8), "continuous")
def test_deepn_steps_lie_in_their_range_and_follow_the_bands(delta, mode):
    ranked = np.sort(delta, axis=None)[::-1]
    if mode != "literal" and not 0 < ranked[27] < ranked[5]:
        with pytest.raises(ValueError, match="thresholds must rise"):
            design.deepn(delta, mode=mode)
        return
    table = design.deepn(delta, mode=mode).luma
    assert table.min() >= 5
    assert table.max() <= 255
    order = np.random.default_rng(0).permutation(64)
    shuffled = design.deepn(delta.reshape(64)[order].reshape(8, 8), mode=mode).luma
    assert np.array_equal(shuffled.reshape(64), table.reshape(64)[order])
    if mode == "continuous":  # stronger bands never get larger steps
        by_strength = table.reshape(64)[np.argsort(delta, axis=None)]
        assert (np.diff(by_strength.astype(int)) <= 0).all()


@given(DELTAS, st.integers(0, 64))
def test_fd_v1_keeps_as_many_bands_as_asked(delta, keep):
    table = design.fd_v1(delta, keep=keep).luma
    assert (table == 1).sum() == keep
    if 0 < keep < 64:
        assert delta[table == 1].min() >= delta[table == 40].max()
