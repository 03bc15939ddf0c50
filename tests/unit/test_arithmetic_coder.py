"""The arithmetic coder by itself: the standard's own test sequence, cost against entropy, any decisions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnjpeg.codec.entropy.arithmetic import (
    BINS,
    ESTIMATES,
    FIXED_BIN,
    begin_decoding,
    begin_encoding,
    conditioning,
    decode_decision,
    encode_decision,
    end_encoding,
    start_arithmetic_scan,
)
from dnjpeg.codec.entropy.scan import END, OVERRUN, POSITION
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import span


@kernel
def _encode(state, bins, contexts, decisions, out):
    state, bins, contexts, decisions, out = span(state), span(bins), span(contexts), span(decisions), span(out)
    begin_encoding(state, bins)
    for i in range(len(decisions)):
        encode_decision(state, out, bins, contexts[i], decisions[i])
    end_encoding(state, out)


@kernel
def _decode(state, bins, contexts, decisions, coded):
    state, bins, contexts, decisions, coded = span(state), span(bins), span(contexts), span(decisions), span(coded)
    begin_decoding(state, coded, bins)
    for i in range(len(decisions)):
        decisions[i] = decode_decision(state, coded, bins, contexts[i])


def encoded(decisions: np.ndarray, contexts: np.ndarray) -> bytes:
    """Code decisions, each with a bin of its own choice."""
    state, out = start_arithmetic_scan(0), np.empty(4 * len(decisions) + 100, np.uint8)
    _encode(state, np.empty(BINS, np.uint8), contexts.astype(np.int64), decisions.astype(np.int64), out)
    return out[: state[POSITION]].tobytes()


def decoded(data: bytes, contexts: np.ndarray) -> np.ndarray:
    """Decode as many decisions as there are contexts."""
    plain = data.replace(b"\xff\x00", b"\xff")
    state, decisions = start_arithmetic_scan(0), np.empty(len(contexts), np.int64)
    state[END] = len(plain)
    coded = np.zeros(len(plain) + OVERRUN, np.uint8)
    coded[: len(plain)] = np.frombuffer(plain, np.uint8)
    _decode(state, np.empty(BINS, np.uint8), contexts.astype(np.int64), decisions, coded)
    return decisions


# K.4.1 and table K.7: 256 decisions in one context, and the bytes that they are coded to.
K4_INPUT = "00020051 000000C0 0352872A AAAAAAAA 82C02000 FCD79EF6 74EAABF7 697EE74C"
K4_OUTPUT = "655B5144 F7969D51 7855BFFF 00FC5184 C7CEF939 00287D46 708ECBC0 F6"


def test_the_test_sequence_of_the_standard():
    decisions = np.unpackbits(np.frombuffer(bytes.fromhex(K4_INPUT), np.uint8))
    assert len(decisions) == 256
    contexts = np.zeros(256)
    data = encoded(decisions, contexts)
    assert data == bytes.fromhex(K4_OUTPUT)
    np.testing.assert_array_equal(decoded(data, contexts), decisions)


decisions_and_contexts = st.tuples(
    st.integers(0, 2**32), st.integers(0, 3000), st.sampled_from([0.0, 0.003, 0.1, 0.5, 0.9, 1.0]), st.integers(1, 1281)
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(decisions_and_contexts)
def test_what_was_coded_is_decoded(case):
    seed, count, probability, bins = case
    rng = np.random.default_rng(seed)
    decisions, contexts = rng.random(count) < probability, rng.integers(0, bins, count)
    data = encoded(decisions, contexts)
    np.testing.assert_array_equal(decoded(data, contexts), decisions)
    assert not data.endswith(b"\0") or data.endswith(b"\xff\0")  # left out, as D.1.8 allows


@pytest.mark.parametrize("probability", [0.5, 0.2, 0.05, 0.01])
def test_the_cost_is_near_the_entropy(probability):
    """Adaptive estimates cost a few per cent more (D.1.5: probabilities are quantized, subdivision is approximate)."""
    count = 100_000
    decisions = np.random.default_rng(1).random(count) < probability
    p = decisions.mean()
    entropy = -count * (p * np.log2(p) + (1 - p) * np.log2(1 - p)) / 8
    assert 0.99 * entropy < len(encoded(decisions, np.zeros(count))) < 1.08 * entropy + 10


def test_the_fixed_bin_costs_one_bit_a_decision():
    """Its estimate stays at 1/2, however many decisions are the same."""
    decisions = np.arange(8000) % 1000 < 900
    assert 900 < len(encoded(decisions, np.full(8000, FIXED_BIN)).replace(b"\xff\0", b"\xff")) < 1100


def test_carries_run_through_bytes_of_ones():
    """Long runs of the less probable symbol near the top of the interval; all end positions."""
    for ones in range(200):
        decisions = np.concatenate([np.zeros(40), np.ones(ones), np.zeros(3)])
        contexts = np.full(len(decisions), FIXED_BIN)
        np.testing.assert_array_equal(decoded(encoded(decisions, contexts), contexts), decisions)


def test_the_table_of_estimates_is_closed():
    """Each bin leads to bins of the table; the less probable symbol never has more than the larger half."""
    estimates = ESTIMATES.astype(np.int64)
    assert len(estimates) == 2 * 114
    assert ((estimates & 0xFF) < len(estimates)).all()
    assert ((estimates >> 8 & 0xFF) < len(estimates)).all()
    assert (estimates >> 16 <= 0x5B12).all()
    assert (estimates >> 16 >= 1).all()


def test_conditioning_bounds():
    """L and U bound small and large differences: zero up to 2**(L-1), large beyond 2**U (F.1.4.4.1.2)."""
    assert conditioning([(0x10, 5), (0x00, 1), (0x53, 63)]).tolist() == [[0, 2, 5], [0, 1, 1], [4, 32, 63]]
