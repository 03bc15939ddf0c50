"""The options of encode for files that networks look at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dnjpeg.cli.failures import CommandError
from dnjpeg.cli.options import WholeType

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from dnjpeg.shards.operations import Encode
    from dnjpeg.vision.networks import Network

__all__ = ["EncodeForMachines", "Preset", "preset"]

Function = TypeVar("Function", bound=Callable[..., Any])

# What the preset decides by itself, and the options that would contradict it.
_DECIDED = {
    "tables": "--tables",
    "color": "--color",
    "coding tables": "--shared-tables",
    "progressive": "--progressive",
    "arithmetic": "--arithmetic",
    "optimize": "--no-optimize",
    "rdo": "--rdo",
    "scans": "--scans",
    "wide_tables": "--wide-tables",
}


@dataclass(frozen=True)
class Preset:
    """How files for networks are made.

    Parameters
    ----------
    size, bpp
        As in `dnjpeg.encode_for_machines`.
    effort : str
        As there.
    networks : tuple of str
        Names of networks in the loop.
    iterations : int or None
        As in `dnjpeg.vision.in_the_loop.Search`; None: its default.
    device : str or None
        Where the networks run.
    adaptive : bool
        As in `dnjpeg.encode_for_machines`.
    """

    size: int | None
    bpp: float | None
    effort: str
    networks: tuple[str, ...] = ()
    iterations: int | None = None
    device: str | None = None
    adaptive: bool = True

    def check(self, chosen: Mapping[str, object]) -> None:
        """Raise `CommandError` if something was chosen that the preset decides."""
        for name, value in chosen.items():
            if value is not None:
                raise CommandError(f"--preset decides what {_DECIDED[name]} would: leave it out")

    def encode(
        self, pixels: npt.NDArray[np.uint8], *, quality: int | None, subsampling: Any, written: dict[str, Any]
    ) -> bytes:
        """Encode one image."""
        if self.networks:
            from dnjpeg.vision.in_the_loop import Search, encode_for_networks  # noqa: PLC0415 - imports PyTorch

            search = Search() if self.iterations is None else Search(iterations=self.iterations)
            (data,) = encode_for_networks(
                [pixels],
                _load(self.networks, self.device),
                quality=quality,
                subsampling=subsampling,
                effort=self.effort,
                search=search,
                **written,
            )
            return data
        from dnjpeg.machine import encode_for_machines  # noqa: PLC0415 - imports Numba

        return encode_for_machines(
            pixels,
            quality=quality,
            size=self.size,
            bpp=self.bpp,
            subsampling=subsampling,
            adaptive=self.adaptive,
            effort=self.effort,
            **written,
        )


@dataclass(frozen=True)
class EncodeForMachines:
    """Images of any format to files for networks, as `dnjpeg.shards.operations` has operations.

    Parameters
    ----------
    base : Encode
        How images are opened, and what is written beside them.
    preset : Preset
        How they are encoded.
    quality : int or None
    subsampling : str or tuple
        As in `dnjpeg.encode_for_machines`.
    """

    base: Encode
    preset: Preset
    quality: int | None
    subsampling: Any

    @property
    def suffixes(self) -> frozenset[str]:
        """Which files it is for, in lower case with their dots."""
        return self.base.suffixes

    def __call__(self, data: bytes) -> bytes:
        """Encode an image."""
        from dnjpeg.images import metadata_of, open_image, pixels_of  # noqa: PLC0415 - imports Pillow

        image = open_image(data)
        pixels = pixels_of(image, background=self.base.background, color=None)
        given = {name: value for name, value in self.base.options.items() if value is not None}
        written = {**metadata_of(image, pixels, self.base.copy), **given}
        return self.preset.encode(pixels, quality=self.quality, subsampling=self.subsampling, written=written)

    def renamed(self, name: str) -> str:
        """Give it the suffix of a JPEG file, if it has none."""
        return self.base.renamed(name)

    def settings(self) -> dict[str, Any]:
        """Say all that the result depends on."""
        from dnjpeg.machine import shipped_ladder  # noqa: PLC0415 - imports Numba

        return {
            **self.base.settings(),
            "operation": "encode for machines",
            "quality": self.quality,
            "subsampling": self.subsampling,
            "preset": {name: value for name, value in asdict(self.preset).items() if name != "device"},
            "rungs": [tables.digest for tables in shipped_ladder().rungs.values()],
        }


@functools.cache
def _load(names: tuple[str, ...], device: str | None) -> tuple[Network, ...]:
    import torch  # noqa: PLC0415

    from dnjpeg.evaluation.classifiers import load_classifier  # noqa: PLC0415

    torch.set_num_threads(1)  # images are worked on side by side, see --jobs
    classifiers = [load_classifier(name, device=device) for name in names]
    return tuple(classifier.network(bfloat16=True) for classifier in classifiers)


def preset(function: Function) -> Function:
    """Add ``--preset`` and what belongs to it, as one parameter `preset`."""

    @click.option(
        "--preset",
        "named",
        type=click.Choice(["machine"]),
        help="Who the file is for. machine: networks, in few bytes.",
    )
    @click.option(
        "--target-bytes", "size", type=WholeType(1), metavar="N", help="With --preset: the finest file within N bytes."
    )
    @click.option(
        "--bpp",
        type=click.FloatRange(0, min_open=True),
        metavar="X",
        help="With --preset: the finest file within X bits a pixel.",
    )
    @click.option(
        "--effort",
        type=click.Choice(["best", "fast", "baseline"]),
        help="With --preset: search the smallest progressive scans, in some forty times the time; or not; or baseline "
        "files, for decoders in hardware. [default: best]",
    )
    @click.option(
        "--same-tables",
        is_flag=True,
        help="With --preset and a quality: the same tables for all images, and not scaled for each.",
    )
    @click.option(
        "--network",
        "networks",
        multiple=True,
        metavar="NAME",
        help="With --preset: round coefficients so that what this network says changes least; may be given several "
        "times. Names are those of dnjpeg evaluate.",
    )
    @click.option(
        "--iterations",
        type=WholeType(0),
        metavar="N",
        help="With --network: how long the best rounding is sought. [default: 8]",
    )
    @click.option("--device", metavar="NAME", help="With --network: cpu, cuda. [default: cuda if it is there]")
    @functools.wraps(function)
    def wrapped(
        *args: Any,
        named: str | None,
        size: int | None,
        bpp: float | None,
        effort: str | None,
        same_tables: bool,
        networks: tuple[str, ...],
        iterations: int | None,
        device: str | None,
        **options: Any,
    ) -> Any:
        if named is None and (networks or same_tables or (size, bpp, effort) != (None, None, None)):
            raise CommandError(
                "--target-bytes, --bpp, --effort, --same-tables and --network belong to --preset machine"
            )
        if not networks and (iterations, device) != (None, None):
            raise CommandError("--iterations and --device belong to --network")
        if networks and (size, bpp) != (None, None):
            raise CommandError("with --network give a --quality, and no size")
        if same_tables and (networks or (size, bpp) != (None, None)):
            raise CommandError("--same-tables goes with a --quality; a size or networks choose tables for each image")
        how = Preset(size, bpp, effort or "best", networks, iterations, device, adaptive=not same_tables)
        chosen = None if named is None else how
        return function(*args, preset=chosen, **options)

    return wrapped  # type: ignore[return-value]
