"""Heat maps: every number in its own cell, the right way up."""

from __future__ import annotations

import numpy as np
import pytest

from dnjpeg import collect_statistics

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from dnjpeg.evaluation.heatmaps import draw_bands, draw_table, statistics_figure, tables_figure

ASYMMETRIC = 1 + np.arange(64).reshape(8, 8)


def numbers(axes):
    """What is written in each cell, by (row, column)."""
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axes.texts}


def test_a_table_is_written_row_by_row_downwards():
    axes = Figure().add_subplot()
    draw_table(axes, ASYMMETRIC, title="a table")
    assert numbers(axes) == {(row, col): str(ASYMMETRIC[row, col]) for row in range(8) for col in range(8)}
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # row 0 on top
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("horizontal frequency", "vertical frequency")
    assert axes.get_title() == "a table"


def test_the_figure_of_statistics_has_a_panel_for_each_filled_component(photo):
    colour = statistics_figure(collect_statistics(photo(32, 32)), title="a photo")
    assert [axes.get_title() for axes in colour.axes] == [f"standard deviation, {name}" for name in ("Y", "Cb", "Cr")]
    gray = collect_statistics(photo(32, 32, gray=True))
    assert len(statistics_figure(gray).axes) == 1
    deviation = gray.std("Y")[2, 5]
    written = float(numbers(statistics_figure(gray).axes[0])[2, 5])
    assert written == pytest.approx(deviation, abs=0.06)


def test_figures_of_many_tables_are_drawn(tmp_path):
    figure = tables_figure({str(step): np.full((8, 8), step) for step in (1, 8, 40, 255, 65535)})
    figure.savefig(tmp_path / "tables.png")
    assert (tmp_path / "tables.png").stat().st_size > 1000
    with pytest.raises(ValueError, match="nothing to draw"):
        tables_figure({})


def test_zeros_can_be_drawn_and_nonsense_cannot():
    axes = Figure().add_subplot()
    draw_bands(axes, np.zeros((8, 8)))
    for wrong in (np.ones((8, 7)), np.full((8, 8), np.nan), np.full((8, 8), -1.0)):
        with pytest.raises(ValueError, match="a heat map shows"):
            draw_bands(axes, wrong)
