"""Public names that are imported when they are first used, so that a start does not wait for what it does not need."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping

from dnjpeg.garbage import collected_rarely

__all__ = ["imported_on_use"]


def imported_on_use(package: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Make the ``__getattr__`` of a package (PEP 562).

    Parameters
    ----------
    package : str
        Its name.
    homes : mapping of str to str
        By public name: the module that has it, or that is it if it is called so.
    """

    def find(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with collected_rarely():
            module = importlib.import_module(homes[name])
        value = module if homes[name].rpartition(".")[2] == name else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    return find
