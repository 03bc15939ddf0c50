"""The vector vocabulary of the kernels: the only file that knows LLVM.

An `operation` is a plain Python function over `Vector`, `Scalar` and `Memory` values. It runs once, while a kernel that
calls it is being compiled, and each operator in it becomes one LLVM instruction on all lanes; loops and lists in it are
unrolled. Nothing here names an instruction set: LLVM lowers the lanes to whatever the CPU has.

>>> from dnjpeg.codec import vector
>>> @vector.operation()
... def add16(a, b, out, index):
...     out.store(index, a.load(index, 16) + b.load(index, 16))

A kernel calls ``add16(a, b, out, i)`` with NumPy arrays (one-dimensional, C-contiguous) and integers. Loads and stores
have no alignment needs, and no bounds checks unless ``DNJPEG_CHECKED=1`` is set.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from dnjpeg.codec.jit import CHECKED

__all__ = [
    "Memory",
    "Scalar",
    "Vector",
    "bit_length",
    "concatenate",
    "interleave",
    "load_big_endian",
    "operation",
    "peek",
    "poke",
    "store_big_endian",
    "trailing_zeros",
    "transpose8x8",
]

_I64 = ir.IntType(64)


class Scalar:
    """A 64-bit integer in a register."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value

    def _other(self, other: Scalar | int) -> ir.Value:
        return other.value if isinstance(other, Scalar) else ir.Constant(_I64, other)

    def __add__(self, other: Scalar | int) -> Scalar:
        return Scalar(self.builder, self.builder.add(self.value, self._other(other)))

    def __mul__(self, other: Scalar | int) -> Scalar:
        return Scalar(self.builder, self.builder.mul(self.value, self._other(other)))

    def byte_swapped(self) -> Scalar:
        """Reverse the order of the eight bytes."""
        return Scalar(self.builder, _call(self.builder, "llvm.bswap.i64", self.value))

    def trailing_zeros(self) -> Scalar:
        """Index of the lowest set bit; the value must not be zero."""
        return Scalar(self.builder, _call(self.builder, "llvm.cttz.i64", self.value, ir.Constant(ir.IntType(1), 1)))

    def bit_length(self) -> Scalar:
        """Number of bits up to the highest set one; 0 for zero."""
        zeros = _call(self.builder, "llvm.ctlz.i64", self.value, ir.Constant(ir.IntType(1), 0))
        return Scalar(self.builder, self.builder.sub(ir.Constant(_I64, 64), zeros))

    def splat(self, lanes: int, bits: int) -> Vector:
        """Return a vector all of whose lanes are the low bits of this integer."""
        narrow = self.builder.trunc(self.value, ir.IntType(bits))
        first = self.builder.insert_element(
            ir.Constant(ir.VectorType(narrow.type, lanes), ir.Undefined), narrow, ir.Constant(ir.IntType(32), 0)
        )
        return Vector(self.builder, first).select([0] * lanes)


