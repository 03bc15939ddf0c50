"""Training a network a little further on other versions of its images, in pieces that can be interrupted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dnjpeg.evaluation.pieces import Unfinished

__all__ = ["TrainingSettings", "augment", "fine_tune"]

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained: stochastic gradient descent with Nesterov momentum and a rate that falls to 0 (cosine).

    Parameters
    ----------
    epochs : float
        How often each image is seen.
    batch_size : int
        Images a step.
    rate, momentum, decay : float
        Learning rate at first, momentum, and weight decay.
    pad : int
        Images are shifted by up to so many pixels either way, over black; and half of them are mirrored.
    seed : int
        Of order and augmentation, which are the same for all that have it.
    """

    epochs: float = 1.0
    batch_size: int = 128
    rate: float = 0.02
    momentum: float = 0.9
    decay: float = 1e-4
    pad: int = 4
    seed: int = 1803


def fine_tune(
    network: nn.Module,
    images: Pixels,
    labels: Labels,
    settings: TrainingSettings,
    checkpoint: Path,
    *,
    scale: torch.Tensor,
    offset: torch.Tensor,
    deadline: float | None = None,
    every: float = 20.0,
) -> nn.Module:
    """Train a network further; in place.

    Parameters
    ----------
    network : torch.nn.Module
        Normalised images, float32 (N, 3, h, w), to logits.
    images, labels : ndarray, uint8 (N, h, w, 3) and int64 (N,)
        What it is trained on.
    settings : TrainingSettings
        How.
    checkpoint : Path
        Where the state is kept, every so many seconds and at the end. If the file is there training goes on from it;
        the result is the same as without an interruption.
    scale, offset : Tensor, float32, (3, 1, 1)
        What the network sees of pixels x is x · scale + offset.
    deadline : float, optional
        By `time.monotonic`.
    every : float
        Seconds.

    Raises
    ------
    Unfinished
        If the deadline came first.
    """
    steps = max(1, round(settings.epochs * len(images) / settings.batch_size))
    parameters = [parameter.requires_grad_() for parameter in network.parameters()]
    optimizer = torch.optim.SGD(
        parameters, settings.rate, momentum=settings.momentum, weight_decay=settings.decay, nesterov=True
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    step = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        step = state["step"]
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
    saved = time.monotonic()
    network.train()
    while step < steps:
        now = time.monotonic()
        late = deadline is not None and now > deadline
        if late or now - saved > every:
            _save(checkpoint, step, network, optimizer, schedule)
            saved = now
        if late:
            raise Unfinished(f"step {step} of {steps}")
        chosen = _batch(len(images), step, settings)
        batch = augment(images[chosen], np.random.default_rng([settings.seed, step]), settings.pad)
        seen = torch.from_numpy(batch).permute(0, 3, 1, 2).float() * scale + offset
        loss = nn.functional.cross_entropy(network(seen), torch.from_numpy(labels[chosen]))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        step += 1
    _save(checkpoint, step, network, optimizer, schedule)
    return network.eval()


def augment(images: Pixels, random: np.random.Generator, pad: int) -> Pixels:
    """Shift each image by up to `pad` pixels over black, and mirror half of them; uint8 (N, h, w, 3)."""
    count, height, width = images.shape[:3]
    wide = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    top, left = random.integers(0, 2 * pad + 1, (2, count))
    mirrored = random.random(count) < 0.5
    rows = top[:, None] + np.arange(height)
    columns = left[:, None] + np.arange(width)
    columns[mirrored] = columns[mirrored, ::-1]
    return np.ascontiguousarray(wide[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]])


def _batch(count: int, step: int, settings: TrainingSettings) -> npt.NDArray[np.int64]:
    """Give the images of a step: each epoch goes through all of them, in an order of its own."""
    places = np.arange(step * settings.batch_size, (step + 1) * settings.batch_size)
    orders = {
        epoch: np.random.default_rng([settings.seed, 0, epoch]).permutation(count) for epoch in {*places // count}
    }
    return np.array([orders[place // count][place % count] for place in places])


def _save(
    path: Path,
    step: int,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {
        "step": step,
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
    }
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
