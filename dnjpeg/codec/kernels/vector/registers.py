"""Instructions of x86 that LLVM does not make of plain operations on lanes, or not always, register by register.

What it is told in plain operations it takes apart: of two upper halves of products, one after the other, it makes
multiplications of 32 bits, of a saturating narrowing one that puts lanes into another order, and that order right
again. On other CPUs, and of less than 128 bits, the plain operations stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from llvmlite import ir

from dnjpeg.codec.kernels.vector.lanes import Vector, call, concatenate, shuffle
from dnjpeg.codec.kernels.vector.target import REGISTER_BITS

__all__ = ["bytes_by_sixteen", "high_product", "narrowed_by_eight", "pair_products"]

SMALLEST = 128
HIGH_PRODUCT = {128: "llvm.x86.sse2.pmulhu.w", 256: "llvm.x86.avx2.pmulhu.w", 512: "llvm.x86.avx512.pmulhu.w.512"}
NARROWED = {
    128: "llvm.x86.sse2.packssdw.128",
    256: "llvm.x86.avx2.packssdw",
    512: "llvm.x86.avx512.packssdw.512",
}
PAIR_PRODUCTS = {128: "llvm.x86.sse2.pmadd.wd", 256: "llvm.x86.avx2.pmadd.wd", 512: "llvm.x86.avx512.pmaddw.d.512"}
BYTES = {
    128: "llvm.x86.sse2.packuswb.128",
    256: "llvm.x86.avx2.packuswb",
    512: "llvm.x86.avx512.packuswb.512",
}


def pair_products(x: Vector, first: int, second: int) -> Vector:
    """``x[2i] * first + x[2i + 1] * second`` in 32 bits, from 16-bit lanes."""
    return _by_register(PAIR_PRODUCTS, x, x.filled_with([first, second] * (x.lanes // 2)), 32, Vector.dot_pairs)


def high_product(a: Vector, b: Vector) -> Vector:
    """Upper 16 bits of the products of unsigned 16-bit lanes."""

    def plain(a: Vector, b: Vector) -> Vector:
        return (a.unsigned(32) * b.unsigned(32)).shift_right(16).truncated(16)

    return _by_register(HIGH_PRODUCT, a, b, a.bits, plain)


def narrowed_by_eight(first: Vector, last: Vector) -> Vector:
    """Join lanes of 32 bits, saturated to 16: four of one, four of the other, and so on."""

    def plain(first: Vector, last: Vector) -> Vector:
        a, b = (x.clamped(-(1 << 15), (1 << 15) - 1).truncated(16) for x in (first, last))
        return shuffle(a, b, [lane + i for at in range(0, a.lanes, 4) for lane in (at, a.lanes + at) for i in range(4)])

    return _by_register(NARROWED, first, last, 16, plain)


def bytes_by_sixteen(first: Vector, last: Vector) -> Vector:
    """Join lanes of 16 bits, limited to 0..255: eight of one, eight of the other, and so on."""

    def plain(first: Vector, last: Vector) -> Vector:
        a, b = (x.clamped(0, 255).truncated(8) for x in (first, last))
        return shuffle(a, b, [lane + i for at in range(0, a.lanes, 8) for lane in (at, a.lanes + at) for i in range(8)])

    return _by_register(BYTES, first, last, 8, plain)


def _by_register(
    names: Mapping[int, str], a: Vector, b: Vector, bits: int, plain: Callable[[Vector, Vector], Vector]
) -> Vector:
    """Apply an instruction to two vectors piece by piece; the lanes of its result have so many bits."""
    total = a.lanes * a.bits
    width = min(total, REGISTER_BITS)
    if width < SMALLEST:
        return plain(a, b)
    lanes = width // a.bits
    returns = ir.VectorType(ir.IntType(bits), width // bits)
    pieces = [(a.part(first, lanes), b.part(first, lanes)) for first in range(0, a.lanes, lanes)]
    return concatenate(
        [Vector(a.builder, call(a.builder, names[width], x.value, y.value, returns=returns)) for x, y in pieces]
    )
