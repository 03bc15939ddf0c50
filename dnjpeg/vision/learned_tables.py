"""Tables learned by gradient: what networks say through differentiable JPEG, and the bits it is estimated to take."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.files import replacing
from dnjpeg.table_search.judging import Judge
from dnjpeg.table_search.results import described
from dnjpeg.tables import QuantizationTables, resolve
from dnjpeg.vision.differentiable import DifferentiableJpeg
from dnjpeg.vision.networks import Network

__all__ = ["Training", "learned_tables"]

Pixels = npt.NDArray[np.uint8]

SAVED = 20  # steps between saves
GRID = 8  # pixels by which images are shifted at most, so that blocks fall elsewhere


@dataclass(frozen=True)
class Training:
    """How tables are learned.

    Parameters
    ----------
    iterations : int
        Steps of Adam, each on one network in turn.
    batch : int
        Images a step, of one size.
    rate : float
        Learning rate of the logarithms of steps; it falls to a tenth along a cosine.
    memory : float
        Decay of the running mean of the logarithms that the tables are made of.
    every : int
        Steps between looks at the real codec's files; the best table of these looks is returned.
    seed : int
        Of the batches.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    iterations: int = 1500
    batch: int = 8
    rate: float = 0.03
    memory: float = 0.98
    every: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.iterations, self.batch, self.every) < 1 or not (self.rate > 0 and 0 <= self.memory < 1):
            raise ValueError("iterations, batch and the steps between looks are 1 or more, the rate above 0")


def learned_tables(
    judge: Judge,
    networks: Sequence[Network],
    *,
    quality: int = 75,
    start: QuantizationTables | None = None,
    training: Training | None = None,
    state: Path | None = None,
    progress: Callable[[int], object] = lambda iterations: None,
) -> QuantizationTables:
    """Learn tables by descent on divergence plus bits.

    ::

        loss = KL / KL_q + a bits / bits_q

    with the divergence KL of a network's answer through `DifferentiableJpeg` (in ``"hard"`` fidelity, straight-through
    rounding), its bits by `estimate_bits`, both against those of standard JPEG of a quality, and its slope
    ``a = -dlog KL / dlog bits`` there. Whether a table is any good is told by files of the real codec: every so many
    steps the running mean of the tables, scaled to spend the bytes of that quality, is shown to the judge.

    Parameters
    ----------
    judge : Judge
        Images, which are learned from, and who judges.
    networks : sequence of Network
        Who gives gradients, in turn.
    quality : int
        1..100, of standard JPEG, whose bytes are spent.
    start : QuantizationTables, optional
        Where it begins; the standard tables.
    training : Training, optional
        How.
    state : Path, optional
        A file that keeps what is needed to go on; if it is there, the run goes on with it.
    progress : callable
        Called with the number of steps since its last call.

    Returns
    -------
    QuantizationTables
        Two tables.

    Raises
    ------
    ValueError
        If there are no networks, or the state is of another run.

    Notes
    -----
    Source: X. Luo, H. Talebi, F. Yang, M. Elad, P. Milanfar: The rate-distortion-accuracy tradeoff: JPEG case study,
    2020 (arXiv 2008.00605), which learns tables through a differentiable JPEG with an entropy estimate.
    """
    if not networks:
        raise ValueError("tables are learned from at least one network")
    training = training or Training()
    begun = resolve("annex-k") if start is None else start
    run = _Run(judge, networks, quality, begun, training, state)
    for _ in range(run.iteration, training.iterations):
        run.step()
        progress(1)
        if run.iteration % training.every == 0 or run.iteration == training.iterations:
            run.look()
        if run.iteration % SAVED == 0 or run.iteration == training.iterations:
            run.save()
    parameters = {
        "quality": quality,
        "start": begun.name or begun.digest,
        "iterations": training.iterations,
        "batch": training.batch,
        "rate": training.rate,
        "seed": training.seed,
    }
    return described(
        judge,
        run.best,
        "learned",
        "Gradient descent through JPEG on divergence plus bits, judged by networks.",
        parameters,
    )


