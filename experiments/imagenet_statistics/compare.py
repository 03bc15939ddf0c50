"""Compare the frequency statistics of calibration photos with the published ones of ImageNet.

Usage: python experiments/imagenet_statistics/compare.py [--data FOLDER] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from dnjpeg import FrequencyStatistics, collect_statistics
from dnjpeg.codec.format.zigzag import ZIGZAG

SEED = 1
CROPS = 4  # random crops of each photo
RESAMPLES = 2000
LEVEL = 0.95
MEASURES = {"std": "standard deviation", "mean_abs": "mean absolute value"}
PUBLISHED = {"std": "ImageNet_std", "mean_abs": "ImageNet_abs_avg"}
COMPONENTS = {"Y": (0,), "CbCr": (1, 2)}  # the published chroma pools Cb and Cr

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]
Prepare = Callable[[Image.Image, np.random.Generator], Iterable[Pixels]]


def as_it_is(image: Image.Image, rng: np.random.Generator) -> list[Pixels]:
    """Return the whole photo at its own size."""
    return [np.asarray(image)]


def testing_crop(image: Image.Image, rng: np.random.Generator) -> list[Pixels]:
    """Resize the shorter side to 256 (bilinear) and cut out the middle 224x224: the usual transform for testing."""
    scale = 256 / min(image.size)
    resized = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BILINEAR)
    left, top = (resized.width - 224) // 2, (resized.height - 224) // 2
    return [np.asarray(resized.crop((left, top, left + 224, top + 224)))]


def training_crops(image: Image.Image, rng: np.random.Generator) -> list[Pixels]:
    """Cut out random rectangles and resize them to 224x224 (bilinear): the usual transform for training.

    The area is uniform in 0.08 to 1 of the photo, the aspect ratio log-uniform in 3/4 to 4/3 (Szegedy et al., CVPR
    2015, section 6). What does not fit into the photo is drawn again.
    """
    crops: list[Pixels] = []
    while len(crops) < CROPS:
        area = image.width * image.height * rng.uniform(0.08, 1)
        ratio = np.exp(rng.uniform(np.log(3 / 4), np.log(4 / 3)))
        width, height = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
        if width <= image.width and height <= image.height:
            left, top = rng.integers(image.width - width + 1), rng.integers(image.height - height + 1)
            box = (left, top, left + width, top + height)
            crops.append(np.asarray(image.resize((224, 224), Image.Resampling.BILINEAR, box=box)))
    return crops


@dataclass(frozen=True)
class Variant:
    """One way to get coefficients from the photos; without a preparation the files' own coefficients."""

    name: str
    prepare: Prepare | None
    subsampling: str | None = None

    def collect(self, path: Path, rng: np.random.Generator) -> FrequencyStatistics:
        """Collect the statistics of one photo."""
        if self.prepare is None:
            return collect_statistics(path, domain="coefficients")
        with Image.open(path) as file:
            pixels = self.prepare(file.convert("RGB"), rng)
        return collect_statistics(pixels, subsampling=self.subsampling)


VARIANTS = (
    Variant("whole photo, stored coefficients", None),
    Variant("whole photo, 4:4:4", as_it_is, "4:4:4"),
    Variant("whole photo, 4:2:0", as_it_is, "4:2:0"),
    Variant("test crop, 4:4:4", testing_crop, "4:4:4"),
    Variant("test crop, 4:2:0", testing_crop, "4:2:0"),
    Variant("training crops, 4:4:4", training_crops, "4:4:4"),
    Variant("training crops, 4:2:0", training_crops, "4:2:0"),
)


@dataclass(frozen=True)
class Comparison:
    """One variant, component and measure: (8, 8) values in natural order."""

    variant: str
    component: str
    measure: str
    value: Floats
    low: Floats
    high: Floats
    published: Floats

    @property
    def ratio(self) -> Floats:
        """Ours over published."""
        return self.value / self.published

    @property
    def explained(self) -> float:
        """Share of the bands whose published value lies within the interval."""
        return float(((self.low <= self.published) & (self.published <= self.high)).mean())


