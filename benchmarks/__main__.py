"""Command line: time each path of the codec against its peers on many distinct photos."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.environment import describe
from benchmarks.paths import PATHS, DifferentOutputError, prepare
from benchmarks.photos import load_crops
from benchmarks.timing import interleaved


def main() -> int:
    """Run the benchmark; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("photos", nargs="?", type=Path, help="folder of photos (default: $DNJPEG_DATA, else foolbox's)")
    parser.add_argument("--count", type=int, default=100, help="distinct crops of 500x375 pixels (default 100)")
    parser.add_argument("--rounds", type=int, default=5, help="passes over all of them; the median counts (default 5)")
    parser.add_argument("--quality", type=int, nargs="+", default=[50, 75, 95])
    parser.add_argument("--subsampling", nargs="+", default=["4:2:0", "4:4:4"])
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()

    crops = load_crops(options.photos, options.count)
    environment = describe()
    print(
        f"{len(crops)} distinct photos of 500x375; one thread; " + ", ".join(f"{k} {v}" for k, v in environment.items())
    )
    print(f"{'path':28} {'quality':>7} {'sampling':>8} {'ns/pixel':>9}   ratio to peers (above 1: dnjpeg is faster)")
    rows = []
    for quality in options.quality:
        for subsampling in options.subsampling:
            for path in PATHS:
                try:
                    contenders = prepare(path, crops, quality, subsampling)
                except DifferentOutputError as error:
                    print(f"refused: {error}", file=sys.stderr)
                    return 1
                seconds = interleaved(contenders, len(crops), options.rounds)
                own = seconds.pop("dnjpeg")
                ratios = {peer: peer_seconds / own for peer, peer_seconds in seconds.items()}
                nanoseconds = own / (500 * 375) * 1e9
                rows.append(
                    {"path": path, "quality": quality, "subsampling": subsampling}
                    | {"ns_per_pixel": nanoseconds, "ratios": ratios}
                )
                shown = "  ".join(f"{peer} {ratio:.2f}" for peer, ratio in ratios.items())
                print(f"{path:28} {quality:7} {subsampling:>8} {nanoseconds:9.2f}   {shown}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"environment": environment, "crops": len(crops), "rows": rows}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
