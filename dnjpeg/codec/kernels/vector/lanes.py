"""Values in registers: what an operation computes with while a kernel is being compiled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from llvmlite import ir

__all__ = ["I64", "Scalar", "Vector", "call", "concatenate", "interleave", "shuffle", "transpose"]

I64 = ir.IntType(64)


class Scalar:
    """A 64-bit integer in a register."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value

    def _other(self, other: Scalar | int) -> ir.Value:
        return other.value if isinstance(other, Scalar) else ir.Constant(I64, other)

    def __add__(self, other: Scalar | int) -> Scalar:
        return Scalar(self.builder, self.builder.add(self.value, self._other(other)))

    def __mul__(self, other: Scalar | int) -> Scalar:
        return Scalar(self.builder, self.builder.mul(self.value, self._other(other)))

    def __or__(self, other: Scalar | int) -> Scalar:
        return Scalar(self.builder, self.builder.or_(self.value, self._other(other)))

    def __lshift__(self, count: Scalar | int) -> Scalar:
        return Scalar(self.builder, self.builder.shl(self.value, self._other(count)))

    def all_above(self) -> Scalar:
        """Return ``-1 << self``: all bits but the lowest so many."""
        return Scalar(self.builder, self.builder.shl(ir.Constant(I64, -1), self.value))

    def power_of_two(self) -> Scalar:
        """Return ``1 << self``."""
        return Scalar(self.builder, self.builder.shl(ir.Constant(I64, 1), self.value))

    def byte_swapped(self) -> Scalar:
        """Reverse the order of the eight bytes."""
        return Scalar(self.builder, call(self.builder, "llvm.bswap.i64", self.value))

    def trailing_zeros(self) -> Scalar:
        """Index of the lowest set bit; 64 for zero."""
        return Scalar(self.builder, call(self.builder, "llvm.cttz.i64", self.value, ir.Constant(ir.IntType(1), 0)))

    def leading_zeros(self) -> Scalar:
        """Count the bits above the highest set one; the value must not be zero."""
        return Scalar(self.builder, call(self.builder, "llvm.ctlz.i64", self.value, ir.Constant(ir.IntType(1), 1)))

    def bit_length(self) -> Scalar:
        """Count the bits up to the highest set one; 0 for zero."""
        zeros = call(self.builder, "llvm.ctlz.i64", self.value, ir.Constant(ir.IntType(1), 0))
        return Scalar(self.builder, self.builder.sub(ir.Constant(I64, 64), zeros))

    def count_ones(self) -> Scalar:
        """Count the bits that are set."""
        return Scalar(self.builder, call(self.builder, "llvm.ctpop.i64", self.value))

    def bits_reversed(self) -> Scalar:
        """Reverse the order of the bits."""
        return Scalar(self.builder, call(self.builder, "llvm.bitreverse.i64", self.value))

    def deposited(self, mask: Scalar) -> Scalar:
        """Put the lowest bits where a mask has ones, in order; only if the CPU has an instruction for that: BMI2."""
        return Scalar(self.builder, call(self.builder, "llvm.x86.bmi.pdep.64", self.value, mask.value))

    def expected(self, number: int) -> Scalar:
        """Return the value, with the hint that it is mostly this number."""
        return Scalar(self.builder, call(self.builder, "llvm.expect.i64", self.value, ir.Constant(I64, number)))

    def spread(self) -> Vector:
        """Return 64 8-bit lanes: -1 where the bit is set, else 0."""
        booleans = self.builder.bitcast(self.value, ir.VectorType(ir.IntType(1), 64))
        return Vector(self.builder, self.builder.sext(booleans, ir.VectorType(ir.IntType(8), 64)))

    def at_most(self, number: int) -> Scalar:
        """Limit the value, taken as unsigned."""
        return Scalar(
            self.builder,
            self.builder.select(self.builder.icmp_unsigned(">", self.value, I64(number)), I64(number), self.value),
        )

    def at_least(self, number: int) -> Scalar:
        """Return 1 for this number and greater ones, else 0."""
        return Scalar(self.builder, self.builder.zext(self.builder.icmp_signed(">=", self.value, I64(number)), I64))

    def splat(self, lanes: int, bits: int) -> Vector:
        """Return a vector all of whose lanes are the low bits of this integer."""
        narrow = self.builder.trunc(self.value, ir.IntType(bits))
        first = self.builder.insert_element(
            ir.Constant(ir.VectorType(narrow.type, lanes), ir.Undefined), narrow, ir.Constant(ir.IntType(32), 0)
        )
        return Vector(self.builder, first).select([0] * lanes)


