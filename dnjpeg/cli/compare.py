"""``dnjpeg compare``: who needs fewest bytes for the same accuracy, in words, with what chance could have done."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dnjpeg.cli import options
from dnjpeg.cli.failures import CommandError

__all__ = ["command"]

EPILOG = """
\b
Examples:
  dnjpeg compare results
  dnjpeg compare lite0 lite2/rows.parquet --reference "JPEG 4:4:4"
  dnjpeg compare results --drop 1,3 --kl 0.05 --link 5G:50:2.1 --json
"""


@click.command("compare", epilog=EPILOG)
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...", type=click.Path(path_type=Path))
@click.option(
    "--reference",
    default="JPEG",
    show_default=True,
    metavar="FAMILY",
    help="Whose bytes the others' are divided by; a family with several settings.",
)
@click.option(
    "--drop",
    "drops",
    default="0.5,1,2,5",
    show_default=True,
    metavar="POINTS",
    help="Drops of top-1 against the uncompressed images at which bytes are compared, in points.",
)
@click.option(
    "--kl",
    "kls",
    default="0.03,0.087,0.167,0.355",
    show_default=True,
    metavar="NATS",
    help="Mean divergences from the uncompressed prediction at which bytes are compared.",
)
@click.option(
    "--draws",
    type=click.IntRange(200, 1_000_000),
    default=2000,
    show_default=True,
    metavar="N",
    help="Bootstrap samples of the images.",
)
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="NAME:MBIT_S[:WATTS[:MS]]",
    help="How images are sent: megabits a second, the radio's watts, a delay; may be given several times. "
    "[default: 3G, LTE and Wi-Fi as in the DeepN-JPEG paper]",
)
@options.as_json
def command(
    results: tuple[Path, ...],
    *,
    reference: str,
    drops: str,
    kls: str,
    draws: int,
    links: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say who needs fewest bytes for the same accuracy.

    RESULTS are folders that `dnjpeg evaluate` wrote, or their files of rows. For each, the families of contenders are
    compared at equal loss of top-1 and at equal divergence: bytes by monotone interpolation of each family's curve,
    with 95 % intervals by a bootstrap over the images, paired, and whether a difference is beyond chance.
    """
    from dnjpeg.evaluation import comparison, offloading, verdicts  # noqa: PLC0415 - the help needs none of this
    from dnjpeg.evaluation.rows import read_rows  # noqa: PLC0415

    by = tuple(map(offloading.parse_link, links)) or offloading.LINKS
    points = _numbers(drops, "--drop")
    nats = _numbers(kls, "--kl")
    for number, path in enumerate(dict.fromkeys(results)):
        rows = read_rows(path / "rows.parquet" if path.is_dir() else path)
        try:
            found = comparison.compare(
                rows, reference=reference, top1_drops=[drop / 100 for drop in points], kls=nats, draws=draws
            )
        except ValueError as error:
            raise CommandError(f"{path}: {error}") from None
        first = rows.iloc[0]
        if as_json:
            about = {"results": str(path), "classifier": first["classifier"], "crops": first["crops"]}
            click.echo(json.dumps({**about, **verdicts.as_records(found, by)}))
            continue
        if number:
            click.echo()
        click.echo(f"{path}: {first['classifier']}, {found.images:,} images, crops: {first['crops']}\n")
        if found.images < comparison.MIN_IMAGES:
            click.echo(
                f"Fewer than {comparison.MIN_IMAGES} images: two accuracies are equal by accident, not compared.\n"
            )
        click.echo(verdicts.report_text(found, by))


def _numbers(text: str, option: str) -> list[float]:
    """Read positive numbers with commas between."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(0 < number < float("inf") for number in numbers):
        raise CommandError(f"{option} {text!r}: write positive numbers with commas between")
    return list(dict.fromkeys(numbers))
