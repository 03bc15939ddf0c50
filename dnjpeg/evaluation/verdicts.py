"""A `Comparison` in words: which family wins where, and whether chance could have made it so."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from dnjpeg.evaluation.comparison import Comparison, Standing, Target
from dnjpeg.evaluation.offloading import LINKS, Link
from dnjpeg.evaluation.summary_text import Column, Table, as_text, table_of

__all__ = ["LEGEND", "as_records", "conclusion", "headline", "judged", "report_text", "target_table"]


LEGEND = (
    "< and >: already the family's smallest files do better, even its largest do worse; ?: the interval is open there. "
    "Each interval is 95 % by itself, so that of twenty one misses; a winner's lead is called beyond chance at 95 % "
    "for all its rivals together."
)


def judged(standing: Standing) -> str:
    """Compare with the reference: ``"fewer"`` or ``"more"`` bytes beyond chance, else ``"close"`` or ``"unmeasured"``.

    ``"close"``: chance can make the difference. ``"unmeasured"``: the family or the reference was not measured as far.
    """
    if standing.ratio_high < 1:
        return "fewer"
    if standing.ratio_low > 1:
        return "more"
    return "unmeasured" if math.isnan(standing.ratio) else "close"


def headline(comparison: Comparison, target: Target) -> str:
    """Say who needs fewest bytes at a target, and ahead of whom beyond chance."""
    winner = comparison.winner(target)
    if winner is None:
        return f"At {target} no family was measured: all lose more at every size."
    size = f"{winner.most:,.0f}" if winner.measured else f"at most {winner.most:,.0f}"
    text = f"At {target} {winner.family} needs fewest bytes, {size} an image"
    rivals = [standing for standing in comparison.standings[target] if standing.family != winner.family]
    beaten = [rival.family for rival in rivals if rival.behind]
    close = [rival.family for rival in rivals if not rival.behind and rival.measured]
    elsewhere = [rival.family for rival in rivals if not rival.behind and not rival.measured]
    if beaten:
        everyone = "every other family" if len(beaten) == len(rivals) > 1 else _listed(beaten)
        text += f": beyond chance fewer than {everyone}"
    if close:
        text += f"{', but' if beaten else ':'} not beyond chance fewer than {_listed(close)}"
    if elsewhere:
        text += f"; {_listed(elsewhere)} {'was' if len(elsewhere) == 1 else 'were'} not measured as far"
    return f"{text}."


def conclusion(comparison: Comparison, family: str) -> str:
    """Say in a sentence how a family fares against the reference over all targets."""
    at = comparison.families.index(family)
    verdicts = {target: judged(standings[at]) for target, standings in comparison.standings.items()}
    parts = []
    for verdict in ("fewer", "more"):
        targets = [target for target, found in verdicts.items() if found == verdict]
        if targets:
            parts.append(f"{verdict} at {_listed([str(target) for target in targets])}")
    close = sum(verdict == "close" for verdict in verdicts.values())
    unmeasured = sum(verdict == "unmeasured" for verdict in verdicts.values())
    rest = [f"no difference beyond chance at {close} of {len(verdicts)} targets"] * bool(close)
    rest += [f"not measured as far at {unmeasured} of {len(verdicts)}"] * bool(unmeasured)
    if parts:
        rest.insert(0, f"beyond chance {' and '.join(parts)}")
    return f"{family}, bytes against {comparison.reference}: {'; '.join(rest)}."


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def target_table(
    comparison: Comparison, target: Target, links: Sequence[Link] = LINKS, *, energy: bool = False
) -> Table:
    """Lay out the families' standings at one target, with the time, and the energy if wanted, of sending an image."""
    columns = [
        Column("family", "who compressed", lambda standing: standing.family),
        Column("bytes", "mean bytes an image that its curve needs, with their 95 % interval", _bytes),
        Column(
            f"ratio to {comparison.reference}",
            f"the same divided by what {comparison.reference} needs, with its 95 % interval (paired bootstrap)",
            lambda standing: "" if standing.family == comparison.reference else _ratio(standing),
        ),
        Column(
            "verdict",
            f"against {comparison.reference}",
            lambda standing: "" if standing.family == comparison.reference else _VERDICTS[judged(standing)],
        ),
    ]
    names = "/".join(link.name for link in links)
    columns.append(
        Column(
            f"ms by {names}",
            "milliseconds to send an image of that size",
            lambda standing: _sending(standing, [1000 * link.seconds(standing.least) for link in links]),
        )
    )
    if energy:
        columns.append(
            Column(
                f"mJ by {names}",
                "millijoules that the sender's radio spends on it",
                lambda standing: _sending(
                    standing,
                    [
                        None if link.watts is None else 1000 * link.watts * link.seconds(standing.least)
                        for link in links
                    ],
                ),
            )
        )
    return table_of(comparison.standings[target], columns)