class Vector:
    """Lanes of integers (8, 16, 32 bits) or of floats (32, 64 bits) in registers.

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

    @property
    def bits(self) -> int:
        """Bits of a lane, an integer."""
        return int(self.value.type.element.width)

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

    def __sub__(self, other: Vector | int | Sequence[int]) -> Vector:
        return self._new(self.builder.sub(self.value, self._other(other)))

    def __mul__(self, other: Vector | int | Sequence[int]) -> Vector:
        return self._new(self.builder.mul(self.value, self._other(other)))

    def __xor__(self, other: Vector | int) -> Vector:
        return self._new(self.builder.xor(self.value, self._other(other)))

    def __or__(self, other: Vector | int) -> Vector:
        return self._new(self.builder.or_(self.value, self._other(other)))

    def __and__(self, other: Vector | int | Sequence[int]) -> Vector:
        return self._new(self.builder.and_(self.value, self._other(other)))

    def __lshift__(self, count: Vector | int) -> Vector:
        return self._new(self.builder.shl(self.value, self._other(count)))

    def __rshift__(self, count: Vector | int) -> Vector:
        return self._new(self.builder.ashr(self.value, self._other(count)))

    def shift_right(self, count: Vector | int) -> Vector:
        """Shift right, filling with zeros."""
        return self._new(self.builder.lshr(self.value, self._other(count)))

    def shifted_in(self, behind: Vector, count: Vector) -> Vector:
        """Shift left, filling with the upper bits of another vector."""
        name = f"llvm.fshl.v{self.lanes}i{self.bits}"
        return self._new(call(self.builder, name, self.value, behind.value, count.value))

    def magnitude(self) -> Vector:
        """Make negative lanes positive, but for the least number, which stays."""
        name = f"llvm.abs.v{self.lanes}i{self.bits}"
        return self._new(call(self.builder, name, self.value, ir.Constant(ir.IntType(1), 0)))

    def negative_where(self, signs: Vector) -> Vector:
        """Negate the lanes for which those of another vector are negative."""
        return (self.filled_with(0) - self).where(signs.below(0), self)

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

    def at_most(self, limit: Vector | int) -> Vector:
        """Limit each lane, taken as unsigned."""
        top = self._other(limit)
        return self._new(self.builder.select(self.builder.icmp_unsigned(">", self.value, top), top, self.value))

    def zero_where(self, lanes: Vector, number: int) -> Vector:
        """Return zero in the lanes in which another vector has the number."""
        equal = self.builder.icmp_signed("==", lanes.value, lanes._other(number))
        return self._new(self.builder.select(equal, self._other(0), self.value))

    def equals(self, other: Vector | int) -> Vector:
        """Tell where lanes are equal, in lanes of one bit."""
        return self._new(self.builder.icmp_signed("==", self.value, self._other(other)))

    def below(self, other: Vector | int) -> Vector:
        """Tell where lanes, taken as signed, are less, in lanes of one bit."""
        return self._new(self.builder.icmp_signed("<", self.value, self._other(other)))

    def where(self, condition: Vector, other: Vector | int) -> Vector:
        """Take the lanes for which a lane of one bit is set, and the others from another vector."""
        return self._new(self.builder.select(condition.value, self.value, self._other(other)))

    def ones(self) -> Scalar:
        """Bit i is what lane i of one bit is; at most 64 lanes."""
        return self._mask(self.value)

    def bytes_swapped(self) -> Vector:
        """Reverse the order of the bytes of each lane."""
        return self._new(call(self.builder, f"llvm.bswap.v{self.lanes}i{self.bits}", self.value))

    def chosen(self, indices: Vector) -> Vector:
        """Return the lanes with the given indices, which need not be known; 512 bits, if the CPU `GATHERS`.

        Of an index only the bits that it takes to tell all lanes are looked at.
        """
        kind = {8: "qi", 32: "si"}[self.bits]
        return self._new(call(self.builder, f"llvm.x86.avx512.permvar.{kind}.512", self.value, indices.value))

    def bits_below(self) -> Vector:
        """Set all bits below the highest set one of each lane as well."""
        lanes, distance = self, 1
        while distance < self.bits:
            lanes = lanes | lanes.shift_right(distance)
            distance *= 2
        return lanes

    def count_ones(self) -> Vector:
        """Count the bits of each lane that are set."""
        return self._new(call(self.builder, f"llvm.ctpop.v{self.lanes}i{self.bits}", self.value))

    def filled_with(self, number: int | Sequence[int]) -> Vector:
        """Return a vector of this type with the number in all lanes, or one for each."""
        return self._new(self._other(number))

    def compressed(self, mask: Scalar) -> Vector:
        """Move the lanes whose bits are set together, in order; zeros follow.

        It takes one or two instructions if the CPU `COMPRESSES`, else several a lane.
        """
        bits = mask.value if self.lanes == 64 else self.builder.trunc(mask.value, ir.IntType(self.lanes))
        chosen = self.builder.bitcast(bits, ir.VectorType(ir.IntType(1), self.lanes))
        name = f"llvm.experimental.vector.compress.v{self.lanes}i{self.bits}"
        return self._new(call(self.builder, name, self.value, chosen, self._other(0)))

    def signed_high_product(self, factor: int) -> Vector:
        """Upper 16 bits of the product of signed 16-bit lanes with a number of as many."""
        return (self.signed(32) * factor >> 16).truncated(16)

    def dot_pairs(self, factors: Vector) -> Vector:
        """``self[2i] * factors[2i] + self[2i+1] * factors[2i+1]`` in 32 bits, from 16-bit lanes."""
        products = self.signed(32) * factors.signed(32)
        return products.select(range(0, self.lanes, 2)) + products.select(range(1, self.lanes, 2))

    def select(self, indices: Iterable[int]) -> Vector:
        """Return the lanes with the given indices (a shuffle)."""
        return shuffle(self, self, indices)

    def part(self, first: int, lanes: int) -> Vector:
        """Return consecutive lanes."""
        return self.select(range(first, first + lanes))

    def reinterpreted(self, bits: int) -> Vector:
        """Take the same bits as lanes of another size, the lowest first: CPUs are taken for little-endian."""
        kind = ir.VectorType(ir.IntType(bits), self.lanes * self.bits // bits)
        return self._new(self.builder.bitcast(self.value, kind))

    def to_float(self, bits: int = 64) -> Vector:
        """Convert signed integers to floats of 64 or 32 bits."""
        kind = ir.DoubleType() if bits == 64 else ir.FloatType()
        return self._new(self.builder.sitofp(self.value, ir.VectorType(kind, self.lanes)))

    def to_integer(self) -> Vector:
        """Convert floats to signed 32-bit integers, towards zero."""
        return self._new(self.builder.fptosi(self.value, self._integer(32)))

    def times(self, factors: Vector) -> Vector:
        """``self * factors`` of floats."""
        return self._new(self.builder.fmul(self.value, factors.value))

    def scaled(self, factors: Vector, offset: Vector | float) -> Vector:
        """``self * factors + offset`` of floats."""
        return self._new(self.builder.fadd(self.times(factors).value, self._other(offset)))

    def where_equal(self, number: int) -> Scalar:
        """Bit i is set where lane i equals the number; at most 64 lanes."""
        return self._mask(self.builder.icmp_signed("==", self.value, self._other(number)))

    def where_nonzero(self) -> Scalar:
        """Bit i is set where lane i is not zero; at most 64 lanes."""
        return self._mask(self.builder.icmp_signed("!=", self.value, self._other(0)))

    def zero_lanes(self) -> Vector:
        """Return lanes of the same type: -1 where the lane is zero, else 0."""
        zero = self.builder.icmp_signed("==", self.value, self._other(0))
        return self._new(self.builder.sext(zero, self.value.type))

    def nonzero_lanes(self) -> Vector:
        """Return 8-bit lanes: -1 where the lane is not zero, else 0."""
        return self._new(
            self.builder.sext(self.builder.icmp_signed("!=", self.value, self._other(0)), self._integer(8))
        )

    def _mask(self, booleans: ir.Value) -> Scalar:
        bits = self.builder.bitcast(booleans, ir.IntType(self.lanes))
        return Scalar(self.builder, bits if self.lanes == 64 else self.builder.zext(bits, I64))


def call(builder: ir.IRBuilder, name: str, *arguments: ir.Value, returns: ir.Type | None = None) -> ir.Value:
    """Call one of LLVM's intrinsic functions; it returns what its first argument is, if nothing else is said."""
    function = builder.module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(returns or arguments[0].type, [argument.type for argument in arguments])
        function = ir.Function(builder.module, kind, name)
    return builder.call(function, arguments)


