"""Progressive scans that are decoded in one go: what is found, told and refused is the same as scan by scan."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libjpeg import pillow_encode
from pictures import make_noise, make_photo
from random_damage import DAMAGE, damage
from random_files import random_image, written

from dnjpeg import Limits, decode, encode, read
from dnjpeg.codec import scan_reader
from dnjpeg.codec.entropy import following_scans
from dnjpeg.errors import JpegError, LimitError

SOS, DHT, EOI = b"\xff\xda", b"\xff\xc4", b"\xff\xd9"


@contextmanager
def scan_by_scan() -> Iterator[None]:
    """Let nothing follow a scan."""
    with mock.patch.object(
        scan_reader, "following", lambda frame, layout, *_: following_scans.following(frame, layout, 0, 0)
    ):
        yield


def _outcome(data: bytes, **options: object) -> tuple[object, ...]:
    """What strict and lenient decoding yield, with errors and warnings."""
    found: list[object] = []
    for strict in (True, False):
        with warnings.catch_warnings(record=True) as noted:
            warnings.simplefilter("always")
            try:
                image = read(data, strict=strict, **options)
                found += [array.tobytes() for array in image.coefficients] + [image.warnings]
                found.append(decode(data, strict=strict, **options).tobytes())
            except JpegError as error:
                found += [type(error), str(error)]
        found += [str(warning.message) for warning in noted]
    return tuple(found)


def _both(data: bytes, **options: object) -> None:
    found = _outcome(data, **options)
    with scan_by_scan():
        assert found == _outcome(data, **options)


def _scans(data: bytes) -> int:
    """How often the kernel that decodes scans is called to read a file."""
    with mock.patch.object(
        scan_reader, "decode_progressive_scans", wraps=scan_reader.decode_progressive_scans
    ) as decoded:
        read(data)
    return decoded.call_count


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_usual_files_are_read_in_one_go(subsampling):
    data = pillow_encode(make_photo(40, 60), quality=80, subsampling=subsampling, progressive=True)
    assert data.count(SOS) == 10
    assert _scans(data) == 1
    with scan_by_scan():
        assert _scans(data) == 10
    _both(data)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([*DAMAGE, "segment"]))
def test_whatever_is_wrong_is_told_as_scan_by_scan(seed, kind):
    random = np.random.default_rng(seed)
    make = (make_photo, make_noise)[random.integers(2)]
    shape = tuple(random.integers(1, 90, 2))
    restart = int(random.integers(0, 5))
    data = bytearray(encode(make(*shape), quality=int(random.integers(5, 101)), progressive=True, restart=restart))
    markers = [at for at in range(len(data)) if bytes(data[at : at + 2]) in (SOS, DHT)]
    for _ in range(int(random.integers(1, 3))):
        if kind != "segment":
            damage(data, kind, random, 300)
        else:  # in a header or a table
            at = int(random.choice(markers)) + int(random.integers(1, 24))
            data[min(at, len(data) - 1)] = int(random.choice([0, 1, 2, 17, 0x11, 0x44, 64, 255]))
    _both(bytes(data))


def _segments(data: bytes) -> list[bytes]:
    """Everything before the first scan, then each scan with its tables, and EOI."""
    first = data.index(SOS)
    starts = [0]
    at = data.index(DHT) if DHT in data[:first] else first
    while at >= 0:
        starts.append(at)
        following = data.index(SOS, at) + 2
        later = [found for found in (data.find(marker, following) for marker in (DHT, SOS)) if found >= 0]
        at = min(later) if later else -1
    starts.append(len(data) - 2)
    return [data[begin:end] for begin, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def test_segments_between_scans_that_are_read_one_by_one():
    data = pillow_encode(make_photo(60, 70), quality=80, progressive=True)
    head, *scans, end = _segments(data)
    assert len(scans) == 10
    comment = b"\xff\xfe\x00\x05abc"
    fill = b"\xff\xff"
    for between in (comment, fill, b"\x00\x12", b"\xff\xdd\x00\x04\x00\x00", b"\xff\xdd\x00\x04\x00\x03"):
        for place in (1, 4, 9):
            _both(b"".join([head, *scans[:place], between, *scans[place:], end]))
    _both(b"".join([head, *scans]))
    _both(b"".join([head, *scans[:6], end]))
    _both(b"".join([head, *scans[1:], end]))
    _both(b"".join([head, scans[0], *scans[:0:-1], end]))
    _both(b"".join([head, *scans, *scans, end]))


def test_tables_that_were_defined_long_before():
    """A scan without tables of its own takes those that came with another one, in this go or in one before."""
    data = pillow_encode(make_photo(60, 70), quality=80, progressive=True)
    head, *scans, end = _segments(data)
    again = scans[1][scans[1].index(SOS) :]  # the first AC of Y
    for parts in ([*scans[:2], again, *scans[2:]], [*scans[:2], b"\xff\xfe\x00\x02", again, *scans[2:]]):
        _both(b"".join([head, *parts, end]))
    bare = [scan[scan.index(SOS) :] for scan in scans]
    _both(b"".join([head, *scans[:1], *bare[1:], end]))


@pytest.mark.parametrize("most", [1, 4, 9, 10])
def test_limits(most):
    data = pillow_encode(make_photo(40, 50), quality=80, progressive=True)
    _both(data, limits=Limits(max_scans=most))
    _both(data, limits=Limits(max_segments=most + 8))
    if most < 10:
        with pytest.raises(LimitError, match=f"more than {most} scans"):
            read(data, limits=Limits(max_scans=most))


def test_components_of_one_identifier_and_four_components():
    image = random_image([(1, 1)] * 4, 30, 40, seed=1)
    data = written(image, progressive=True)
    _both(data)
    frame = data.index(b"\xff\xc2")
    same = bytearray(data)
    for component in range(4):
        same[frame + 10 + 3 * component] = 1
    _both(bytes(same))