class Vector:
    """Lanes of integers (8, 16, 32 bits) or floats (32 bits) in registers.

    Operators work lane by lane and wrap around; the other operand may be a vector of the same type or a number.
    ``>>`` keeps the sign; `shift_right` does not.
    """

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return int(self.value.type.count)

    def _new(self, value: ir.Value) -> Vector:
        return Vector(self.builder, value)

    def _other(self, other: Vector | float | Sequence[int]) -> ir.Value:
        if isinstance(other, Vector):
            return other.value
        lanes = list(other) if isinstance(other, Sequence) else [other] * self.lanes
        return ir.Constant(self.value.type, lanes)

    def _integer(self, bits: int) -> ir.VectorType:
        return ir.VectorType(ir.IntType(bits), self.lanes)

    def __add__(self, other: Vector | int | Sequence[int]) -> Vector:
        return self._new(self.builder.add(self.value, self._other(other)))

    def __sub__(self, other: Vector | int) -> Vector:
        return self._new(self.builder.sub(self.value, self._other(other)))

    def __mul__(self, other: Vector | int | Sequence[int]) -> Vector:
        return self._new(self.builder.mul(self.value, self._other(other)))

    def __xor__(self, other: Vector | int) -> Vector:
        return self._new(self.builder.xor(self.value, self._other(other)))

    def __or__(self, other: Vector | int) -> Vector:
        return self._new(self.builder.or_(self.value, self._other(other)))

    def __and__(self, other: Vector | int | Sequence[int]) -> Vector:
        return self._new(self.builder.and_(self.value, self._other(other)))

    def __lshift__(self, count: int) -> Vector:
        return self._new(self.builder.shl(self.value, self._other(count)))

    def __rshift__(self, count: int) -> Vector:
        return self._new(self.builder.ashr(self.value, self._other(count)))

    def shift_right(self, count: int) -> Vector:
        """Shift right, filling with zeros."""
        return self._new(self.builder.lshr(self.value, self._other(count)))

    def rounded_shift(self, count: int) -> Vector:
        """Divide by ``2**count``, to nearest, halves up (libjpeg's DESCALE)."""
        return (self + (1 << (count - 1))) >> count

    def signed(self, bits: int) -> Vector:
        """Widen, repeating the sign."""
        return self._new(self.builder.sext(self.value, self._integer(bits)))

    def unsigned(self, bits: int) -> Vector:
        """Widen, filling with zeros."""
        return self._new(self.builder.zext(self.value, self._integer(bits)))

    def truncated(self, bits: int) -> Vector:
        """Keep the low bits of each lane."""
        return self._new(self.builder.trunc(self.value, self._integer(bits)))

    def clamped(self, low: int, high: int) -> Vector:
        """Limit each lane, taken as signed, to ``low..high``."""
        builder = self.builder
        bottom, top = self._other(low), self._other(high)
        value = builder.select(builder.icmp_signed("<", self.value, bottom), bottom, self.value)
        return self._new(builder.select(builder.icmp_signed(">", value, top), top, value))

    def high_product(self, other: Vector) -> Vector:
        """Upper 16 bits of the product of unsigned 16-bit lanes."""
        return (self.unsigned(32) * other.unsigned(32)).shift_right(16).truncated(16)

    def pair_products(self, first: int, second: int) -> Vector:
        """``self[2i] * first + self[2i+1] * second`` in 32 bits, from 16-bit lanes (a multiply-add where there is one)."""
        products = self.signed(32) * ([first, second] * (self.lanes // 2))
        return products.select(range(0, self.lanes, 2)) + products.select(range(1, self.lanes, 2))

    def select(self, indices: Iterable[int]) -> Vector:
        """Return the lanes with the given indices (a shuffle)."""
        return _shuffle(self, self, indices)

    def part(self, first: int, lanes: int) -> Vector:
        """Return consecutive lanes."""
        return self.select(range(first, first + lanes))

    def to_float(self) -> Vector:
        """Convert integers to 32-bit floats."""
        return self._new(self.builder.sitofp(self.value, ir.VectorType(ir.FloatType(), self.lanes)))

    def where_equal(self, number: int) -> Scalar:
        """Bit i is set where lane i equals the number; at most 64 lanes."""
        return self._mask(self.builder.icmp_signed("==", self.value, self._other(number)))

    def where_nonzero(self) -> Scalar:
        """Bit i is set where lane i is not zero; at most 64 lanes."""
        return self._mask(self.builder.icmp_signed("!=", self.value, self._other(0)))

    def nonzero_lanes(self) -> Vector:
        """Return 8-bit lanes: -1 where the lane is not zero, else 0."""
        return self._new(
            self.builder.sext(self.builder.icmp_signed("!=", self.value, self._other(0)), self._integer(8))
        )

    def _mask(self, booleans: ir.Value) -> Scalar:
        bits = self.builder.bitcast(booleans, ir.IntType(self.lanes))
        return Scalar(self.builder, bits if self.lanes == 64 else self.builder.zext(bits, _I64))


class Memory:
    """A one-dimensional array, addressed in elements."""

    def __init__(self, context: Any, builder: ir.IRBuilder, array_type: types.Array, value: ir.Value) -> None:
        array = context.make_array(array_type)(context, builder, value)
        self._context = context
        self._builder = builder
        self._data = array.data
        self._items = array.nitems
        self._element = array.data.type.pointee
        self._signed = array_type.dtype.signed if isinstance(array_type.dtype, types.Integer) else True

    def _address(self, index: Scalar, lanes: int, kind: ir.Type) -> ir.Value:
        if CHECKED:
            self._check(index, lanes)
        return self._builder.bitcast(self._builder.gep(self._data, [index.value]), kind.as_pointer())

    def _check(self, index: Scalar, lanes: int) -> None:
        builder = self._builder
        last = builder.add(index.value, ir.Constant(_I64, lanes))
        outside = builder.or_(
            builder.icmp_signed("<", index.value, ir.Constant(_I64, 0)), builder.icmp_signed(">", last, self._items)
        )
        with cgutils.if_unlikely(builder, outside):
            self._context.call_conv.return_user_exc(builder, IndexError, ("kernel access outside its array",))

    def load(self, index: Scalar, lanes: int) -> Vector:
        """Load consecutive elements."""
        kind = ir.VectorType(self._element, lanes)
        return Vector(self._builder, self._builder.load(self._address(index, lanes, kind), align=1))

    def store(self, index: Scalar, vector: Vector) -> None:
        """Store consecutive elements."""
        self._builder.store(vector.value, self._address(index, vector.lanes, vector.value.type), align=1)

    def load_scalar(self, index: Scalar) -> Scalar:
        """Load one element, widened to 64 bits as its type says."""
        value = self._builder.load(self._address(index, 1, self._element), align=1)
        if value.type != _I64:
            value = (self._builder.sext if self._signed else self._builder.zext)(value, _I64)
        return Scalar(self._builder, value)

    def store_scalar(self, index: Scalar, scalar: Scalar) -> None:
        """Store the low bits of an integer as one element."""
        value = scalar.value
        if self._element != _I64:
            value = self._builder.trunc(value, self._element)
        self._builder.store(value, self._address(index, 1, self._element), align=1)

    def load_word(self, index: Scalar) -> Scalar:
        """Load eight bytes, the first as the lowest."""
        return Scalar(self._builder, self._builder.load(self._address(index, 8, _I64), align=1))

    def store_word(self, index: Scalar, scalar: Scalar) -> None:
        """Store eight bytes, the lowest first."""
        self._builder.store(scalar.value, self._address(index, 8, _I64), align=1)


def _call(builder: ir.IRBuilder, name: str, *arguments: ir.Value) -> ir.Value:
    function = builder.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(arguments[0].type, [argument.type for argument in arguments])
        function = ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


def _shuffle(a: Vector, b: Vector, indices: Iterable[int]) -> Vector:
    chosen = list(indices)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(chosen)), chosen)
    return Vector(a.builder, a.builder.shuffle_vector(a.value, b.value, mask))


