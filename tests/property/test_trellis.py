"""Rate–distortion optimised quantization against brute force, and laws that hold for any image."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnjpeg.codec.format.huffman import STANDARD, optimal_table
from dnjpeg.codec.format.zigzag import ZIGZAG
from dnjpeg.codec.trellis.blocks import choose_blocks, weighted_error
from dnjpeg.codec.trellis.differences import choose_dc
from dnjpeg.codec.trellis.rates import ac_rates, code_lengths, dc_rates

SEEDS = st.integers(0, 2**32 - 1)
# F.1.2.2 and F.1.2.1 written out: what the kernels' tables of rates must amount to.
LUMA_AC, LUMA_DC = ({symbol: size for symbol, _, size in STANDARD[kind, 0].codes()} for kind in (1, 0))


def block_bits(levels, lengths):
    """Bits of the AC coefficients of one block, natural order, by the text of F.1.2.2."""
    bits, run = 0, 0
    for k in range(1, 64):
        value = int(levels[ZIGZAG[k]])
        if value == 0:
            run += 1
            continue
        bits += lengths[0xF0] * (run // 16)
        size = abs(value).bit_length()
        bits += lengths[(run % 16) << 4 | size] + size
        run = 0
    return bits + (lengths[0] if run else 0)


def chosen_block(source, rounded, steps, weights, lengths):
    rates = ac_rates(np.array([lengths.get(symbol, np.inf) for symbol in range(256)], np.float64))
    chosen = rounded.copy()
    cost = choose_blocks(source, rounded, 0, 64, steps, weights, rates, chosen)
    return chosen, cost


def cost_of(levels, source, steps, weights, lengths):
    errors = weights * ((source - steps * levels) ** 2 - source.astype(float) ** 2)
    return errors[1:].sum() + block_bits(levels, lengths)


def random_block(seed, most):
    """A block with up to `most` levels that are not zero, anywhere, long runs and the last coefficient among them."""
    chance = np.random.default_rng(seed)
    steps = chance.integers(1, 60, 64).astype(np.float64)
    weights = chance.uniform(0.2, 5, 64) / steps**2 * chance.choice([0.3, 3, 30])
    rounded = np.zeros(64, np.int16)
    places = chance.choice([*range(1, 64), 63, 63, 20, 40], min(most, 5), replace=False)
    values = chance.choice([1, 1, 1, 2, 2, 3, 4, 5], len(places)) * chance.choice([-1, 1], len(places))
    rounded[np.array(ZIGZAG)[places]] = values
    source = np.rint(rounded * steps + chance.uniform(-0.5, 0.5, 64) * steps).astype(np.int32)
    return source, rounded, steps, weights


@given(SEEDS, st.integers(1, 5))
@settings(max_examples=120, deadline=None)
def test_blocks_are_optimal_among_all_levels_from_zero_to_the_rounded_ones(seed, most):
    source, rounded, steps, weights = random_block(seed, most)
    chosen, cost = chosen_block(source, rounded, steps, weights, LUMA_AC)
    places = np.flatnonzero(rounded)
    best = np.inf
    ranges = [range(abs(int(rounded[place])) + 1) for place in places]
    for magnitudes in itertools.product(*ranges):
        levels = np.zeros(64, np.int16)
        levels[places] = np.sign(rounded[places]) * np.array(magnitudes, np.int16)
        best = min(best, cost_of(levels, source, steps, weights, LUMA_AC))
    assert cost_of(chosen, source, steps, weights, LUMA_AC) == pytest.approx(best, abs=1e-6)
    assert cost == pytest.approx(best, abs=1e-6)


@given(SEEDS)
@settings(max_examples=60, deadline=None)
def test_full_blocks_cost_what_the_kernel_says_and_no_more_than_rounding(seed):
    chance = np.random.default_rng(seed)
    steps = chance.integers(1, 30, 64).astype(np.float64)
    weights = chance.uniform(0.001, 0.1, 64)
    source = np.rint(chance.laplace(0, chance.uniform(2, 60), 64)).astype(np.int16)
    rounded = np.rint(source / steps).astype(np.int16)
    rounded[0] = 7
    chosen, cost = chosen_block(source, rounded, steps, weights, LUMA_AC)
    assert cost == pytest.approx(cost_of(chosen, source, steps, weights, LUMA_AC), abs=1e-6)
    assert cost <= cost_of(rounded, source, steps, weights, LUMA_AC) + 1e-6
    assert chosen[0] == rounded[0]
    assert (np.abs(chosen) <= np.abs(rounded)).all()
    assert (np.sign(chosen) * np.sign(rounded) >= 0).all()


def test_a_symbol_without_a_code_is_not_used():
    # Only "a 1 at once", "a 1 behind one zero" and the end have codes: zeroing the second would need a run of two.
    frequencies = np.zeros(256, np.int64)
    frequencies[[0x00, 0x01, 0x11]] = 5, 5, 5
    lengths = code_lengths(optimal_table(frequencies), extensible=False)
    assert np.isinf(lengths).sum() == 253
    source = np.zeros(64, np.int16)
    rounded = np.zeros(64, np.int16)
    for place, value in ((1, 40), (2, 11), (4, 40)):
        source[ZIGZAG[place]], rounded[ZIGZAG[place]] = value, 1
    steps, weights = np.full(64, 20.0), np.full(64, 1.0)
    weights[ZIGZAG[2]] = 1e-6  # it would not be worth its bits
    chosen = rounded.copy()
    choose_blocks(source, rounded, 0, 64, steps, weights, ac_rates(lengths), chosen)
    assert np.array_equal(chosen, rounded)
    chosen = rounded.copy()
    rates = ac_rates(code_lengths(STANDARD[1, 0], extensible=False))
    choose_blocks(source, rounded, 0, 64, steps, weights, rates, chosen)
    assert chosen[ZIGZAG[2]] == 0
    assert chosen[ZIGZAG[4]] == 1


@given(SEEDS, st.integers(1, 6), st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_dc_is_optimal_in_coding_order_and_begins_anew_at_restarts(seed, count, interval):
    chance = np.random.default_rng(seed)
    order = chance.permutation(count)
    starts = np.array([0, *range(interval, count, interval), count] if interval else [0, count])
    step = float(chance.integers(1, 40))
    weight = chance.choice([0.01, 0.1, 1]) / step
    rounded, source = np.zeros(64 * count, np.int16), np.zeros(64 * count, np.int16)
    rounded[::64] = chance.integers(-40, 40, count)
    source[::64] = np.rint(rounded[::64] * step + chance.uniform(-0.5, 0.5, count) * step)
    chosen = rounded.copy()
    rates = dc_rates(code_lengths(STANDARD[0, 0], extensible=False))
    cost = choose_dc(source, rounded, 0, order, starts, step, weight, rates, chosen, np.zeros(3 * count, np.uint8))

    def total(levels):
        bits = 0
        for first, last in itertools.pairwise(starts):
            previous = 0
            for block in order[first:last]:
                size = int(abs(levels[block] - previous)).bit_length()
                bits += LUMA_DC[size] + size
                previous = levels[block]
        return bits + (weight * (source[::64] - step * levels) ** 2).sum()

    moves = itertools.product((-1, 0, 1), repeat=count)
    best = min(total(rounded[::64].astype(int) + np.array(move)) for move in moves)
    assert cost == pytest.approx(best, abs=1e-6)
    assert total(chosen[::64].astype(int)) == pytest.approx(best, abs=1e-6)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_weighted_error_is_the_formula(seed):
    chance = np.random.default_rng(seed)
    source = chance.integers(-2000, 2000, 192).astype(np.int32)
    levels = chance.integers(-20, 20, 192).astype(np.int16)
    steps, weights = chance.uniform(1, 99, 64), chance.uniform(0, 2, 64)
    expected = (weights * (source.reshape(3, 64)[1:] - steps * levels.reshape(3, 64)[1:]) ** 2).sum()
    assert weighted_error(source, levels, 64, 192, steps, weights) == pytest.approx(expected, rel=1e-12)
