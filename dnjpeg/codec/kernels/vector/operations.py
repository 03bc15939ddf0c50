"""Operations: plain Python functions that become machine instructions of the kernels that call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from dnjpeg.codec.kernels.vector.lanes import Scalar
from dnjpeg.codec.kernels.vector.memory import Memory, SpanType

__all__ = [
    "bit_length",
    "clear",
    "copy",
    "count_ones",
    "leading_zeros",
    "load_big_endian",
    "mostly_zero",
    "operation",
    "prefetch",
    "store_big_endian",
    "trailing_zeros",
]


def operation(returns: types.Type | None = None) -> Callable[[Callable[..., Scalar | None]], Any]:
    """Make an operation that kernels can call out of a function over `Memory` and `Scalar` arguments.

    Parameters
    ----------
    returns : numba type, optional
        ``int64`` or ``uint64`` if the function returns a `Scalar`.
    """

    def decorate(function: Callable[..., Scalar | None]) -> Any:
        def typed(_context: Any, *arguments: types.Type) -> tuple[Any, Any]:
            parameters = [_parameter(argument) for argument in arguments]

            def emit(context: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[ir.Value]) -> ir.Value:
                operands = [
                    Memory(context, builder, kind, value) if isinstance(kind, SpanType) else Scalar(builder, value)
                    for kind, value in zip(parameters, values, strict=True)
                ]
                result = function(*operands)
                return context.get_dummy_value() if result is None else result.value

            return (returns or types.void)(*parameters), emit

        typed.__name__ = function.__name__
        typed.__doc__ = function.__doc__
        context = inspect.Parameter("_context", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        typed.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  # Numba binds arguments by it
            [context, *inspect.signature(function).parameters.values()]
        )
        return intrinsic(typed)

    return decorate


def _parameter(kind: types.Type) -> types.Type:
    if isinstance(kind, SpanType):
        return kind
    return types.uint64 if kind == types.uint64 else types.int64


@operation(types.uint64)
def load_big_endian(data: Memory, index: Scalar) -> Scalar:
    """Eight bytes, the first as the highest."""
    return data.load_word(index).byte_swapped()


@operation()
def store_big_endian(data: Memory, index: Scalar, word: Scalar) -> None:
    """Store eight bytes, the highest first."""
    data.store_word(index, word.byte_swapped())


@operation()
def copy(source: Memory, start: Scalar, target: Memory, index: Scalar, count: Scalar) -> None:
    """Copy elements from one span to another, or within one where they do not overlap."""
    target.copy_from(index, source, start, count)


@operation()
def clear(target: Memory, index: Scalar, count: Scalar) -> None:
    """Set elements to zero."""
    target.clear(index, count)


@operation()
def prefetch(memory: Memory, index: Scalar) -> None:
    """Have the line of an element brought into the second-level cache while other work is done."""
    memory.prefetch(index)


@operation(types.int64)
def trailing_zeros(word: Scalar) -> Scalar:
    """Index of the lowest set bit; 64 for zero."""
    return word.trailing_zeros()


@operation(types.int64)
def leading_zeros(word: Scalar) -> Scalar:
    """Count the bits above the highest set one of a non-zero word."""
    return word.leading_zeros()


@operation(types.int64)
def bit_length(word: Scalar) -> Scalar:
    """Count the bits up to the highest set one; 0 for zero."""
    return word.bit_length()


@operation(types.int64)
def count_ones(word: Scalar) -> Scalar:
    """Count the bits that are set."""
    return word.count_ones()


@operation(types.int64)
def mostly_zero(number: Scalar) -> Scalar:
    """Return the number; where a branch depends on it, zero is the case to be fast."""
    return number.expected(0)
