"""The vector vocabulary of the kernels: the only folder that knows LLVM.

An `operation` is a plain Python function over `Vector`, `Scalar` and `Memory` values. It runs once, while a kernel that
calls it is being compiled, and each operator in it becomes one LLVM instruction on all lanes; loops and lists in it are
unrolled. LLVM lowers the lanes to whatever the CPU has; where another way would be faster without an instruction, a
kernel may ask `target` for it, but must do without.

>>> from dnjpeg.codec.kernels.jit import kernel
>>> from dnjpeg.codec.kernels.vector import operation, span
>>> @operation()
... def add16(a, b, out, index):
...     out.store(index, a.load(index, 16) + b.load(index, 16))
>>> @kernel
... def add(a, b, out):
...     a, b, out = span(a), span(b), span(out)
...     for i in range(0, len(out) - 15, 16):
...         add16(a, b, out, i)

Loads and stores have no alignment needs, and no bounds checks unless ``DNJPEG_CHECKED=1`` is set.
"""

from dnjpeg.codec.kernels.vector.by_eight import Halves, Pairs, paired, widened
from dnjpeg.codec.kernels.vector.control import if_any, repeated, repeated_until, with_any
from dnjpeg.codec.kernels.vector.lanes import (
    Scalar,
    Vector,
    concatenate,
    interleave,
    shuffle,
    transpose,
)
from dnjpeg.codec.kernels.vector.memory import Memory, span
from dnjpeg.codec.kernels.vector.operations import (
    bit_length,
    clear,
    copy,
    count_ones,
    leading_zeros,
    load_big_endian,
    mostly_zero,
    operation,
    prefetch,
    store_big_endian,
    trailing_zeros,
)
from dnjpeg.codec.kernels.vector.registers import bytes_by_sixteen, high_product, pair_products
from dnjpeg.codec.kernels.vector.target import COMPRESSES, GATHERS, PERMUTES_BYTES, REGISTER_BITS

__all__ = [
    "COMPRESSES",
    "GATHERS",
    "PERMUTES_BYTES",
    "REGISTER_BITS",
    "Halves",
    "Memory",
    "Pairs",
    "Scalar",
    "Vector",
    "bit_length",
    "bytes_by_sixteen",
    "clear",
    "concatenate",
    "copy",
    "count_ones",
    "high_product",
    "if_any",
    "interleave",
    "leading_zeros",
    "load_big_endian",
    "mostly_zero",
    "operation",
    "pair_products",
    "paired",
    "prefetch",
    "repeated",
    "repeated_until",
    "shuffle",
    "span",
    "store_big_endian",
    "trailing_zeros",
    "transpose",
    "widened",
    "with_any",
]
