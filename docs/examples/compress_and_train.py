"""Compress an image folder, then train from the smaller one: ``python compress_and_train.py FOLDER TARGET``.

The same command goes on where it was stopped: what is compressed already is not compressed again. ``--engine ray``
compresses on a Ray cluster; the files are the same.
"""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader
from torchvision.transforms import v2
from training import accuracy, arguments, small_network, train

from dnjpeg.shards import Convert, Encode, convert_shards
from dnjpeg.vision import DecodeRandomResizedCrop, DecodeResizedCenterCrop, JpegFolder


def main() -> None:
    """Compress, train, and say what that gave."""
    parser = arguments(__doc__)
    parser.add_argument("target", help="folder for the compressed images")
    parser.add_argument("--tables", help="shipped name, table file or quality")
    parser.add_argument("--quality", type=int)
    parser.add_argument("--engine", choices=["local", "ray"], default="local")
    chosen = parser.parse_args()

    task = Convert(Encode({"tables": chosen.tables, "quality": chosen.quality}), on_error="drop")
    jobs = max(chosen.workers, 1) if chosen.engine == "local" else None
    report = convert_shards([chosen.folder], chosen.target, task, engine=chosen.engine, jobs=jobs)
    counts = report.totals.counts
    print(f"{counts.converted} images, {counts.bytes_before:,} -> {counts.bytes_after:,} bytes")
    for failure in report.failures:
        print(f"left out: {failure}")

    torch.manual_seed(0)
    dataset = JpegFolder(chosen.target, v2.RandomHorizontalFlip(), decode=DecodeRandomResizedCrop(chosen.size))
    tested = JpegFolder(chosen.target, decode=DecodeResizedCenterCrop(chosen.size))
    network = small_network(len(dataset.classes))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for epoch in range(chosen.epochs):
        loss = train(network, DataLoader(dataset, chosen.batch, shuffle=True, num_workers=chosen.workers), optimizer)
        share = accuracy(network, DataLoader(tested, chosen.batch, num_workers=chosen.workers))
        print(f"epoch {epoch + 1}: loss {loss:.3f}, accuracy {share:.3f}")


if __name__ == "__main__":
    main()