def concatenate(vectors: Sequence[Vector]) -> Vector:
    """Join a power of two of equally long vectors."""
    parts = list(vectors)
    while len(parts) > 1:
        lanes = 2 * parts[0].lanes
        parts = [_shuffle(a, b, range(lanes)) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def interleave(a: Vector, b: Vector) -> Vector:
    """``a[0], b[0], a[1], b[1], …``."""
    return _shuffle(a, b, [lane for i in range(a.lanes) for lane in (i, a.lanes + i)])


def transpose8x8(rows: Sequence[Vector]) -> list[Vector]:
    """Transpose each 8x8 square of eight vectors whose lanes hold one or more squares side by side."""
    lanes = rows[0].lanes

    def merge(a: Vector, b: Vector, pattern: Sequence[int]) -> Vector:
        return _shuffle(
            a, b, [start + i if i < 8 else lanes + start + i - 8 for start in range(0, lanes, 8) for i in pattern]
        )

    current = list(rows)
    for low, high, distance in (
        ((0, 8, 1, 9, 2, 10, 3, 11), (4, 12, 5, 13, 6, 14, 7, 15), 1),
        ((0, 1, 8, 9, 2, 3, 10, 11), (4, 5, 12, 13, 6, 7, 14, 15), 2),
        ((0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15), 4),
    ):
        merged = list(current)
        for group in range(0, 8, 2 * distance):
            for i in range(distance):
                a, b = current[group + i], current[group + i + distance]
                merged[group + 2 * i], merged[group + 2 * i + 1] = merge(a, b, low), merge(a, b, high)
        current = merged
    return current


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
                    Memory(context, builder, kind, value)
                    if isinstance(kind, types.Array)
                    else Scalar(builder, value)
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
    if isinstance(kind, types.Array):
        if kind.ndim != 1 or kind.layout != "C":
            raise TypeError(f"operations take one-dimensional contiguous arrays, not {kind}")
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


@operation(types.int64)
def peek(data: Memory, index: Scalar) -> Scalar:
    """One element of an integer array as int64; the index is taken as it is (no wrap-around from the end)."""
    return data.load_scalar(index)


@operation()
def poke(data: Memory, index: Scalar, value: Scalar) -> None:
    """Store the low bits of an integer as one element."""
    data.store_scalar(index, value)


@operation(types.int64)
def trailing_zeros(word: Scalar) -> Scalar:
    """Index of the lowest set bit of a non-zero word."""
    return word.trailing_zeros()


@operation(types.int64)
def bit_length(word: Scalar) -> Scalar:
    """Number of bits up to the highest set one; 0 for zero."""
    return word.bit_length()
