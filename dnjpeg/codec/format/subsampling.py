"""Sampling factors as a caller names them: 4:2:0, the text of cjpeg's ``-sample``, or numbers."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence

from dnjpeg.codec.format.color import COLORS
from dnjpeg.codec.format.frame import SUBSAMPLINGS

__all__ = ["Factors", "Subsampling", "SubsamplingLike", "component_factors", "resolve_subsampling"]

Factors = tuple[tuple[int, int], ...]
SubsamplingLike = str | Sequence[tuple[int, int]]
Subsampling = str | Factors

LARGEST = 4  # Hi, Vi at most (B.2.2)
_SAMPLE = re.compile(r"[0-9]+[xX][0-9]+(,[0-9]+[xX][0-9]+)*")


def resolve_subsampling(subsampling: SubsamplingLike) -> Subsampling:
    """Turn what the caller named into one of `SUBSAMPLINGS`, or factors ``(H, V)`` of the first components.

    Raises
    ------
    ValueError
        If it is neither a name nor factors 1 to 4.
    """
    if isinstance(subsampling, str):
        if subsampling in SUBSAMPLINGS:
            return subsampling
        if _SAMPLE.fullmatch(subsampling) is None:
            raise ValueError(
                f"unknown subsampling {subsampling!r}: choose from {', '.join(SUBSAMPLINGS)}, "
                "or name factors like 2x1,1x1,1x1"
            )
        pairs = [tuple(map(int, re.split("[xX]", pair))) for pair in subsampling.split(",")]
    else:
        try:
            pairs = [(operator.index(horizontal), operator.index(vertical)) for horizontal, vertical in subsampling]
        except (TypeError, ValueError):
            raise ValueError(f"subsampling {subsampling!r}, must be a name or pairs of sampling factors") from None
    if not pairs:
        raise ValueError("no sampling factors")
    for horizontal, vertical in pairs:
        if not (1 <= horizontal <= LARGEST and 1 <= vertical <= LARGEST):
            raise ValueError(f"sampling factors {horizontal}x{vertical}, must be 1 to {LARGEST}")
    return tuple((horizontal, vertical) for horizontal, vertical in pairs)


def component_factors(subsampling: Subsampling, color: str) -> Factors:
    """Return the sampling factors of each component of an image that is to be encoded.

    A name tells of chroma only. Of factors, components without any have 1 and 1, as with cjpeg.

    Raises
    ------
    ValueError
        If the resolutions of two components have no whole ratio: how to make these is not defined, nor in libjpeg.
    """
    model = COLORS[color]
    indices = range(len(model.identifiers))
    if isinstance(subsampling, str):
        others = SUBSAMPLINGS[subsampling] if model.chroma else (1, 1)
        return tuple((1, 1) if index in model.chroma else others for index in indices)
    factors = tuple(subsampling[index] if index < len(subsampling) else (1, 1) for index in indices)
    largest = max(h for h, _ in factors), max(v for _, v in factors)
    for index, (horizontal, vertical) in enumerate(factors):
        if largest[0] % horizontal or largest[1] % vertical:
            raise ValueError(
                f"sampling factors {horizontal}x{vertical} of component {index}: "
                f"the ratio to the largest, {largest[0]}x{largest[1]}, must be whole"
            )
    return factors