def compare(
    photos: Sequence[Path], published: dict[str, dict[str, list[list[float]]]], variant: Variant
) -> list[Comparison]:
    """Compare all components and measures of one variant, with bootstrap intervals over the photos."""
    rng = np.random.default_rng(SEED)
    totals = [variant.collect(path, rng).totals for path in photos]
    # every photo as often as it is drawn; the first row is the sample itself
    draws = rng.multinomial(len(photos), np.full(len(photos), 1 / len(photos)), RESAMPLES)
    weights = np.vstack([np.ones(len(photos)), draws])
    comparisons = []
    for component, indices in COMPONENTS.items():
        blocks = weights @ np.array([sum(photo[index].blocks for index in indices) for photo in totals])
        sums = np.array([sum(photo[index].sums for index in indices) for photo in totals]).astype(np.float64)
        first, absolute, squares = (weights @ sums[:, row] / blocks[:, None] / 8 for row in range(3))
        measured = {"std": np.sqrt(squares / 8 - first**2), "mean_abs": absolute}
        for measure, values in measured.items():
            low, high = np.quantile(values[1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
            grids = (array.reshape(8, 8) for array in (values[0], low, high))
            theirs = np.array(published[PUBLISHED[measure]][component])
            comparisons.append(Comparison(variant.name, component, measure, *grids, theirs))
    return comparisons


def write_bands(comparisons: Iterable[Comparison], path: Path) -> None:
    """Write one line a band."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["variant", "component", "measure", "row", "col", "ours", "low", "high", "published"])
        for one in comparisons:
            for row, col in np.ndindex(8, 8):
                values = (grid[row, col] for grid in (one.value, one.low, one.high, one.published))
                place = (one.variant, one.component, one.measure, row, col)
                writer.writerow([*place, *(f"{value:.4f}" for value in values)])


def write_summary(comparisons: Iterable[Comparison], path: Path) -> None:
    """Write one line a comparison."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["variant", "component", "measure", "mean_ratio", "min_ratio", "max_ratio", "bands_explained"])
        for one in comparisons:
            mean = np.exp(np.log(one.ratio).mean())
            numbers = (f"{value:.3f}" for value in (mean, one.ratio.min(), one.ratio.max(), one.explained))
            writer.writerow([one.variant, one.component, one.measure, *numbers])


def draw(comparisons: Sequence[Comparison], path: Path) -> None:
    """Draw ours over published against the zigzag index, a panel for each component and measure."""
    figure = Figure(figsize=(12, 8), layout="constrained")
    for row, (measure, title) in enumerate(MEASURES.items()):
        for col, component in enumerate(COMPONENTS):
            axes = figure.add_subplot(2, 2, 2 * row + col + 1)
            _draw_panel(axes, [one for one in comparisons if (one.component, one.measure) == (component, measure)])
            axes.set_title(f"{title}, {component}")
    figure.axes[1].legend(fontsize=8)  # the panel that has all lines
    figure.savefig(path, dpi=110)


def _draw_panel(axes: Axes, comparisons: Sequence[Comparison]) -> None:
    order = list(ZIGZAG)
    for number, one in enumerate(comparisons):
        # luma is never subsampled
        if one.component == "Y" and one.variant.endswith("4:2:0"):
            continue
        color = f"C{number}"
        style = "--" if one.variant.endswith("4:2:0") else "-"
        axes.plot(one.ratio.ravel()[order], style, color=color, label=one.variant)
        low, high = ((grid / one.published).ravel()[order] for grid in (one.low, one.high))
        axes.fill_between(range(64), low, high, color=color, alpha=0.15, linewidth=0)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_yticks([0.8, 1, 1.25, 1.6, 2, 2.5], ["0.8", "1", "1.25", "1.6", "2", "2.5"], minor=False)
    axes.minorticks_off()
    axes.set_xlabel("band, in zigzag order")
    axes.set_ylabel("ours / published")


def main() -> None:
    """Run all variants and write the results beside this file."""
    parser = argparse.ArgumentParser(description="Compare frequency statistics with the published ones of ImageNet.")
    parser.add_argument("--data", type=Path, default=os.environ.get("DNJPEG_DATA"), help="default: $DNJPEG_DATA")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    if arguments.data is None:
        parser.error("say with --data or DNJPEG_DATA where the data are")
    photos = sorted((arguments.data / "photos" / "calibration").glob("*.JPEG"))
    published = json.loads((arguments.data / "reference" / "dct_stats_jpegdl.json").read_text(encoding="utf-8"))
    comparisons = [one for variant in VARIANTS for one in compare(photos, published, variant)]
    write_bands(comparisons, arguments.out / "bands.csv")
    write_summary(comparisons, arguments.out / "summary.csv")
    draw(comparisons, arguments.out / "comparison.png")


if __name__ == "__main__":
    main()
