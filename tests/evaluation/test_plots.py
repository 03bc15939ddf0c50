"""Curves and texts of summaries: what can be checked without looking."""

from __future__ import annotations

import numpy as np
import pytest
from test_metrics import make_rows

from dnjpeg.evaluation.metrics import summarize
from dnjpeg.evaluation.plots import _spread, curves_figure, render
from dnjpeg.evaluation.study import at_comparable_size, smallest_within
from dnjpeg.evaluation.summary_text import as_text, brief_table, full_table, points


@pytest.fixture(scope="module")
def summary():
    return summarize(make_rows(), references=("raw RGB", "QF 100"), draws=50)


def test_curves_are_the_summary(summary) -> None:
    axes = curves_figure({"": summary}, reference="QF 100").axes[0]
    lines = {tuple(np.round(line.get_xdata(), 6)): line for line in axes.lines if len(line.get_xdata()) > 1}
    jpeg = summary[summary["family"] == "JPEG"].sort_values("CR (QF 100)")
    drawn = lines[tuple(np.round(jpeg["CR (QF 100)"], 6))]
    assert drawn.get_ydata() == pytest.approx(100 * jpeg["top1"].to_numpy())
    assert {text.get_text() for text in axes.texts} == {"JPEG", "half", "uncompressed"}
    assert axes.get_xlabel() == "compression ratio against QF 100"


def test_several_summaries_are_told_apart(summary) -> None:
    axes = curves_figure({"a": summary, "b": summary}, size="bytes").axes[0]
    names = {text.get_text() for text in axes.texts}
    assert {"JPEG (a)", "JPEG (b)", "half (a)", "half (b)"} <= names
    assert axes.xaxis_inverted()


def test_the_same_picture_every_time(summary) -> None:
    for suffix in ("png", "svg"):
        assert render(curves_figure({"": summary}), suffix) == render(curves_figure({"": summary}), suffix)


def test_labels_keep_their_distance_and_order() -> None:
    wanted = np.array([0.1, 0.11, 0.12, 0.5, 0.52, 0.9])
    places = _spread(wanted, 0.05)
    assert (np.diff(places) >= 0.05 - 1e-12).all()
    assert places[[0, 1, 2]].mean() == pytest.approx(0.11)
    assert places[5] == 0.9
    assert _spread(np.array([]), 0.05).size == 0


def test_tables_to_read(summary) -> None:
    lines = as_text(brief_table(summary, "QF 100")).splitlines()
    assert len(lines) == 2 + len(summary)
    assert lines[0].startswith("contender")
    half = next(line for line in lines if line.startswith("half")).split()
    assert half[1:3] == ["1,002", "1.96"]
    assert half[-3:] == ["0.50", "[0.50,", "0.50]"]
    full = full_table(summary, ("raw RGB", "QF 100"))
    assert [column.head for column in full.columns][3:5] == ["CR (raw RGB)", "CR (QF 100)"]
    assert {len(line) for line in full.lines} == {len(full.columns)}


def test_columns_that_say_nothing_are_left_out(summary) -> None:
    jpeg_only = summary[summary["family"] == "JPEG"]
    heads = [column.head for column in brief_table(jpeg_only, "QF 100").columns]
    assert "bytes at = KL" not in heads


@pytest.mark.parametrize(("change", "text"), [(-0.0123, "-1.2"), (0.02, "+2.0"), (-0.0001, "0.0"), (0.0, "0.0")])
def test_points(change: float, text: str) -> None:
    assert points(change) == text


def test_headline(summary) -> None:
    """Within 5 points of the uncompressed 95 %: of JPEG none but quality 100 (90 %), of the others the better one."""
    found = smallest_within(summary, tolerance=0.07)
    assert found["contender"].tolist() == ["best", "JPEG 100"]
    assert smallest_within(summary, tolerance=0.0001).empty


def test_side_by_side(summary) -> None:
    assert at_comparable_size(summary) == ["JPEG 10", "half"]
