"""What a run found, as JSON (`schema.json`) and as a Markdown table."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Results", "Row"]

CEILING = "(additions: one thread)"
DISTANCE = "(reading what the other wrote: own)"


@dataclass(frozen=True)
class Row:
    """One path at one setting.

    Parameters
    ----------
    path, pixels, quality, subsampling
        What was timed, on photos of how many pixels, and the setting of its files.
    ns_per_pixel : float
        Ours, median over rounds.
    ratios : dict
        Time of each peer to ours: above 1 we are faster.
    ceiling : float, optional
        For two threads: what they gained just then where they share nothing; see `ceiling`.
    distance : float, optional
        Likewise: how many times as long it then took to read what another thread wrote as one's own.
    """

    path: str
    pixels: int
    quality: int
    subsampling: str
    ns_per_pixel: float
    ratios: dict[str, float]
    ceiling: float | None = None
    distance: float | None = None

    @property
    def shown(self) -> dict[str, float]:
        """The ratios, and for two threads what they depend on."""
        found = {CEILING: self.ceiling, DISTANCE: self.distance}
        return self.ratios | {name: number for name, number in found.items() if number is not None}

    def __str__(self) -> str:
        shown = "  ".join(f"{peer} {ratio:.2f}" for peer, ratio in self.shown.items())
        return (
            f"{self.path:32} {self.pixels / 1e6:5.2f} MP q{self.quality:<3} {self.subsampling} "
            f"{self.ns_per_pixel:7.2f} ns/pixel   {shown}"
        )


@dataclass
class Results:
    """One run."""

    environment: dict[str, str]
    photos: int
    rounds: int
    rows: list[Row] = field(default_factory=list)
    seconds_to_start: dict[str, float] = field(default_factory=dict)
    peak_bytes: dict[str, int] = field(default_factory=dict)
    date: str = field(default_factory=lambda: dt.datetime.now(dt.UTC).date().isoformat())

    def save(self, path: Path) -> None:
        """Write the JSON, and the Markdown beside it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")
        path.with_suffix(".md").write_text(self.markdown())

    def markdown(self) -> str:
        """Return a table a group of paths: a row a path, peer and size, a column a setting."""
        settings = list(dict.fromkeys((row.quality, row.subsampling) for row in self.rows))
        lines = [
            ", ".join(f"{name} {value}" for name, value in self.environment.items()) + ".",
            "",
            f"{self.date}; {self.photos} distinct photos, median of {self.rounds} rounds, contenders take turns photo "
            "by photo. Ratios of the peer's time to ours: above 1, dnjpeg is faster.",
            "",
            "| path | megapixels | against | " + " | ".join(f"q{q} {s}" for q, s in settings) + " |",
            "|---|---|---|" + "---|" * len(settings),
        ]
        keys = dict.fromkeys((row.path, row.pixels, peer) for row in self.rows for peer in row.shown)
        ratios = {
            (r.path, r.pixels, peer, r.quality, r.subsampling): r.shown[peer] for r in self.rows for peer in r.shown
        }
        for path, pixels, peer in keys:
            found = [ratios.get((path, pixels, peer, *setting)) for setting in settings]
            cells = ["" if ratio is None else f"{ratio:.2f}" for ratio in found]
            lines.append(f"| {path} | {pixels / 1e6:.2f} | {peer} | " + " | ".join(cells) + " |")
        if self.seconds_to_start:
            lines += ["", "| start of a process, until | seconds |", "|---|---|"]
            lines += [f"| {name} | {seconds:.2f} |" for name, seconds in self.seconds_to_start.items()]
        if self.peak_bytes:
            lines += ["", "| one photo of 12 megapixels | peak memory beyond input and result, MB |", "|---|---|"]
            lines += [f"| {name} | {peak / 1e6:.1f} |" for name, peak in self.peak_bytes.items()]
        return "\n".join(lines) + "\n"
