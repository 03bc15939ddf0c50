"""How lanes are stored each to its place, by a CPU's instruction for that and one after the other, against NumPy."""

from unittest import mock

import numba
import numpy as np
import pytest

from dnjpeg.codec.kernels.vector import GATHERS, Memory, memory, operation, span

LANES = 16


@pytest.mark.skipif(not GATHERS, reason="this CPU has no lanes that gather")
@pytest.mark.parametrize("scatters", [False, True])
def test_halves_go_each_to_its_place(scatters):
    random = np.random.default_rng(7)
    places = np.stack([random.permutation(100)[:LANES] * 3 for _ in range(50)]).astype(np.int32)
    places[0, 0], places[1, -1] = 0, 299
    values = random.integers(-(1 << 31), 1 << 31, places.shape).astype(np.int32)
    values[2] = [-1, -32768, 32767, 65535, 65536, 0, 1, -2] * 2

    @operation()
    def at(places: Memory, values: Memory, out: Memory) -> None:
        first = out.constant(0)
        out.store_halves(places.load(first, LANES), values.load(first, LANES))

    @numba.njit
    def store(places, values, out):
        at(span(places), span(values), span(out))

    with mock.patch.object(memory, "SCATTERS", scatters):
        pairs, ahead = np.zeros(3 * LANES, np.int16), 3 * np.arange(LANES, dtype=np.int32)
        store(ahead, ahead + 1, pairs)
        store(ahead + 1, ahead + 2, pairs)  # what is behind the first ones may have become zero, and is stored now
        assert np.array_equal(pairs.reshape(-1, 3), np.stack([ahead + 1, ahead + 2, 0 * ahead], 1))
        for to, what in zip(places, values, strict=True):
            out, expected = np.zeros(301, np.int16), np.zeros(301, np.int16)
            expected[to] = what.astype(np.int16)
            store(to.copy(), what.copy(), out)
            assert np.array_equal(out, expected)
