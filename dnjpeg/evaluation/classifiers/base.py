"""What a classifier is to the evaluator: pixels in, log-probabilities out, and a name for everything that matters."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from dnjpeg.vision.networks import Network, View, frozen

__all__ = ["Classifier", "ClassifierError", "hash_weights", "pick_device"]

Pixels = npt.NDArray[np.uint8]


class ClassifierError(ValueError):
    """A classifier cannot be had; the message says why."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network with its preprocessing.

    Parameters
    ----------
    name : str
        As the user named it.
    model : callable
        float32 tensor ``(N, 3, h, w)`` to logits, float tensor ``(N, classes)``. A `torch.nn.Module` is put into
        evaluation mode and moved to `device`. On a CPU it is called from several threads.
    preprocess : callable
        Pillow RGB image to float32 tensor ``(3, h, w)``, all of one size. Called from several threads.
    preprocessing : str
        What `preprocess` does, in words; recorded in every row, and part of what makes two measurements the same.
    weights_hash : str
        SHA-256 of the weights, hexadecimal; see `hash_weights`.
    class_names : tuple of str, optional
        Names of the classes, in order.
    device : str
        Where `model` runs: ``"cpu"``, ``"cuda"``.
    engine : str
        What runs it: PyTorch, or what `dnjpeg.evaluation.classifiers.engines` made of it.
    engine_difference : float, optional
        Largest difference found between a logit of the engine and PyTorch's.
    kept : float, optional
        Part of the shorter side that `preprocess` keeps of a picture, from its centre; None if that is not known.
        Views of a picture's border need it, see `dnjpeg.evaluation.crops`.
    view : View, optional
        The same preprocessing as a function with gradients, which sensitivities and encoding with the network need.
    """

    name: str
    model: Callable[[torch.Tensor], torch.Tensor] = field(repr=False)
    preprocess: Callable[[Image.Image], torch.Tensor] = field(repr=False)
    preprocessing: str
    weights_hash: str
    class_names: tuple[str, ...] | None = field(default=None, repr=False)
    device: str = "cpu"
    engine: str = f"torch {torch.__version__}"
    engine_difference: float | None = field(default=None, repr=False)
    kept: float | None = field(default=None, repr=False)
    view: View | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.model, torch.nn.Module):
            # Channels last: the same sums, two to four times as fast on a CPU.
            self.model.eval().to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def prepare(self, pixels: Pixels) -> torch.Tensor:
        """Preprocess one image, uint8 ``(H, W, 3)`` RGB or ``(H, W)`` gray."""
        return self.preprocess(Image.fromarray(pixels).convert("RGB"))

    def log_probabilities(self, batch: Sequence[torch.Tensor]) -> npt.NDArray[np.float32]:
        """Classify prepared images.

        Parameters
        ----------
        batch : sequence of tensor, float32, (3, h, w)
            What `prepare` returned.

        Returns
        -------
        ndarray, float32, (N, classes)
            Natural logarithms of the class probabilities.
        """
        images = torch.stack(list(batch)).to(self.device, memory_format=torch.channels_last)
        with (
            torch.inference_mode(),
            torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False),
        ):
            logits = self.model(images)
            return torch.log_softmax(logits.float(), dim=1).cpu().numpy()

    @cached_property
    def class_count(self) -> int:
        """How many classes the network tells apart, found by asking it once."""
        if self.class_names is not None:
            return len(self.class_names)
        gray = np.full((64, 64, 3), 128, np.uint8)
        return int(self.log_probabilities([self.prepare(gray)]).shape[1])

    def network(self, *, bfloat16: bool = False) -> Network:
        """Return the network with gradients with respect to the pixels; its weights lose theirs.

        Raises
        ------
        ClassifierError
            If there are none: the classifier has no `view`, or its model is not a `torch.nn.Module`.
        """
        if self.view is None or not isinstance(self.model, torch.nn.Module):
            raise ClassifierError(
                f"{self.name}: gradients need a torch.nn.Module and its preprocessing as a View (attribute view)"
            )
        return Network(self.name, frozen(self.model), self.view, self.weights_hash, bfloat16)

    @property
    def engine_description(self) -> str:
        """The engine, and how far its logits are from PyTorch's."""
        if self.engine_difference is None:
            return self.engine
        return f"{self.engine} (logits within {self.engine_difference:.1g} of PyTorch's)"

    @property
    def identity(self) -> tuple[str, ...]:
        """Everything that decides a prediction."""
        return (
            self.name,
            self.weights_hash,
            self.preprocessing,
            f"torch {torch.__version__}",
            self.engine,
            torch.device(self.device).type,
        )


def hash_weights(module: torch.nn.Module) -> str:
    """SHA-256 of a network's parameters and buffers, with their names and shapes, hexadecimal."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return digest.hexdigest()


def pick_device(wanted: str | None) -> str:
    """Return the device to run on: the one wanted, else CUDA where there is one, else the CPU.

    Raises
    ------
    ClassifierError
        If there is no such device.
    """
    if wanted is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=wanted)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ClassifierError(f"device {wanted!r} is not available ({str(error).splitlines()[0]})") from None
    return wanted
