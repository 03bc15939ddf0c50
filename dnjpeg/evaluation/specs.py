"""Contenders as they are written on a command line: ``jpeg:95,75,50``, ``deepn:literal@30..70..20``, ..."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dnjpeg.codec.format.frame import SUBSAMPLINGS, sampling_factors
from dnjpeg.evaluation.contenders import Contender, MachineCoder, jpeg_contender, machine_contender
from dnjpeg.evaluation.metrics import JPEG_FAMILY
from dnjpeg.tables import design, resolve
from dnjpeg.tables.design.deepn import MODES

if TYPE_CHECKING:
    from dnjpeg.statistics import FrequencyStatistics
    from dnjpeg.tables import QuantizationTables

__all__ = ["DEFAULTS", "DEFAULTS_WITH_STATISTICS", "StatisticsSource", "parse_contenders", "parse_numbers"]

StatisticsSource = Callable[[Literal["ycbcr", "rgb"]], "FrequencyStatistics"]
"""Gives statistics of ``"ycbcr"`` or ``"rgb"`` planes."""

DEFAULTS = ("jpeg:100,95,90,85,75,60,50,40,30,20,15,10", "same-q:4,8,12,20,30,40", "rm-hf:3,6,9")
DEFAULTS_WITH_STATISTICS = (
    "deepn:literal@20,35,50,65,80",
    "deepn:rank@20,35,50,65,80",
    "deepn:continuous@20,35,50,65,80",
)

_NUMBERS = re.compile(r"\d+(\.\.\d+){0,2}(,\d+(\.\.\d+){0,2})*")


@dataclass(frozen=True)
class _Spec:
    """A contender as written, in its parts: ``family:argument@qualities/subsampling``."""

    text: str
    family: str
    argument: str
    qualities: tuple[int, ...] | None
    subsampling: str
    label: str  # follows the family's name; empty for the subsampling that all contenders have

    @classmethod
    def parse(cls, text: str, subsampling: str) -> _Spec:
        family, _, rest = text.strip().partition(":")
        own, label = subsampling, ""
        before, slash, after = rest.rpartition("/")
        if slash and after in SUBSAMPLINGS:
            rest, own = before, after
            label = f" {own}" if own != subsampling else ""
        qualities = None
        before, at, after = rest.rpartition("@")
        if at and _NUMBERS.fullmatch(after):
            rest, qualities = before, _qualities(after, text)
        return cls(text, family.lower(), rest, qualities, own, label)

    def numbers(self, what: str, low: int, high: int) -> tuple[int, ...]:
        """Read the argument as numbers in a range."""
        if self.qualities is not None and self.family != "rm-hf":
            raise ValueError(f"contender {self.text!r}: {self.family} takes no @")
        numbers = parse_numbers(self.argument, f"contender {self.text!r}: {what}")
        for number in numbers:
            if not low <= number <= high:
                raise ValueError(f"contender {self.text!r}: {what} {number}, must be {low} to {high}")
        return numbers


def parse_contenders(
    specs: Iterable[str],
    *,
    statistics: FrequencyStatistics | StatisticsSource | None = None,
    subsampling: str = "4:2:0",
) -> list[Contender]:
    """Make contenders of what was written.

    ============================  ==============================================================================
    ``jpeg:95,75,50``             standard JPEG at these qualities
    ``same-q:4,8,12``             one step for all bands
    ``rm-hf:3,6,9``               standard JPEG at quality 100 (or ``@75``) without the last 3, 6, 9 coefficients
                                  of the zigzag scan
    ``deepn:literal``             DeepN-JPEG tables from the statistics (or ``rank``, ``continuous``), one for each
                                  of Y, Cb and Cr; ``deepn:literal+luma``, ``+rgb``: one for all, from Y or pooled RGB
    ``tables:NAME_OR_FILE``       any quantization tables
    ``machine:95,75,50``          files for networks, see `dnjpeg.encode_for_machines`, at these qualities
    ============================  ==============================================================================

    Numbers are lists and ranges: ``10..90..20`` is 10, 30, 50, 70, 90, and without the last part every number.
    ``@30,50,80`` behind ``deepn`` and ``tables`` scales the tables as libjpeg does for a quality: 50 is as they are.
    ``/4:4:4`` at the end sets the subsampling of that contender alone.

    Parameters
    ----------
    specs : iterable of str
        As above.
    statistics : FrequencyStatistics or callable, optional
        What ``deepn`` designs its tables from, or a `StatisticsSource`.
    subsampling : str
        Of all contenders that don't say otherwise.

    Returns
    -------
    list of Contender
        In the order written, each once.

    Raises
    ------
    ValueError
        If something is none of these, or a number is out of range.
    OSError
        If a table file cannot be read.
    """
    sampling_factors(subsampling)
    source = statistics if statistics is None or callable(statistics) else lambda _: statistics
    found: dict[str, Contender] = {}
    for text in specs:
        spec = _Spec.parse(text, subsampling)
        if spec.family not in _FAMILIES:
            raise ValueError(f"unknown contender {text!r}: choose from {', '.join(name + ':' for name in _FAMILIES)}")
        for contender in _FAMILIES[spec.family](spec, source):
            known = found.setdefault(contender.name, contender)
            if known.identity != contender.identity:
                raise ValueError(f"contender {text!r}: another one is called {contender.name!r}")
    return list(found.values())


def parse_numbers(text: str, what: str) -> tuple[int, ...]:
    """Read ``1,5,10..30..10`` as (1, 5, 10, 20, 30); ValueError, beginning with `what`, if it is something else."""
    if not _NUMBERS.fullmatch(text):
        raise ValueError(f"{what}: {text!r} are no numbers such as 95,75,50 or 10..90..20")
    numbers: list[int] = []
    for part in text.split(","):
        first, *more = (int(number) for number in part.split(".."))
        last = more[0] if more else first
        step = more[1] if len(more) > 1 else 1
        if step < 1 or last < first:
            raise ValueError(f"{what}: {part!r} is an empty range")
        numbers += range(first, last + 1, step)
    return tuple(dict.fromkeys(numbers))


def _qualities(text: str, spec: str) -> tuple[int, ...]:
    qualities = parse_numbers(text, f"contender {spec!r}")
    for quality in qualities:
        if not 1 <= quality <= 100:
            raise ValueError(f"contender {spec!r}: quality {quality}, must be 1 to 100")
    return qualities


def _jpeg(spec: _Spec, _: object) -> list[Contender]:
    family = JPEG_FAMILY + spec.label
    return [
        jpeg_contender(f"{family} {quality}", family, quality, design.standard(quality), subsampling=spec.subsampling)
        for quality in spec.numbers("quality", 1, 100)
    ]


def _same_q(spec: _Spec, _: object) -> list[Contender]:
    family = f"SAME-Q{spec.label}"
    return [
        jpeg_contender(f"{family} {step}", family, step, design.same_q(step), subsampling=spec.subsampling)
        for step in spec.numbers("step", 1, 255)
    ]


def _rm_hf(spec: _Spec, _: object) -> list[Contender]:
    contenders = []
    for quality in spec.qualities or (100,):
        family = f"RM-HF{'' if quality == 100 else f' of JPEG {quality}'}{spec.label}"
        contenders += [
            jpeg_contender(
                f"{family} {count}",
                family,
                count,
                design.standard(quality),
                subsampling=spec.subsampling,
                dropped=count,
            )
            for count in spec.numbers("number of coefficients", 1, 63)
        ]
    return contenders


def _deepn(spec: _Spec, statistics: StatisticsSource | None) -> list[Contender]:
    mode, _, planes = spec.argument.partition("+")
    if mode not in MODES or planes not in ("", "luma", "rgb"):
        raise ValueError(f"contender {spec.text!r}: choose deepn:{', deepn:'.join(MODES)}, then nothing, +luma or +rgb")
    if statistics is None:
        raise ValueError(f"contender {spec.text!r}: DeepN tables need the statistics of calibration images")
    tables = design.deepn(
        statistics("rgb" if planes == "rgb" else "ycbcr"), mode=mode, components=planes or "per-component"
    )
    return _scaled(spec, f"DeepN {mode}{f' {planes}' if planes else ''}", tables)


def _tables(spec: _Spec, _: object) -> list[Contender]:
    if not spec.argument:
        raise ValueError(f"contender {spec.text!r}: name shipped tables or a table file")
    tables = resolve(spec.argument)
    return _scaled(spec, tables.name or spec.argument, tables)


def _machine(spec: _Spec, _: object) -> list[Contender]:
    family = f"machine{spec.label}"
    return [
        machine_contender(f"{family} {quality}", family, MachineCoder(quality, spec.subsampling))
        for quality in spec.numbers("quality", 1, 100)
    ]


def _scaled(spec: _Spec, name: str, tables: QuantizationTables) -> list[Contender]:
    """Make one contender of the tables as they are, or one of each quality that was asked for."""
    family = name + spec.label
    if spec.qualities is None:
        return [jpeg_contender(family, family, None, tables, subsampling=spec.subsampling)]
    return [
        jpeg_contender(f"{family} @{quality}", family, quality, tables.scaled(quality), subsampling=spec.subsampling)
        for quality in spec.qualities
    ]


_FAMILIES: dict[str, Callable[[_Spec, StatisticsSource | None], Sequence[Contender]]] = {
    "jpeg": _jpeg,
    "same-q": _same_q,
    "rm-hf": _rm_hf,
    "deepn": _deepn,
    "tables": _tables,
    "machine": _machine,
}
