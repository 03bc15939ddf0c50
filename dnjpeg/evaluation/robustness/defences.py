"""Defences: transforms of 8-bit images that shall remove perturbations, each with a differentiable twin.

The twin computes the same pixels and has a useful gradient, so that an attacker who knows the defence can attack
through it (backward pass differentiable approximation, BPDA: Athalye et al., ICML 2018).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.vision import DifferentiableJpeg, FeatureDistillation, JpegCompression
from dnjpeg.vision.differentiable.rounding import attach

__all__ = ["Defence", "parse_defence"]

Pixels = npt.NDArray[np.uint8]

_SPEC = re.compile(r"(none)|jpeg:(\d+)|bits:([1-8])|(fd-v1|fd-code)(\+rgb)?")


@dataclass(frozen=True)
class Defence:
    """A defence.

    Parameters
    ----------
    name : str
        As it is written, see `parse_defence`.
    apply : callable
        One image, uint8 (h, w, 3), to one.
    twin : callable
        Makes the differentiable module: float32 (N, 3, h, w), 0..255, to the same. Its values for whole pixels are
        those of `apply`.
    """

    name: str
    apply: Callable[[Pixels], Pixels] = field(repr=False)
    twin: Callable[[], nn.Module] = field(repr=False)

    def __call__(self, images: Pixels) -> Pixels:
        """Defend images, uint8 (N, h, w, 3)."""
        return np.stack([self.apply(image) for image in images])


def parse_defence(spec: str, *, subsampling: str = "4:4:4") -> Defence:
    """Make a defence of what was written.

    ==================  ========================================================================================
    ``none``            nothing
    ``jpeg:75``         standard JPEG of this quality
    ``bits:4``          so many bits a sample (feature squeezing: Xu et al., NDSS 2018)
    ``fd-v1``           Feature Distillation, first version: each image's own tables, 1 for its 15 strongest bands
                        and 40 for the others
    ``fd-code``         Feature Distillation, the authors' code: 30, and 25 for the 4x4 lowest frequencies
    ``fd-v1+rgb``,      the same on R, G and B, each by itself, as in the authors' code
    ``fd-code+rgb``
    ==================  ========================================================================================

    Parameters
    ----------
    spec : str
        As above.
    subsampling : str
        Of what has chroma.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    sampling_factors(subsampling)
    found = _SPEC.fullmatch(spec)
    if not found:
        raise ValueError(f"unknown defence {spec!r}: choose none, jpeg:QUALITY, bits:N, fd-v1, fd-code; +rgb")
    nothing, quality, bits, method, rgb = found.groups()
    if nothing:
        return Defence(spec, lambda image: image, nn.Identity)
    if quality:
        transform = JpegCompression(quality=int(quality), subsampling=subsampling)
        layer = partial(DifferentiableJpeg, quality=int(quality), subsampling=subsampling, learnable=False)
        return Defence(spec, transform, layer)
    if bits:
        return Defence(spec, partial(_reduce, bits=int(bits)), partial(_Reduced, int(bits)))
    distil = FeatureDistillation(method, subsampling=subsampling, color="rgb" if rgb else "ycbcr")  # type: ignore[arg-type]
    return Defence(spec, distil, partial(_Distilled, distil))


def _reduce(image: Pixels, bits: int) -> Pixels:
    top = 2**bits - 1
    levels: Pixels = np.rint(np.rint(image * (top / 255)) * (255 / top)).astype(np.uint8)
    return levels


class _Reduced(nn.Module):
    """Fewer bits, with the gradient of the identity."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self.top = 2**bits - 1

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            levels = (images.clamp(0, 255).round().double() * (self.top / 255)).round() * (255 / self.top)
        return attach(levels.round().to(images.dtype), images.clamp(0, 255))


class _Distilled(nn.Module):
    """Feature Distillation: each image's tables are those of its pixels as they are now; they have no gradient."""

    def __init__(self, transform: FeatureDistillation) -> None:
        super().__init__()
        self.transform = transform
        self.jpeg = DifferentiableJpeg(75, subsampling=transform.subsampling, learnable=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.transform.color == "rgb":
            planes = images.flatten(0, 1)[:, None]
            defended: torch.Tensor = self.jpeg(planes, self._steps(planes))
            return defended.reshape(images.shape)
        defended = self.jpeg(images, self._steps(images))
        return defended  # noqa: RET504 - the name has the type

    def _steps(self, images: torch.Tensor) -> torch.Tensor:
        whole = images.detach().clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        if self.transform.method == "fd-code":
            tables = self.transform.tables_for(whole[0])
            return torch.from_numpy(np.stack(tables.arrays).astype(np.float32)).to(images.device)
        shaped = whole if whole.shape[3] == 3 else whole[..., 0]
        count = 3 if whole.shape[3] == 3 else 1
        steps = [np.stack(self.transform.tables_for(image).for_components(count)) for image in shaped]
        return torch.from_numpy(np.stack(steps).astype(np.float32)).to(images.device)
