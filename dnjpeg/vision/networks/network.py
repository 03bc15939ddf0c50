"""A network together with what it sees of a picture."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from dnjpeg.vision.networks.view import Box, View

__all__ = ["Network", "frozen"]


def frozen(model: torch.nn.Module) -> torch.nn.Module:
    """Put a model into evaluation mode, channels last, and take the gradients from its weights."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model.eval().to(memory_format=torch.channels_last)


@dataclass(frozen=True, eq=False)
class Network:
    """A classifier, from pixels of 0..255 to log-probabilities, with gradients.

    Parameters
    ----------
    name : str
        For reports and provenance.
    model : torch.nn.Module
        float32 ``(N, 3, size, size)`` to logits ``(N, classes)``; see `frozen`.
    view : View
        What it sees.
    weights_hash : str
        SHA-256 of the weights, hexadecimal; empty if nobody asked.
    bfloat16 : bool
        Compute in bfloat16 where that is faster: for gradients that only point the way.
    """

    name: str
    model: torch.nn.Module = field(repr=False)
    view: View
    weights_hash: str = ""
    bfloat16: bool = False

    def log_probabilities(self, images: torch.Tensor, box: Box | None = None) -> torch.Tensor:
        """Natural logarithms of the class probabilities, float32 (N, classes), of images as `View` takes them."""
        seen = self.view(images, box)
        with torch.autocast(seen.device.type, torch.bfloat16, enabled=self.bfloat16):
            logits: torch.Tensor = self.model(seen)
        return torch.log_softmax(logits.float(), dim=1)
