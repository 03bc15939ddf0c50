"""A classifier of the user's own, named as ``module:function`` or ``file.py:function``."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from dnjpeg.evaluation.classifiers.base import Classifier, ClassifierError, hash_weights
from dnjpeg.vision.networks import View

__all__ = ["find_function", "load"]


def load(spec: str, device: str) -> Classifier:
    """Call a function without arguments, and make a `Classifier` of the object it returns.

    The object has ``model`` and ``preprocess`` (as `Classifier` has them) and may have ``name``, ``preprocessing``,
    ``weights_hash``, ``class_names``, ``kept`` and ``view``. The hash may be left out where ``model`` is a
    `torch.nn.Module`. The source file is hashed too, so that editing it is noticed.

    Raises
    ------
    ClassifierError
        If the function cannot be found or fails, or what it returns lacks something.
    """
    function, module = find_function(spec)
    try:
        made = function()
    except Exception as error:
        attribute = spec.rpartition(":")[2]
        raise ClassifierError(f"{spec}: {attribute}() failed ({type(error).__name__}: {error})") from error
    source = _hash_source(module)
    names = getattr(made, "class_names", None)
    return Classifier(
        name=str(getattr(made, "name", spec)),
        model=_member(made, "model", spec),
        preprocess=_member(made, "preprocess", spec),
        preprocessing=f"{getattr(made, 'preprocessing', 'its own')} (source {source[:12]})",
        weights_hash=_weights_hash(made, spec),
        class_names=None if names is None else tuple(map(str, names)),
        device=device,
        kept=_kept(made, spec),
        view=_view(made, spec),
    )


def find_function(spec: str) -> tuple[Callable[..., Any], ModuleType]:
    """Find what ``module:function`` or ``file.py:function`` names, and the module that it is in.

    Raises
    ------
    ClassifierError
        If there is none, or its module cannot be imported.
    """
    place, _, attribute = spec.rpartition(":")
    module = _import(place, spec)
    function = getattr(module, attribute, None)
    if not callable(function):
        raise ClassifierError(f"{spec}: {place} has no function {attribute!r}")
    return function, module


def _import(place: str, spec: str) -> ModuleType:
    """Import a module by name, the working folder included, or a file by path."""
    try:
        if not place.endswith(".py"):
            return _import_by_name(place)
        found = importlib.util.spec_from_file_location(Path(place).stem, place)
        if found is None or found.loader is None:
            raise ImportError(place)
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module
    except ModuleNotFoundError as error:
        raise ClassifierError(f"{spec}: there is no module {error.name!r}") from None
    except FileNotFoundError:
        raise ClassifierError(f"{spec}: there is no file {place}") from None
    except Exception as error:  # whatever the user's module raises while it is imported
        raise ClassifierError(f"{spec}: importing {place} failed ({type(error).__name__}: {error})") from error


def _import_by_name(name: str) -> ModuleType:
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(here)


def _hash_source(module: ModuleType) -> str:
    try:
        return hashlib.sha256(Path(inspect.getfile(module)).read_bytes()).hexdigest()
    except (OSError, TypeError):
        return "unknown"


def _member(made: object, name: str, spec: str) -> Any:
    member = getattr(made, name, None)
    if not callable(member):
        raise ClassifierError(f"{spec}: what it returned has no callable {name!r}")
    return member


def _kept(made: object, spec: str) -> float | None:
    kept = getattr(made, "kept", None)
    if kept is not None and not (isinstance(kept, (int, float)) and 0 < kept <= 1):
        raise ClassifierError(f"{spec}: kept is {kept!r}, must be a part of the shorter side: above 0, at most 1")
    return kept


def _view(made: object, spec: str) -> View | None:
    view = getattr(made, "view", None)
    if view is not None and not isinstance(view, View):
        raise ClassifierError(f"{spec}: view is a {type(view).__name__}, must be a dnjpeg.vision.networks.View")
    return view


def _weights_hash(made: Any, spec: str) -> str:
    given = getattr(made, "weights_hash", None)
    if given is not None:
        return str(given)
    if isinstance(made.model, torch.nn.Module):
        return hash_weights(made.model)
    raise ClassifierError(f"{spec}: what it returned needs a weights_hash, since its model is not a torch.nn.Module")
