"""Damaged files of our own making: one clear error, or a picture."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from contract import LIMITS, assert_kept, outcome
from damage import (
    HEADER_CHANGES,
    SMALL_FILES,
    changed_data,
    changed_headers,
    data_start,
    other_frames,
    random_changes,
    truncations,
    with_frame,
)

from dnjpeg import FormatError, JpegError, TruncatedError, decode, read, transcode
from dnjpeg.codec import transcoder


@pytest.fixture(params=SMALL_FILES)
def file(request):
    """A small file that is whole."""
    return SMALL_FILES[request.param]


def test_the_small_files_are_whole(file):
    assert_kept([("whole", file)])
    assert decode(file).shape[0] >= 9
    assert read(file).warnings == ()


def test_every_truncation(file):
    assert assert_kept(truncations(file)) == len(file)


def test_a_truncated_file_is_an_error(file):
    """Up to the end of the entropy-coded data; EOI may be missing, but not behind arithmetic coding."""
    whole = decode(file)
    needed = len(file) if read(file).frame.arithmetic else len(file) - 2
    for size in range(len(file)):
        result = outcome(lambda size=size: decode(file[:size]))
        if size < needed:
            assert isinstance(result.error, FormatError), size
        else:
            np.testing.assert_array_equal(result.value, whole)


def test_a_file_truncated_within_the_header_is_named_truncated(file):
    for size in range(2, data_start(file)):
        with pytest.raises(TruncatedError) as caught:
            decode(file[:size])
        assert caught.value.offset == size


@pytest.mark.parametrize("name", ["gray", "4:2:0", "4:2:2 with restarts", "4:4:4, optimized"])
def test_a_damaged_file_is_gone_through_once_to_be_transcoded(name, monkeypatch):
    """Row by row as long as it is whole; what is wrong is what reading all of it finds, which need not be done then."""
    data = SMALL_FILES[name]
    damaged = [*islice(truncations(data), 2, None, 9), *islice(changed_data(data), None, None, 3)]
    expected = [outcome(lambda data=data: read(data)).error for _, data in damaged]

    def twice(*_, **__):
        raise AssertionError("read once more")

    monkeypatch.setattr(transcoder, "read", twice)
    for (what, data), error in zip(damaged, expected, strict=True):
        ours = outcome(lambda data=data: transcode(data)).error
        assert (type(ours), str(ours)) == (type(error), str(error)), what
    assert sum(error is not None for error in expected) > len(damaged) // 2


@pytest.mark.parametrize("change", HEADER_CHANGES)
def test_every_byte_of_the_header_changed(file, change):
    assert assert_kept(changed_headers(file, change)) == data_start(file)


def test_every_byte_of_the_data_changed(file):
    assert_kept(changed_data(file))


def test_random_changes(file):
    assert_kept(random_changes(file, 200))


def test_other_sizes_and_sampling_factors_than_the_data_have(file):
    assert_kept(other_frames(file))


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"GIF89a", bytes(1000), b"\xff" * 1000]
)
def test_what_is_no_jpeg_file(data):
    assert_kept([("no file", data)])
    with pytest.raises(JpegError):
        decode(data)


def test_only_markers():
    def files():
        for code in range(256):
            for rest in (b"", b"\xff\xd9", b"\x00\x02\xff\xd9", b"\x00\x00", b"\x00\x08\x08\x00\x10\x00\x10\x00"):
                yield f"marker {code:02X} and {rest!r}", b"\xff\xd8\xff" + bytes([code]) + rest

    assert_kept(files())


def test_sampling_factors_whose_ratios_are_not_whole_numbers():
    """T.81 allows three samples to two; libjpeg refuses it."""
    data = bytearray(with_frame(SMALL_FILES["4:4:4, optimized"], factors=0x31))
    data[data.index(b"\xff\xc0") + 14] = 0x21
    assert_kept([("3 to 2", bytes(data))])


def test_an_mcu_of_too_many_blocks():
    """At most ten (B.2.3): in one scan an error, in several there is no such MCU."""
    for name in ("4:4:4, optimized", "three scans"):
        data = with_frame(SMALL_FILES[name], factors=0x33)
        assert_kept([(name, data)])
    with pytest.raises(FormatError, match="11 blocks"):
        decode(with_frame(SMALL_FILES["4:4:4, optimized"], factors=0x33))


@pytest.mark.parametrize(("height", "width"), [(0, 10), (10, 0), (0, 0)])
def test_no_size(file, height, width):
    with pytest.raises(JpegError) as caught:
        decode(with_frame(file, height=height, width=width), limits=LIMITS)
    assert caught.value.marker in {"SOF0", "SOF2", "SOF9", "SOF10"}
