"""Loops and branches within an operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from dnjpeg.codec.kernels.vector.lanes import I64, Scalar, Vector

__all__ = ["if_any", "repeated", "repeated_until", "with_any"]


def repeated(
    count: Scalar, start: Sequence[Vector], body: Callable[[Scalar, list[Vector]], Sequence[Vector]]
) -> list[Vector]:
    """Return what becomes of vectors in a loop: ``vectors = body(i, vectors)`` for i from 0 to before `count`."""
    builder = count.builder
    variables = [cgutils.alloca_once_value(builder, vector.value) for vector in start]  # registers, once optimized
    with cgutils.for_range(builder, count.value) as loop:
        vectors = [Vector(builder, builder.load(variable)) for variable in variables]
        for variable, vector in zip(variables, body(Scalar(builder, loop.index), vectors), strict=True):
            builder.store(vector.value, variable)
    return [Vector(builder, builder.load(variable)) for variable in variables]


def repeated_until(
    start: Sequence[Vector | Scalar], body: Callable[[list[Any]], tuple[Sequence[Vector | Scalar], Scalar]]
) -> tuple[list[Any], Scalar]:
    """Return what becomes of values in a loop: ``values, event = body(values)`` until the event is not 0.

    The event is returned too.
    """
    builder = start[0].builder
    variables = [cgutils.alloca_once_value(builder, value.value) for value in start]  # registers, once optimized

    def loaded() -> list[Vector | Scalar]:
        return [type(value)(builder, builder.load(at)) for value, at in zip(start, variables, strict=True)]

    loop, behind = builder.append_basic_block("until"), builder.append_basic_block("behind")
    builder.branch(loop)
    builder.position_at_end(loop)
    values, event = body(loaded())
    for variable, value in zip(variables, values, strict=True):
        builder.store(value.value, variable)
    builder.cbranch(builder.icmp_signed("!=", event.value, ir.Constant(I64, 0)), behind, loop)
    builder.position_at_end(behind)
    return loaded(), event


def with_any(
    some: Vector, values: Sequence[Vector], body: Callable[[Vector, list[Vector]], Sequence[Vector]]
) -> list[Vector]:
    """Return ``body(some, values)`` if any lane of one bit is set, which it mostly is not, else the values."""
    builder = some.builder
    variables = [cgutils.alloca_once_value(builder, value.value) for value in values]  # registers, once optimized
    for variable, value in zip(variables, values, strict=True):
        builder.store(value.value, variable)
    with cgutils.if_unlikely(builder, _any(some)):
        for variable, value in zip(variables, body(some, list(values)), strict=True):
            builder.store(value.value, variable)
    return [Vector(builder, builder.load(variable)) for variable in variables]


def if_any(some: Vector, body: Callable[[], None]) -> None:
    """Do something if any lane of one bit is set."""
    with some.builder.if_then(_any(some)):
        body()


def _any(some: Vector) -> ir.Value:
    return some.builder.icmp_signed("!=", some.ones().value, ir.Constant(I64, 0))
