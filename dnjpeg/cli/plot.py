"""``dnjpeg plot``: curves of saved rows, several files in one picture if wanted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dnjpeg.cli import options, outputs
from dnjpeg.cli.failures import CommandError
from dnjpeg.files import replacing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["command"]

SUFFIXES = (".png", ".svg", ".pdf")

EPILOG = """
\b
Examples:
  dnjpeg plot results/rows.parquet -o accuracy.png
  dnjpeg plot results/rows.parquet -o small.svg --size bpp --score kl
  dnjpeg plot lite0/rows.parquet lite2/rows.parquet -o both.png --family JPEG --family "DeepN rank"
"""


@click.command("plot", epilog=EPILOG)
@click.argument("rows", nargs=-1, required=True, metavar="ROWS...", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The picture: a .png, .svg or .pdf file.",
)
@click.option(
    "--size",
    type=click.Choice(["cr", "bpp", "bytes"]),
    default="cr",
    show_default=True,
    help="Across: compression ratio, bits per pixel or mean bytes.",
)
@click.option(
    "--score",
    type=click.Choice(["top1", "top5", "agreement", "probability", "kl", "psnr", "ssim", "ms_ssim"]),
    default="top1",
    show_default=True,
    help="Up: accuracy; agreement with, or divergence (kl) from, the uncompressed prediction; the probability of "
    "the true class; or likeness to the original for a human eye.",
)
@click.option(
    "--reference",
    metavar="NAME",
    help="What compression ratios are against: QF 1 to QF 100, raw RGB, files, a contender. [default: QF 100 if it is "
    "among the rows, else raw RGB]",
)
@click.option("--family", "families", multiple=True, metavar="NAME", help="Draw these families only.")
@click.option("--title", default="", help="What to write above.")
@options.force
def command(
    rows: tuple[Path, ...],
    *,
    output: Path,
    size: str,
    score: str,
    reference: str | None,
    families: tuple[str, ...],
    title: str,
    force: bool,
) -> None:
    """Draw the results of evaluations.

    ROWS are the files of rows (.parquet or .csv) that `dnjpeg evaluate` wrote. With several, each is drawn with its own
    kind of line, under the name of its folder.
    """
    if output.suffix.lower() not in SUFFIXES:
        raise CommandError(f"{output}: a picture is a {', '.join(SUFFIXES)} file")
    outputs.check_file(output, force=force)

    from dnjpeg.evaluation.plots import curves_figure, render  # noqa: PLC0415 - the help needs no Matplotlib
    from dnjpeg.evaluation.rows import read_rows  # noqa: PLC0415

    frames = {path: read_rows(path) for path in dict.fromkeys(rows)}
    against = reference or _usual_reference(frames.values())
    summaries = {
        name: _summary(frame, against, families)
        for name, frame in zip(_names(list(frames)), frames.values(), strict=True)
    }
    figure = curves_figure(summaries, size=size, score=score, reference=against, title=title)
    with replacing(output) as file:
        file.write(render(figure, output.suffix.lower().lstrip(".")))
    click.echo(output)


def _summary(frame: pd.DataFrame, reference: str, families: tuple[str, ...]) -> pd.DataFrame:
    """Summarize one file's rows and keep the families that were asked for, and the uncompressed images."""
    from dnjpeg.evaluation.metrics import summarize  # noqa: PLC0415
    from dnjpeg.evaluation.rows import ORIGINAL  # noqa: PLC0415

    unknown = [name for name in families if name not in set(frame["family"])]
    if unknown:
        known = ", ".join(name for name in frame["family"].unique() if name != ORIGINAL)
        raise CommandError(f"no family {unknown[0]!r} among the rows: choose from {known}")
    summary = summarize(frame, references=(reference,), draws=1)
    return summary[summary["family"].isin([ORIGINAL, *families])] if families else summary


def _usual_reference(frames: Iterable[pd.DataFrame]) -> str:
    from dnjpeg.evaluation.metrics import RAW  # noqa: PLC0415

    return "QF 100" if all((frame["contender"] == "JPEG 100").any() for frame in frames) else RAW


def _names(paths: list[Path]) -> list[str]:
    """Name each file by its folder, or by itself where folders don't tell them apart."""
    folders = [path.resolve().parent.name for path in paths]
    return folders if len(set(folders)) == len(folders) else [str(path) for path in paths]
