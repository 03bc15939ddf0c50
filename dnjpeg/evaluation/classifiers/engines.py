"""A faster way to run a network on a CPU, taken only if its answers are plain PyTorch's.

OpenVINO folds normalization into convolutions, lays weights out for the processor and fuses layers: EfficientNet-Lite0
runs three to four times as fast as in PyTorch, in the same 32-bit arithmetic. What it says is compared with PyTorch on
pictures made for it before it is trusted; the network's own code stays the definition.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from dnjpeg.evaluation.classifiers.base import Classifier, ClassifierError

__all__ = ["ENGINES", "TOLERANCE", "CompiledNetwork", "check_pictures", "with_engine"]

ENGINES = ("auto", "torch", "openvino")
TOLERANCE = 1e-4
"""How far a class probability may be from plain PyTorch's."""

Pixels = npt.NDArray[np.uint8]
Logits = npt.NDArray[np.float32]


class CompiledNetwork:
    """A network compiled by OpenVINO for the CPU; called as the network itself is, from any thread.

    Images are taken one by one: small networks are no slower for it, their layers' outputs stay in the processor's
    caches, and an answer does not depend on what else is in the batch.

    Parameters
    ----------
    network : torch.nn.Module
        In evaluation mode, on the CPU. What it does may not depend on what an image shows; `torch.export` finds out.
    shape : tuple of int
        Of one image, ``(3, h, w)``.

    Raises
    ------
    ImportError
        If OpenVINO is not installed.
    Exception
        Whatever OpenVINO raises for a network that it cannot convert.
    """

    def __init__(self, network: torch.nn.Module, shape: tuple[int, ...]) -> None:
        openvino = _import_quietly()
        model = _converted(network, shape)
        model.reshape([1, *shape])
        # 32-bit arithmetic is asked for: the default rounds to bfloat16 on processors that have it. Each thread that
        # asks has a stream of its own, which one core serves.
        threads = max(2, torch.get_num_threads())
        options: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": threads,
            "INFERENCE_NUM_THREADS": threads,
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled = openvino.Core().compile_model(model, "CPU", options)
        self._local = threading.local()

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Logits, float32 ``(N, classes)``, of images, float32 ``(N, 3, h, w)``."""
        if not hasattr(self._local, "request"):
            self._local.request = self._compiled.create_infer_request()
        answers = [self._answer(image) for image in images.contiguous().numpy()]
        return torch.from_numpy(np.concatenate(answers))

    def _answer(self, image: npt.NDArray[np.float32]) -> Logits:
        found: Logits = self._local.request.infer([image[None]])[0]
        return found.copy()  # the request's own memory is written again by the next image


def _import_quietly() -> Any:
    """Import OpenVINO without its telemetry: it would report to its makers that it was imported.

    Where the package for that is missing it does without; so it is missing while OpenVINO is imported.
    """
    hidden = "openvino_telemetry"
    known = hidden in sys.modules
    sys.modules.setdefault(hidden, None)  # type: ignore[arg-type]  # importing it is then an ImportError
    try:
        return importlib.import_module("openvino")
    finally:
        if not known:
            del sys.modules[hidden]


def _converted(network: torch.nn.Module, shape: tuple[int, ...]) -> Any:
    """Translate a network to OpenVINO's model, from what `torch.export` makes of it."""
    from openvino.frontend import FrontEndManager  # noqa: PLC0415
    from openvino.frontend.pytorch.fx_decoder import TorchFXPythonDecoder  # noqa: PLC0415

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)  # the decoder logs which operations this version of PyTorch does not know
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exported = torch.export.export(network, (torch.zeros(1, *shape),))
            decoder = TorchFXPythonDecoder.from_exported_program(exported)
            frontend = FrontEndManager().load_by_framework("pytorch")
            return frontend.convert(frontend.load(decoder))
    finally:
        logging.disable(before)


def with_engine(classifier: Classifier, engine: str = "auto") -> Classifier:
    """Return the classifier as the engine runs it.

    Parameters
    ----------
    classifier : Classifier
        As loaded.
    engine : str
        ``"torch"``: plain PyTorch. ``"openvino"``: on a CPU compiled by OpenVINO, or an error. ``"auto"``: compiled
        if that can be had and its answers are PyTorch's, else PyTorch, with a warning if they are not.

    Raises
    ------
    ClassifierError
        If OpenVINO is asked for and cannot run this network, or answers otherwise than PyTorch.
    ValueError
        If there is no such engine.
    """
    if engine not in ENGINES:
        raise ValueError(f"unknown engine {engine!r}: choose from {', '.join(ENGINES)}")
    if engine == "torch":
        return classifier
    try:
        compiled, difference = _compiled(classifier)
    except ClassifierError as error:
        if engine == "openvino":
            raise
        if not isinstance(error, _UnavailableError):
            warnings.warn(f"{error}; plain PyTorch runs it", stacklevel=2)
        return classifier
    return replace(
        classifier, model=compiled, engine=f"openvino {metadata.version('openvino')}", engine_difference=difference
    )


class _UnavailableError(ClassifierError):
    """Nothing is wrong with the network: there is no OpenVINO, or no CPU to use it on."""


def _compiled(classifier: Classifier) -> tuple[Callable[[torch.Tensor], torch.Tensor], float]:
    """Compile and compare; the number is the largest difference of two logits."""
    network, name = classifier.model, classifier.name
    if importlib.util.find_spec("openvino") is None:
        raise _UnavailableError(f"{name}: the package openvino is not installed")
    if torch.device(classifier.device).type != "cpu" or not isinstance(network, torch.nn.Module):
        raise _UnavailableError(f"{name}: OpenVINO runs torch.nn.Modules on a CPU, and nothing else")
    pictures = torch.stack([classifier.prepare(pixels) for pixels in check_pictures()])
    try:
        compiled = CompiledNetwork(network, tuple(pictures.shape[1:]))
        found = compiled(pictures)
    except Exception as error:  # OpenVINO's frontends raise all kinds, for networks they don't know
        raise ClassifierError(f"{name}: OpenVINO cannot run it ({' '.join(str(error).split())[:200]})") from error
    with torch.inference_mode():
        # One by one: PyTorch's own answers differ in the last digits from batch to batch.
        expected = torch.cat([network(picture[None]) for picture in pictures]).float()
    moved = float((torch.softmax(found, 1) - torch.softmax(expected, 1)).abs().max())
    if not moved <= TOLERANCE:  # NaN is no agreement
        raise ClassifierError(f"{name}: OpenVINO's probabilities differ from PyTorch's by {moved:.2g}")
    return compiled, float((found - expected).abs().max())


def check_pictures(side: int = 256) -> list[Pixels]:
    """Pictures to compare two engines on: noise, a ramp, stripes and blobs, uint8 ``(side, side, 3)``."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:side, :side] / side
    ramp = np.stack([x, y, 1 - x], axis=2)
    stripes = np.stack([np.sin(40 * x), np.sin(60 * y), np.sin(25 * (x + y))], axis=2) / 2 + 0.5
    blobs = np.kron(random.random((8, 8, 3)), np.ones((side // 8, side // 8, 1)))
    return [(255 * picture).astype(np.uint8) for picture in (random.random((side, side, 3)), ramp, stripes, blobs)]
