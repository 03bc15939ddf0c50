"""Both ways to gather what is coded of a block: only one of them is in use on a given CPU."""

import numpy as np
import pytest

from dnjpeg.codec.entropy import gathering
from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import span


@kernel
def _gather(coefficients, mask, slot, values, places, whole):
    coefficients, values, places = span(coefficients), span(values), span(places)
    if whole:
        return gathering._gather_at_once(coefficients, 0, mask, slot, values, places, 0)
    return gathering._gather_some_at_once(coefficients, 0, mask, slot, values, places, 0)


@kernel
def _long_runs(mask):
    return gathering._with_long_runs(mask)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("density", [0, 0.1, 0.5, 1])
def test_coefficients_whose_bits_are_set_come_in_the_order_of_the_zigzag_sequence(whole, density):
    random = np.random.default_rng(3)
    for slot in (0, 128):
        coefficients = random.integers(-32768, 32768, 64).astype(np.int16)
        chosen = random.random(64) < density
        mask = np.uint64(sum(1 << k for k in np.flatnonzero(chosen).tolist()))
        values, places = np.full(256, 99, np.int16), np.full(256, 99, np.uint8)
        count = _gather(coefficients, mask, slot, values, places, whole)
        assert count == chosen.sum()
        assert values[:count].tolist() == coefficients[np.array(ZIGZAG)][chosen].tolist()
        assert places[:count].tolist() == (np.flatnonzero(chosen) + slot).tolist()


def test_sixteen_zeros_before_a_coefficient_get_a_place_of_their_own_and_those_at_the_end_do_not():
    cases = {
        (0,): (),
        (0, 16): (),
        (0, 17): (16,),
        (0, 40): (16, 32),
        (0, 63): (16, 32, 48),
        (0, 20, 37, 63): (16, 36, 53),
    }
    for places, added in cases.items():
        mask = np.uint64(sum(1 << k for k in places))
        assert int(_long_runs(mask)) == int(mask) + sum(1 << k for k in added)