def shuffle(a: Vector, b: Vector, indices: Iterable[int]) -> Vector:
    """Return the lanes with the given indices; those of the second vector follow those of the first."""
    chosen = list(indices)
    mask = ir.Constant(ir.VectorType(ir.IntType(32), len(chosen)), chosen)
    return Vector(a.builder, a.builder.shuffle_vector(a.value, b.value, mask))


def concatenate(vectors: Sequence[Vector]) -> Vector:
    """Join a power of two of equally long vectors."""
    parts = list(vectors)
    while len(parts) > 1:
        lanes = 2 * parts[0].lanes
        parts = [shuffle(a, b, range(lanes)) for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


def interleave(a: Vector, b: Vector) -> Vector:
    """``a[0], b[0], a[1], b[1], …``."""
    return shuffle(a, b, [lane for i in range(a.lanes) for lane in (i, a.lanes + i)])


def transpose(rows: Sequence[Vector]) -> list[Vector]:
    """Transpose each square of n vectors, n a power of two, whose lanes hold one or more of n lanes side by side."""
    lanes, side = rows[0].lanes, len(rows)

    def merge(a: Vector, b: Vector, distance: int, start: int) -> Vector:
        """Take turns: so many lanes of one, so many of the other; from the first or the second half of each square."""
        order = [
            lane
            for group in range(start, start + side // 2, distance)
            for vector in (0, lanes)
            for lane in range(vector + group, vector + group + distance)
        ]
        return shuffle(a, b, [square + lane for square in range(0, lanes, side) for lane in order])

    current = list(rows)
    distance = 1
    while distance < side:
        merged = list(current)
        for group in range(0, side, 2 * distance):
            for i in range(distance):
                a, b = current[group + i], current[group + i + distance]
                merged[group + 2 * i] = merge(a, b, distance, 0)
                merged[group + 2 * i + 1] = merge(a, b, distance, side // 2)
        current = merged
        distance *= 2
    return current
