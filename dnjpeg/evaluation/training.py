"""Training a network on one version of its images, from scratch or further, in pieces that can be interrupted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dnjpeg.evaluation.pieces import Unfinished

__all__ = ["TrainingSettings", "augment", "train"]

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained: stochastic gradient descent with Nesterov momentum.

    Parameters
    ----------
    epochs : float
        How often each image is seen.
    batch_size : int
        Images a step.
    rate, momentum, decay : float
        Highest learning rate, momentum, and weight decay.
    warmup : float
        In so much of the steps, 0 to below 1, the rate rises to the highest, linearly; then it falls to 0 (cosine).
    smoothing : float
        Label smoothing: so much of the target is shared among all classes.
    pad : int
        Images are shifted by up to so many pixels either way, over black; and half of them are mirrored.
    precision : str
        Of the convolutions: ``"float32"``, or ``"bfloat16"`` (with weights of 32 bits), which is faster on
        processors that have it.
    seed : int
        Of weights, order and augmentation, which are the same for all that have it.

    Raises
    ------
    ValueError
        If one of them is out of range.
    """

    epochs: float = 1.0
    batch_size: int = 128
    rate: float = 0.02
    momentum: float = 0.9
    decay: float = 1e-4
    warmup: float = 0.0
    smoothing: float = 0.0
    pad: int = 4
    precision: str = "float32"
    seed: int = 1803

    def __post_init__(self) -> None:
        if self.precision not in _PRECISIONS:
            raise ValueError(f"training: precision {self.precision!r}: choose {' or '.join(_PRECISIONS)}")
        if not (0 <= self.warmup < 1 and 0 <= self.smoothing < 1):
            raise ValueError(f"training: warmup {self.warmup} and smoothing {self.smoothing} must be 0 to below 1")
        if self.epochs <= 0 or self.batch_size < 1 or self.pad < 0:
            raise ValueError("training: epochs and batch_size must be above 0, and pad not below")

    def rate_at(self, step: int, steps: int) -> float:
        """Learning rate of one of so many steps, from 0 on, as a part of the highest."""
        rising = self.warmup * steps
        if step < rising:
            return (step + 1) / (rising + 1)
        return 0.5 + 0.5 * math.cos(math.pi * (step - rising) / (steps - rising))


def train(
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
    """Train a network, in place, where its weights are.

    Parameters
    ----------
    network : torch.nn.Module
        Normalised images, float32 (N, 3, h, w), to logits. It is trained from the weights that it has.
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
    network.to(memory_format=torch.channels_last)
    parameters = [parameter.requires_grad_() for parameter in network.parameters()]
    device = parameters[0].device
    optimizer = torch.optim.SGD(
        parameters, settings.rate, momentum=settings.momentum, weight_decay=settings.decay, nesterov=True
    )
    step = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device, weights_only=True)
        step = state["step"]
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
    saved = time.monotonic()
    network.train()
    with torch.random.fork_rng():
        while step < steps:
            now = time.monotonic()
            late = deadline is not None and now > deadline
            if late or now - saved > every:
                _save(checkpoint, step, network, optimizer)
                saved = now
            if late:
                raise Unfinished(f"step {step} of {steps}")
            chosen = _batch(len(images), step, settings)
            batch = augment(images[chosen], np.random.default_rng([settings.seed, step]), settings.pad)
            seen = torch.from_numpy(batch).permute(0, 3, 1, 2).to(device).float() * scale + offset
            torch.manual_seed(settings.seed * 1_000_003 + step)  # of what drops out
            with torch.autocast(device.type, _PRECISIONS[settings.precision], settings.precision != "float32"):
                logits = network(seen.contiguous(memory_format=torch.channels_last))
            truth = torch.from_numpy(labels[chosen]).to(device)
            loss = nn.functional.cross_entropy(logits.float(), truth, label_smoothing=settings.smoothing)
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * settings.rate_at(step, steps)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            step += 1
    _save(checkpoint, step, network, optimizer)
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


def _save(path: Path, step: int, network: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"step": step, "network": network.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)
