"""A summary as a table to read: the same numbers, in the same words, on a terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dnjpeg.evaluation.rows import ORIGINAL

__all__ = ["Column", "Table", "as_text", "brief_table", "full_table", "percent", "points", "table_of"]


@dataclass(frozen=True)
class Column:
    """A column: its head, what it means, and the text of a line in it (of a summary's, mostly)."""

    head: str
    meaning: str
    cell: Callable[[Any], str]


@dataclass(frozen=True)
class Table:
    """Columns that say something, and the lines' cells in them."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[str, ...], ...]


def percent(proportion: float) -> str:
    """0.8765 as 87.7."""
    return f"{100 * proportion:.1f}"


def points(change: float) -> str:
    """-0.0123 as -1.2, and 0 as 0.0."""
    text = f"{100 * change:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def full_table(summary: pd.DataFrame, references: Sequence[str]) -> Table:
    """Give everything, for the report."""
    top1 = Column(
        "top-1 %",
        "accuracy, with its 95 % interval (Wilson)",
        lambda row: f"{percent(row['top1'])} [{percent(row['top1_low'])}, {percent(row['top1_high'])}]",
    )
    gain = Column(
        "gain at = bytes",
        "top-1 minus that of standard JPEG of equal size, in points, with its 95 % interval (paired bootstrap)",
        _with_interval("top1_gain_at_equal_bytes", points),
    )
    return _table(summary, [*_SIZE, *map(_ratio_to, references), top1, *_EFFECT, gain, *_MORE])


def brief_table(summary: pd.DataFrame, reference: str) -> Table:
    """Keep to what fits on a terminal."""
    top1 = Column("top-1 %", "accuracy", lambda row: percent(row["top1"]))
    return _table(summary, [*_SIZE, _ratio_to(reference), top1, *_EFFECT])


def as_text(table: Table) -> str:
    """Lay a table out for a terminal: names to the left, numbers to the right."""
    lines = [tuple(column.head for column in table.columns), *table.lines]
    widths = [max(map(len, texts)) for texts in zip(*lines, strict=True)]
    first, *rest = [
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]).rstrip() for line in lines
    ]
    return "\n".join([first, "-" * (sum(widths) + 2 * len(widths) - 2), *rest])


def _table(summary: pd.DataFrame, columns: Sequence[Column]) -> Table:
    return table_of([row for _, row in summary.iterrows()], columns)


def table_of(items: Iterable[Any], columns: Sequence[Column]) -> Table:
    """Lay out items, a line each, without columns that are empty."""
    lines = [tuple(column.cell(item) for column in columns) for item in items]
    kept = [place for place in range(len(columns)) if any(line[place] for line in lines)]
    return Table(tuple(columns[place] for place in kept), tuple(tuple(line[place] for place in kept) for line in lines))


def _ratio_to(reference: str) -> Column:
    return Column(
        f"CR ({reference})",
        f"compression ratio: all bytes of {reference} divided by all bytes",
        lambda row: f"{row[f'CR ({reference})']:.2f}",
    )


def _with_interval(name: str, text: Callable[[float], str]) -> Callable[[pd.Series], str]:
    def cell(row: pd.Series) -> str:
        value, low, high = (row[name], row[f"{name}_low"], row[f"{name}_high"])
        if math.isnan(value) or row["family"] == ORIGINAL:
            return ""
        return text(value) if math.isnan(low) else f"{text(value)} [{text(low)}, {text(high)}]"

    return cell


def _unless_original(name: str, text: Callable[[float], str]) -> Callable[[pd.Series], str]:
    return lambda row: "" if row["family"] == ORIGINAL else text(row[name])


def _if_known(name: str, text: Callable[[float], str]) -> Callable[[pd.Series], str]:
    return lambda row: "" if math.isnan(row[name]) else text(row[name])


_SIZE = (
    Column("contender", "who compressed", lambda row: str(row["contender"])),
    Column("bytes", "mean size of the whole file", lambda row: f"{row['bytes']:,.0f}"),
    Column("bpp", "bits per pixel", lambda row: f"{row['bpp']:.2f}"),
)
_MORE = (
    Column("top-5 %", "photos whose class is among the five most probable", lambda row: percent(row["top5"])),
    Column("p(class) %", "mean probability of the true class", lambda row: percent(row["probability"])),
    Column("PSNR", "mean peak signal-to-noise ratio, in decibels", _if_known("psnr", "{:.1f}".format)),
    Column("SSIM", "mean structural similarity", _if_known("ssim", "{:.3f}".format)),
    Column("MS-SSIM", "mean multi-scale structural similarity", _if_known("ms_ssim", "{:.3f}".format)),
)
_EFFECT = (
    Column(
        "change",
        "of top-1 against the uncompressed photos, in points, with its 95 % interval (paired bootstrap; [0.0, 0.0] "
        "means that no photo changed sides, not that none ever will)",
        _with_interval("top1_change", points),
    ),
    Column(
        "agree %",
        "photos whose prediction is that for the uncompressed photo",
        _unless_original("agreement", percent),
    ),
    Column(
        "KL",
        "mean divergence from the uncompressed prediction, in nats",
        _unless_original("kl", "{:.4f}".format),
    ),
    Column(
        "bytes at = top-1",
        "size relative to standard JPEG of equal top-1, with its 95 % interval; below 1 is better",
        _with_interval("bytes_ratio_at_equal_top1", "{:.2f}".format),
    ),
    Column(
        "bytes at = KL",
        "size relative to standard JPEG of equal divergence, with its 95 % interval; below 1 is better",
        _with_interval("bytes_ratio_at_equal_kl", "{:.2f}".format),
    ),
)
