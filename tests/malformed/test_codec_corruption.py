"""Damaged files of our own making: one clear error, or a picture."""

from __future__ import annotations

import numpy as np
import pytest
from contract import LIMITS, SMALL_FILES, assert_kept, data_start, outcome

from dnjpeg import FormatError, JpegError, TruncatedError, UnsupportedError, decode, read


@pytest.fixture(params=SMALL_FILES)
def file(request):
    """A small file that is whole."""
    return SMALL_FILES[request.param]


def test_the_small_files_are_whole(file):
    assert_kept([("whole", file)])
    assert decode(file).shape[0] >= 9
    assert read(file).warnings == ()


def test_every_truncation(file):
    assert_kept((f"{size} bytes", file[:size]) for size in range(len(file)))


def test_a_truncated_file_is_an_error(file):
    """Up to the end of the entropy-coded data; only EOI may be missing."""
    whole = decode(file)
    for size in range(len(file)):
        result = outcome(lambda size=size: decode(file[:size]))
        if size < len(file) - 2:
            assert isinstance(result.error, FormatError), size
        else:
            np.testing.assert_array_equal(result.value, whole)


def test_a_file_truncated_within_the_header_is_named_truncated(file):
    for size in range(2, data_start(file)):
        with pytest.raises(TruncatedError) as caught:
            decode(file[:size])
        assert caught.value.offset == size


@pytest.mark.parametrize("change", [0, 255, "+1", "-1", "^0x80", "^0x11"])
def test_every_byte_of_the_header_changed(file, change):
    def damaged():
        for at in range(data_start(file)):
            value = file[at]
            new = {"+1": value + 1, "-1": value - 1, "^0x80": value ^ 0x80, "^0x11": value ^ 0x11}.get(change, change)
            yield f"byte {at} from {value} to {new & 255}", file[:at] + bytes([new & 255]) + file[at + 1 :]

    assert assert_kept(damaged()) == data_start(file)


def test_every_byte_of_the_data_changed(file):
    def damaged():
        rng = np.random.default_rng(1)
        for at in range(data_start(file), len(file)):
            new = int(rng.choice([0, 255, *rng.integers(0, 256, 2)]))
            yield f"byte {at} to {new}", file[:at] + bytes([new]) + file[at + 1 :]

    assert_kept(damaged())


def test_random_changes(file):
    """Bytes replaced, taken out, put in, and pieces repeated, several at a time."""

    def damaged():
        rng = np.random.default_rng(2)
        for case in range(200):
            data = bytearray(file)
            for _ in range(rng.integers(1, 6)):
                at, length = int(rng.integers(2, len(data))), int(rng.integers(1, 9))
                piece = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
                match rng.integers(0, 4):
                    case 0:
                        data[at : at + length] = piece
                    case 1:
                        del data[at : at + length]
                    case 2:
                        data[at:at] = piece
                    case 3:
                        data[at:at] = data[max(2, at - 40) : at]
            yield f"case {case}", bytes(data)

    assert_kept(damaged())


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


def with_frame(
    file: bytes, *, height: int | None = None, width: int | None = None, factors: int | None = None
) -> bytes:
    """Change the frame header of a file."""
    data = bytearray(file)
    at = next(i for i in range(len(data)) if data[i] == 0xFF and data[i + 1] in {0xC0, 0xC2})
    if height is not None:
        data[at + 5 : at + 7] = height.to_bytes(2)
    if width is not None:
        data[at + 7 : at + 9] = width.to_bytes(2)
    if factors is not None:
        data[at + 11] = factors
    return bytes(data)


def test_every_pair_of_sampling_factors(file):
    pairs = [horizontal << 4 | vertical for horizontal in range(6) for vertical in range(6)]
    assert_kept((f"{factors:02X}", with_frame(file, factors=factors)) for factors in pairs)


def test_sampling_factors_whose_ratios_are_not_whole_numbers():
    """T.81 allows three samples to two; libjpeg refuses it as well."""
    data = bytearray(with_frame(SMALL_FILES["4:4:4, optimized"], factors=0x31))
    data[data.index(b"\xff\xc0") + 14] = 0x21
    assert_kept([("3 to 2", bytes(data))])
    with pytest.raises(UnsupportedError, match="sampling factors") as caught:
        decode(bytes(data))
    assert caught.value.marker == "SOF0"


def test_an_mcu_of_too_many_blocks():
    """At most ten (B.2.3): in one scan an error, in several there is no such MCU."""
    for name in ("4:4:4, optimized", "three scans"):
        data = with_frame(SMALL_FILES[name], factors=0x33)
        assert_kept([(name, data)])
    with pytest.raises(FormatError, match="11 blocks"):
        decode(with_frame(SMALL_FILES["4:4:4, optimized"], factors=0x33))


def test_other_sizes_than_the_data_have(file):
    """The data end too early, or there are more: with every filler that the geometry needs."""
    sizes = (1, 8, 9, 17, 33, 1000)
    assert_kept(
        (f"{width}x{height}", with_frame(file, height=height, width=width)) for height in sizes for width in sizes
    )


@pytest.mark.parametrize(("height", "width"), [(0, 10), (10, 0), (0, 0)])
def test_no_size(file, height, width):
    with pytest.raises(JpegError) as caught:
        decode(with_frame(file, height=height, width=width), limits=LIMITS)
    assert caught.value.marker in {"SOF0", "SOF2"}