_VERDICTS = {
    "fewer": "fewer, beyond chance",
    "more": "more, beyond chance",
    "close": "not beyond chance",
    "unmeasured": "not measured as far",
}


def _bytes(standing: Standing) -> str:
    if standing.least == 0:
        return f"< {standing.most:,.0f}"
    if math.isinf(standing.most):
        return f"> {standing.least:,.0f}"
    return f"{standing.least:,.0f} [{_open(standing.low)}, {_open(standing.high)}]"


def _open(size: float) -> str:
    return "?" if size == 0 or math.isinf(size) else f"{size:,.0f}"


def _ratio(standing: Standing) -> str:
    low = "?" if standing.ratio_low == 0 else f"{standing.ratio_low:.2f}"
    high = "?" if math.isinf(standing.ratio_high) else f"{standing.ratio_high:.2f}"
    if low == high == "?" and math.isnan(standing.ratio):
        return "?"
    return f"{'' if math.isnan(standing.ratio) else f'{standing.ratio:.2f} '}[{low}, {high}]"


def _sending(standing: Standing, values: Sequence[float | None]) -> str:
    if not standing.measured:
        return ""
    return "/".join("?" if value is None else f"{value:.0f}" for value in values)


def report_text(comparison: Comparison, links: Sequence[Link] = LINKS) -> str:
    """Give the whole comparison as text for a terminal."""
    parts = []
    for target in comparison.standings:
        parts += [
            _wrapped(headline(comparison, target)),
            "",
            _indented(as_text(target_table(comparison, target, links))),
            "",
        ]
    others = [family for family in comparison.families if family != comparison.reference]
    parts += [_wrapped(conclusion(comparison, family)) for family in others]
    if comparison.points:
        parts.append(
            _wrapped(
                f"Left out, for a single setting is no curve: {_listed(comparison.points)} (summary.csv compares "
                "them at their own accuracy)."
            )
        )
    parts += ["", _wrapped(LEGEND)]
    return "\n".join(parts)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 110, break_long_words=False)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())


def as_records(comparison: Comparison, links: Sequence[Link] = LINKS) -> dict[str, Any]:
    """Give the whole comparison as JSON can hold it: None where there is no number, or no end."""
    targets = []
    for target, standings in comparison.standings.items():
        winner = comparison.winner(target)
        targets.append(
            {
                "measure": target.measure,
                "value": target.value,
                "winner": winner.family if winner else None,
                "beyond_chance": winner is not None and all(s.behind for s in standings if s is not winner),
                "words": headline(comparison, target),
                "families": [_record(standing, comparison.reference, links) for standing in standings],
            }
        )
    return {
        "reference": comparison.reference,
        "images": comparison.images,
        "targets": targets,
        "conclusions": [conclusion(comparison, name) for name in comparison.families if name != comparison.reference],
        "single_settings": list(comparison.points),
    }


def _record(standing: Standing, reference: str, links: Sequence[Link]) -> dict[str, Any]:
    numbers = {
        name: value if not isinstance(value, float) or np.isfinite(value) else None
        for name, value in asdict(standing).items()
    }
    sending = [
        {"link": link.name, "seconds": link.seconds(standing.least), "joules": link.joules(standing.least)}
        for link in links
        if standing.measured
    ]
    verdict = None if standing.family == reference else judged(standing)
    return {**numbers, "measured": standing.measured, "verdict": verdict, "sending": sending}