class _Run:
    """One training, and what it carries from step to step."""

    def __init__(
        self,
        judge: Judge,
        networks: Sequence[Network],
        quality: int,
        start: QuantizationTables,
        training: Training,
        state: Path | None,
    ) -> None:
        self.judge, self.networks, self.training, self.path = judge, networks, training, state
        standard = resolve(quality)
        self.target, self.divergence = judge.measured(standard, "4:2:0")
        finer = judge.measured(resolve(min(100, quality + 5)), "4:2:0")
        coarser = judge.measured(resolve(max(1, quality - 5)), "4:2:0")
        self.slope = float(np.log(coarser[1] / finer[1]) / np.log(finer[0] / coarser[0]))
        scaled = judge.scaled(np.stack([start.arrays[0], start.for_components(3)[1]]).astype(np.float64), self.target)
        self.jpeg = DifferentiableJpeg(scaled, subsampling=judge.subsampling, fidelity="hard")
        self.jpeg.to(_device(networks))
        self.descent = torch.optim.Adam([self.jpeg.log_steps], lr=training.rate, betas=(0.9, 0.99))
        self.fall = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.descent, training.iterations, eta_min=training.rate / 10
        )
        self.mean = self.jpeg.log_steps.detach().clone()
        self.iteration = 0
        self.best, self.least = scaled, judge.verdict(scaled).ratio
        shapes: dict[tuple[int, ...], list[int]] = {}
        for place, image in enumerate(judge.images):
            shapes.setdefault(image.shape, []).append(place)
        self.groups = list(shapes.values())
        self.settings = repr((training, quality, start.digest, judge.subsampling, [n.name for n in networks]))
        if state is not None and state.exists():
            self._go_on(state)

    def step(self) -> None:
        """Take one step of descent."""
        training = self.training
        chance = np.random.default_rng([training.seed, self.iteration])
        weights = np.array([len(group) for group in self.groups], np.float64)
        group = self.groups[chance.choice(len(self.groups), p=weights / weights.sum())]
        chosen = chance.choice(group, min(training.batch, len(group)), replace=False)
        images = self._shifted([self.judge.images[place] for place in chosen], chance)
        network = self.networks[self.iteration % len(self.networks)]
        compressed = self.jpeg.compress(images)
        with torch.no_grad():
            before = network.log_probabilities(images)
        apart = (before.exp() * (before - network.log_probabilities(compressed.pixels))).sum(1).mean()
        loss = apart / self.divergence + self.slope * compressed.bits.mean() / (8 * self.target)
        self.descent.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.descent.step()
        self.fall.step()
        with torch.no_grad():
            self.jpeg.log_steps.clamp_(0, float(np.log(self.jpeg.max_step)))
            # A mean of few steps is not weighed down by where it began.
            memory = min(training.memory, (1 + self.iteration) / (10 + self.iteration))
            self.mean.lerp_(self.jpeg.log_steps, 1 - memory)
        self.iteration += 1

    def _shifted(self, images: Sequence[Pixels], chance: np.random.Generator) -> torch.Tensor:
        """Cut images so that blocks fall elsewhere, and mirror half of them."""
        cut = []
        for image in images:
            down, right = chance.integers(0, GRID, 2)
            height, width = max(1, image.shape[0] - GRID), max(1, image.shape[1] - GRID)
            part = image[down : down + height, right : right + width]
            cut.append(part[:, ::-1] if chance.integers(2) else part)
        stacked = torch.from_numpy(np.stack(cut)).permute(0, 3, 1, 2).float()
        return stacked.to(self.jpeg.log_steps.device)

    def look(self) -> None:
        """Show the judge what there is."""
        steps = np.exp(self.mean.double().cpu().numpy())
        tables = self.judge.scaled(steps, self.target)
        ratio = self.judge.verdict(tables).ratio
        if ratio < self.least:
            self.best, self.least = tables, ratio

    def save(self) -> None:
        """Keep all that is needed to go on."""
        if self.path is None:
            return
        stream = io.BytesIO()
        content: dict[str, Any] = {
            "settings": self.settings,
            "iteration": self.iteration,
            "log_steps": self.jpeg.log_steps.detach().cpu(),
            "mean": self.mean.cpu(),
            "descent": self.descent.state_dict(),
            "fall": self.fall.state_dict(),
            "best": [torch.from_numpy(table.astype(np.int64)) for table in self.best.arrays],
            "least": self.least,
        }
        torch.save(content, stream)
        with replacing(self.path) as file:
            file.write(stream.getvalue())

    def _go_on(self, state: Path) -> None:
        content = torch.load(state, weights_only=True)
        if content["settings"] != self.settings:
            raise ValueError(f"{state}: of another run; go on with its settings, or remove it")
        self.iteration, self.least = content["iteration"], content["least"]
        self.best = QuantizationTables(*(table.numpy().astype(np.uint16) for table in content["best"]))
        with torch.no_grad():
            self.jpeg.log_steps.copy_(content["log_steps"])
        self.mean = content["mean"].to(self.mean)
        self.descent.load_state_dict(content["descent"])
        self.fall.load_state_dict(content["fall"])


def _device(networks: Sequence[Network]) -> Any:
    return next((weight.device for network in networks for weight in network.model.parameters()), "cpu")
