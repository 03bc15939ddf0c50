"""Tables that come late or again, slots, missing scans, and what lies between segments: as libjpeg-turbo has it."""

from __future__ import annotations

import warnings
from contextlib import nullcontext

import imagecodecs
import numpy as np
import pytest
from libjpeg import cjpeg, jpegtran
from segments import DHT, SOS, joined, moved, only, pieces, places, quantization

from dnjpeg import FormatError, JpegWarning, decode, read, transcode

SCANS = "0: 0-63, 0, 0;\n1: 0-63, 0, 0;\n2: 0-63, 0, 0;\n"


def assert_same(data: bytes, what: str = "", *, strict: bool = True) -> None:
    """Compare with libjpeg-turbo 3, which estimates missing coefficients otherwise than 2.1."""
    np.testing.assert_array_equal(decode(data, strict=strict), imagecodecs.jpeg8_decode(data), what)


@pytest.fixture
def separate(photo, tmp_path):
    """A file of three scans, its tables apart."""
    path = tmp_path / "scans.txt"
    path.write_text(SCANS)
    return pieces(cjpeg(photo(40, 50), "-quality", "80", "-scans", str(path)))


@pytest.fixture
def interleaved(photo):
    return pieces(cjpeg(photo(40, 50), "-quality", "80"))


@pytest.fixture
def progressive(photo):
    return pieces(cjpeg(photo(40, 50), "-quality", "80", "-progressive"))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("slot", [0, 1])
def test_quantization_tables_defined_again_between_scans(separate, slot, wide):
    """A component's table is the one at its first scan (B.2.4.1 leaves no other choice)."""
    scans = places(separate, SOS)
    outcomes = set()
    for at in [*scans, *(scan + 1 for scan in scans)]:
        data = joined([*separate[:at], quantization(slot, 5, wide=wide), *separate[at:]])
        assert_same(data, f"before piece {at}")
        outcomes.add(decode(data).tobytes())
    assert len(outcomes) == (2, 3)[slot]  # some come too late to change anything


def test_quantization_tables_defined_again_in_a_progressive_file(progressive):
    for at in places(progressive, SOS):
        assert_same(joined([*progressive[:at], quantization(0, 1), quantization(1, 2), *progressive[at:]]), str(at))


def test_huffman_tables_defined_again_between_scans(separate):
    """Tables of no use in slots that later ones take."""
    tables = [separate[index] for index in places(separate, DHT)]
    swapped = [(code, data[:4] + bytes([data[4] ^ 1]) + data[5:]) for code, data in tables]
    for at in places(separate, SOS):
        before = [piece for piece in separate[:at] if piece[0] == DHT]
        assert_same(joined([*separate[:at], *swapped, *before, *separate[at:]]), f"before piece {at}")


@pytest.mark.parametrize("slots", [(2, 3), (3, 0), (1, 0), (3, 2)])
@pytest.mark.parametrize("kind", ["separate", "interleaved", "progressive"])
def test_all_four_slots(request, kind, slots):
    parts = request.getfixturevalue(kind)
    used = dict(enumerate(slots))
    garbage = [quantization(slot, 3, wide=slot % 2 == 1) for slot in range(4)]
    for tables in ((used, {0: 0, 1: 1}), ({0: 0, 1: 1}, used), (used, dict(enumerate(reversed(slots))))):
        changed = moved(parts, *tables)
        assert_same(joined([changed[0], *garbage, *changed[1:]]), str(tables))


def test_missing_huffman_tables(separate, interleaved):
    """Those of slots 0 and 1 are the standard ones then (Motion-JPEG); others are missing."""
    for parts in (separate, interleaved):
        for wanted in (
            lambda code, _: code != DHT,
            lambda code, data: code != DHT or data[4] < 16,
            lambda code, data: code != DHT or data[4] & 15 == 0,
        ):
            assert_same(joined(only(parts, wanted)))
    bare = joined(only(moved(interleaved, {0: 0, 1: 1}, {0: 2, 1: 3}), lambda code, _: code != DHT))
    with pytest.raises(FormatError, match="DC Huffman table 2 is missing") as caught:
        decode(bare)
    assert caught.value.offset == bare.index(b"\xff\xda") + 4


