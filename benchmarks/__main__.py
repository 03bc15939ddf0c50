"""Time each path of the codec against its peers on many distinct photos."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

from benchmarks.instruction_set import INSTRUCTION_SETS, restrict

if TYPE_CHECKING:
    from benchmarks.photos import Pixels
    from benchmarks.results import Results, Row

FLOORS = FilePath(__file__).parent / "floors.json"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "photos", nargs="?", type=FilePath, help="folder of photos (default: $DNJPEG_DATA, else foolbox's)"
    )
    parser.add_argument("--count", type=int, default=100, help="distinct crops of 500x375 pixels (default 100)")
    parser.add_argument("--rounds", type=int, default=5, help="passes over all of them; the median counts (default 5)")
    parser.add_argument("--quality", type=int, nargs="+", default=[50, 75, 95])
    parser.add_argument("--subsampling", nargs="+", default=["4:2:0", "4:4:4"])
    parser.add_argument("--only", nargs="+", metavar="WORD", help="paths whose names contain one of these")
    parser.add_argument("--no-large", action="store_true", help="leave out the photo of 12 megapixels")
    parser.add_argument("--no-processes", action="store_true", help="leave out start-up and memory")
    parser.add_argument(
        "--instructions",
        choices=INSTRUCTION_SETS,
        default="native",
        help="compile our kernels for no more than these (peers are not restricted)",
    )
    parser.add_argument("--json", type=FilePath, help="write the figures to this file, and a table to .md beside it")
    parser.add_argument("--check", action="store_true", help="fail if a ratio is below its floor in floors.json")
    return parser.parse_args()


def main() -> int:
    """Run the benchmark; returns the exit status."""
    options = _arguments()
    restrict(options.instructions)

    from benchmarks.environment import describe  # noqa: PLC0415 - Numba is imported by what follows
    from benchmarks.paths import DifferentOutputError  # noqa: PLC0415
    from benchmarks.photos import load_crops, mosaic  # noqa: PLC0415
    from benchmarks.results import Results  # noqa: PLC0415

    crops = load_crops(options.photos, options.count)
    results = Results(describe(), len(crops), options.rounds)
    print(", ".join(f"{name} {value}" for name, value in results.environment.items()))
    print(f"{len(crops)} distinct photos; ratios of the peer's time to ours: above 1, dnjpeg is faster", flush=True)
    large = [] if options.no_large else [mosaic(crops)]
    try:
        for row in _rows(options, crops, large):
            results.rows.append(row)
            print(row, flush=True)
    except DifferentOutputError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    if not options.no_processes:
        _measure_processes(results, large)
    if options.json:
        results.save(options.json)
    return _check(results) if options.check else 0


def _rows(options: argparse.Namespace, crops: list[Pixels], large: list[Pixels]) -> Iterator[Row]:
    from benchmarks.ceiling import ceiling_contenders, measure_distance, take_ceiling  # noqa: PLC0415
    from benchmarks.paths import PATHS, WHOLE  # noqa: PLC0415
    from benchmarks.photos import trimmed  # noqa: PLC0415
    from benchmarks.results import Row  # noqa: PLC0415
    from benchmarks.timing import interleaved  # noqa: PLC0415

    for name, path in (PATHS | WHOLE).items():
        if options.only and not any(word in name for word in options.only):
            continue
        small = trimmed(crops) if path.sizes else crops
        for photos in (small if path.small else [], large if path.large else []):
            for quality in options.quality if photos else ():
                for subsampling in options.subsampling:
                    contenders = path.prepare(photos, quality, subsampling)
                    calls = 1 if name in WHOLE else len(photos)
                    few_calls = path.threads or photos is large  # and where threads run may change between them
                    rounds = max(options.rounds, 7) if few_calls else options.rounds
                    if path.threads:
                        contenders |= ceiling_contenders()
                    seconds = interleaved(contenders, calls, rounds)
                    ceiling = take_ceiling(seconds)
                    distance = measure_distance() if path.threads else None
                    own = seconds.pop("dnjpeg")
                    pixels = sum(photo.shape[0] * photo.shape[1] for photo in photos) // len(photos)
                    nanoseconds = own * 1e9 / (pixels * path.passes * (len(photos) // calls))
                    ratios = {peer: theirs / own for peer, theirs in seconds.items()}
                    yield Row(name, pixels, quality, subsampling, nanoseconds, ratios, ceiling, distance)


def _measure_processes(results: Results, large: list[Pixels]) -> None:
    from benchmarks.memory import measure_peaks  # noqa: PLC0415
    from benchmarks.startup import measure_starts  # noqa: PLC0415

    results.seconds_to_start = measure_starts(results.rounds)
    for name, seconds in results.seconds_to_start.items():
        print(f"start to {name}: {seconds:.2f} s", flush=True)
    if large:
        results.peak_bytes = measure_peaks(large[0])
        for name, peak in results.peak_bytes.items():
            print(f"12 megapixels, {name}: {peak / 1e6:.1f} MB beyond input and result", flush=True)


def _check(results: Results) -> int:
    """Compare the ratios with the lowest that are taken for no regression: medians over settings, whatever the CPU."""
    from statistics import median  # noqa: PLC0415

    floors: dict[str, dict[str, float]] = json.loads(FLOORS.read_text())
    status = 0
    for path, peers in floors.items():
        for peer, floor in peers.items():
            ratios = [row.ratios[peer] for row in results.rows if row.path == path and peer in row.ratios]
            if ratios and median(ratios) < floor:
                print(f"slower: {path} against {peer}: {median(ratios):.2f}, floor {floor}", file=sys.stderr)
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
