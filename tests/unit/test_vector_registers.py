"""Instructions of x86, and the plain operations that stand for them on other CPUs, against NumPy."""

from unittest import mock

import numba
import numpy as np
import pytest

from dnjpeg.codec.kernels.vector import (
    Memory,
    Scalar,
    bytes_by_sixteen,
    high_product,
    operation,
    paired,
    registers,
    span,
    widened,
)

LANES = [8, 16, 32, 64]
EDGES = [-32768, -32767, -1, 0, 1, 255, 256, 32767]


def _run(work, a, b, out, lanes, plain):
    """Apply an operation to vectors of so many lanes."""

    @operation()
    def at(a: Memory, b: Memory, out: Memory, first: Scalar, to: Scalar) -> None:
        out.store(to, work(a.load(first, lanes), b.load(first, lanes)))

    @numba.njit
    def over(a, b, out, scale):
        a, b, out = span(a), span(b), span(out)
        for first in range(0, len(a), lanes):
            at(a, b, out, first, scale * first)

    with mock.patch.object(registers, "REGISTER_BITS", 0) if plain else mock.MagicMock():
        over(a, b, out, len(out) // len(a))
    return out


def _numbers():
    """All pairs of edges, and others."""
    random = np.random.default_rng(4).integers(-32768, 32768, (2, 960))
    edges = np.array(np.meshgrid(EDGES, EDGES)).reshape(2, -1)
    return np.concatenate([edges, random], 1).astype(np.int16)


def _by(count, first, last):
    """So many of one, so many of the other."""
    return np.stack([first.reshape(-1, count), last.reshape(-1, count)], 1).reshape(-1)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("lanes", LANES)
class TestOperations:
    def test_upper_half_of_a_product(self, lanes, plain):
        a, b = _numbers()
        product = (a.astype(np.int64) & 0xFFFF) * (b.astype(np.int64) & 0xFFFF) >> 16
        assert np.array_equal(
            _run(high_product, a, b, a.copy(), lanes, plain), product.astype(np.uint16).view(np.int16)
        )

    def test_sums_of_products_of_pairs(self, lanes, plain):
        a, b = _numbers()
        a[a == -32768] = 0  # -32768 * -32768 twice is the one sum that 32 bits do not hold
        for first, second in ((1, 1), (0, -32768), (-32768, 32767), (3196, -16069)):

            def work(x, y, first=first, second=second):
                return (paired(x, y).pair_products(first, second) + 5 >> 16).saturated()

            out = _run(work, a, b, a.copy(), lanes, plain)
            assert np.array_equal(out, a.astype(np.int64) * first + b.astype(np.int64) * second + 5 >> 16)

    def test_saturation(self, lanes, plain):
        a, b = _numbers()
        out = _run(
            lambda x, y: (paired(x, y).pair_products(3, 1) - widened(y, 2)).saturated(), a, b, a.copy(), lanes, plain
        )
        expected = 3 * a.astype(np.int64) + b - 4 * b.astype(np.int64)
        assert np.array_equal(out, expected.clip(-32768, 32767))

    def test_upper_halves(self, lanes, plain):
        a, b = _numbers()
        a[a == -32768] = 0
        out = _run(lambda x, y: paired(x, y).pair_products(-20000, 30000).upper(), a, b, a.copy(), lanes, plain)
        assert np.array_equal(out, a.astype(np.int64) * -20000 + b.astype(np.int64) * 30000 >> 16)

    def test_bytes(self, lanes, plain):
        a, b = _numbers()
        out = _run(bytes_by_sixteen, a, b, np.zeros(2 * len(a), np.uint8), lanes, plain)
        assert np.array_equal(out, _by(8, a.clip(0, 255), b.clip(0, 255)))
