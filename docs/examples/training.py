"""What the examples share: a small network, an epoch of training, and its accuracy."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

import torch
from torch import nn

__all__ = ["accuracy", "arguments", "small_network", "train"]

Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Begin a command line with what all examples have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", help="one sub-folder of images a class")
    parser.add_argument("--size", type=int, default=32, help="side of the images (default 32)")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--workers", type=int, default=2)
    return parser


def small_network(classes: int) -> nn.Module:
    """Three convolutions for small images: uint8 (N, 3, H, W) to logits (N, classes)."""

    class Scaled(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return images.float() / 127.5 - 1

    layers: list[nn.Module] = [Scaled()]
    for before, after in ((3, 32), (32, 64), (64, 128)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes))


def train(network: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer) -> float:
    """Train for one epoch; return the mean loss."""
    network.train()
    total = count = 0.0
    for images, labels in batches:
        loss = nn.functional.cross_entropy(network(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


@torch.no_grad()
def accuracy(network: nn.Module, batches: Batches) -> float:
    """Give the share of images whose class the network finds."""
    network.eval()
    right = count = 0
    for images, labels in batches:
        right += int((network(images).argmax(1) == labels).sum())
        count += len(labels)
    return right / count
