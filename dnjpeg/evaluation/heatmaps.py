"""Heat maps of what has one number a band: frequency statistics and quantization tables.

The `draw_` functions draw on given axes, for plots and reports that lay out their own figures; the `_figure` ones
return a figure that belongs to no window (`matplotlib.figure.Figure`: nothing global, nothing to close).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from dnjpeg.statistics import FrequencyStatistics

__all__ = ["draw_bands", "draw_deviation", "draw_table", "statistics_figure", "tables_figure"]

_PANEL = 3.6  # inches a side
_WIDEST = 4  # panels side by side


def draw_bands(axes: Axes, values: npt.ArrayLike, *, title: str = "", colors: str = "viridis") -> None:
    """Draw one number a band: a coloured cell with the number in it.

    Parameters
    ----------
    axes : matplotlib Axes
        What to draw on.
    values : array-like, (8, 8)
        Natural order; finite and not negative. Colours are on a logarithmic scale; zeros have the lowest.
    title : str
        What the numbers are.
    colors : str
        Name of a colour map of matplotlib's.

    Raises
    ------
    ValueError
        If the values are none of these.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (8, 8) or not np.isfinite(array).all() or array.min() < 0:
        raise ValueError(f"a heat map shows (8, 8) finite numbers from 0 on, not an array of shape {array.shape}")
    positive = array[array > 0]
    low, high = (positive.min(), positive.max()) if positive.size else (1.0, 1.0)
    norm = LogNorm(low, max(high, 1.01 * low), clip=True)
    image = axes.imshow(np.maximum(array, low), cmap=colors, norm=norm)
    for row, col in np.ndindex(8, 8):
        shade = image.cmap(norm(max(array[row, col], low)))
        dark = float(np.dot(shade[:3], (0.299, 0.587, 0.114))) < 0.5
        number = _short(float(array[row, col]))
        axes.text(col, row, number, ha="center", va="center", fontsize=7, color="white" if dark else "black")
    axes.set_xticks(range(8))
    axes.set_yticks(range(8))
    axes.set_xlabel("horizontal frequency")
    axes.set_ylabel("vertical frequency")
    axes.tick_params(length=0)
    axes.set_title(title, fontsize=10)


def draw_table(axes: Axes, table: npt.ArrayLike, *, title: str = "") -> None:
    """Draw a quantization table, (8, 8) steps in natural order: the darker, the coarser."""
    draw_bands(axes, table, title=title, colors="YlGnBu")


def draw_deviation(axes: Axes, statistics: FrequencyStatistics, component: int | str, *, title: str = "") -> None:
    """Draw the standard deviation δ of one component's coefficients.

    Raises
    ------
    ValueError
        If the component does not exist or is empty.
    """
    draw_bands(axes, statistics.std(component), title=title or f"standard deviation, {_name(statistics, component)}")


def tables_figure(tables: Mapping[str, npt.ArrayLike]) -> Figure:
    """Draw several quantization tables, (8, 8) each in natural order, under their titles."""
    figure, panels = _panels(len(tables))
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        draw_table(axes, table, title=title)
    return figure


def statistics_figure(statistics: FrequencyStatistics, *, title: str = "") -> Figure:
    """Draw the standard deviation of every component that is not empty."""
    filled = [index for index in range(len(statistics.components)) if statistics.count(index)]
    figure, panels = _panels(len(filled))
    for axes, index in zip(panels, filled, strict=True):
        draw_deviation(axes, statistics, index)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    """Make a figure with `count` square panels, row by row."""
    if not count:
        raise ValueError("there is nothing to draw")
    cols = min(count, _WIDEST)
    rows = -(-count // cols)
    figure = Figure(figsize=(_PANEL * cols, _PANEL * 1.12 * rows), layout="compressed")
    return figure, [figure.add_subplot(rows, cols, place + 1) for place in range(count)]


def _name(statistics: FrequencyStatistics, component: int | str) -> str:
    return component if isinstance(component, str) else statistics.components[component]


def _short(value: float) -> str:
    """Write a number in at most four characters or so: steps whole, small deviations with a digit or two."""
    if value == int(value) or value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"
