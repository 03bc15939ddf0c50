"""Unusual but valid files that other encoders wrote: decoded as libjpeg-turbo does, or named as unsupported."""

from __future__ import annotations

import numpy as np
import pytest
from libjpeg import jpegtran, pillow_decode

from dnjpeg import UnsupportedError, decode, read, transcode, write

SEQUENTIAL_OR_PROGRESSIVE_HUFFMAN = (0xC0, 0xC1, 0xC2)


def is_supported(data: bytes) -> bool:
    """Whether its frame header is one that we decode: Huffman, 8 bits, one or three components."""
    at = 2
    while not (0xC0 <= data[at + 1] <= 0xCF and data[at + 1] not in {0xC4, 0xC8, 0xCC}):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return data[at + 1] in SEQUENTIAL_OR_PROGRESSIVE_HUFFMAN and data[at + 4] == 8 and data[at + 9] in {1, 3}


# An incomplete image: the data of its last scan end early.
TRUNCATED = "partial_progressive.jpg"


CMYK = {"jpg-cmyk-1.jpg", "jpg-cmyk-2.jpg", "ycck.jpg"}


@pytest.fixture(scope="module")
def files(data_folder):
    """Contents by name, of those that we support and of the others."""
    contents = {path.name: path.read_bytes() for path in sorted((data_folder / "jpeg" / "valid").rglob("*.jpg"))}
    found = {name: data for name, data in contents.items() if data.startswith(b"\xff\xd8")}  # some are PNGs
    if not found:
        pytest.skip("the data folder has no valid JPEG files")
    supported = {name: data for name, data in found.items() if is_supported(data) and name != TRUNCATED}
    return supported, {name: data for name, data in found.items() if not is_supported(data)}


def test_supported_files_decode_as_with_pillow(files):
    supported, _ = files
    assert len(supported) >= 20
    different = [name for name, data in supported.items() if not np.array_equal(decode(data), pillow_decode(data))]
    assert not different


def test_supported_files_survive_reading_and_writing(files):
    supported, _ = files
    for name, data in supported.items():
        image, again = read(data), read(write(read(data)))
        assert again.color == image.color, name
        for ours, same in zip((*again.coefficients, *again.tables), (*image.coefficients, *image.tables), strict=True):
            np.testing.assert_array_equal(ours, same, name)
        np.testing.assert_array_equal(decode(transcode(data)), decode(data), name)


def test_other_files_are_named_as_unsupported(files):
    _, others = files
    assert len(others) >= 10
    for name, data in others.items():
        for function in (decode,) if name in CMYK else (decode, read, transcode):
            with pytest.raises(UnsupportedError) as caught:
                function(data)
            assert caught.value.offset is not None, name
            assert caught.value.marker is not None, name


def test_every_file_is_rewritten_as_by_jpegtran(files):
    """Also those of four colours; restart intervals, which we keep, are dropped there."""
    supported, others = files
    assert others.keys() >= CMYK
    for name, data in {**supported, **{name: others[name] for name in CMYK}}.items():
        progressive = read(data).frame.progressive
        theirs = jpegtran(data, "-copy", "all", "-progressive" if progressive else "-optimize", damaged=True)
        assert transcode(data, restart=0) == theirs, name


def test_photos_decode_as_with_pillow(data_folder):
    paths = sorted((data_folder / "photos" / "calibration").glob("*.JPEG"))[::10]
    if not paths:
        pytest.skip("the data folder has no calibration photos")
    checked = 0
    for path in paths:
        data = path.read_bytes()
        if is_supported(data):
            assert np.array_equal(decode(data), pillow_decode(data)), path.name
            assert read(write(read(data))) == read(data), path.name
            checked += 1
    assert checked > len(paths) // 2
