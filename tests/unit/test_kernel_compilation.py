"""What the compiler leaves out for kernels is refused, and never becomes wrong code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import literal_unroll
from numba.core.errors import NumbaError

from dnjpeg.codec.kernels import jit
from dnjpeg.codec.kernels.jit import inlined, kernel

VALUES = np.arange(5)


@pytest.fixture(autouse=True)
def _not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "cache_folder", lambda variant: None)


def makes_an_array(values):
    return np.empty(len(values)).sum()


def whole_array(values):
    return (values + values).sum()


def comprehension(values):
    return sum([2 * value for value in values])


def closure(values):
    factor = values[1] + 1

    def times(value):
        return value * factor

    return times(values[2])


def unrolled(values):
    total = 0
    for value in literal_unroll((1, 2.5)):
        total += value * values[1]
    return total


def raises_what_it_computed(values):
    if values[1] == 1:
        raise ValueError(values[2])


@pytest.mark.parametrize(
    "function", [makes_an_array, whole_array, comprehension, closure, unrolled, raises_what_it_computed]
)
def test_what_kernels_must_not_use_is_refused(function: Callable[..., Any]) -> None:
    with pytest.raises((NumbaError, RuntimeError, NotImplementedError)):
        kernel(function)(VALUES)


def test_a_branch_that_none_decides_is_left_out() -> None:
    """Where an argument is None, code that would not compile with it must not be compiled."""

    @inlined
    def shifted(value, shift=None):
        return value if shift is None else value << shift

    @kernel
    def both(values):
        return shifted(values[3]) + shifted(values[3], 2)

    assert both(VALUES) == 3 + 12
