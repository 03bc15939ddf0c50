"""Merging statistics: the same whole from any parts, in any order, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dnjpeg import collect_statistics

images = st.one_of(
    arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))),
    arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))),
)
collections = st.lists(images, min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(collections, collections, collections)
def test_merging_is_associative_and_commutative(one, two, three):
    a, b, c = (collect_statistics(part, data=str(len(part))) for part in (one, two, three))
    assert (a + b) + c == a + (b + c) == a.merge(b, c) == c + b + a
    assert (a + b).hash == (b + a).hash


@settings(max_examples=25, deadline=None)
@given(st.lists(images, min_size=2, max_size=6), st.randoms(use_true_random=False), st.data())
def test_the_whole_does_not_depend_on_order_or_division(whole, random, data):
    shuffled = list(whole)
    random.shuffle(shuffled)
    cut = data.draw(st.integers(1, len(whole) - 1))
    merged = collect_statistics(shuffled[:cut]) + collect_statistics(shuffled[cut:])
    assert merged == collect_statistics(whole)


@settings(max_examples=25, deadline=None)
@given(arrays(np.uint8, (16, 16)), st.integers(1, 300))
def test_entropy_falls_as_a_step_is_tripled(pixels, step):
    # every threshold of the tripled step is one of the step, so its quantizer only joins bins
    statistics = collect_statistics(pixels, color="gray")
    fine, coarse = (statistics.entropy(0, np.full((8, 8), q)) for q in (step, 3 * step))
    assert (coarse <= fine + 1e-9).all()
    assert (fine >= 0).all()
