"""What the command line knows of a design.

A new design is one file in this folder: a function that returns `QuantizationTables`, and a `DESIGN` that describes
it. Add the `DESIGN` to ``DESIGNS`` in ``__init__.py``, and ``dnjpeg design NAME`` has it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dnjpeg.tables.quantization import QuantizationTables

__all__ = ["REQUIRED", "Design", "Option"]

REQUIRED = inspect.Parameter.empty
"""The default of an option that has none."""


@dataclass(frozen=True)
class Option:
    """One of a design function's parameters, as an option of the command line.

    Parameters
    ----------
    parameter : str
        The parameter's name; the option is spelt with hyphens.
    kind : type or tuple of str
        ``int`` or ``float``, or the choices of a text.
    help : str
        What it means, with its unit or range.
    """

    parameter: str
    kind: type[int] | type[float] | tuple[str, ...]
    help: str


@dataclass(frozen=True)
class Design:
    """A way to make quantization tables.

    Parameters
    ----------
    name : str
        What the command line calls it.
    function : callable
        Takes the statistics first, if it needs them, and the options as keywords; returns `QuantizationTables`.
    summary : str
        One line.
    needs_statistics : bool
        Whether it has frequency statistics as a parameter `statistics`, the first or the one after `sensitivity`.
    needs_sensitivity : bool
        Whether its first parameter is `sensitivity`, what networks mind.
    options : tuple of Option
        Its parameters. Defaults are those of the function.

    Raises
    ------
    ValueError
        If the function has no such parameter.
    """

    name: str
    function: Callable[..., QuantizationTables]
    summary: str
    needs_statistics: bool = False
    needs_sensitivity: bool = False
    options: tuple[Option, ...] = ()

    def __post_init__(self) -> None:
        parameters = inspect.signature(self.function).parameters
        for option in self.options:
            if option.parameter not in parameters:
                raise ValueError(f"the design {self.name} has no parameter {option.parameter}")

    def default(self, option: Option) -> Any:
        """Return the function's default of an option, or `REQUIRED`."""
        return inspect.signature(self.function).parameters[option.parameter].default
