"""From committed rows to ratios with intervals, and one picture: ``python summarise.py``."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from dnjpeg.evaluation import compare, read_rows, summarize

HERE = Path(__file__).parent
MASKS = "selfie-segmentation"
JUDGES = {
    "efficientnet-lite0": "EfficientNet-Lite0\n(in the loop)",
    "efficientnet-lite2": "EfficientNet-Lite2\n(not asked, same family)",
    "mobilenet-v2-quantized": "MobileNetV2, 8 bits\n(not asked, other architecture)",
    "efficientnet-lite0-finetuned": "EfficientNet-Lite0, fine-tuned\n(not asked, last blocks trained anew)",
    MASKS: "selfie segmentation\n(not asked, another task)",
}
OF_CLASSES = ("top1", "top5", "agreement", "probability", "bytes_ratio_at_equal_top1")
# A mask's divergence is on another scale: it is compared where JPEG of these qualities has it.
QUALITIES_OF_MASKS = (91, 76, 40, 17)
SETS = ("tables", "networks", "formats")
SAME = ", on the same "  # photos as the rest of a set that has fewer
OURS = (("tables", "per image"), ("networks", "networks in the loop"))
RIVALS = ("AVIF", "WebP", "mozjpeg", "mozjpeg without trellis", "JPEG 4:4:4", "JPEG XL")
COLORS = plt.colormaps["tab10"].colors


def main() -> None:
    """Write ratios.csv, rivals.csv, summary.csv and ratios.png."""
    ratios, rivals, summaries = [], [], []
    for chosen, judge in product(SETS, JUDGES):
        file = HERE / "results" / f"{chosen}-{judge}.parquet"
        if not file.exists():
            continue
        rows = read_rows(file)
        summary = summarize(rows, references=("JPEG 76",)).assign(judge=judge, set=chosen)
        if judge == MASKS:  # of which there is a divergence, and nothing to be right about
            summary = summary.drop(columns=[name for name in summary if name.startswith(OF_CLASSES)])
        summaries.append(summary)
        if judge != MASKS:
            rows = pd.concat([rows, *_same_photos(rows, judge, chosen)], ignore_index=True)
        if chosen == "formats":
            rivals += _against_rivals(rows, judge)
        found = compare(rows, kls=_levels(rows)) if judge == MASKS else compare(rows)
        ratios += [
            {
                "judge": judge,
                "set": chosen,
                "images": found.images,
                "at": str(target),
                "measure": target.measure,
                "value": target.value,
                "family": standing.family,
                "bytes": standing.least if standing.measured else np.nan,
                "ratio": standing.ratio,
                "low": standing.ratio_low,
                "high": standing.ratio_high,
            }
            for target, standings in found.standings.items()
            for standing in standings
            if standing.family != "JPEG" and (judge != MASKS or target.measure == "kl")
        ]
    table = pd.DataFrame(ratios)
    table.to_csv(HERE / "results/ratios.csv", index=False, float_format="%.4g", lineterminator="\n")
    pd.concat(summaries).to_csv(HERE / "results/summary.csv", index=False, float_format="%.5g", lineterminator="\n")
    pd.DataFrame(rivals).to_csv(HERE / "results/rivals.csv", index=False, float_format="%.4g", lineterminator="\n")
    _draw(table[(table["measure"] == "kl") & ~table["family"].str.contains(SAME)])
    shown = table[table["measure"] == "kl"].copy()
    shown["text"] = [f"{r.ratio:.2f} [{r.low:.2f}, {r.high:.2f}]" for r in shown.itertuples()]
    for judge in JUDGES:
        grid = shown[shown["judge"] == judge].pivot_table("text", "family", "at", aggfunc="first", sort=False)
        print(f"\n{judge}\n{grid.to_string()}")


def _same_photos(rows: pd.DataFrame, judge: str, chosen: str) -> list[pd.DataFrame]:
    """Return rows of our files in the sets before this one, for just these photos."""
    found = []
    for source, family in OURS:
        if SETS.index(source) < SETS.index(chosen):
            others = read_rows(HERE / "results" / f"{source}-{judge}.parquet")
            ours = others[(others["family"] == family) & others["image"].isin(rows["image"])]
            found.append(ours.assign(family=f"{family}{SAME}{ours['image'].nunique()}"))
    return found


def _against_rivals(rows: pd.DataFrame, judge: str) -> list[dict[str, object]]:
    """Return the ratios of our bytes to those of others on the same photos, with paired intervals."""
    return [
        {
            "judge": judge,
            "images": found.images,
            "kl": target.value,
            "family": standing.family.split(SAME)[0],
            "against": rival,
            "ratio": standing.ratio,
            "low": standing.ratio_low,
            "high": standing.ratio_high,
        }
        for rival in RIVALS
        for found in [compare(rows, reference=rival, top1_drops=())]
        for target, standings in found.standings.items()
        for standing in standings
        if SAME in standing.family
    ]


def _levels(rows: pd.DataFrame) -> list[float]:
    means = rows.groupby("contender")["kl"].mean()
    return [round(float(means[f"JPEG {quality}"]), 5) for quality in QUALITIES_OF_MASKS]


def _draw(table: pd.DataFrame) -> None:
    figure, axes = plt.subplots(1, len(JUDGES), figsize=(4.3 * len(JUDGES), 5), sharey=True, layout="constrained")
    families = list(table["family"].unique())
    for axis, (judge, title) in zip(axes, JUDGES.items(), strict=True):
        for number, family in enumerate(families):
            line = table[(table["judge"] == judge) & (table["family"] == family) & table["ratio"].notna()]
            x = line["value"] * 1.03 ** (number - len(families) / 2)
            low, high = (line[end].replace([0, np.inf], np.nan).fillna(line["ratio"]) for end in ("low", "high"))
            errors = np.stack([line["ratio"] - low, high - line["ratio"]]).clip(0)
            style = {"linestyle": "-" if number < len(COLORS) else ":", "marker": "o", "markersize": 4, "capsize": 2}
            axis.errorbar(x, line["ratio"], errors, label=family, color=COLORS[number % len(COLORS)], lw=1.2, **style)
        axis.axhline(1, color="#4d4d4d", lw=1)
        axis.set(xscale="log", title=title, xlabel="divergence from the uncompressed prediction (nats)")
        ticks = (0.03, 0.06, 0.15, 0.3) if judge == MASKS else (0.03, 0.087, 0.167, 0.355)
        axis.set_xticks(ticks, [f"{value:g}" for value in ticks], minor=False)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("bytes, as a ratio to standard JPEG at equal divergence")
    axes[-1].legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.savefig(HERE / "results/ratios.png", dpi=110)


if __name__ == "__main__":
    main()
