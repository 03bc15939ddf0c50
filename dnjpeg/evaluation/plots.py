"""Curves of a summary: what a classifier keeps, over how small its images became."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from dnjpeg.evaluation.metrics import JPEG_FAMILY
from dnjpeg.evaluation.rows import ORIGINAL

__all__ = ["SCORES", "SIZES", "curves_figure", "draw_curves", "render"]


@dataclass(frozen=True)
class _Quantity:
    """A column of the summary and how it is shown."""

    column: str
    label: str
    percent: bool = False
    interval: bool = False
    logarithmic: bool = False
    original: bool = True  # whether the uncompressed images have a finite one


SCORES: Mapping[str, _Quantity] = {
    "top1": _Quantity("top1", "top-1 accuracy (%)", percent=True, interval=True),
    "top5": _Quantity("top5", "top-5 accuracy (%)", percent=True, interval=True),
    "agreement": _Quantity("agreement", "same prediction as uncompressed (%)", percent=True),
    "probability": _Quantity("probability", "mean probability of the true class (%)", percent=True),
    "kl": _Quantity("kl", "divergence from the uncompressed prediction (nats)", logarithmic=True, original=False),
    "psnr": _Quantity("psnr", "PSNR (dB)", original=False),
    "ssim": _Quantity("ssim", "SSIM", original=False),
    "ms_ssim": _Quantity("ms_ssim", "MS-SSIM", original=False),
}
SIZES: Mapping[str, _Quantity] = {
    "cr": _Quantity("CR ({})", "compression ratio against {}"),
    "bpp": _Quantity("bpp", "bits per pixel"),
    "bytes": _Quantity("bytes", "mean bytes per image"),
}

# One colour a family that most people can tell apart (Okabe and Ito, 2008); standard JPEG is gray.
_GRAY = "#4d4d4d"
_FAINT = "#7a7a7a"
_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7f3c8d", "#8c564b")
_LINES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D")


def curves_figure(
    summaries: Mapping[str, pd.DataFrame],
    *,
    size: str = "cr",
    score: str = "top1",
    reference: str = "raw RGB",
    title: str = "",
) -> Figure:
    """Draw one or several summaries; see `draw_curves` for the parameters."""
    figure = Figure(figsize=(8.6, 5.2), layout="constrained")
    draw_curves(figure.add_subplot(), summaries, size=size, score=score, reference=reference, title=title)
    return figure


def draw_curves(
    axes: Axes,
    summaries: Mapping[str, pd.DataFrame],
    *,
    size: str = "cr",
    score: str = "top1",
    reference: str = "raw RGB",
    title: str = "",
) -> None:
    """Draw a curve per family, with its 95 % band where the summary has one and its name at its end.

    Parameters
    ----------
    axes : matplotlib Axes
        What to draw on.
    summaries : mapping of str to DataFrame
        What `dnjpeg.evaluation.metrics.summarize` returned, by the name to show; with several, each has its own kind
        of line.
    size, score : str
        Keys of `SIZES` and `SCORES`.
    reference : str
        What the compression ratio refers to; one of the references that the summaries were made with.
    title : str
        Above the axes.
    """
    x, y = SIZES[size], SCORES[score]
    column = x.column.format(reference)
    families = dict.fromkeys(family for summary in summaries.values() for family in summary["family"])
    colors = _colors([family for family in families if family != ORIGINAL])
    ends: list[tuple[float, float, str, str]] = []
    originals: list[tuple[float, str]] = []
    for index, (name, summary) in enumerate(summaries.items()):
        style = {"linestyle": _LINES[index % len(_LINES)], "marker": _MARKERS[index % len(_MARKERS)]}
        for family, points in summary.groupby("family", sort=False):
            shown = points.sort_values(column)
            if family == ORIGINAL:
                if y.original:
                    label = f"{ORIGINAL} ({name})" if len(summaries) > 1 else ORIGINAL
                    originals.append((_scale(y) * shown[y.column].iloc[0], label))
                continue
            _draw_family(axes, shown, column, y, {**style, "color": colors[str(family)]})
            last = shown.iloc[-1 if size == "cr" else 0]
            label = f"{family} ({name})" if len(summaries) > 1 else str(family)
            ends.append((last[column], _scale(y) * last[y.column], label, colors[str(family)]))
    _dress(axes, x.label.format(reference), y, title, size)
    for value, label in originals:
        axes.axhline(value, color=_FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        ends.append((axes.get_xlim()[1], value, label, _FAINT))
    _label_ends(axes, ends)


def render(figure: Figure, suffix: str) -> bytes:
    """Save a figure as ``"png"``, ``"svg"`` or ``"pdf"``; the same figure always gives the same bytes."""
    stream = BytesIO()
    no_date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})
    with mpl.rc_context({"svg.hashsalt": "dnjpeg"}):
        figure.savefig(stream, format=suffix, dpi=150, metadata=no_date)
    return stream.getvalue()


def _colors(families: list[str]) -> dict[str, str]:
    others = [family for family in families if family != JPEG_FAMILY]
    return {JPEG_FAMILY: _GRAY} | {family: _COLORS[i % len(_COLORS)] for i, family in enumerate(others)}


def _scale(quantity: _Quantity) -> float:
    return 100.0 if quantity.percent else 1.0


def _draw_family(axes: Axes, points: pd.DataFrame, column: str, y: _Quantity, style: Mapping[str, str]) -> None:
    x, value = points[column].to_numpy(float), _scale(y) * points[y.column].to_numpy(float)
    if y.interval:
        low, high = (_scale(y) * points[f"{y.column}_{end}"].to_numpy(float) for end in ("low", "high"))
        if len(points) > 1:
            axes.fill_between(x, low, high, color=style["color"], alpha=0.10, linewidth=0, zorder=2)
        else:
            axes.vlines(x, low, high, color=style["color"], alpha=0.35, linewidth=4, zorder=2)
    axes.plot(x, value, linewidth=1.6, markersize=4, zorder=3, **style)  # type: ignore[arg-type]


def _dress(axes: Axes, x_label: str, y: _Quantity, title: str, size: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log" if y.logarithmic else "linear")
    for axis, logarithmic in ((axes.xaxis, True), (axes.yaxis, y.logarithmic)):
        if logarithmic:
            axis.set_major_locator(LogLocator(10, subs=(1, 2, 3, 5), numticks=20))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
            axis.set_minor_formatter(NullFormatter())
    if size != "cr":
        axes.invert_xaxis()  # smaller files to the right, whatever the quantity
    axes.set_xlabel(f"{x_label}{'' if size == 'cr' else ' (smaller to the right)'}")
    axes.set_ylabel(f"{y.label}, bands: 95 % intervals" if y.interval else y.label)
    axes.set_title(title, fontsize=11, loc="left")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _label_ends(axes: Axes, ends: list[tuple[float, float, str, str]]) -> None:
    """Write each curve's name in a column beside the axes, level with its end as far as the others leave room."""
    order = sorted(range(len(ends)), key=lambda index: ends[index][1])
    to_axes = axes.transData + axes.transAxes.inverted()
    wanted = np.array([to_axes.transform((ends[index][0], ends[index][1]))[1] for index in order])
    wanted = np.nan_to_num(wanted, neginf=0.0).clip(0, 1)  # a divergence of 0 has no place on a logarithmic axis
    for index, place in zip(order, _spread(wanted, 0.048), strict=True):
        x, y, label, color = ends[index]
        axes.annotate(
            label,
            xy=(x, y),
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=color,
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.6, "alpha": 0.5, "shrinkA": 1, "shrinkB": 3},
        )


def _spread(wanted: np.ndarray, gap: float) -> np.ndarray:
    """Move ascending places apart until neighbours are `gap` apart, keeping groups centred on where they belong."""
    groups = [[float(place), 1] for place in wanted]  # centre and number of labels
    merged = True
    while merged:
        merged = False
        for i in range(len(groups) - 1):
            (a, m), (b, n) = groups[i], groups[i + 1]
            if b - a < gap * (m + n) / 2:
                groups[i : i + 2] = [[(a * m + b * n) / (m + n), m + n]]
                merged = True
                break
    return np.array([centre + gap * (k - (n - 1) / 2) for centre, n in groups for k in range(int(n))])
