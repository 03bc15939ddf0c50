"""A classifier as attacks see it: from the 8-bit pixels of its input on, with gradients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from dnjpeg.evaluation.classifiers import Classifier

__all__ = ["Victim", "as_seen", "victim_of"]

Pixels = npt.NDArray[np.uint8]


class Victim(nn.Module):
    """A network behind its normalisation, and possibly behind a defence.

    Parameters
    ----------
    network : torch.nn.Module
        Normalised images to logits; its weights lose their gradients.
    scale, offset : Tensor, float32, (3, 1, 1)
        What it sees of pixels x of 0..255 is x · scale + offset.
    defence : torch.nn.Module, optional
        Pixels of 0..255 to pixels of 0..255, with gradients; see `dnjpeg.evaluation.robustness.defences`.
    """

    scale: torch.Tensor
    offset: torch.Tensor

    def __init__(
        self, network: nn.Module, scale: torch.Tensor, offset: torch.Tensor, defence: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.network = network.eval().to(memory_format=torch.channels_last)  # gradients take two thirds of the time
        for parameter in network.parameters():
            parameter.requires_grad_(False)
        self.defence = defence
        self.register_buffer("scale", scale)
        self.register_buffer("offset", offset)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of images, float32 (N, 3, h, w), 0..255."""
        if self.defence is not None:
            images = self.defence(images)
        logits: torch.Tensor = self.network(images * self.scale + self.offset)
        return logits

    def behind(self, defence: nn.Module) -> Victim:
        """Return the same network behind a defence."""
        return Victim(self.network, self.scale, self.offset, defence)

    def predict(self, images: Pixels, *, batch_size: int = 50) -> npt.NDArray[np.int64]:
        """Predict classes, int64 (N,), of images, uint8 (N, h, w, 3)."""
        found = []
        with torch.inference_mode():
            for start in range(0, len(images), batch_size):
                batch = torch.from_numpy(images[start : start + batch_size]).permute(0, 3, 1, 2).float()
                found.append(self(batch.to(self.scale.device)).argmax(dim=1).cpu().numpy())
        return np.concatenate(found).astype(np.int64)


def victim_of(classifier: Classifier) -> Victim:
    """Take the network out of a classifier, and find its normalisation by asking for black, gray and white.

    Raises
    ------
    ValueError
        If the model is not a `torch.nn.Module`, or its preprocessing is not one factor and offset a channel.
    """
    if not isinstance(classifier.model, nn.Module):
        raise ValueError(f"{classifier.name}: attacks need the network itself (engine torch)")
    black, gray, white = (classifier.prepare(np.full((256, 256, 3), level, np.uint8)) for level in (0, 102, 255))
    offset, scale = black[:, :1, :1], (white - black)[:, :1, :1] / 255
    if not all(
        torch.allclose(seen, (level * scale + offset).expand_as(seen), atol=1e-4)
        for level, seen in ((0.0, black), (102.0, gray), (255.0, white))
    ):
        raise ValueError(f"{classifier.name}: its preprocessing is not one factor and offset a channel")
    return Victim(classifier.model, scale.clone(), offset.clone()).to(classifier.device)


def as_seen(classifier: Classifier, victim: Victim, pixels: Pixels) -> Pixels:
    """Cut and resize a picture as the classifier does, uint8 (h, w, 3): the pixels that its network sees.

    Raises
    ------
    ValueError
        If what the network sees are not whole pixels.
    """
    prepared = classifier.prepare(pixels)
    levels = ((prepared - victim.offset.cpu()) / victim.scale.cpu()).permute(1, 2, 0).numpy()
    whole = np.rint(levels)
    if np.abs(levels - whole).max() > 0.01 or whole.min() < 0 or whole.max() > 255:
        raise ValueError(f"{classifier.name}: its preprocessing does not end in 8-bit pixels")
    return np.ascontiguousarray(whole.astype(np.uint8))
