"""Bytes moved by some bits and stuffed, against the same in whole numbers."""

import numpy as np
import pytest

from dnjpeg.codec.entropy.bits import PADDING, stuff_shifted


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
