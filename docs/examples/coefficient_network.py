"""Train a small network on DCT coefficients, never decoding a pixel: ``python coefficient_network.py FOLDER``.

FOLDER holds one sub-folder of JPEG files a class, as torchvision's ImageFolder wants it. Luma has twice as many rows
and columns of blocks as chroma (4:2:0): both meet behind the first layers, as in Gueguen et al. (NeurIPS 2018).
"""

from __future__ import annotations

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader

from dnjpeg.vision import CoefficientFolder


class CoefficientNetwork(nn.Module):
    """Two branches of 64 channels each, a frequency a channel, and a common trunk."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.luma = nn.Sequential(nn.BatchNorm2d(64), nn.Conv2d(64, 64, 3, 2, 1), nn.BatchNorm2d(64), nn.ReLU())
        self.chroma = nn.Sequential(nn.BatchNorm2d(128), nn.Conv2d(128, 32, 1), nn.BatchNorm2d(32), nn.ReLU())
        self.trunk = nn.Sequential(
            nn.Conv2d(96, 96, 3, padding=1),
            nn.BatchNorm2d(96),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(96, classes),
        )

    def forward(self, luma: torch.Tensor, blue: torch.Tensor, red: torch.Tensor) -> torch.Tensor:
        """Logits from (N, 64, R, C) luma and two (N, 64, R/2, C/2) chroma components."""
        return self.trunk(torch.cat([self.luma(luma), self.chroma(torch.cat([blue, red], 1))], 1))


def main() -> None:
    """Train, and print loss and accuracy of each epoch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--size", type=int, default=224, help="crop, a multiple of 16 (default 224)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()

    torch.manual_seed(0)
    dataset = CoefficientFolder(arguments.folder, size=arguments.size, crop="random", on_error="skip")
    loader = DataLoader(dataset, arguments.batch, shuffle=True, num_workers=arguments.workers)
    network = CoefficientNetwork(len(dataset.classes))
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for epoch in range(arguments.epochs):
        total = right = count = 0.0
        for coefficients, labels in loader:
            logits = network(*coefficients)
            loss = nn.functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(labels)
            right += (logits.argmax(1) == labels).sum().item()
            count += len(labels)
        print(f"epoch {epoch + 1}: loss {total / count:.3f}, accuracy {right / count:.3f}, {count:.0f} images")
    for failure in dataset.failures:
        print(f"left out: {failure.path}: {failure.reason}")


if __name__ == "__main__":
    main()
