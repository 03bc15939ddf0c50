"""Read an image folder as a network would see it behind a JPEG camera: ``python dataloader.py FOLDER``.

FOLDER holds one sub-folder of images a class, as torchvision's ImageFolder wants it.
"""

from __future__ import annotations

import argparse
import time

import torch
from torch.utils.data import DataLoader
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from dnjpeg.vision import JpegCompression, load_image


def main() -> None:
    """Load every image once, and say how fast."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--tables", help="shipped name, table file or quality")
    parser.add_argument("--quality", type=int)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()

    transform = v2.Compose(
        [
            v2.Resize(256),
            v2.CenterCrop(224),
            JpegCompression(tables=arguments.tables, quality=arguments.quality),
            v2.ToImage(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
        ]
    )
    dataset = ImageFolder(arguments.folder, loader=load_image, transform=transform)
    loader = DataLoader(dataset, batch_size=32, num_workers=arguments.workers)

    begin = time.perf_counter()
    count = 0
    for images, labels in loader:
        count += len(labels)
        print(f"{tuple(images.shape)} {images.dtype}, classes {sorted(set(labels.tolist()))}")
    print(f"{count} images, {count / (time.perf_counter() - begin):.0f} a second")


if __name__ == "__main__":
    main()
