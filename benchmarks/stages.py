"""Nanoseconds a pixel that each stage takes, kernel by kernel: the table of docs/performance.md.

Each stage of each photo counts with its least processor time of several rounds, so that what else the machine does
falls away as far as it can.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from benchmarks.decoding_stages import decoding_stages, progressive_stages
from benchmarks.encoding_stages import encoding_stages
from benchmarks.paths import encoded_files
from benchmarks.photos import Pixels, load_crops
from benchmarks.timing import Stages, least_times

SUBSAMPLINGS = ("4:2:0", "4:4:4")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("photos", nargs="?", type=Path, help="folder of photos (default: $DNJPEG_DATA, else foolbox's)")
    parser.add_argument("--count", type=int, default=100, help="distinct crops of 500x375 pixels (default 100)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quality", type=int, default=75)
    options = parser.parse_args()
    crops = load_crops(options.photos, options.count)
    pixels = crops[0].shape[0] * crops[0].shape[1]
    print("| stage | 4:2:0 | 4:4:4 |\n|---|---|---|")
    for kind in (_encoding, partial(_decoding, progressive=False), partial(_decoding, progressive=True)):
        found = [least_times(kind(crops, options.quality, each), options.rounds) for each in SUBSAMPLINGS]
        for name in found[0]:
            print(f"| {name} | " + " | ".join(f"{column[name] * 1e9 / pixels:.2f}" for column in found) + " |")


def _encoding(crops: list[Pixels], quality: int, subsampling: str) -> list[Stages]:
    return [encoding_stages(crop, quality, subsampling) for crop in crops]


def _decoding(crops: list[Pixels], quality: int, subsampling: str, *, progressive: bool) -> list[Stages]:
    stages = progressive_stages if progressive else decoding_stages
    return [stages(data) for data in encoded_files(crops, quality, subsampling, progressive=progressive)]


if __name__ == "__main__":
    main()
