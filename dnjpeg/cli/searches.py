"""The designs that look at images and ask networks: they take a while, and go on after an interruption."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dnjpeg.cli import inputs as found
from dnjpeg.cli import options
from dnjpeg.cli.failures import CommandError, say
from dnjpeg.cli.outputs import check_file
from dnjpeg.cli.tables import show_tables
from dnjpeg.folders import IMAGE_SUFFIXES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dnjpeg.evaluation.classifiers import Classifier
    from dnjpeg.table_search import Judge
    from dnjpeg.tables import QuantizationTables

    Pixels = npt.NDArray[np.uint8]

__all__ = ["SEARCHES"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Asked:
    """What all searches are asked for."""

    inputs: tuple[str, ...]
    recursive: bool
    networks: tuple[str, ...]
    subsampling: str
    quality: int
    seed: int
    device: str | None
    output: Path
    name: str | None
    force: bool
    as_json: bool

    def beside(self, suffix: str) -> Path:
        """Return the file that keeps what a search needs to go on."""
        return self.output.with_name(self.output.name + suffix)

    def judge(self) -> Judge:
        """Read the images, load the networks, and open the journal."""
        from dnjpeg.evaluation.classifiers import load_classifier  # noqa: PLC0415 - the help needs none of this
        from dnjpeg.table_search import Journal, Judge  # noqa: PLC0415

        check_file(self.output, force=self.force)
        images = self._images()
        classifiers = [load_classifier(name, device=self.device, engine="auto") for name in self.networks]
        digest = hashlib.sha256()
        for image in images:
            digest.update(f"{image.shape}".encode() + image.tobytes())
        settings = {
            "networks": [list(classifier.identity) for classifier in classifiers],
            "images": digest.hexdigest(),
        }
        journal = Journal(self.beside(".journal"), settings)
        if len(journal):
            say(f"{journal.path}: going on after {len(journal):,} tables")
        observers = {each.name: _observer(each) for each in classifiers}
        return Judge(images, observers, subsampling=self.subsampling, journal=journal)

    def _images(self) -> Sequence[Pixels]:
        from dnjpeg.evaluation.photos import decode_photo  # noqa: PLC0415

        sources = found.find(self.inputs, recursive=self.recursive, suffixes=IMAGE_SUFFIXES)
        if any(source.path is None for source in sources):
            raise CommandError("tables are searched for on files, not on standard input")
        images = [decode_photo(source.path.read_bytes()) for source in sources if source.path is not None]
        colored = [image for image in images if image.ndim == 3]
        if not colored:
            raise CommandError("there is no RGB image to search on")
        return colored

    def finish(self, tables: QuantizationTables) -> None:
        """Write and show what was found."""
        if self.name is not None:
            tables = tables.renamed(self.name)
        tables.save(self.output, overwrite=self.force)
        show_tables(tables, self.as_json)


def _observer(classifier: Classifier) -> Callable[[Sequence[Pixels]], npt.NDArray[np.float32]]:
    return lambda images: classifier.log_probabilities([classifier.prepare(image) for image in images])


def _search(function: Function) -> Function:
    """Add the options that all searches have, and hand them over as ``asked``."""
    names = _Asked.__dataclass_fields__.keys()

    @functools.wraps(function)
    def gather(**values: Any) -> None:
        function(_Asked(**{name: values.pop(name) for name in names}), **values)

    for option in reversed(_OPTIONS):
        gather = option(gather)
    return gather  # type: ignore[return-value]


_OPTIONS = (
    options.inputs,
    options.recursive,
    click.option(
        "--network",
        "networks",
        multiple=True,
        required=True,
        metavar="NAME",
        help="Who judges; may be given several times. Names are those of dnjpeg evaluate.",
    ),
    options.subsampling,
    click.option(
        "--quality",
        type=options.WholeType(1, 100),
        metavar="N",
        default=75,
        show_default=True,
        help="Spend as many bytes as standard JPEG of this quality on these images.",
    ),
    click.option("--seed", type=options.WholeType(0), default=0, show_default=True, help="Of all chances."),
    click.option("--device", metavar="NAME", help="Where networks run: cpu, cuda. [default: cuda if it is there]"),
    click.option(
        "-o",
        "--output",
        required=True,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Where to write the tables. Beside it FILE.journal keeps what was found so far: the same command goes on.",
    ),
    click.option("--name", help="What to call the tables. [default: the name of the design]"),
    options.force,
    options.as_json,
)

_START = click.option("--start", type=options.TABLES, help="Where the search begins. [default: the standard tables]")


@click.command("sorted-random", short_help="Random steps that rise along the zigzag, judged by networks.")
@_search
@click.option("--sensitivity", metavar="FILE", help="What networks mind, to rank candidates by; with --statistics.")
@click.option("--statistics", metavar="FILE", help="What the images hold, from dnjpeg stats.")
@click.option(
    "--candidates", type=options.WholeType(1), metavar="N", default=20000, show_default=True, help="How many are drawn."
)
@click.option(
    "--asked", type=options.WholeType(1), metavar="N", default=100, show_default=True, help="How many networks judge."
)
def _sorted_random(
    asked_for: _Asked, *, sensitivity: str | None, statistics: str | None, candidates: int, asked: int
) -> None:
    """Draw tables by chance, rising along the zigzag sequence, and keep the best.

    INPUT is a folder of calibration images, or files. With sensitivities and statistics of the images many candidates
    are ranked before networks are asked about the first of them. All are scaled to the same bytes, in files of the real
    codec, and what counts is bytes at equal divergence.
    """
    from dnjpeg.cli.progress import progress_bar  # noqa: PLC0415
    from dnjpeg.table_search import Proxy, sorted_random  # noqa: PLC0415

    proxy = None
    if (sensitivity is None) != (statistics is None):
        raise click.UsageError("candidates are ranked by --sensitivity and --statistics together")
    if sensitivity is not None and statistics is not None:
        from dnjpeg.statistics import FrequencyStatistics  # noqa: PLC0415
        from dnjpeg.statistics.sensitivity import Sensitivity  # noqa: PLC0415

        proxy = Proxy(Sensitivity.load(sensitivity), FrequencyStatistics.load(statistics))
    judge = asked_for.judge()
    with progress_bar(asked, "table") as bar:
        tables = sorted_random(
            judge,
            quality=asked_for.quality,
            candidates=candidates,
            asked=asked,
            proxy=proxy,
            seed=asked_for.seed,
            progress=bar.update,
        )
    asked_for.finish(tables)


@click.command("evolution", short_help="Smooth changes that learn what networks like (CMA-ES).")
@_search
@_START
@click.option(
    "--evaluations", type=options.WholeType(1), metavar="N", default=400, show_default=True, help="Tables to judge."
)
def _evolution(asked_for: _Asked, *, start: QuantizationTables | None, evaluations: int) -> None:
    """Change a table smoothly, by a distribution that learns which changes networks like.

    INPUT is a folder of calibration images, or files. CMA-ES over 21 directions; all candidates are scaled to the same
    bytes, in files of the real codec, and what counts is bytes at equal divergence. It needs the package cma
    (pip install "dnjpeg[search]").
    """
    from dnjpeg.cli.progress import progress_bar  # noqa: PLC0415
    from dnjpeg.table_search import evolution  # noqa: PLC0415

    judge = asked_for.judge()
    with progress_bar(evaluations, "table") as bar:
        tables = evolution(
            judge,
            quality=asked_for.quality,
            start=start,
            evaluations=evaluations,
            seed=asked_for.seed,
            progress=bar.update,
        )
    asked_for.finish(tables)


@click.command("learned", short_help="Gradient descent through differentiable JPEG.")
@_search
@_START
@click.option("--iterations", type=options.WholeType(1), metavar="N", default=1500, show_default=True, help="Steps.")
@click.option(
    "--batch-size", type=options.WholeType(1), metavar="N", default=8, show_default=True, help="Images a step."
)
@click.option("--rate", type=click.FloatRange(0, min_open=True), default=0.03, show_default=True, help="Learning rate.")
def _learned(
    asked_for: _Asked, *, start: QuantizationTables | None, iterations: int, batch_size: int, rate: float
) -> None:
    """Learn a table by gradient descent on divergence plus bits.

    INPUT is a folder of calibration images, or files. Gradients go through differentiable JPEG and an estimate of the
    bits; what comes of it is judged by files of the real codec, and the best of these is written. FILE.state keeps the
    training.
    """
    from dnjpeg.cli.progress import progress_bar  # noqa: PLC0415
    from dnjpeg.evaluation.classifiers import load_classifier  # noqa: PLC0415
    from dnjpeg.vision.learned_tables import Training, learned_tables  # noqa: PLC0415

    networks = [load_classifier(name, device=asked_for.device).network() for name in asked_for.networks]
    judge = asked_for.judge()
    with progress_bar(iterations, "step") as bar:
        tables = learned_tables(
            judge,
            networks,
            quality=asked_for.quality,
            start=start,
            training=Training(iterations=iterations, batch=batch_size, rate=rate, seed=asked_for.seed),
            state=asked_for.beside(".state"),
            progress=bar.update,
        )
    asked_for.finish(tables)


SEARCHES: dict[str, click.Command] = {
    "sorted-random": _sorted_random,
    "evolution": _evolution,
    "learned": _learned,
}
"""The commands by name."""
