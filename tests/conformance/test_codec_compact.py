"""Tables in common segments: the same image in 4 bytes less for each table that needs no segment of its own."""

from __future__ import annotations

import numpy as np
import pytest
from libjpeg import djpeg, pillow_decode
from segments import DHT, DQT, pieces, places

from dnjpeg import decode, encode, read, shared_tables, transcode, write

CODINGS = {
    "baseline": ({}, 1, 1, 16),  # options, DQT and DHT segments, bytes saved
    "standard tables": ({"optimize": False}, 1, 1, 16),
    "4:4:4": ({"subsampling": "4:4:4"}, 1, 1, 16),
    "progressive": ({"progressive": True}, 1, 9, 8),  # two DC tables at once, and eight scans of AC with a table each
    "arithmetic": ({"arithmetic": True}, 1, 0, 4),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_tables_that_stand_together_share_a_segment(photo, coding):
    options, dqt, dht, saved = CODINGS[coding]
    pixels = photo(61, 83)
    plain, compact = encode(pixels, **options), encode(pixels, compact=True, **options)
    assert [len(places(pieces(compact), marker)) for marker in (DQT, DHT)] == [dqt, dht]
    assert len(plain) - len(compact) == saved
    np.testing.assert_array_equal(pillow_decode(compact), pillow_decode(plain))
    np.testing.assert_array_equal(djpeg(compact), pillow_decode(plain))
    np.testing.assert_array_equal(decode(compact), decode(plain))


def test_one_image_one_compact_file(photo):
    """Whether it is encoded, written from coefficients, or made from another file; and it can be undone."""
    pixels = photo(61, 83)
    compact = encode(pixels, compact=True)
    assert transcode(encode(pixels), compact=True) == compact
    assert write(read(compact), compact=True) == compact
    assert transcode(compact) == encode(pixels)
    tall = photo(601, 83)  # in bands
    for optimize in (True, False):
        alone, together = (encode(tall, compact=True, optimize=optimize, threads=threads) for threads in (1, 2))
        assert alone == together
        assert len(places(pieces(together), DHT)) == 1


def test_one_table_has_its_segment_anyway(photo):
    gray = photo(61, 83, gray=True)
    assert len(encode(gray)) - len(encode(gray, compact=True)) == 4  # DC and AC
    shared = shared_tables([photo(32, 32)], quality=80)
    abbreviated = {"coding_tables": shared}
    pixels = photo(61, 83)
    assert encode(pixels, compact=True, **abbreviated) == encode(pixels, **abbreviated)  # nothing is left to write
