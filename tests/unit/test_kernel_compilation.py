"""What the compiler leaves out for kernels is refused, and never becomes wrong code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import pytest
from numba import literal_unroll, njit
from numba.core.errors import NumbaError
from numba.core.types.functions import BaseFunction

from dnjpeg.codec.kernels import compilation, jit
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


def test_numba_itself_stays_as_it_is() -> None:
    """What is remembered of operators is so while kernels are compiled, and not when that fails."""
    own = BaseFunction.get_call_type
    during = []

    @inlined
    def added(first, second):
        return first + second

    @kernel
    def mixed(values):
        total, count = 0, np.uint64(0)
        for index in range(len(values)):
            total = added(total, values[index])
            count = added(count, np.uint64(1))
        return total - (len(values) > 3), count, total / 2

    with mock.patch.object(compilation, "_found", {}) as found:
        assert mixed(VALUES) == (9, 5, 5.0)
        during += found
    assert during
    assert BaseFunction.get_call_type is own
    with pytest.raises(NumbaError):
        kernel(makes_an_array)(VALUES)
    assert BaseFunction.get_call_type is own
    assert njit(lambda first, second: first + second)(1, 2.5) == 3.5
