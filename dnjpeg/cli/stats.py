"""``dnjpeg stats``: frequency statistics of images, collected, merged and shown."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli import inputs as found
from dnjpeg.cli import options, outputs
from dnjpeg.cli.datasets import Dataset, dataset_options, is_dataset, raise_failures
from dnjpeg.cli.failures import CommandError, IncompleteError
from dnjpeg.files import replacing
from dnjpeg.folders import IMAGE_SUFFIXES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dnjpeg.shards import Collect, Report
    from dnjpeg.statistics import FrequencyStatistics

__all__ = ["command"]

_PLOTS = (".png", ".svg", ".pdf")
_IMAGES_PER_PROCESS = 50  # with fewer, starting another process takes longer than it saves

EXAMPLES = """
\b
Examples:
  dnjpeg stats -r train -o stats.json --every 4          every 4th image of each class folder
  dnjpeg stats photos -o stats.json --labels labels.csv --every 4
  dnjpeg stats -r jpegs -o stored.json --domain coefficients
  dnjpeg stats shards -o stats.json --every 100          about one image in 100 of tar or Parquet shards
  dnjpeg stats stats.json --plot stats.png               show what was collected
  dnjpeg stats monday.json tuesday.json -o week.json     merge
"""


@click.command("stats", epilog=EXAMPLES)
@options.inputs
@options.recursive
@click.option("-o", "--output", metavar="FILE", help="Where to write the statistics (JSON). [default: only show them]")
@click.option("--plot", metavar="FILE", help="Draw the standard deviations as heat maps: a PNG, SVG or PDF file.")
@click.option(
    "--every",
    type=options.WholeType(1),
    default=1,
    metavar="K",
    help="Take every K-th image of each class. [default: all]",
)
@click.option(
    "--labels",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="CSV file with the columns file and label: the images' classes. [default: a class is a folder]",
)
@click.option(
    "--domain",
    type=click.Choice(["pixels", "coefficients"]),
    default="pixels",
    show_default=True,
    help="Transform decoded pixels as an encoder would, or read JPEG files' coefficients as they are stored.",
)
@click.option(
    "--color",
    type=click.Choice(["ycbcr", "rgb", "gray"]),
    default="ycbcr",
    show_default=True,
    help="Which planes: Y, Cb and Cr; R, G and B (from pixels only); or Y alone.",
)
@click.option(
    "--subsampling",
    type=click.Choice(["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"]),
    help="Chroma subsampling of Y, Cb and Cr from pixels. [default: 4:2:0]",
)
@click.option("--data-name", metavar="NAME", help="What to call the images in the file. [default: no name]")
@dataset_options
@options.force
@options.jobs
@options.as_json
def command(
    inputs: tuple[str, ...],
    *,
    recursive: bool,
    output: str | None,
    plot: str | None,
    every: int,
    labels: str | None,
    domain: str,
    color: str,
    subsampling: str | None,
    data_name: str | None,
    force: bool,
    jobs: int,
    as_json: bool,
    dataset: Dataset,
) -> None:
    """Collect the frequency statistics of images.

    INPUT is image files, folders or globs in quotes; tar or Parquet shards, folders or URLs of these; or statistics
    files (.json) collected before, which are shown, and merged if there are several. How each band of the 8x8 DCT is
    distributed over all blocks of all images is what `dnjpeg design` makes tables from.
    """
    if output is None and len(inputs) > 1 and inputs[-1].endswith(".json") and not inputs[0].endswith(".json"):
        inputs, output = inputs[:-1], inputs[-1]  # SRC DST
    for target in filter(None, (output, plot)):
        if "://" not in target:
            outputs.check_file(Path(target), force=force)
    if plot and Path(plot).suffix.lower() not in _PLOTS:
        raise CommandError(f"{plot}: a plot is a .png, .svg or .pdf file")
    report: Report | None = None
    if all(Path(name).suffix.lower() == ".json" for name in inputs):
        statistics = _merge(found.find(inputs, recursive=False, suffixes={".json"}))
    elif dataset.engine or any(is_dataset(name) for name in inputs):
        if labels:
            raise CommandError("--labels are for files, not for shards")
        asked = {"domain": domain, "color": color, "subsampling": subsampling}
        task = _task(asked, every, data_name, dataset.only)
        statistics, report = dataset.collect(inputs, output, task, jobs)
    else:
        statistics = _collect(
            found.find(inputs, recursive=recursive, suffixes=IMAGE_SUFFIXES),
            jobs,
            every=every,
            domain=domain,
            color=color,
            subsampling=subsampling,
            labels=_read_labels(Path(labels)) if labels else None,
            data=data_name,
        )
    if output:
        _save(statistics, output, force=force)
    if plot:
        _draw(statistics, Path(plot))
    click.echo(json.dumps(_machine_summary(statistics)) if as_json else _summary(statistics))
    if report:
        raise_failures(report)
    if statistics.failures:
        attempted = statistics.origin.images + statistics.origin.failed
        raise IncompleteError([str(failure) for failure in statistics.failures], attempted)


def _task(asked: dict[str, Any], every: int, data: str | None, only: tuple[str, ...]) -> Collect:
    from dnjpeg.shards import Collect  # noqa: PLC0415 - imports Numba
    from dnjpeg.statistics.extraction import Extraction  # noqa: PLC0415

    return Collect(Extraction(**asked), every, data, only)


def _save(statistics: FrequencyStatistics, output: str, *, force: bool) -> None:
    if "://" not in output:
        statistics.save(output, overwrite=force)
        return
    from dnjpeg.shards import open_store, split_name  # noqa: PLC0415

    folder, name = split_name(output)
    store = open_store(folder)
    if store.size(name) is not None and not force:
        raise CommandError(f"{output} exists; use --force to overwrite")
    with store.writing(name) as path:
        statistics.save(path)


def _merge(sources: list[found.Source]) -> FrequencyStatistics:
    from dnjpeg.statistics import FrequencyStatistics  # noqa: PLC0415 - imports Numba, which the help does not need

    first, *others = [FrequencyStatistics.load(str(source)) for source in sources]
    return first.merge(*others)


def _collect(sources: list[found.Source], jobs: int, **how: object) -> FrequencyStatistics:
    from dnjpeg.cli.progress import progress_bar  # noqa: PLC0415
    from dnjpeg.statistics import collect_statistics  # noqa: PLC0415

    contents = [source.path or sys.stdin.buffer.read() for source in sources]
    with progress_bar(len(contents), "image") as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        workers = min(jobs, -(-len(contents) // _IMAGES_PER_PROCESS))
        return collect_statistics(contents, jobs=workers, progress=show, **how)  # type: ignore[arg-type]


def _read_labels(path: Path) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if not {"file", "label"} <= set(rows.fieldnames or ()):
            raise CommandError(f"{path}: its first line must name the columns file and label")
        return {row["file"]: row["label"] for row in rows}


def _draw(statistics: FrequencyStatistics, target: Path) -> None:
    from dnjpeg.evaluation.heatmaps import statistics_figure  # noqa: PLC0415 - imports matplotlib

    figure = statistics_figure(statistics, title=", ".join(statistics.origin.data))
    with replacing(target) as file:
        figure.savefig(file, format=target.suffix.lower().lstrip("."), dpi=150)


def _machine_summary(statistics: FrequencyStatistics) -> dict[str, object]:
    filled = [name for name in statistics.components if statistics.count(name)]
    return {
        "hash": statistics.hash,
        "provenance": statistics.provenance,
        "blocks": {name: statistics.count(name) for name in statistics.components},
        "mean": {name: statistics.mean(name).tolist() for name in filled},
        "std": {name: statistics.std(name).tolist() for name in filled},
        "mean_abs": {name: statistics.mean_abs(name).tolist() for name in filled},
    }


def _summary(statistics: FrequencyStatistics) -> str:
    origin = statistics.origin
    kind = " ".join(filter(None, (origin.domain, origin.color, origin.subsampling)))
    lines = [f"data: {name}" for name in origin.data]
    images = f"{origin.images} image{'s' * (origin.images != 1)}"
    lines += [f"{images} ({'; '.join(origin.sampling)}): {kind}", f"hash: {statistics.hash}"]
    for name in statistics.components:
        blocks = statistics.count(name)
        lines += ["", f"{name}: {blocks:,} blocks{', standard deviation of each band:' if blocks else ''}"]
        lines += _grid(statistics.std(name)) if blocks else []
    return "\n".join(lines)


def _grid(values: npt.NDArray[np.float64]) -> list[str]:
    return ["".join(f"{value:8.2f}" for value in row) for row in values]
