"""Classifiers by name."""

from __future__ import annotations

import difflib

from dnjpeg.evaluation.classifiers import cifar_resnet, efficientnet_lite, entry_point, torchvision_models
from dnjpeg.evaluation.classifiers.base import Classifier, ClassifierError, hash_weights, pick_device
from dnjpeg.evaluation.classifiers.engines import with_engine

__all__ = ["Classifier", "ClassifierError", "hash_weights", "load_classifier"]


def load_classifier(spec: str, *, device: str | None = None, engine: str = "torch") -> Classifier:
    """Load a classifier.

    Parameters
    ----------
    spec : str
        ``efficientnet-lite0`` (or 1, 2); a torchvision network such as ``resnet50`` or
        ``torchvision:resnet50:IMAGENET1K_V1``; a ResNet for CIFAR with weights of your own, ``cifar-resnet20:FILE``
        (see `dnjpeg.evaluation.classifiers.cifar_resnet.load`); or a function, ``module:function`` or
        ``file.py:function`` (see `dnjpeg.evaluation.classifiers.entry_point.load`).
    device : str, optional
        ``"cpu"``, ``"cuda"``, ...; by default CUDA where there is one.
    engine : str
        ``"torch"``: `Classifier.model` is the network itself. ``"openvino"``, ``"auto"``: on a CPU a compiled one
        whose answers were compared, see `dnjpeg.evaluation.classifiers.engines.with_engine`; ``"auto"`` leaves a
        function of your own alone, for what a network does with an image may depend on what the image shows.

    Raises
    ------
    ClassifierError
        If there is no such classifier, or it cannot be loaded.
    ModuleNotFoundError
        If it needs a package that is not installed.
    """
    device = pick_device(device)
    if spec.lower() in efficientnet_lite.NAMES:
        return with_engine(efficientnet_lite.load(spec.lower(), device), engine)
    if cifar_resnet.matches(spec):
        return with_engine(cifar_resnet.load(spec, device), engine)
    name = spec.removeprefix(torchvision_models.PREFIX)
    known = torchvision_models.names()
    if name.partition(":")[0] in known:
        return with_engine(torchvision_models.load(name, device), engine)
    if ":" in name and name == spec:
        return with_engine(entry_point.load(spec, device), "torch" if engine == "auto" else engine)
    close = difflib.get_close_matches(name, [*efficientnet_lite.NAMES, *known], n=3)
    guess = f" (did you mean {' or '.join(close)}?)" if close else ""
    raise ClassifierError(
        f"unknown classifier {spec!r}{guess}: choose {', '.join(efficientnet_lite.NAMES)}, a torchvision network "
        "such as resnet50, or a function of your own as module:function"
    )
