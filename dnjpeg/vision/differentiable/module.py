"""JPEG as a layer of a network, with tables that can be learned."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Literal, NamedTuple

import numpy as np
import torch

from dnjpeg.api import TablesLike, encode
from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.tables import QuantizationTables
from dnjpeg.vision.differentiable.pipeline import (
    Components,
    check_images,
    coefficients_to_pixels,
    dequantize,
    pixels_to_coefficients,
)
from dnjpeg.vision.differentiable.rate import estimate_bits
from dnjpeg.vision.differentiable.rounding import Rounding, attach, bounded, resolve_rounding, rounded
from dnjpeg.vision.transforms.compression import choose_tables

__all__ = ["Compressed", "DifferentiableJpeg", "Fidelity"]

Fidelity = Literal["exact", "hard", "soft"]


class Compressed(NamedTuple):
    """What became of a batch of images.

    Attributes
    ----------
    pixels : Tensor, (N, C, H, W)
        As they are decoded, 0..255.
    bits : Tensor, (N,)
        `estimate_bits`: without headers.
    quantized : tuple of Tensor, (N, block_rows, block_cols, 8, 8)
        One a component, natural order, in units of the steps.
    """

    pixels: torch.Tensor
    bits: torch.Tensor
    quantized: Components


class DifferentiableJpeg(torch.nn.Module):
    """Compress and decompress images with JPEG, with gradients with respect to pixels and tables.

    Parameters
    ----------
    tables : QuantizationTables, str, path or int, optional
        To begin with; a value, the name of shipped tables, a table file, or a quality 1..100 of the standard tables.
    quality : int, optional
        1..100. Scales `tables`; without them, the standard tables. Neither: quality 75.
    subsampling : {"4:2:0", "4:4:4", "4:2:2", "4:4:0", "4:1:1"}
        Chroma subsampling; gray images have none.
    fidelity : {"exact", "hard", "soft"}
        What the values are; the gradients are alike.

        ``"exact"``: those of the codec, computed in its integers: the pixels are those of
        ``dnjpeg.decode(dnjpeg.encode(...))``, to the last bit, with the tables rounded to whole steps. Pixels that are
        not whole are rounded and clipped first.
        ``"hard"``: the same in real numbers; only coefficients, pixels that come in and steps are rounded. Faster;
        pixels differ by a level or two, and by more where a coefficient that lies between two steps is rounded the
        other way.
        ``"soft"``: in real numbers, coefficients through the surrogate of rounding: the gradient is the true one.
    rounding : {"straight-through", "cubic", "soft"} or callable
        Whose gradient takes the place of rounding's; see `rounded`. In ``"soft"`` fidelity also whose value:
        straight-through then means none at all.
    learnable : bool
        False: the tables are a buffer, and not a parameter.
    max_step : int
        Largest step; above 255, files need 16-bit tables.

    Attributes
    ----------
    log_steps : Parameter, (tables, 8, 8)
        Natural logarithms of the steps, natural order: steps from 1 to 255 are learned at one relative pace, and stay
        positive.

    Raises
    ------
    ValueError
        If an argument is none of the above.

    Notes
    -----
    Gradients are those of the linear stages in real numbers (colour, mean, DCT, triangle filter); rounding in them
    counts as the identity, and what is clipped to 0..255 has none. Steps that are rounded pass theirs on; below 1 or
    above `max_step`, they are held back only where a step against them would lead further out.

    Nothing leaves the device, and no operation depends on values: it compiles to one graph and works under `torch.func`
    and in double backward. Autocast has no influence within.

    Examples
    --------
    >>> jpeg = DifferentiableJpeg(quality=50)
    >>> images = torch.rand(2, 3, 33, 50) * 255
    >>> pixels, bits, quantized = jpeg.compress(images)
    >>> (loss(pixels) + 1e-6 * bits.sum()).backward()  # doctest: +SKIP
    >>> jpeg.tables().save("learned.json")  # doctest: +SKIP
    """

    def __init__(
        self,
        tables: TablesLike | None = None,
        *,
        quality: int | None = None,
        subsampling: str = "4:2:0",
        fidelity: Fidelity = "exact",
        rounding: Rounding = "straight-through",
        learnable: bool = True,
        max_step: int = 255,
    ) -> None:
        super().__init__()
        sampling_factors(subsampling)
        resolve_rounding(rounding)
        if fidelity not in {"exact", "hard", "soft"}:
            raise ValueError(f"unknown fidelity {fidelity!r}: choose exact, hard or soft")
        if not 1 <= max_step <= 65535:
            raise ValueError(f"the largest step is 1 to 65535, not {max_step!r}")
        chosen = choose_tables(tables, quality)
        if chosen.max_step > max_step:
            raise ValueError(f"a step of {chosen.max_step} is above the largest, {max_step}")
        self.subsampling, self.fidelity, self.rounding, self.max_step = subsampling, fidelity, rounding, max_step
        self._origin = chosen
        log_steps = torch.from_numpy(np.log(np.stack(chosen.arrays).astype(np.float64))).float()
        if learnable:
            self.log_steps: torch.Tensor = torch.nn.Parameter(log_steps)
        else:
            self.register_buffer("log_steps", log_steps)

    def extra_repr(self) -> str:
        """Tell the settings, for ``print``."""
        return f"{self._origin.name}, {self.subsampling}, fidelity={self.fidelity!r}, rounding={self.rounding!r}"

    @property
    def steps(self) -> torch.Tensor:
        """The steps as images are quantized with them, (tables, 8, 8), natural order, with their gradient.

        Whole numbers 1 to `max_step`, unless the fidelity is ``"soft"``.
        """
        return self.whole(torch.exp(self.log_steps))

    def whole(self, steps: torch.Tensor) -> torch.Tensor:
        """Bound steps, and round them unless the fidelity is ``"soft"``; the gradient passes."""
        steps = bounded(steps, 1, self.max_step)
        return steps if self.fidelity == "soft" else attach(steps.round(), steps)

    def tables(self, name: str | None = None) -> QuantizationTables:
        """Give the tables as they are now, for `dnjpeg.encode` and for files."""
        with torch.no_grad():
            arrays = torch.exp(self.log_steps).clamp(1, self.max_step).round().cpu().numpy().astype(np.uint16)
        return QuantizationTables(
            *arrays,
            name=name or "learned",
            provenance={
                "method": "gradient descent through DifferentiableJpeg",
                "parameters": {"subsampling": self.subsampling, "fidelity": self.fidelity},
                "tables": {"name": self._origin.name, "digest": self._origin.digest},
            },
        )

    def forward(self, images: torch.Tensor, steps: torch.Tensor | None = None) -> torch.Tensor:
        """Compress and decompress images.

        Parameters
        ----------
        images : Tensor, float32 or float64, (N, 3, H, W) or (N, 1, H, W)
            RGB or gray, 0..255.
        steps : Tensor, (tables, 8, 8) or (N, tables, 8, 8), optional
            Others than the module's, for all images or for each; natural order. Components beyond the last table use
            the last one.

        Returns
        -------
        Tensor
            Of the same shape, 0..255.

        Raises
        ------
        TypeError, ValueError
            If an argument is none of the above.
        """
        return self.compress(images, steps).pixels

    def compress(self, images: torch.Tensor, steps: torch.Tensor | None = None) -> Compressed:
        """Compress and decompress images, and estimate their size; parameters and errors are those of `forward`."""
        check_images(images)
        device = images.device.type
        with nullcontext() if device == "meta" else torch.autocast(device, enabled=False):
            each = self.component_steps(images, steps)
            scaled = tuple(c / q for c, q in zip(self.coefficients(images), each, strict=True))
            hard = self.fidelity != "soft"
            quantized = tuple(rounded(values, self.rounding, hard=hard) for values in scaled)
            pixels = coefficients_to_pixels(
                [dequantize(k, q) for k, q in zip(quantized, each, strict=True)],
                (images.shape[2], images.shape[3]),
                subsampling=self.subsampling,
                exact=self.fidelity == "exact",
            )
            return Compressed(pixels, estimate_bits(scaled, hard=hard), quantized)

    def coefficients(self, images: torch.Tensor) -> Components:
        """Unquantized coefficients of images; see `pixels_to_coefficients`."""
        if self.fidelity != "soft":
            images = attach(images.clamp(0, 255).round(), images.clamp(0, 255))
        return pixels_to_coefficients(images, subsampling=self.subsampling, exact=self.fidelity == "exact")

    def component_steps(self, images: torch.Tensor, steps: torch.Tensor | None = None) -> list[torch.Tensor]:
        """Give the steps of each component of some images, so shaped that coefficients can be divided by them."""
        steps = self.steps if steps is None else self.whole(steps)
        steps = steps.to(images)
        if steps.ndim not in {3, 4} or steps.shape[-2:] != (8, 8):
            raise ValueError(f"steps must be (tables, 8, 8) or (N, tables, 8, 8), not {tuple(steps.shape)}")
        if steps.ndim == 4:
            if steps.shape[0] != images.shape[0]:
                raise ValueError(f"{images.shape[0]} images need tables each, not {steps.shape[0]}")
            steps = steps[:, :, None, None]
        else:
            steps = steps[None, :, None, None]
        return [steps[:, min(index, steps.shape[1] - 1)] for index in range(images.shape[1])]

    def encode(self, images: torch.Tensor, *, optimize: bool = True, progressive: bool = False) -> list[bytes]:
        """Write the files whose pixels `forward` gives in ``"exact"`` fidelity with the module's own tables.

        Parameters
        ----------
        images : Tensor
            As in `forward`.
        optimize, progressive
            Entropy coding, as in `dnjpeg.encode`.
        """
        check_images(images)
        whole = images.detach().clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
        tables, wide = self.tables(), self.max_step > 255
        return [
            encode(
                np.ascontiguousarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]),
                tables=tables,
                subsampling=self.subsampling,
                wide_tables=wide,
                optimize=optimize,
                progressive=progressive,
            )
            for pixels in whole
        ]
