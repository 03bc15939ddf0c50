"""Time whole datasets: what an image costs in tar and Parquet shards and in folders, and the check of a resumed run.

``python -m benchmarks.shards [PHOTOS]``. JPEG files of the folder, as they are, are written to shards in a temporary
folder; runs take turns, each with a fresh output. The time of the CPU, of all processes together, is what a cluster is
planned with (``docs/scale.md``), and depends less than the time on the clock on what else the machine does.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

import dnjpeg
from benchmarks.environment import describe
from dnjpeg.shards import Collect, Convert, Transcode, collect_shards, convert_shards
from dnjpeg.statistics.extraction import Extraction

__all__ = ["time_runs", "write_datasets"]


class Seconds(NamedTuple):
    """Seconds by the clock, and of CPU."""

    clock: float
    cpu: float


def write_datasets(folder: Path, photos: list[bytes], shards: int) -> dict[str, Path]:
    """Write the same photos as tar shards, Parquet shards and a tree of files."""
    size = -(-len(photos) // shards)
    for shard in range(shards):
        part = photos[shard * size : (shard + 1) * size]
        for kind in ("tar", "parquet", f"files/{shard}"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
        with tarfile.open(folder / f"tar/{shard:03}.tar", "w") as tar:
            for number, data in enumerate(part):
                info = tarfile.TarInfo(f"{number:06}.jpg")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
                (folder / f"files/{shard}/{number:06}.jpg").write_bytes(data)
        images = pa.array(
            [{"bytes": data, "path": None} for data in part], pa.struct({"bytes": pa.binary(), "path": pa.string()})
        )
        pq.write_table(pa.table({"image": images}), folder / f"parquet/{shard:03}.parquet", row_group_size=100)
    return {kind: folder / kind for kind in ("tar", "parquet", "files")}


def time_runs(
    datasets: dict[str, Path], photos: list[bytes], folder: Path, rounds: int, jobs: int
) -> dict[str, Seconds]:
    """Give the median over rounds of the time that each kind of run over all photos takes."""
    task, out = Convert(Transcode({"quality": 75})), folder / "out"
    tar = str(datasets["tar"])

    def run(source: Path, jobs: int, **options: object) -> None:
        report = convert_shards([str(source)], str(out), task, jobs=jobs, **options)  # type: ignore[arg-type]
        if report.failures or report.totals.counts.converted != len(photos):
            raise SystemExit(f"the run did not do what it should have: {report}")

    contenders: dict[str, Callable[[], object]] = {
        "bare transcoding, one thread": lambda: [dnjpeg.transcode(data, quality=75) for data in photos]
    }
    for kind, path in datasets.items():
        contenders[f"{kind}, one process"] = lambda path=path: run(path, 1)  # type: ignore[misc]
    contenders[f"tar, {jobs} processes"] = lambda: run(datasets["tar"], jobs)
    contenders["finished tar, checked by hash"] = lambda: run(datasets["tar"], 1)
    contenders["finished tar, checked by size"] = lambda: run(datasets["tar"], 1, check="size")
    for domain in ("pixels", "coefficients"):
        chosen = Collect(Extraction(domain))  # type: ignore[arg-type]
        contenders[f"statistics of {domain}, one process"] = lambda chosen=chosen: collect_shards(  # type: ignore[misc]
            [tar], str(folder / "parts"), chosen, jobs=1
        )
    seconds: dict[str, list[Seconds]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            if not name.startswith("finished"):
                shutil.rmtree(out, ignore_errors=True)
            shutil.rmtree(folder / "parts", ignore_errors=True)
            begin, used = time.perf_counter(), _cpu()
            call()
            seconds[name].append(Seconds(time.perf_counter() - begin, _cpu() - used))
    return {name: Seconds(*map(median, zip(*spent, strict=True))) for name, spent in seconds.items()}


def _cpu() -> float:
    """Seconds of CPU that this process and its finished children have used."""
    return sum(os.times()[:4])


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shards", description=__doc__)
    parser.add_argument("photos", nargs="?", type=Path, help="folder of JPEG files (default: $DNJPEG_DATA)")
    parser.add_argument(
        "--count", type=int, default=1000, help="images in all; files are taken again if there are fewer"
    )
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    folder = options.photos or Path(os.environ["DNJPEG_DATA"], "photos/calibration")
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg"})
    photos = [files[number % len(files)].read_bytes() for number in range(options.count)]
    dnjpeg.warmup()
    print(", ".join(f"{name} {value}" for name, value in describe().items()))
    before, after = (
        sum(map(len, data)) / len(photos) for data in (photos, [dnjpeg.transcode(one, quality=75) for one in photos])
    )
    print(
        f"{len(photos)} photos ({len(files)} files) of {before:,.0f} bytes, {after:,.0f} at quality 75, "
        f"{options.shards} shards\n"
    )
    print("| run | ms of CPU an image | ms by the clock | images a second |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        datasets = write_datasets(Path(temporary), photos, options.shards)
        for name, spent in time_runs(datasets, photos, Path(temporary), options.rounds, options.jobs).items():
            cpu, clock = (1000 * one / len(photos) for one in (spent.cpu, spent.clock))
            print(f"| {name} | {cpu:.2f} | {clock:.2f} | {1000 / clock:.0f} |", flush=True)


if __name__ == "__main__":
    main()
