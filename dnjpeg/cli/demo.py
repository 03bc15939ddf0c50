"""``dnjpeg demo``: the whole chain on real photos and a real network that come with the demo's packages."""

from __future__ import annotations

import importlib.util
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dnjpeg.cli import failures, options
from dnjpeg.cli.evaluate import announce, conclude, sweep_progress

if TYPE_CHECKING:
    from dnjpeg.evaluation.photos import FilePhoto

__all__ = ["command"]

CLASSIFIER = "efficientnet-lite0"
CONTENDERS = (
    "jpeg:100,95,90,75,60,50,40,30,20,10",
    "same-q:4,8,12,20,40",
    "rm-hf:3,6,9",
    "deepn:literal@25,35,50,65",
    "deepn:rank@25,35,50,65",
)
YOUR_DATA = (
    "dnjpeg evaluate YOUR_TEST_PHOTOS --classifier YOUR_CLASSIFIER --calibration YOUR_TRAINING_PHOTOS -o results"
)


@click.command("demo")
@click.option(
    "-o",
    "--output",
    default="dnjpeg-demo",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where results go: rows, summary, plots, tables and report.html.",
)
@options.force
@options.jobs
@options.as_json
def command(*, output: Path, force: bool, jobs: int, as_json: bool) -> None:
    """Show what dnjpeg does, on twenty ImageNet photos.

    Designs DeepN-JPEG tables from ten of the labelled photos that the package foolbox carries, and measures on the
    other ten what standard JPEG, SAME-Q, RM-HF and DeepN-JPEG cost EfficientNet-Lite0. It takes a minute or two, most
    of it for compiling the codec when it runs for the first time. Ten photos prove nothing; the last line says how to
    measure on yours.
    """
    from dnjpeg.evaluation import results, specs  # noqa: PLC0415 - the help needs none of this
    from dnjpeg.evaluation.cache import default_cache_file  # noqa: PLC0415
    from dnjpeg.evaluation.calibration import calibrate  # noqa: PLC0415
    from dnjpeg.evaluation.classifiers import load_classifier  # noqa: PLC0415
    from dnjpeg.evaluation.conduct import conduct  # noqa: PLC0415
    from dnjpeg.evaluation.photos import Dataset  # noqa: PLC0415
    from dnjpeg.tables import design  # noqa: PLC0415

    results.check_folder(output, force=force)
    photos = _photos()
    tested = Dataset("ten of foolbox's ImageNet photos (odd numbers)", tuple(photos[1::2]))
    judge = load_classifier(CLASSIFIER, engine="auto")
    calibration = calibrate(tuple(photos[::2]), tested)
    calibration.description = "ten of foolbox's ImageNet photos (even numbers), none of them tested"
    contenders = specs.parse_contenders(CONTENDERS, statistics=calibration.statistics)
    announce(judge, len(tested.photos), len(contenders), calibration)
    with sweep_progress((len(contenders) + 1) * len(tested.photos)) as bar:
        study = conduct(
            tested,
            judge,
            contenders,
            reference="QF 100",
            subsampling="4:2:0",
            command=shlex.join(["dnjpeg", "demo", "-o", str(output)]),
            calibration=calibration,
            cache_file=default_cache_file(),
            jobs=jobs,
            progress=bar.update,
        )
    results.write_results(study, output)
    for mode in ("literal", "rank"):
        tables = design.deepn(calibration.statistics(), mode=mode)
        tables.save(output / f"deepn-{mode}.json", overwrite=True)
    conclude(study, output, as_json=as_json)
    if not as_json:
        click.echo(
            f"{output / 'deepn-literal.json'}, {output / 'deepn-rank.json'}: the tables, for dnjpeg encode --tables"
        )
        click.echo(f"\nOn your own data: {YOUR_DATA}")


def _photos() -> list[FilePhoto]:
    """Find foolbox's ImageNet photos; their names end in the class number."""
    from dnjpeg.evaluation.photos import FilePhoto  # noqa: PLC0415

    found = importlib.util.find_spec("foolbox")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'foolbox'", name="foolbox")
    folder = Path(found.submodule_search_locations[0]) / "data"
    files = sorted(folder.glob("imagenet_*_*.jpg"))
    if len(files) != 20:
        raise failures.CommandError(f"the package foolbox carries {len(files)} ImageNet photos, and 20 were expected")
    return [FilePhoto(file.name, int(file.stem.rpartition("_")[2]), file) for file in files]
