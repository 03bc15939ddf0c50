"""Spans: arrays as kernels see them, a pointer and a length.

A kernel turns each array it is given into a `span` first. Unlike an array, a span costs nothing to hand to an inlined
function (Numba would count references to an array at each call), its indices are taken as they are (no wrap-around from
the end), and all its integers read as int64. Under ``DNJPEG_CHECKED=1`` every access is checked against its length.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from dnjpeg.codec.kernels.jit import CHECKED
from dnjpeg.codec.kernels.vector.lanes import I64, Scalar, Vector
from dnjpeg.codec.kernels.vector.target import SCATTERS

__all__ = ["Memory", "SpanType", "span"]


class SpanType(types.Type):
    """Type of a span over a one- or two-dimensional C-contiguous array."""

    def __init__(self, dtype: types.Type, ndim: int) -> None:
        self.dtype = dtype
        self.ndim = ndim
        super().__init__(name=f"Span({dtype}, {ndim})")


@register_model(SpanType)
class _SpanModel(models.StructModel):
    def __init__(self, manager: Any, kind: SpanType) -> None:
        members = [("data", types.CPointer(kind.dtype)), ("items", types.int64), ("rows", types.int64)]
        super().__init__(manager, kind, [*members, ("columns", types.int64)])


@intrinsic
def span(_context: Any, array: types.Array) -> tuple[Any, Any]:
    """Span over an array; in kernels only."""
    if not isinstance(array, types.Array) or array.layout != "C" or array.ndim > 2:
        raise TypeError(f"a span needs a C-contiguous array of one or two dimensions, not {array}")
    kind = SpanType(array.dtype, array.ndim)

    def emit(context: Any, builder: ir.IRBuilder, _signature: Any, values: Sequence[ir.Value]) -> ir.Value:
        source = context.make_array(array)(context, builder, values[0])
        shape = cgutils.unpack_tuple(builder, source.shape)
        result = cgutils.create_struct_proxy(kind)(context, builder)
        result.data, result.items, result.rows, result.columns = source.data, source.nitems, shape[0], shape[-1]
        return result._getvalue()

    return kind(array), emit


class Memory:
    """A span while an operation is being compiled; addressed in elements."""

    def __init__(self, context: Any, builder: ir.IRBuilder, kind: SpanType, value: ir.Value) -> None:
        proxy = cgutils.create_struct_proxy(kind)(context, builder, value)
        self._context = context
        self._builder = builder
        self._data = proxy.data
        self._items = proxy.items
        self._element = proxy.data.type.pointee
        self.signed = bool(getattr(kind.dtype, "signed", True))
        self.rows = Scalar(builder, proxy.rows)
        self.columns = Scalar(builder, proxy.columns)

    @property
    def bits(self) -> int:
        """Bits of an element, an integer."""
        return int(self._element.width)

    def compiled_for(self, feature: str) -> bool:
        """Tell whether the code is compiled for a CPU that has a feature, by LLVM's name of it.

        Only where another way is faster without it: there must be one.
        """
        return f"+{feature}" in self._context.codegen()._get_host_cpu_features().split(",")

    def constant(self, number: int) -> Scalar:
        """Return a number that is known while the operation is being compiled, such as one that depends on `bits`."""
        return Scalar(self._builder, ir.Constant(I64, number))

    def _address(self, index: Scalar, lanes: int, kind: ir.Type) -> ir.Value:
        if CHECKED:
            self._check(index, lanes)
        return self._builder.bitcast(self._builder.gep(self._data, [index.value]), kind.as_pointer())

    def _check(self, index: Scalar, count: Scalar | int) -> None:
        self._check_range(index, index + count, self._items)

    def _check_range(self, first: Scalar, last: Scalar, items: ir.Value) -> None:
        builder = self._builder
        outside = builder.or_(
            builder.icmp_signed("<", first.value, ir.Constant(I64, 0)), builder.icmp_signed(">", last.value, items)
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
        if value.type != I64:
            value = (self._builder.sext if self.signed else self._builder.zext)(value, I64)
        return Scalar(self._builder, value)

    def store_scalar(self, index: Scalar, scalar: Scalar) -> None:
        """Store the low bits of an integer as one element."""
        value = scalar.value
        if self._element != I64:
            value = self._builder.trunc(value, self._element)
        self._builder.store(value, self._address(index, 1, self._element), align=1)

    def load_word(self, index: Scalar) -> Scalar:
        """Load eight bytes, the first as the lowest."""
        return Scalar(self._builder, self._builder.load(self._address(index, 8, I64), align=1))

    def store_word(self, index: Scalar, scalar: Scalar) -> None:
        """Store eight bytes, the lowest first."""
        self._builder.store(scalar.value, self._address(index, 8, I64), align=1)

    def gather(self, places: Vector, unit: int) -> Vector:
        """Load 32 bits for each of 16 lanes, from so many units of `unit` bytes on; only if the CPU `GATHERS`."""
        if CHECKED:
            self._check_places(places, unit, None)
        everywhere = ir.Constant(ir.VectorType(ir.IntType(1), 16), [1] * 16)
        pointer, lanes = self._places_kind(places)
        kind = ir.FunctionType(lanes, [lanes, pointer, lanes, everywhere.type, ir.IntType(32)])
        function = cgutils.get_or_insert_function(self._builder.module, kind, "llvm.x86.avx512.mask.gather.dpi.512")
        nothing, scale = ir.Constant(places.value.type, None), ir.Constant(ir.IntType(32), unit)
        return Vector(
            self._builder, self._builder.call(function, [nothing, self._bytes(), places.value, everywhere, scale])
        )

    def scatter(self, places: Vector, values: Vector, where: Vector, unit: int) -> None:
        """Store 32 bits of each of 16 lanes for which a lane of one bit is set, likewise."""
        if CHECKED:
            self._check_places(places, unit, where)
        pointer, indices = self._places_kind(places)
        kind = ir.FunctionType(ir.VoidType(), [pointer, where.value.type, indices, values.value.type, ir.IntType(32)])
        function = cgutils.get_or_insert_function(self._builder.module, kind, "llvm.x86.avx512.mask.scatter.dpi.512")
        scale = ir.Constant(ir.IntType(32), unit)
        self._builder.call(function, [self._bytes(), where.value, places.value, values.value, scale])

    def store_halves(self, places: Vector, values: Vector) -> None:
        """Store the low 16 bits of each of 16 lanes in memory of such elements; only if the CPU `GATHERS`.

        It may also store zero in the element behind each, if the CPU `SCATTERS`: that must be zero, or be stored later.
        Places must not be negative.
        """
        if CHECKED:
            self._check_places(places, 2, None)
        if SCATTERS:
            everywhere = Vector(self._builder, ir.Constant(ir.VectorType(ir.IntType(1), places.lanes), [1] * 16))
            self.scatter(places, values & 0xFFFF, everywhere, 2)
        else:
            for place, value in zip(_unsigned_parts(places), _unsigned_parts(values.truncated(16)), strict=True):
                self.store_scalar(Scalar(self._builder, place), Scalar(self._builder, value))

    def _bytes(self) -> ir.Value:
        return self._builder.bitcast(self._data, ir.IntType(8).as_pointer())

    def _places_kind(self, places: Vector) -> tuple[ir.Type, ir.Type]:
        return ir.IntType(8).as_pointer(), places.value.type

    def _check_places(self, places: Vector, unit: int, where: Vector | None) -> None:
        """Check lane by lane what is loaded or stored."""
        width = self._context.get_abi_sizeof(self._element)
        checked = places if where is None else places.where(where, 0)
        for lane in range(places.lanes):
            place = self._builder.extract_element(checked.value, ir.Constant(ir.IntType(32), lane))
            first = Scalar(self._builder, self._builder.sext(place, I64)) * unit
            bytes_there = self._builder.mul(self._items, ir.Constant(I64, width))
            self._check_range(first, first + 4, bytes_there)

    def prefetch(self, index: Scalar) -> None:
        """Ask for the line of an element to be brought into the second-level cache."""
        pointer = self._address(index, 1, ir.IntType(8))
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, *[ir.IntType(32)] * 3])
        function = cgutils.get_or_insert_function(self._builder.module, kind, "llvm.prefetch.p0i8")
        read, second_level, data = (ir.Constant(ir.IntType(32), number) for number in (0, 2, 1))
        self._builder.call(function, [pointer, read, second_level, data])

    def copy_from(self, index: Scalar, source: Memory, start: Scalar, count: Scalar) -> None:
        """Copy elements of the same type; the two must not overlap."""
        if CHECKED:
            self._check(index, count)
            source._check(start, count)
        target, origin = (
            self._builder.gep(memory._data, [first.value]) for memory, first in ((self, index), (source, start))
        )
        width = self._context.get_abi_sizeof(self._element)
        cgutils.raw_memcpy(self._builder, target, origin, count.value, width)

    def clear(self, index: Scalar, count: Scalar) -> None:
        """Set elements to zero."""
        if CHECKED:
            self._check(index, count)
        size = (count * self._context.get_abi_sizeof(self._element)).value
        cgutils.memset(self._builder, self._builder.gep(self._data, [index.value]), size, 0)


def _unsigned_parts(vector: Vector) -> Iterator[ir.Value]:
    """Lanes as integers of 64 bits, taken out of the vector 64 bits at once: one by one it takes twice as long."""
    builder, together = vector.builder, 64 // vector.bits
    words = builder.bitcast(vector.value, ir.VectorType(I64, vector.lanes // together))
    opaque = ir.InlineAsm(ir.FunctionType(I64, [I64]), "", "=r,0")  # or LLVM makes it one by one again
    for index in range(vector.lanes // together):
        word = builder.call(opaque, [builder.extract_element(words, ir.Constant(ir.IntType(32), index))])
        for part in range(together):
            shifted = builder.lshr(word, ir.Constant(I64, part * vector.bits))
            yield builder.and_(shifted, ir.Constant(I64, (1 << vector.bits) - 1))


def _flat_index(memory: Memory, builder: ir.IRBuilder, kind: types.Type, value: ir.Value) -> Scalar:
    if not isinstance(kind, types.BaseTuple):
        return Scalar(builder, value)
    row, column = (Scalar(builder, part) for part in cgutils.unpack_tuple(builder, value))
    return row * memory.columns + column


def _index_type(kind: SpanType, index: types.Type) -> types.Type | None:
    if kind.ndim == 1 and isinstance(index, types.Integer):
        return types.int64
    if kind.ndim == 2 and isinstance(index, types.BaseTuple) and len(index) == 2:
        return types.UniTuple(types.int64, 2)
    return None


@infer_global(operator.getitem)
class _GetItem(AbstractTemplate):
    def generic(self, arguments: Sequence[types.Type], _keywords: Any) -> Any:
        kind, index = arguments
        if isinstance(kind, SpanType) and (index_type := _index_type(kind, index)):
            return signature(types.int64, kind, index_type)
        return None


@infer_global(operator.setitem)
class _SetItem(AbstractTemplate):
    def generic(self, arguments: Sequence[types.Type], _keywords: Any) -> Any:
        kind, index, _ = arguments
        if isinstance(kind, SpanType) and (index_type := _index_type(kind, index)):
            return signature(types.none, kind, index_type, types.int64)
        return None


@infer_global(len)
class _Len(AbstractTemplate):
    def generic(self, arguments: Sequence[types.Type], _keywords: Any) -> Any:
        return signature(types.int64, *arguments) if isinstance(arguments[0], SpanType) else None


@lower_builtin(operator.getitem, SpanType, types.Any)
def _get(context: Any, builder: ir.IRBuilder, sig: Any, values: Sequence[ir.Value]) -> ir.Value:
    memory = Memory(context, builder, sig.args[0], values[0])
    return memory.load_scalar(_flat_index(memory, builder, sig.args[1], values[1])).value


@lower_builtin(operator.setitem, SpanType, types.Any, types.Any)
def _set(context: Any, builder: ir.IRBuilder, sig: Any, values: Sequence[ir.Value]) -> ir.Value:
    memory = Memory(context, builder, sig.args[0], values[0])
    memory.store_scalar(_flat_index(memory, builder, sig.args[1], values[1]), Scalar(builder, values[2]))
    return context.get_dummy_value()


@lower_builtin(len, SpanType)
def _len(context: Any, builder: ir.IRBuilder, sig: Any, values: Sequence[ir.Value]) -> ir.Value:
    return Memory(context, builder, sig.args[0], values[0]).rows.value
