"""Designs without DeepN-JPEG's map: standard, SAME-Q, RM-HF, Feature Distillation; and how they are registered."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pictures import make_photo

import dnjpeg
from dnjpeg import QuantizationTables, collect_statistics, design
from dnjpeg.statistics.sensitivity import NetworkGradients, Sensitivity
from dnjpeg.tables import resolve
from dnjpeg.tables.design.registry import REQUIRED, Design, Option

DESCENDING = np.arange(64, 0, -1.0).reshape(8, 8)


def test_standard_is_annex_k_at_a_quality():
    assert design.standard(50) == resolve("annex-k")
    assert design.standard(75).luma[0].tolist() == [8, 6, 5, 8, 12, 20, 26, 31]
    assert design.standard(100) == QuantizationTables(*np.ones((2, 8, 8), int))
    assert design.standard(20).provenance["parameters"] == {"quality": 20}
    with pytest.raises(ValueError, match="a quality is a whole number from 1 to 100, not 101"):
        design.standard(101)


def test_same_q_has_one_step():
    tables = design.same_q(8)
    assert tables == QuantizationTables(np.full((8, 8), 8))
    assert (tables.name, tables.provenance["parameters"]) == ("same-q-8", {"step": 8})
    assert design.same_q(np.int64(8)) == tables


@pytest.mark.parametrize("step", [0, -1, 65536, 8.5, True, "8"])
def test_same_q_refuses_what_is_no_step(step):
    with pytest.raises(ValueError, match=r"^SAME-Q: "):
        design.same_q(step)


def test_rm_hf_has_the_largest_step_at_the_end_of_the_zigzag():
    def removed(drop):
        table = design.rm_hf(drop).luma
        assert set(np.unique(table)) == {1, 255}
        return {(int(row), int(col)) for row, col in np.argwhere(table == 255)}

    assert removed(1) == {(7, 7)}
    assert removed(3) == {(7, 7), (7, 6), (6, 7)}
    assert removed(6) == removed(3) | {(5, 7), (6, 6), (7, 5)}
    assert len(removed(63)) == 63
    assert (0, 0) not in removed(63)


def test_rm_hf_keeps_the_base_elsewhere():
    tables, base = design.rm_hf(3, quality=50, step=999), resolve("annex-k")
    for table, kept in zip(tables.arrays, base.arrays, strict=True):
        assert table[7, 7] == table[7, 6] == table[6, 7] == 999
        assert (table != kept).sum() == 3


def test_rm_hf_zeroes_all_but_the_strongest_coefficients(photo):
    pixels = photo(64, 64)
    pixels[8:16, 8:16] = 255 * (np.indices((8, 8)).sum(axis=0) % 2)[..., None]  # a checkerboard: the last frequency
    blocks = dnjpeg.read(dnjpeg.encode(pixels, tables=design.rm_hf(6))).coefficients[0]
    last = blocks.reshape(-1, 64)[:, [47, 54, 61, 55, 62, 63]]
    assert np.flatnonzero(last.any(axis=1)).tolist() == [9]
    assert abs(last).max() <= 4


@pytest.mark.parametrize("drop", [0, 64, -1, 3.0, True, "3"])
def test_rm_hf_refuses_what_is_no_number_of_coefficients(drop):
    with pytest.raises(ValueError, match="a whole number of coefficients from 1 to 63"):
        design.rm_hf(drop)


def test_fd_v1_keeps_the_strongest_bands():
    table = design.fd_v1(DESCENDING.T).luma
    assert np.array_equal(np.flatnonzero(table.T == 1), np.arange(15))
    assert (table == 40).sum() == 49
    assert (design.fd_v1(DESCENDING, keep=0, step=7).luma == 7).all()
    assert (design.fd_v1(DESCENDING, keep=64, kept_step=2).luma == 2).all()


def test_fd_v1_prefers_low_frequencies_among_equals():
    kept = np.argwhere(design.fd_v1(np.ones((8, 8)), keep=4).luma == 1)
    assert kept.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0]]


def test_fd_v1_takes_the_statistics_of_an_image(photo):
    statistics = collect_statistics(photo(48, 64))
    tables = design.fd_v1(statistics)
    assert [int((table == 1).sum()) for table in tables.arrays] == [15, 15, 15]
    for index, table in enumerate(tables.arrays):
        delta = statistics.std(index)
        assert delta[table == 1].min() >= delta[table == 40].max()
    assert tables.provenance["statistics"]["hash"] == statistics.hash


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": 65}, "a whole number of bands from 0 to 64 is kept, not 65"),
        ({"keep": -1}, "a whole number of bands"),
        ({"keep": 1.5}, "a whole number of bands"),
        ({"step": 0}, "the other bands: step 0, must be 1 to 65535"),
        ({"kept_step": 0.5}, "the kept bands: 0.5 is not a whole number"),
        ({"components": "chroma"}, "components 'chroma', must be one of per-component, luma, rgb"),
    ],
)
def test_fd_v1_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        design.fd_v1(DESCENDING, **options)


def test_fd_code_is_finer_in_the_corner():
    table = design.fd_code().luma
    assert (table[:4, :4] == 25).all()
    assert table.sum() == 16 * 25 + 48 * 30
    assert resolve("fd-code") == design.fd_code()
    assert design.fd_code(step=9, corner_step=3).luma[3, 3:5].tolist() == [3, 9]
    with pytest.raises(ValueError, match="the table: step 0"):
        design.fd_code(step=0)


@pytest.mark.parametrize("name", design.DESIGNS)
def test_every_design_is_public_and_described(name):
    described = design.DESIGNS[name]
    assert getattr(design, described.function.__name__) is described.function
    assert described.summary.endswith(".")
    assert all(re.search(r"[.\]]$", option.help) for option in described.options)
    assert "Source: " in (described.function.__doc__ or "")


@pytest.mark.parametrize("name", design.DESIGNS)
def test_every_design_says_in_its_provenance_what_it_was_asked(name):
    described = design.DESIGNS[name]
    asked = {option.parameter: 3 for option in described.options if described.default(option) is REQUIRED}
    sources = [DESCENDING] * described.needs_statistics
    if described.needs_sensitivity:
        gradients = NetworkGradients("toy", "hash", np.ones((3, 8, 8)), np.ones((3, 8, 8)))
        sensitivity = Sensitivity(("Y", "Cb", "Cr"), "4:2:0", "kl", 1, (gradients,), (1, 1, 1), ("a",))
        sources = [sensitivity, *[collect_statistics(make_photo(16, 16))] * described.needs_statistics]
    tables = described.function(*sources, **asked)
    provenance = tables.provenance
    assert provenance["method"] == name
    assert asked.items() <= provenance["parameters"].items()
    assert {"description", "source"} <= provenance.keys()
    assert ("statistics" in provenance) is described.needs_statistics
    assert ("sensitivity" in provenance) is described.needs_sensitivity


def test_a_description_must_fit_its_function():
    with pytest.raises(ValueError, match="the design x has no parameter strength"):
        Design("x", design.same_q, "X.", options=(Option("strength", int, "How strong."),))
