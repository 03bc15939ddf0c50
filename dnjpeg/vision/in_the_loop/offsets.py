"""Task-aware rounding: an offset before each coefficient is rounded, found by descent on what networks say.

A coefficient halfway between two steps may be rounded either way at the same squared error; thousands of such choices
decide whether a network still sees what it saw. The offsets are bounded, so that none moves a coefficient further than
a step's chosen part, and the file stays an ordinary JPEG near its source. Descent goes through dequantization, inverse
DCT, upsampling, colour and what the network sees; rounding counts as the identity (straight-through).

In every other iteration networks look at another section of the picture: an offset that helps only on one grid of
pixels helps only the one network that has it. Predictions are compared at a temperature: at their own, a network that
is sure of its answer says nothing of its second thoughts, which other networks take for their first. In the end, what
was found is kept for the images that it is better for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from dnjpeg.tables import QuantizationTables
from dnjpeg.vision.differentiable.pipeline import Components, coefficients_to_pixels, pixels_to_coefficients
from dnjpeg.vision.differentiable.rate import estimate_bits
from dnjpeg.vision.differentiable.rounding import attach, half_away
from dnjpeg.vision.networks import Box, Network

__all__ = ["Search", "rounded_for"]


@dataclass(frozen=True)
class Search:
    """How offsets are sought.

    Parameters
    ----------
    iterations : int
        Steps of Adam; 0: plain rounding. Every other one, the last among them, looks at the networks' own view.
    limit : float
        Largest offset, in quantization steps, up to 1/2.
    zoom : float
        The other views are larger or smaller by up to this part, anywhere in the picture.
    rate : float
        What bits count: a file that grows by 1 % counts as much as `rate` per cent of the divergence that plain
        rounding is expected to have. Above 0, coefficients also move to where they cost less.
    temperature : float
        Logits are divided by it before divergences are taken, and these multiplied by its square, so that small ones
        stay of one size: 1 counts what the networks answer, infinity would count all logits alike.
    in_turn : bool
        Ask one network an iteration, in turn, and not all: as many iterations in less time.
    seed : int
        Of the views: the same seed makes the same file.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    iterations: int = 8
    limit: float = 0.2
    zoom: float = 0.15
    rate: float = 1.0
    temperature: float = 2.0
    in_turn: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not (self.iterations >= 0 and 0 <= self.limit <= 0.5):
            raise ValueError("iterations are 0 or more, and the limit of offsets is 0 to 0.5")
        if not (0 <= self.zoom < 1 and self.rate >= 0):
            raise ValueError("views are larger or smaller by less than 1, and the rate counts 0 or more")
        if not 0 < self.temperature < math.inf:
            raise ValueError("a temperature is a number above 0")


