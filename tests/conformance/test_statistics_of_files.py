"""Statistics of files whose coefficients are counted as they are decoded: those of the coefficients that `read` gives.

Each is collected twice: with lanes, where the CPU has them, and symbol by symbol.
"""

import contextlib
from collections.abc import Sequence
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libjpeg import pillow_encode
from pictures import make_photo
from random_damage import DAMAGE, damage
from random_files import random_image, written

from dnjpeg import CoefficientImage, collect_statistics, read
from dnjpeg.codec.entropy.lane_lists import list_memory
from dnjpeg.codec.entropy.lane_memory import ITEM
from dnjpeg.codec.entropy.lane_targets import ITEMS
from dnjpeg.errors import JpegError
from dnjpeg.statistics import streaming
from dnjpeg.statistics.totals import ComponentTotals


def check(files: Sequence[bytes], expected: Sequence[CoefficientImage], **options: str) -> None:
    """Compare what is counted of files with what is counted of coefficients."""
    theirs = collect_statistics(list(expected), domain="coefficients", **options).hash
    assert collect_statistics(list(files), domain="coefficients", **options).hash == theirs
    with mock.patch.object(streaming, "list_memory", return_value=None):
        assert collect_statistics(list(files), domain="coefficients", **options).hash == theirs


def cropped(data: bytes, height: int, width: int, precision: int = 8) -> bytes:
    """Tell another size in the frame header: blocks that held samples only fill MCUs then, whatever they hold."""
    at = data.index(b"\xff\xc0") if b"\xff\xc0" in data else data.index(b"\xff\xc1")
    frame = bytes([precision]) + height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return data[: at + 4] + frame + data[at + 9 :]


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4", "4:2:2"])
@pytest.mark.parametrize("quality", [10, 75, 100])
def test_photos(subsampling, quality):
    files = [pillow_encode(make_photo(350, 450, seed=k), quality=quality, subsampling=subsampling) for k in range(3)]
    check(files, [read(data) for data in files])


@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"restart_marker_blocks": 5}, {"subsampling": "4:4:4"}])
@pytest.mark.parametrize("lanes", [True, False])
@pytest.mark.parametrize("side", [40, 500])
def test_usual_files_need_not_be_decoded_in_another_way(options, lanes, side):
    data = pillow_encode(make_photo(side, side), quality=95, **options)
    memory = list_memory() if lanes else None
    with mock.patch.object(streaming, "list_memory", return_value=memory):
        assert streaming.StreamCounts([ComponentTotals() for _ in range(3)]).take(data)


@pytest.mark.parametrize("behind", [b"\xff\xdd\0\4\0\7", b""])
def test_what_is_refused_behind_the_scan(behind):
    """Another restart interval there changes nothing about what is taken back."""
    good = pillow_encode(make_photo(400, 400), quality=80)
    header = good.index(b"\xff\xda")
    scan = good[header : header + 2 + int.from_bytes(good[header + 2 : header + 4], "big")]
    bad = good[:-2] + behind + scan + b"\x12\x34\xff\xd9"
    with pytest.raises(JpegError):
        read(bad)
    check([good, bad, good], [read(good)] * 2)


def test_files_of_several_tables_and_with_restarts():
    photo = make_photo(350, 450)
    files = [pillow_encode(photo, quality=quality, optimize=quality > 60) for quality in (50, 60, 70, 50)]
    files.append(pillow_encode(photo, quality=50, restart_marker_blocks=7))
    check(files, [read(data) for data in files])


@pytest.mark.parametrize("color", ["ycbcr", "gray"])
def test_components_of_a_scan_in_another_order(color):
    """Which is not allowed (B.2.3), but read."""
    data = bytearray(pillow_encode(make_photo(350, 450), quality=70, subsampling="4:4:4"))
    header = data.index(b"\xff\xda")
    data[header + 5], data[header + 7] = data[header + 7], data[header + 5]
    check([bytes(data)], [read(bytes(data))], color=color)


@settings(deadline=None, max_examples=25)
@given(
    st.sampled_from(
        [((1, 1),), ((1, 1),) * 3, ((2, 1), (1, 1), (1, 1)), ((2, 2), (1, 1), (1, 1)), ((4, 1), (2, 1), (1, 1))]
    ),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.tuples(st.integers(0, 7), st.integers(0, 7)),
    st.sampled_from(["ycbcr", "gray"]),
    st.integers(0, 2**20),
)
def test_blocks_that_only_fill_mcus_do_not_count(factors, mcus, less, color, seed):
    height, width = (32 * count for count in mcus)
    image = random_image(factors, height, width, seed=seed, color="YCbCr" if len(factors) == 3 else "grayscale")
    data = cropped(written(image), height - less[0], width - 3 * less[1])
    check([data, data], [read(data)] * 2, color=color)


@pytest.mark.parametrize("value", [2046, 2047, 2048, -2048, -2049, 16000])
@pytest.mark.parametrize("band", [(0, 0), (7, 7)])
def test_values_that_the_counts_have_no_place_for(value, band):
    image = random_image([(1, 1)], 400, 400, seed=1, color="grayscale", precision=12)
    image.coefficients[0][20, 20][band] = value
    data = cropped(written(image), 400, 400)
    seen = read(data)
    assert seen.coefficients[0][20, 20][band] == value
    check([data, data], [seen, seen])


def test_more_coefficients_than_lists_hold():
    """One bit a code, and one more: lists end before the stretch does, and are tried again where enough is left."""
    for side in (1200, 730):
        image = random_image([(1, 1)], side, side, seed=1, color="grayscale")
        image.coefficients[0][...] = np.random.default_rng(2).choice([-1, 1], image.coefficients[0].shape)
        check([written(image)], [image])
    memory = list_memory()
    if memory is not None:
        assert memory[0][ITEM] >= ITEMS


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from(DAMAGE))
def test_damaged_files(seed, kind):
    """What was counted of a file before its fault is taken back."""
    random = np.random.default_rng(seed)
    shape = (int(random.integers(200, 500)), int(random.integers(200, 500)))
    data = bytearray(pillow_encode(make_photo(*shape), quality=int(random.integers(5, 101))))
    good = bytes(data)
    for _ in range(int(random.integers(1, 4))):
        damage(data, kind, random, 640)
    expected = [read(good)] * 2
    with contextlib.suppress(JpegError):
        expected.append(read(bytes(data)))
    check([good, bytes(data), good], expected)
