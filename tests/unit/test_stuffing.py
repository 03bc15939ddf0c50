"""Bytes moved by some bits and stuffed, against the same in whole numbers; and unstuffed, against one at a time."""

import numpy as np
import pytest

from dnjpeg.codec.entropy import bits
from dnjpeg.codec.entropy.bits import PADDING, stuff_shifted
from dnjpeg.codec.kernels.jit import kernel
from dnjpeg.codec.kernels.vector import span


def moved_and_stuffed(before: int, data: bytes, shift: int) -> bytes:
    bits = (before << 8 * len(data) | int.from_bytes(data, "big")) >> shift
    moved = (bits & ((1 << 8 * len(data)) - 1)).to_bytes(len(data), "big")
    return moved.replace(b"\xff", b"\xff\x00")


@pytest.mark.parametrize("shift", range(8))
def test_bits_move_and_each_ff_gets_a_zero(shift):
    generator = np.random.default_rng(shift)
    for length in (0, 1, 2, 63, 64, 65, 200, 1000):
        for kinds in ([0xFF], [0x00, 0xFF], [0xFF, 0xFE, 0x7F, 0x01, 0x80], range(256)):
            data = generator.choice(np.array(kinds, np.uint8), length + 1 + PADDING)
            out = np.full(2 * (length + PADDING), 0x55, np.uint8)
            written = stuff_shifted(data, 1, 1 + length, out, shift)
            assert out[:written].tobytes() == moved_and_stuffed(int(data[0]), data[1 : 1 + length].tobytes(), shift)


@kernel
def _unstuff(source, start, end, target):
    return bits.unstuff(span(source), start, end, span(target), 0)


def unstuffed(data: bytes, end: int) -> tuple[int, bytes]:
    """Where the first marker before the end begins, and the bytes before it: any number of 0xFF are one (B.1.1.2)."""
    out, at = bytearray(), 0
    while at < end:
        following = at + 1
        if data[at] == 0xFF:
            while following < end and data[following] == 0xFF:
                following += 1
            if following == end or data[following] != 0:
                break
            following += 1
        out.append(data[at])
        at = following
    return at, bytes(out)


@pytest.mark.parametrize("rare", [1, 8, 64, 1000])
def test_zeros_behind_ff_are_dropped_up_to_a_marker(rare):
    generator = np.random.default_rng(rare)
    for kinds in ([0x00, 0xFF], [0xFF, 0x00, 0x00, 0x00, 0xD0], [0xFF], [0x00]):
        for length in [*range(70), 127, 128, 129, 130, 300, 1000]:
            data = np.full(length + 1, 0x55, np.uint8)
            some = generator.integers(rare, size=length + 1) == 0
            data[some] = generator.choice(np.array(kinds, np.uint8), some.sum())
            behind = np.flatnonzero(data[:-1] == 0xFF) + 1
            if length % 2:  # mostly stuffed as it should be
                data[behind] = 0
            target = np.zeros(length + PADDING, np.uint8)
            stop, count = _unstuff(data, 1, length + 1, target)
            assert (stop - 1, target[:count].tobytes()) == unstuffed(data[1:].tobytes(), length)
