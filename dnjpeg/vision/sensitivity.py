"""How much networks mind an error in each DCT coefficient: gradients through decoder and network.

The way of a coefficient is the decoder's, in real numbers: inverse DCT, upsampling, colour; then what the network sees
of the picture; then its loss. Gradients are taken at the unquantized coefficients, as they are coded.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.codec.format.frame import sampling_factors
from dnjpeg.statistics.origin import Failure
from dnjpeg.statistics.sensitivity import LOSSES, NetworkGradients, Sensitivity
from dnjpeg.vision.differentiable.pipeline import Components, coefficients_to_pixels, pixels_to_coefficients
from dnjpeg.vision.networks import Network

__all__ = ["Picture", "coefficient_gradients", "collect_sensitivity"]

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """An image that is to be looked at.

    Parameters
    ----------
    name : str
        What tells it apart.
    open : callable
        Returns its pixels, uint8 ``(H, W, 3)`` RGB or ``(H, W)`` gray; raises OSError or ValueError.
    label : int, optional
        Its class, where the loss needs one.
    """

    name: str
    open: Callable[[], Pixels]
    label: int | None = None


def coefficient_gradients(
    images: torch.Tensor,
    network: Network,
    *,
    subsampling: str = "4:2:0",
    loss: str = "kl",
    labels: torch.Tensor | None = None,
    directions: torch.Tensor | None = None,
) -> Components:
    """Gradients of a network's loss with respect to each coefficient of each block.

    For the divergence the squares of these gradients have the diagonal of the Fisher matrix F as their mean over random
    directions v, and KL(p || p + dp) is near ``dc' F dc / 2`` for a change dc of the coefficients: the gradient is that
    of ``u . log p``, with ``u = sqrt(p) v - p (sqrt(p) . v)`` held fixed, whose covariance is ``diag(p) - p p'``.

    Parameters
    ----------
    images : Tensor, float32, (N, 3, H, W) or (N, 1, H, W)
        Whole numbers 0..255.
    network : Network
        Who looks.
    subsampling : str
        At which colours are coded.
    loss : {"kl", "labels"}
        See `dnjpeg.statistics.sensitivity.LOSSES`.
    labels : Tensor, int64, (N,), optional
        True classes, for ``"labels"``.
    directions : Tensor, float32, (N, classes), optional
        Standard normal numbers v, for ``"kl"``.

    Returns
    -------
    tuple of Tensor, (N, block_rows, block_cols, 8, 8)
        One a component, natural order.

    Raises
    ------
    ValueError
        If there is no such loss, or it lacks what it needs.
    """
    coefficients = tuple(
        component.detach().requires_grad_() for component in pixels_to_coefficients(images, subsampling=subsampling)
    )
    size = (images.shape[2], images.shape[3])
    pixels = coefficients_to_pixels(coefficients, size, subsampling=subsampling, exact=False)
    answers = network.log_probabilities(pixels)
    if loss == "labels" and labels is not None:
        total = torch.nn.functional.nll_loss(answers, labels, reduction="sum")
    elif loss == "kl" and directions is not None:
        p = answers.detach().exp()
        root = p.sqrt()
        total = ((root * directions - p * (root * directions).sum(1, keepdim=True)) * answers).sum()
    else:
        raise ValueError(f"the loss {loss!r} is none of {', '.join(LOSSES)}, or lacks its labels or directions")
    return torch.autograd.grad(total, coefficients)


def collect_sensitivity(
    pictures: Iterable[Picture],
    networks: Sequence[Network],
    *,
    subsampling: str = "4:2:0",
    loss: str = "kl",
    draws: int = 2,
    batch_size: int = 4,
    data: str | None = None,
    begun: Sensitivity | None = None,
    checkpoint: Callable[[Sensitivity], object] = lambda so_far: None,
    every: int = 32,
    progress: Callable[[int], object] = lambda pictures: None,
    device: str = "cpu",
) -> tuple[Sensitivity, tuple[Failure, ...]]:
    """Add up the gradients of networks over images, a batch of one size at a time.

    Parameters
    ----------
    pictures : iterable of Picture
        RGB images; gray ones count in Y alone. Those that `begun` has are left out.
    networks : sequence of Network
        Who look; see `Sensitivity.mean_square` for how they are averaged.
    subsampling, loss
        As in `coefficient_gradients`.
    draws : int
        Random directions an image; they depend on its name alone.
    batch_size : int
        Images of one size that are looked at together.
    data : str, optional
        A name of the images for the provenance.
    begun : Sensitivity, optional
        What an earlier run saved.
    checkpoint : callable
        Called with what there is after about `every` images.
    progress : callable
        Called with the number of images that are done since its last call.
    device : str
        Where the networks are.

    Returns
    -------
    Sensitivity, tuple of Failure
        And the images that could not be read.

    Raises
    ------
    ValueError
        If an argument is none of the above, `begun` was made otherwise, or no image could be read.
    """
    sampling_factors(subsampling)
    if loss not in LOSSES or draws < 1 or batch_size < 1 or not networks:
        raise ValueError(f"sensitivities need networks, a loss ({', '.join(LOSSES)}), draws and a batch size from 1 on")
    nothing = np.zeros((3, 8, 8))
    total = Sensitivity(
        components=("Y", "Cb", "Cr"),
        subsampling=subsampling,
        loss=loss,
        draws=draws if loss == "kl" else 1,
        networks=tuple(NetworkGradients(n.name, n.weights_hash, nothing, nothing) for n in networks),
        blocks=(0, 0, 0),
        data=data,
    )
    if begun is not None:
        if not total.continues(begun):
            raise ValueError("the sensitivities to go on with are of other networks, settings or data")
        total = begun
    classes = [_class_count(network, device) for network in networks]
    known, failures, saved = set(total.images), list[Failure](), len(total.images)
    fresh = (picture for picture in pictures if picture.name not in known)
    for batch in _batches(fresh, batch_size, failures):
        total = _add(total, batch, networks, classes, device)
        progress(len(batch))
        if len(total.images) - saved >= every:
            checkpoint(total)
            saved = len(total.images)
    if not total.images:
        reason = f": {failures[0]}" if failures else ""
        raise ValueError(f"there is no image to take sensitivities from{reason}")
    return total, tuple(failures)


_Batch = list[tuple[Picture, Pixels]]


def _batches(pictures: Iterable[Picture], size: int, failures: list[Failure]) -> Iterator[_Batch]:
    """Batches of images of one shape; of the shapes that are begun none waits longer than for `size` other ones."""
    waiting: dict[tuple[int, ...], _Batch] = {}
    for picture in pictures:
        try:
            pixels = picture.open()
        except (OSError, ValueError) as error:
            failures.append(Failure(picture.name, str(error)))
            continue
        batch = waiting.setdefault(pixels.shape, [])
        batch.append((picture, pixels))
        if len(batch) == size:
            yield waiting.pop(pixels.shape)
        elif len(waiting) > size:
            yield waiting.pop(next(iter(waiting)))
    yield from waiting.values()


def _add(
    total: Sensitivity, batch: _Batch, networks: Sequence[Network], classes: Sequence[int], device: str
) -> Sensitivity:
    stacked = torch.from_numpy(np.stack([pixels.reshape(*pixels.shape[:2], -1) for _, pixels in batch]))
    images = stacked.permute(0, 3, 1, 2).float().to(device)
    pictures = [picture for picture, _ in batch]
    grown, blocks = [], list(total.blocks)
    of_kl = total.loss == "kl"
    for place, (network, sums) in enumerate(zip(networks, total.networks, strict=True)):
        squares, magnitudes = np.zeros((3, 8, 8)), np.zeros((3, 8, 8))
        for draw in range(total.draws):
            gradients = coefficient_gradients(
                images,
                network,
                subsampling=total.subsampling,
                loss=total.loss,
                labels=None if of_kl else _labels(pictures).to(device),
                directions=_directions(pictures, draw, network.name, classes[place]).to(images) if of_kl else None,
            )
            for index, gradient in enumerate(gradients):
                squares[index] += gradient.double().square().sum((0, 1, 2)).cpu().numpy() / total.draws
                magnitudes[index] += gradient.double().abs().sum((0, 1, 2)).cpu().numpy() / total.draws
        grown.append(sums.plus(squares, magnitudes))
    for index, gradient in enumerate(gradients):
        blocks[index] += gradient.shape[0] * gradient.shape[1] * gradient.shape[2]
    names = tuple(picture.name for picture in pictures)
    return replace(total, networks=tuple(grown), blocks=tuple(blocks), images=total.images + names)


def _labels(pictures: Sequence[Picture]) -> torch.Tensor:
    missing = [picture.name for picture in pictures if picture.label is None]
    if missing:
        raise ValueError(f"{missing[0]} has no label, which this loss needs")
    return torch.tensor([picture.label for picture in pictures])


def _class_count(network: Network, device: str) -> int:
    with torch.no_grad():
        return network.log_probabilities(torch.full((1, 3, 64, 64), 128.0, device=device)).shape[1]


def _directions(pictures: Sequence[Picture], draw: int, name: str, classes: int) -> torch.Tensor:
    """Draw standard normal numbers that the names and the draw decide: so a resumed run goes on as it would have."""
    rows = []
    for picture in pictures:
        seed = zlib.crc32(f"{draw} {name} {picture.name}".encode())
        rows.append(torch.randn(classes, generator=torch.Generator().manual_seed(seed)))
    return torch.stack(rows)
