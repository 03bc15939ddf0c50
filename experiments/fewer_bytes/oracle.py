"""What a perfect choice of each image's step could save: ``python oracle.py``, from committed rows to oracle.csv.

Files per image are of seven steps. Here each image takes the one, or a mixture of two neighbours, that is best for all
together if the divergence of a network is known: at a price for bytes, the least divergence plus bytes. The judge is
that network itself, which is what asking it could save at most without another rounding, or another network. Whoever
asks no network knows less than this.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from dnjpeg.evaluation import read_rows

HERE = Path(__file__).parent
NETWORKS = ("efficientnet-lite0", "efficientnet-lite2", "mobilenet-v2-quantized")
LEVELS = (0.03, 0.087, 0.167, 0.355)
MIXTURES = 10  # between two steps
PRICES = np.geomspace(1e-7, 1e-2, 150)  # nats a byte

Points = npt.NDArray[np.float64]


def main() -> None:
    """Write and print the table."""
    found = []
    for known, judge in product(NETWORKS, NETWORKS):
        (size, divergence), (jpeg_size, jpeg) = (_points(judge, family) for family in ("per image", "JPEG"))
        _, guide = _points(known, "per image")
        sizes, guides, judged = (_mixed(points) for points in (size, guide, divergence))
        taken = [np.argmin(guides + price * sizes, axis=1)[:, None] for price in PRICES]
        means = np.array([[np.take_along_axis(points, at, 1).mean() for points in (sizes, judged)] for at in taken])
        for level in LEVELS:
            standard = _bytes_at(level, jpeg_size.mean(axis=0), jpeg.mean(axis=0))
            found.append(
                {
                    "step by": known,
                    "judge": judge,
                    "images": len(size),
                    "kl": level,
                    "by activity": _bytes_at(level, size.mean(axis=0), divergence.mean(axis=0)) / standard,
                    "by the network": _bytes_at(level, *means.T) / standard,
                }
            )
    table = pd.DataFrame(found)
    table.to_csv(HERE / "results/oracle.csv", index=False, float_format="%.4g", lineterminator="\n")
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


def _points(judge: str, family: str) -> tuple[Points, Points]:
    """Bytes and divergences, (images, settings)."""
    rows = read_rows(HERE / "results" / f"tables-{judge}.parquet")
    rows = rows[rows["family"] == family]
    sizes, divergences = (rows.pivot_table(name, "image", "setting").to_numpy() for name in ("bytes", "kl"))
    return sizes, divergences


def _mixed(points: Points) -> Points:
    """Interpolate between settings."""
    places = np.linspace(0, points.shape[1] - 1, MIXTURES * (points.shape[1] - 1) + 1)
    return np.array([np.interp(places, np.arange(points.shape[1]), row) for row in points])


def _bytes_at(level: float, sizes: Points, divergences: Points) -> float:
    """Bytes at a mean divergence, between points on logarithmic axes; not a number beyond them."""
    order = np.argsort(divergences)
    if not divergences.min() <= level <= divergences.max():
        return float("nan")
    return float(np.exp(np.interp(np.log(level), np.log(divergences[order]), np.log(sizes[order]))))


if __name__ == "__main__":
    main()
