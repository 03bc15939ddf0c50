"""Limits: what a file may ask for, per call, refused before memory is taken."""

from __future__ import annotations

import re
import tracemalloc

import numpy as np
import pytest
from damage import SMALL_FILES, picture, pillow_file, with_frame
from random_files import random_image, written

from dnjpeg import FormatError, LimitError, Limits, decode, read, transcode

FUNCTIONS = (decode, read, transcode)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_pixels(function):
    data = SMALL_FILES["4:2:0"]
    function(data, limits=Limits(max_pixels=400))
    with pytest.raises(LimitError, match="20x20 pixels") as caught:
        function(data, limits=Limits(max_pixels=399))
    assert caught.value.offset == data.index(b"\xff\xc0")
    assert "SOF" in caught.value.marker


def test_pixels_of_12_bits_count_twice():
    data = written(random_image([(1, 1)], 20, 20, color="grayscale", precision=12))
    assert decode(data, limits=Limits(max_pixels=800)).dtype == np.uint16
    with pytest.raises(LimitError, match="20x20 pixels of 12 bits, each counted as two,"):
        decode(data, limits=Limits(max_pixels=799))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_bytes(function):
    data = SMALL_FILES["gray"]
    function(data, limits=Limits(max_bytes=len(data)))
    with pytest.raises(LimitError, match=f"{len(data)} bytes"):
        function(data, limits=Limits(max_bytes=len(data) - 1))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", ["three scans", "progressive"])
def test_scans(function, name):
    data = SMALL_FILES[name]
    starts = [found.start() for found in re.finditer(b"\xff\xda", data)]
    function(data, limits=Limits(max_scans=len(starts)))
    with pytest.raises(LimitError, match=f"more than {len(starts) - 1} scans") as caught:
        function(data, limits=Limits(max_scans=len(starts) - 1))
    assert (caught.value.offset, caught.value.marker) == (starts[-1], "SOS")


@pytest.mark.parametrize("function", [decode, read])
def test_lenient_calls_have_limits_too(function):
    with pytest.raises(LimitError):
        function(SMALL_FILES["4:2:0"], strict=False, limits=Limits(max_pixels=1))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_default_refuses_the_largest_frame_without_taking_memory(function):
    data = with_frame(SMALL_FILES["4:2:0"], height=65535, width=65535)
    function(SMALL_FILES["4:2:0"])
    tracemalloc.start()
    try:
        with pytest.raises(LimitError):
            function(data)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_the_default_allows_photographs():
    decode(pillow_file(picture(1200, 1600), quality=50))


@pytest.mark.parametrize("strict", [True, False])
def test_a_bomb_of_scans_is_refused(strict):
    """Small files can ask for a pass over the image a thousand times."""
    data = SMALL_FILES["three scans"]
    first, second, _ = (found.start() for found in re.finditer(b"\xff\xda", data))
    bomb = data[:first] + 1000 * data[first:second] + data[second:]
    with pytest.raises(LimitError, match="scans"):
        decode(bomb, strict=strict)


def test_a_bomb_of_empty_scans_is_refused():
    data = SMALL_FILES["progressive"]
    first = data.index(b"\xff\xda")
    header = data[first : first + 2 + int.from_bytes(data[first + 2 : first + 4])]
    bomb = data[:first] + 1000 * header + data[first:]
    with pytest.raises(FormatError):
        decode(bomb)
    with pytest.raises(LimitError, match="scans"):
        decode(bomb, strict=False)
