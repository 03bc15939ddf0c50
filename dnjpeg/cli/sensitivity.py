"""``dnjpeg sensitivity``: what errors in which bands networks mind."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dnjpeg.cli import inputs as found
from dnjpeg.cli import options
from dnjpeg.cli.failures import CommandError, IncompleteError, say
from dnjpeg.folders import IMAGE_SUFFIXES

if TYPE_CHECKING:
    from dnjpeg.statistics.sensitivity import Sensitivity
    from dnjpeg.vision.sensitivity import Picture

__all__ = ["command"]

EXAMPLES = """
\b
Examples:
  dnjpeg sensitivity -r photos --network efficientnet-lite0 -o sens.json
  dnjpeg sensitivity -r photos --network resnet50 --network my.py:load -o sens.json
  dnjpeg design opts --sensitivity sens.json --statistics stats.json --level 200
"""


@click.command("sensitivity", epilog=EXAMPLES)
@options.inputs
@options.recursive
@click.option(
    "--network",
    "networks",
    multiple=True,
    required=True,
    metavar="NAME",
    help="Who looks; may be given several times. Names are those of dnjpeg evaluate.",
)
@options.subsampling
@click.option(
    "--loss",
    type=click.Choice(["kl", "labels"]),
    default="kl",
    show_default=True,
    help="What a network minds: divergence from its own prediction, which needs no labels; or cross-entropy of the "
    "classes that a labels.csv in the one INPUT folder names.",
)
@click.option(
    "--draws",
    type=options.WholeType(1),
    default=2,
    show_default=True,
    metavar="N",
    help="Random directions an image, for the divergence: more are more exact.",
)
@click.option("--data-name", metavar="NAME", help="What to call the images in the file. [default: no name]")
@click.option("--device", metavar="NAME", help="Where networks run: cpu, cuda. [default: cuda if it is there]")
@click.option(
    "--batch-size", type=options.WholeType(1), default=4, show_default=True, metavar="N", help="Images a time."
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where they are written (.json). If the file is there and was made in the same way, the run goes on with it.",
)
@options.force
@options.as_json
def command(
    inputs: tuple[str, ...],
    *,
    recursive: bool,
    networks: tuple[str, ...],
    subsampling: str,
    loss: str,
    draws: int,
    data_name: str | None,
    device: str | None,
    batch_size: int,
    output: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Measure what errors networks mind, band by band.

    Of each image the gradient of each network's loss is taken with respect to each DCT coefficient, as it is coded at
    this subsampling, and squares and magnitudes are added up. `dnjpeg design` makes tables of them. Every 32 images
    what there is is saved, and the same command goes on after an interruption.
    """
    from dnjpeg.cli.progress import progress_bar  # noqa: PLC0415 - the help needs none of this
    from dnjpeg.evaluation.classifiers import load_classifier  # noqa: PLC0415
    from dnjpeg.statistics.sensitivity import Sensitivity  # noqa: PLC0415
    from dnjpeg.vision.sensitivity import collect_sensitivity  # noqa: PLC0415

    begun = Sensitivity.load(output) if output.exists() and not force else None
    classifiers = [load_classifier(name, device=device) for name in networks]
    pictures = _labelled(inputs) if loss == "labels" else _files(inputs, recursive)
    known = set(begun.images) if begun else set()
    if begun:
        say(f"{output}: going on after {len(known):,} images")
    with progress_bar(sum(picture.name not in known for picture in pictures), "image") as bar:
        sensitivity, failures = collect_sensitivity(
            pictures,
            [classifier.network() for classifier in classifiers],
            subsampling=subsampling,
            loss=loss,
            draws=draws,
            batch_size=batch_size,
            data=data_name,
            begun=begun,
            checkpoint=lambda so_far: so_far.save(output, overwrite=True),
            progress=bar.update,
            device=classifiers[0].device,
        )
    sensitivity.save(output, overwrite=True)
    click.echo(json.dumps(_machine_summary(sensitivity)) if as_json else _summary(sensitivity))
    if failures:
        raise IncompleteError([str(failure) for failure in failures], len(sensitivity.images) + len(failures))


def _files(inputs: tuple[str, ...], recursive: bool) -> list[Picture]:
    from dnjpeg.evaluation.photos import decode_photo  # noqa: PLC0415
    from dnjpeg.vision.sensitivity import Picture  # noqa: PLC0415

    sources = found.find(inputs, recursive=recursive, suffixes=IMAGE_SUFFIXES)
    if any(source.path is None for source in sources):
        raise CommandError("sensitivities are taken from files, not from standard input")
    # Names without the folder: a run goes on wherever the folder lies, and files of results tell no paths.
    names = [source.relative.as_posix() for source in sources]
    if len(set(names)) < len(names):
        names = [str(source) for source in sources]
    return [
        Picture(name, functools.partial(lambda path: decode_photo(path.read_bytes()), source.path))
        for name, source in zip(names, sources, strict=True)
    ]


def _labelled(inputs: tuple[str, ...]) -> list[Picture]:
    from dnjpeg.evaluation.datasets import load_dataset  # noqa: PLC0415
    from dnjpeg.vision.sensitivity import Picture  # noqa: PLC0415

    if len(inputs) != 1:
        raise CommandError("for labels give one INPUT: a folder with labels.csv or with one folder a class")
    photos = load_dataset(inputs[0]).photos
    return [
        Picture(photo.identifier, functools.partial(lambda photo: photo.open().pixels(), photo), photo.label)
        for photo in photos
    ]


def _machine_summary(sensitivity: Sensitivity) -> dict[str, object]:
    return {
        "hash": sensitivity.hash,
        "provenance": dict(sensitivity.provenance),
        "mean_square": {
            name: sensitivity.mean_square(index).tolist() for index, name in enumerate(sensitivity.components)
        },
    }


def _summary(sensitivity: Sensitivity) -> str:
    names = ", ".join(network.name for network in sensitivity.networks)
    lines = [f"{len(sensitivity.images):,} images, {names}, {sensitivity.subsampling}, {sensitivity.loss}"]
    highest = max(sensitivity.mean_square(index).max() for index in range(len(sensitivity.components)))
    for index, name in enumerate(sensitivity.components):
        lines += ["", f"{name}: mean squared gradient of each band, the largest of all = 1000:"]
        lines += ["".join(f"{1000 * value / highest:8.1f}" for value in row) for row in sensitivity.mean_square(index)]
    return "\n".join(lines)
