"""Any sampling factors: byte for byte what ``cjpeg -sample`` writes, wherever it writes anything."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from libjpeg import cjpeg
from pictures import make_noise

from dnjpeg import decode, encode, read

MODES = {
    "standard": ((), {"optimize": False}),
    "optimal": (("-optimize",), {}),
    "progressive": (("-progressive",), {"progressive": True}),
    "arithmetic": (("-arithmetic",), {"arithmetic": True}),
    "restarts": (("-optimize", "-restart", "1"), {"restart_rows": 1}),
}
NAMED = {"4:4:1": "1x4", "4:1:0": "4x2"}


def refused(pixels, *options: str) -> bool:
    """Tell whether cjpeg does not do it."""
    try:
        cjpeg(pixels, *options)
    except AssertionError:
        return True
    return False


def random_factors(rng, count: int) -> list[tuple[int, int]]:
    return [(int(h), int(v)) for h, v in rng.choice([1, 1, 2, 2, 3, 4], (count, 2))]


def valid(factors) -> bool:
    largest = np.max(factors, axis=0)
    return not (largest % np.array(factors)).any() and sum(h * v for h, v in factors) <= 10


def as_text(factors) -> str:
    return ",".join(f"{h}x{v}" for h, v in factors)


def combinations(count: int) -> list[list[tuple[int, int]]]:
    """Draw factors of three components that can be encoded."""
    rng = np.random.default_rng(3)
    found: dict[str, list[tuple[int, int]]] = {}
    while len(found) < count:
        factors = random_factors(rng, 3)
        if valid(factors):
            found[as_text(factors)] = factors
    return list(found.values())


@pytest.mark.parametrize("factors", combinations(40), ids=as_text)
def test_drawn_factors_at_odd_sizes_in_every_mode(photo, factors):
    rng = np.random.default_rng(sum(h * 5 + v for h, v in factors))
    for number, (options, ours) in enumerate(MODES.values()):
        height, width = (int(x) for x in rng.integers(1, 80, 2))
        pixels = (photo if number % 2 else make_noise)(height, width)
        theirs = cjpeg(pixels, "-quality", "85", "-sample", as_text(factors), *options)
        data = encode(pixels, quality=85, subsampling=factors, **ours)
        assert data == theirs, f"{width}x{height}, {options}"


@pytest.mark.parametrize("text", ["2x1,1x2,1x1", "1x1,2x2,1x1", "3x1", "1x1,1x1,1x3", "4X2"])
def test_tiny_sizes(text):
    whole = make_noise(9, 9)
    for height, width in product((1, 2, 8, 9), repeat=2):
        pixels = np.ascontiguousarray(whole[:height, :width])
        assert encode(pixels, subsampling=text) == cjpeg(pixels, "-optimize", "-sample", text), f"{width}x{height}"


@pytest.mark.parametrize("factors", [(2, 2), (3, 1), (1, 4), (4, 4)])
@pytest.mark.parametrize("mode", MODES)
def test_factors_of_gray_change_nothing_but_the_header(photo, factors, mode):
    options, ours = MODES[mode]
    for height, width in ((1, 1), (17, 33), (61, 83)):
        pixels = photo(height, width, gray=True)
        data = encode(pixels, subsampling=[factors], **ours)
        assert data == cjpeg(pixels, "-sample", as_text([factors]), *options)
        if mode != "restarts":
            np.testing.assert_array_equal(decode(data), decode(encode(pixels, **ours)))


@pytest.mark.parametrize("name", NAMED)
def test_names_that_others_do_not_have(photo, name):
    pixels = photo(61, 83)
    assert encode(pixels, subsampling=name) == cjpeg(pixels, "-optimize", "-sample", NAMED[name])


def test_factors_that_cjpeg_refuses_are_refused(photo):
    """Ratios that are not whole, and MCUs of more than ten blocks."""
    pixels = photo(17, 33)
    rng = np.random.default_rng(4)
    seen = {"whole": 0, "blocks in an MCU": 0}
    for _ in range(40):
        factors = random_factors(rng, 3)
        if valid(factors):
            continue
        assert refused(pixels, "-sample", as_text(factors)), factors
        with pytest.raises(ValueError, match=r"must be whole|blocks in an MCU") as caught:
            encode(pixels, subsampling=factors)
        seen[next(reason for reason in seen if reason in str(caught.value))] += 1
    assert min(seen.values()) > 3, seen


def test_more_than_ten_blocks_fit_into_separate_scans(photo, tmp_path):
    script = tmp_path / "scans.txt"
    script.write_text("0; 1; 2;")
    pixels = photo(61, 83)
    data = encode(pixels, subsampling="4x4", scans=script)
    assert data == cjpeg(pixels, "-optimize", "-sample", "4x4", "-scans", str(script))
    assert [(c.horizontal, c.vertical) for c in read(data).frame.components] == [(4, 4), (1, 1), (1, 1)]


@pytest.mark.parametrize(
    ("subsampling", "message"),
    [
        ("4:2:3", "unknown subsampling '4:2:3': choose from 4:4:4, .*, or name factors like 2x1,1x1,1x1"),
        ("", "unknown subsampling ''"),
        ("2x", "unknown subsampling '2x'"),
        ("2x1,", "unknown subsampling '2x1,'"),
        ("5x1", "sampling factors 5x1, must be 1 to 4"),
        ([(0, 1)], "sampling factors 0x1, must be 1 to 4"),
        ([], "no sampling factors"),
        ([2, 1], "must be a name or pairs"),
        ([(1.5, 1)], "must be a name or pairs"),
        (None, "must be a name or pairs"),
        ("3x1,2x1", r"sampling factors 2x1 of component 1: the ratio to the largest, 3x1, must be whole"),
    ],
)
def test_what_is_not_a_subsampling(photo, subsampling, message):
    with pytest.raises(ValueError, match=message):
        encode(photo(8, 8), subsampling=subsampling)
