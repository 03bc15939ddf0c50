"""Train a network that JPEG does not disturb: ``python train_through_jpeg.py FOLDER``, or ``--cifar10 FOLDER``.

Two networks are trained, on the images as they are and on images that were compressed at a random quality; both are
then tested at several qualities. With --cifar10, FOLDER is where torchvision keeps CIFAR-10, downloaded if need be.
"""

from __future__ import annotations

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import CIFAR10, ImageFolder
from torchvision.transforms import v2
from training import accuracy, arguments, small_network, train

from dnjpeg.vision import JpegCompression, RandomJpegCompression


def load(folder: str, cifar10: bool, train_set: bool, size: int, *transforms: object) -> Dataset:
    """Give a dataset of uint8 images (3, size, size)."""
    prepared = v2.Compose([v2.PILToTensor(), v2.Resize(size), v2.CenterCrop(size), *transforms])
    if cifar10:
        return CIFAR10(folder, train=train_set, transform=prepared, download=True)
    return ImageFolder(folder, transform=prepared)


def main() -> None:
    """Train both, and print a table."""
    parser = arguments(__doc__)
    parser.add_argument("--cifar10", action="store_true")
    parser.add_argument("--lowest", type=int, default=10, help="lowest quality in training (default 10)")
    chosen = parser.parse_args()
    qualities = (None, 50, 20, 10)

    print("trained on | " + " | ".join("as they are" if q is None else f"quality {q}" for q in qualities))
    for name, augmentation in (
        ("images as they are", ()),
        ("random quality", (RandomJpegCompression((chosen.lowest, 95)),)),
    ):
        torch.manual_seed(0)
        dataset = load(chosen.folder, chosen.cifar10, True, chosen.size, v2.RandomHorizontalFlip(), *augmentation)
        loader = DataLoader(dataset, chosen.batch, shuffle=True, num_workers=chosen.workers)
        network = small_network(len(dataset.classes))
        optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
        for _ in range(chosen.epochs):
            train(network, loader, optimizer)
        shares = []
        for quality in qualities:
            compression = () if quality is None else (JpegCompression(quality=quality),)
            tested = load(chosen.folder, chosen.cifar10, False, chosen.size, *compression)
            shares.append(accuracy(network, DataLoader(tested, chosen.batch, num_workers=chosen.workers)))
        print(f"{name} | " + " | ".join(f"{share:.3f}" for share in shares))


if __name__ == "__main__":
    main()