def rounded_for(
    images: torch.Tensor,
    tables: Sequence[QuantizationTables],
    networks: Sequence[Network],
    *,
    expected: float,
    coefficients: Components | None = None,
    subsampling: str = "4:2:0",
    search: Search | None = None,
) -> Components:
    """Quantize images so that what networks say of them changes little.

    Parameters
    ----------
    images : Tensor, float32, (N, 3, H, W) or (N, 1, H, W)
        RGB or gray, whole numbers 0..255, where the networks are.
    tables : sequence of QuantizationTables
        One an image.
    networks : sequence of Network
        Whose divergences are averaged.
    expected : float
        Divergence, in nats, that plain rounding has on average in images at such steps: what bits are weighed against.
    coefficients : tuple of Tensor, (N, block_rows, block_cols, 8, 8), optional
        What is to be quantized, on the scale of the orthonormal DCT; otherwise the images' as libjpeg codes them.
    subsampling : str
        As in `dnjpeg.encode`.
    search : Search, optional
        How.

    Returns
    -------
    tuple of Tensor, (N, block_rows, block_cols, 8, 8)
        Quantized coefficients, one a component, natural order; each at most one step from plain rounding.

    Raises
    ------
    ValueError
        If there is not one table an image, or no network.
    """
    if len(tables) != len(images) or not networks:
        raise ValueError(f"{len(images)} images need tables each, not {len(tables)}, and at least one network")
    search = search or Search()
    size = (images.shape[2], images.shape[3])
    steps = _steps(tables, images)
    with torch.no_grad():
        coded = coefficients or pixels_to_coefficients(images, subsampling=subsampling)
        scaled = [c / q for c, q in zip(coded, steps, strict=True)]
    offsets = [torch.zeros_like(values, requires_grad=True) for values in scaled]
    # Fast to forget: there are few iterations, and each looks at another view.
    descent = torch.optim.Adam(offsets, lr=search.limit / 3, betas=(0.8, 0.95))
    chance = torch.Generator().manual_seed(search.seed)
    with torch.no_grad():
        per_bit = search.rate * expected / estimate_bits(scaled)
    divergence = _Divergence(images, search)
    for iteration in range(search.iterations):
        moved = [values + offset for values, offset in zip(scaled, offsets, strict=True)]
        dequantized = [attach(half_away(values), values) * q for values, q in zip(moved, steps, strict=True)]
        decoded = coefficients_to_pixels(dequantized, size, subsampling=subsampling, exact=False)
        turn = (search.iterations - 1 - iteration) // 2 if search.in_turn else 0
        asked = [networks[turn % len(networks)]] if search.in_turn else networks
        own = (search.iterations - iteration) % 2 == 1
        apart = [divergence(decoded, network, None if own else chance) for network in asked]
        loss = torch.stack(apart).mean()
        if search.rate:
            loss = loss + (per_bit * estimate_bits(moved)).sum()
        descent.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        descent.step()
        with torch.no_grad():
            for offset in offsets:
                offset.clamp_(-search.limit, search.limit)
    with torch.no_grad():
        plain = tuple(half_away(values) for values in scaled)
        if not search.iterations:
            return plain
        found = tuple(half_away(values + offset) for values, offset in zip(scaled, offsets, strict=True))
        apart = _divergences_in_full(images, (plain, found), steps, networks, subsampling)
        costs = [own + per_bit * estimate_bits(made) for own, made in zip(apart, (plain, found), strict=True)]
        worse = (costs[1] > costs[0])[:, None, None, None, None]
        return tuple(torch.where(worse, a, b) for a, b in zip(plain, found, strict=True))


def _divergences_in_full(
    images: torch.Tensor,
    roundings: Sequence[Components],
    steps: Sequence[torch.Tensor],
    networks: Sequence[Network],
    subsampling: str,
) -> list[torch.Tensor]:
    """Mean over networks of each image's divergence in their own view, in float32 and of the decoder's very pixels.

    At fine steps bfloat16 cannot tell two roundings apart: what it found there may be worse than plain rounding.
    """
    size = (images.shape[2], images.shape[3])
    precise = [replace(network, bfloat16=False) for network in networks]
    before = [network.log_probabilities(images) for network in precise]
    means = []
    for quantized in roundings:
        dequantized = [k * q for k, q in zip(quantized, steps, strict=True)]
        decoded = coefficients_to_pixels(dequantized, size, subsampling=subsampling)
        after = [network.log_probabilities(decoded) for network in precise]
        means.append(torch.stack([(p.exp() * (p - q)).sum(1) for p, q in zip(before, after, strict=True)]).mean(0))
    return means


def _steps(tables: Sequence[QuantizationTables], images: torch.Tensor) -> list[torch.Tensor]:
    """Give the steps of each component, (N, 1, 1, 8, 8)."""
    count = images.shape[1]
    each = [torch.tensor([own.for_components(count)[i].tolist() for own in tables]) for i in range(count)]
    return [values.to(images)[:, None, None] for values in each]


class _Divergence:
    """Sum over images of the divergence at the search's temperature, in networks' own views or in others."""

    def __init__(self, images: torch.Tensor, search: Search) -> None:
        self.images, self.search = images, search
        self.before: dict[Network, torch.Tensor] = {}  # in their own views

    def __call__(self, decoded: torch.Tensor, network: Network, chance: torch.Generator | None) -> torch.Tensor:
        """Return it in a view drawn by chance, or in the network's own without."""
        box = None
        if chance is not None:
            down, right, zoom = (2 * torch.rand(3, generator=chance) - 1).tolist()
            height, width = self.images.shape[2:]
            box = network.view.moved(height, width, down, right, 1 + self.search.zoom * zoom)
        before = self.before.get(network) if box is None else None
        if before is None:
            with torch.no_grad():
                before = self._answers(network, self.images, box)
            if box is None:
                self.before[network] = before
        apart = (before.exp() * (before - self._answers(network, decoded, box))).sum()
        return self.search.temperature**2 * apart

    def _answers(self, network: Network, images: torch.Tensor, box: Box | None) -> torch.Tensor:
        return torch.log_softmax(network.log_probabilities(images, box) / self.search.temperature, dim=1)