def test_progressive_scans_have_no_standard_huffman_tables(progressive):
    """libjpeg-turbo has them for sequential scans only."""
    first = places(progressive, DHT)[0]
    data = joined([*progressive[:first], *progressive[first + 1 :]])
    with pytest.raises(FormatError, match="DC Huffman table 0 is missing"):
        decode(data)
    with pytest.raises(imagecodecs.Jpeg8Error, match="Huffman table 0x00 was not defined"):
        imagecodecs.jpeg8_decode(data)


@pytest.mark.parametrize("arithmetic", [False, True])
def test_a_scan_behind_one_that_had_all_components(photo, arithmetic):
    """libjpeg-turbo shows the first and gives up at the second."""
    pixels = photo(20, 30)
    data = cjpeg(pixels, *["-arithmetic"] * arithmetic)
    other = pieces(cjpeg(pixels[::-1].copy(), *["-arithmetic"] * arithmetic))
    twice = data[:-2] + joined(other[places(other, SOS)[0] :])
    for function in (read, transcode):
        with pytest.raises(FormatError, match="another scan, but the first one has all"):
            function(twice)
    assert jpegtran(data)
    with pytest.raises(AssertionError, match="Didn't expect more than one scan"):
        jpegtran(twice)
    with pytest.warns(JpegWarning, match="another scan") if arithmetic else nullcontext():
        np.testing.assert_array_equal(decode(twice, strict=False), decode(data))
    leniently = read(twice, strict=False)
    assert all(map(np.array_equal, leniently.coefficients, read(data).coefficients))
    assert "another scan" in leniently.warnings[0]


@pytest.mark.filterwarnings("ignore::dnjpeg.JpegWarning")
def test_missing_progressive_scans(progressive):
    """All from one on, whose place estimates take, or one in between, which garbles what refines it."""
    scans = places(progressive, SOS)
    assert len(scans) == 10
    for at in scans[1:]:
        assert_same(joined([*progressive[:at], progressive[-1]]), f"all from {at} on")
        assert_same(joined([*progressive[:at], *progressive[at + 1 :]]), f"without {at}", strict=False)


def test_a_progressive_file_cut_off_within_any_scan(progressive):
    for at in places(progressive, SOS):
        data = joined(progressive[: at + 1])
        length = len(progressive[at][1]) - 16
        for missing in {length, length // 2, length // 3, 1}:
            with pytest.warns(JpegWarning, match="ends"):
                ours = decode(data[:-missing], strict=False)
            expected = imagecodecs.jpeg8_decode(data[:-missing] + b"\xff\xd9")
            np.testing.assert_array_equal(ours, expected, f"piece {at}, {missing} bytes less")


@pytest.mark.parametrize("factors", ["1x1", "2x2", "1x3", "4x4"])
@pytest.mark.parametrize("coding", ["-progressive", "-progressive -arithmetic"])
def test_a_gray_progressive_file_cut_off(photo, factors, coding):
    """Sampling factors of an only component mean nothing, but libjpeg goes by them where it estimates."""
    data = cjpeg(photo(100, 40, gray=True), *coding.split(), "-sample", factors, "-restart", "1")
    scans = pieces(data)
    for at in places(scans, SOS):
        length = len(scans[at][1])
        for size in {length, length * 2 // 3, length // 3}:
            cut = joined(scans[:at]) + scans[at][1][: max(size, 12)] + b"\xff\xd9"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", JpegWarning)
                assert_same(cut, f"{size} bytes of piece {at}", strict=False)


@pytest.mark.parametrize(
    "between",
    [b"\xff" * 5, b"\0\x12junk\0", b"\x01\xff\0\x02", b"\xff\xd3", b"\xff\x01", b"\xff\xfe\0\x06\xff\xd8\xff\xd9"],
    ids=["fill bytes", "junk", "stuffed zero", "a restart marker", "TEM", "a comment"],
)
def test_what_lies_between_segments(separate, between):
    expected = read(joined(separate))
    for at in range(1, len(separate)):
        data = joined(separate[:at]) + between + joined(separate[at:])
        assert_same(data, f"before piece {at}")
        assert all(map(np.array_equal, read(data).coefficients, expected.coefficients))
