"""Values that are exact with gradients that are useful: rounding, and what takes the place of its derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

__all__ = ["ROUNDINGS", "Rounding", "attach", "bounded", "cubic", "integers", "resolve_rounding", "rounded", "soft"]

Rounding = str | Callable[[torch.Tensor], torch.Tensor]
"""``"straight-through"``, ``"cubic"``, ``"soft"``, or a function of a tensor that stands for rounding it."""


def attach(exact: torch.Tensor, smooth: torch.Tensor) -> torch.Tensor:
    """Give an exact value the gradient of a smooth one (the straight-through estimator).

    The sum below is `exact` to the last bit, for the parenthesis is zero.
    """
    return exact.detach().to(smooth.dtype) + (smooth - smooth.detach())


def integers(values: torch.Tensor) -> torch.Tensor:
    """Integers, int32, that a floating-point tensor holds up to rounding errors; halves to even."""
    return values.detach().round().to(torch.int32)


def half_away(x: torch.Tensor) -> torch.Tensor:
    """Round to the nearest integer, halves away from zero, as an encoder quantizes."""
    return torch.sign(x) * torch.floor(x.abs() + 0.5)


def cubic(x: torch.Tensor) -> torch.Tensor:
    """``[x] + (x - [x])^3``: rounding whose gradient is not zero but at integers.

    Source: R. Shin, D. Song, JPEG-resistant adversarial images, NIPS 2017 workshop on machine learning and security.
    """
    nearest = half_away(x.detach())
    return nearest + (x - nearest) ** 3


def soft(x: torch.Tensor, sharpness: float = 4.0) -> torch.Tensor:
    """Soft rounding: the identity for a `sharpness` of 0, rounding as it grows; once continuously differentiable.

    ::

        ⌊x⌋ + 1/2 + tanh(a r) / (2 tanh(a / 2)),    r = x - ⌊x⌋ - 1/2

    Source: E. Agustsson, L. Theis, Universally quantized neural compression, NeurIPS 2020, equation 16.
    """
    floor = torch.floor(x.detach())
    r = x - floor - 0.5
    return floor + 0.5 + torch.tanh(sharpness * r) / (2 * math.tanh(sharpness / 2))


ROUNDINGS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "straight-through": lambda x: x,
    "cubic": cubic,
    "soft": soft,
}


def resolve_rounding(rounding: Rounding) -> Callable[[torch.Tensor], torch.Tensor]:
    """Find the surrogate of a name; a function is itself.

    Raises
    ------
    ValueError
        If the name is not one of `ROUNDINGS`.
    """
    if callable(rounding):
        return rounding
    if rounding not in ROUNDINGS:
        raise ValueError(f"unknown rounding {rounding!r}: choose from {', '.join(ROUNDINGS)}, or give a function")
    return ROUNDINGS[rounding]


def rounded(x: torch.Tensor, rounding: Rounding = "straight-through", *, hard: bool = True) -> torch.Tensor:
    """Round to integers, halves away from zero, with the gradient of a surrogate.

    Parameters
    ----------
    x : Tensor
        Floating point.
    rounding : str or callable
        The surrogate: ``"straight-through"``, x itself, with gradient 1; ``"cubic"``; ``"soft"``; or a function.
    hard : bool
        True: the value is rounded. False: it is the surrogate's own, and so the gradient is its true one.
    """
    surrogate = resolve_rounding(rounding)(x)
    return attach(half_away(x), surrogate) if hard else surrogate


class _Bounded(torch.autograd.Function):
    """Clamp, with the gradient of the identity unless following it would lead further out."""

    @staticmethod
    def forward(x: torch.Tensor, low: float, high: float) -> torch.Tensor:
        return x.clamp(low, high)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, float, float], output: torch.Tensor) -> None:
        x, ctx.low, ctx.high = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (x,), (gradient,) = ctx.saved_tensors, gradients
        outwards = ((x < ctx.low) & (gradient > 0)) | ((x > ctx.high) & (gradient < 0))
        return gradient.masked_fill(outwards, 0), None, None


def bounded(x: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """Clamp so that descent can lead back: the gradient is blocked only where a step against it leads further out."""
    return _Bounded.apply(x, low, high)  # type: ignore[no-any-return]
