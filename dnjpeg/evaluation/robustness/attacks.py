"""Attacks, from Foolbox (Rauber et al., JOSS 2020): images that look the same and are classified otherwise."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

__all__ = ["ATTACKS", "AttackSettings", "attack"]

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class AttackSettings:
    """How hard the attacks try.

    Parameters
    ----------
    steps : int
        Of BIM and PGD. The length of one is 2.5 times the bound, divided by their number.
    deepfool_steps, deepfool_candidates : int
        Iterations at most, and how many of the likeliest classes are tried.
    deepfool_overshoot : float
        By which part DeepFool goes beyond the boundary; the little that is usual is often undone by rounding to pixels.
    cw_steps, cw_searches : int
        Of CW2: steps of each search, and how many constants are tried.
    cw_confidence : float
        By how much the wrong logit shall exceed the right one, so that rounding to pixels does not undo the attack.
    batch_size : int
        Images at a time.
    seed : int
        Of random starts.
    """

    steps: int = 20
    deepfool_steps: int = 30
    deepfool_candidates: int = 10
    deepfool_overshoot: float = 0.02
    cw_steps: int = 100
    cw_searches: int = 5
    cw_confidence: float = 1.0
    batch_size: int = 50
    seed: int = 1803


def _foolbox(part: str) -> Any:
    """Import a part of Foolbox, which nothing but attacks needs."""
    return importlib.import_module(f"foolbox.{part}")


def _pgd(settings: AttackSettings, start: bool) -> Any:
    return _foolbox("attacks").LinfProjectedGradientDescentAttack(
        rel_stepsize=2.5 / settings.steps, steps=settings.steps, random_start=start
    )


def _fgsm(_: AttackSettings) -> Any:
    return _foolbox("attacks").LinfFastGradientAttack()


def _deepfool(settings: AttackSettings) -> Any:
    return _foolbox("attacks").L2DeepFoolAttack(
        steps=settings.deepfool_steps,
        candidates=settings.deepfool_candidates,
        overshoot=settings.deepfool_overshoot,
    )


def _cw2(settings: AttackSettings) -> Any:
    return _foolbox("attacks").L2CarliniWagnerAttack(
        binary_search_steps=settings.cw_searches,
        steps=settings.cw_steps,
        stepsize=0.01,
        confidence=settings.cw_confidence,
        initial_const=1.0,
    )


ATTACKS: dict[str, tuple[bool, Callable[[AttackSettings], Any]]] = {
    "fgsm": (True, _fgsm),
    "bim": (True, lambda settings: _pgd(settings, start=False)),
    "pgd": (True, lambda settings: _pgd(settings, start=True)),
    "deepfool": (False, _deepfool),
    "cw2": (False, _cw2),
}
"""By name: whether it takes a bound, and what makes it.

FGSM: one step (Goodfellow et al., 2015). BIM: several (Kurakin et al., 2017). PGD: those from a random start (Madry et
al., 2018). DeepFool (Moosavi-Dezfooli et al., 2016) and CW2 (Carlini and Wagner, 2017): the smallest L2 change.
"""


def attack(
    network: nn.Module,
    spec: str,
    images: Pixels,
    labels: npt.NDArray[np.int64],
    settings: AttackSettings | None = None,
) -> Pixels:
    """Attack a network, untargeted.

    Parameters
    ----------
    network : torch.nn.Module
        Pixels of 0..255 to logits; see `Victim`. For an adaptive attack: behind the defence's differentiable twin.
    spec : str
        ``"fgsm:2"``, ``"bim:2"``, ``"pgd:2"``: none of an image's values is changed by more than 2 of 255 levels, and
        ``"pgd:2x100"`` takes 100 steps, whatever the settings say; ``"deepfool"``, ``"cw2"``: as little as it takes.
    images : ndarray, uint8, (N, h, w, 3)
        What is attacked.
    labels : ndarray, int64, (N,)
        Their true classes.
    settings : AttackSettings, optional
        How hard.

    Returns
    -------
    ndarray, uint8, (N, h, w, 3)
        What came of it, rounded to whole levels as any file or camera would; also where the attack failed.

    Raises
    ------
    ValueError
        If there is no such attack.
    ModuleNotFoundError
        If Foolbox is not installed.
    """
    settings = settings or AttackSettings()
    make, bound, steps = _parse(spec)
    if steps is not None:
        settings = replace(settings, steps=steps)
    torch.manual_seed(settings.seed)
    device = next(iter(network.buffers())).device
    model = _foolbox("models").PyTorchModel(_Unit(network).eval(), bounds=(0, 1), device=device)
    method = make(settings)
    found = []
    for start in range(0, len(images), settings.batch_size):
        part = slice(start, start + settings.batch_size)
        batch = torch.from_numpy(images[part]).permute(0, 3, 1, 2).float().div(255).to(device)
        truth = torch.from_numpy(labels[part]).to(device)
        _, clipped, _ = method(model, batch, truth, epsilons=None if bound is None else bound / 255)
        levels = clipped.detach().mul(255).round().clamp(0, 255).to(torch.uint8)
        found.append(levels.permute(0, 2, 3, 1).cpu().numpy())
    return np.ascontiguousarray(np.concatenate(found))


def _parse(spec: str) -> tuple[Callable[[AttackSettings], Any], float | None, int | None]:
    """Find what makes an attack, its bound and its number of steps."""
    name, colon, rest = spec.partition(":")
    if name not in ATTACKS:
        raise ValueError(f"unknown attack {spec!r}: choose from {', '.join(ATTACKS)}")
    bounded, make = ATTACKS[name]
    bound, times, steps = rest.partition("x")
    wrong = not bound.isdecimal() or (bool(times) and (not steps.isdecimal() or int(steps) < 1 or name == "fgsm"))
    if bounded != bool(colon) or (bounded and wrong):
        raise ValueError(
            f"attack {spec!r}: " + ("write its bound in levels, pgd:2 or pgd:2x100" if bounded else "it has no bound")
        )
    return make, float(bound) if bounded else None, int(steps) if times else None


class _Unit(nn.Module):
    """The network on values of 0 to 1, Foolbox's scale."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(images * 255)
        return logits
