"""From images and networks to files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.machine import TableLadder, activity, shipped_ladder, step_of_quality
from dnjpeg.machine.activity import WIDEST, step_factor
from dnjpeg.machine.coefficients import parts_of, smallest_file, transformed
from dnjpeg.machine.encoding import EFFORTS
from dnjpeg.vision.differentiable.interchange import to_coefficient_images
from dnjpeg.vision.in_the_loop.offsets import Search, rounded_for
from dnjpeg.vision.in_the_loop.scale import bearable_steps, expected_divergence
from dnjpeg.vision.networks import Network

__all__ = ["encode_for_networks"]

Pixels = npt.NDArray[np.uint8]


def encode_for_networks(
    images: Sequence[Pixels],
    networks: Sequence[Network],
    *,
    quality: int | None = None,
    step: float | None = None,
    trust: float = 0.5,
    subsampling: str = "4:2:0",
    ladder: TableLadder | None = None,
    effort: str = "best",
    search: Search | None = None,
    **written: Any,
) -> list[bytes]:
    """Encode images of one size so that what networks say of them changes least for the bytes.

    Each image gets tables as coarse as the networks bear in it, and its coefficients are rounded as suits them. The
    files are ordinary JPEG; how much of the gain other networks than these see is in the documentation.

    Parameters
    ----------
    images : sequence of ndarray, uint8, (H, W, 3) or (H, W)
        RGB or gray, all of one size: they are worked on together.
    networks : sequence of Network
        Who looks; more and more different ones are a gain for those that are not asked.
    quality : int, optional
        1..100; sets the step as in `dnjpeg.encode_for_machines`, so that files are about as large, and predictions
        change much less. 75 if `step` is not given either.
    step : float, optional
        Instead of that: step of luma's average band in an average image.
    trust : float
        0..1, how far the networks decide the step of each image, and not its activity. At 1 all images have the same
        divergence in these networks by plain rounding; other networks will not quite agree.
    subsampling, ladder, effort
        As in `dnjpeg.encode_for_machines`.
    search : Search, optional
        How coefficients are rounded; see there for the time it takes.
    **written
        Of `dnjpeg.encode`, for all images alike: metadata and restart intervals.

    Returns
    -------
    list of bytes
        Whole files, in the order of the images.

    Raises
    ------
    ValueError
        If an argument is none of the above.
    """
    if quality is not None and step is not None:
        raise ValueError("give one of quality and step, not both")
    if effort not in EFFORTS or not 0 <= trust <= 1:
        raise ValueError(f"the effort is one of {', '.join(EFFORTS)}, and trust is 0 to 1")
    shapes = {image.shape for image in images}
    if len(shapes) != 1 or any(shape[2:] not in ((), (3,)) or len(shape) < 2 for shape in shapes):
        raise ValueError("networks are shown RGB or gray images, of one size at a time")
    if not networks:
        raise ValueError("at least one network is needed")
    rungs = ladder or shipped_ladder()
    chosen = step if step is not None else step_of_quality(75 if quality is None else quality)
    batch = _tensor(images, networks)
    steps = chosen * np.array([step_factor(activity(image)) for image in images])
    expected = expected_divergence(chosen)
    if trust:
        bearable = bearable_steps(batch, networks, rungs, expected, subsampling=subsampling)
        steps = np.clip(steps ** (1 - trust) * bearable**trust, chosen / WIDEST, chosen * WIDEST)
    tables = [rungs.at(float(own)) for own in steps]
    coefficients = _coefficients(images, batch, subsampling)
    quantized = rounded_for(
        batch, tables, networks, expected=expected, coefficients=coefficients, subsampling=subsampling, search=search
    )
    size = (batch.shape[2], batch.shape[3])
    made = to_coefficient_images(quantized, tables, size, subsampling=subsampling)
    restarts = {name: written.pop(name) for name in ("restart", "restart_rows") if name in written}
    parts = parts_of(**written)
    return [smallest_file(replace(image, **parts), effort, **restarts) for image in made]


def _tensor(images: Sequence[Pixels], networks: Sequence[Network]) -> torch.Tensor:
    device: Any = next((weight.device for network in networks for weight in network.model.parameters()), "cpu")
    stacked = np.stack([image.reshape(*image.shape[:2], -1) for image in images])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float().to(device)


def _coefficients(images: Sequence[Pixels], batch: torch.Tensor, subsampling: str) -> tuple[torch.Tensor, ...]:
    each = [transformed(image, subsampling) for image in images]
    return tuple(torch.from_numpy(np.stack(component)).to(batch) / 8 for component in zip(*each, strict=True))
