"""Unusual but valid files that other encoders wrote: decoded as libjpeg-turbo does, or named as unsupported."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from libjpeg import djpeg, jpegtran, pillow_decode
from PIL import Image

from dnjpeg import JpegWarning, TruncatedError, UnsupportedError, decode, inspect, read, transcode, write

SOI = b"\xff\xd8"
LOSSLESS = 0xC3
TRUNCATED = "partial_progressive.jpg"  # the data of its last scan end early


def frame_marker(data: bytes) -> int:
    at = 2
    while not (0xC0 <= data[at + 1] <= 0xCF and data[at + 1] not in {0xC4, 0xC8, 0xCC}):
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return data[at + 1]


@pytest.fixture(scope="module")
def files(data_folder) -> dict[str, bytes]:
    """Contents by name; some files of the folder are PNGs, one of them with another suffix."""
    folder: Path = data_folder / "jpeg" / "valid"
    contents = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.jpg"))}
    found = {name: data for name, data in contents.items() if data.startswith(SOI)}
    if not found:
        pytest.skip("the data folder has no valid JPEG files")
    return found


@pytest.fixture(scope="module")
def lossy(files):
    return {name: data for name, data in files.items() if frame_marker(data) != LOSSLESS}


@pytest.mark.filterwarnings("ignore:entropy-coded data ends:dnjpeg.JpegWarning")
def test_every_file_but_lossless_ones_decodes_as_with_pillow(lossy):
    assert len(lossy) >= 35
    for name, data in lossy.items():
        with Image.open(io.BytesIO(data)) as image:
            expected = np.asarray(image)
        np.testing.assert_array_equal(decode(data, strict=name != TRUNCATED), expected, name)


def test_at_every_scale_as_with_djpeg(lossy):
    checked = 0
    for name, data in lossy.items():
        if name == TRUNCATED or read(data).color in {"CMYK", "YCCK"}:  # djpeg has no format for CMYK
            continue
        for eighths in range(1, 9):
            expected = djpeg(data, "-scale", f"{eighths}/8", damaged=True)  # some have bytes too many, a warning
            np.testing.assert_array_equal(decode(data, scale=eighths / 8), expected, name)
        checked += 1
    assert checked >= 30


def test_the_truncated_file_is_an_error_or_a_warning(lossy):
    with pytest.raises(TruncatedError):
        decode(lossy[TRUNCATED])
    with pytest.warns(JpegWarning, match="ends"):
        decode(lossy[TRUNCATED], strict=False)


def test_files_survive_reading_and_writing(lossy):
    for name, data in lossy.items():
        if name == TRUNCATED:
            continue
        image, again = read(data), read(write(read(data)))
        assert again.color == image.color, name
        for ours, same in zip((*again.coefficients, *again.tables), (*image.coefficients, *image.tables), strict=True):
            np.testing.assert_array_equal(ours, same, name)
        np.testing.assert_array_equal(decode(transcode(data)), decode(data), name)


def test_lossless_files_are_named_as_unsupported(files, lossy):
    others = {name: data for name, data in files.items() if name not in lossy}
    assert len(others) >= 10
    for name, data in others.items():
        for function in (decode, read, transcode):
            with pytest.raises(UnsupportedError, match="lossless, Huffman") as caught:
                function(data)
            assert caught.value.offset is not None, name
            assert caught.value.marker is not None, name


def test_every_file_can_be_inspected(files):
    for name, data in files.items():
        inspection = inspect(data)
        assert inspection.frame is not None, name
        assert str(inspection), name


def test_every_file_is_rewritten_as_by_jpegtran(lossy):
    """Also those of four colours; restart intervals, which we keep, are dropped there."""
    for name, data in lossy.items():
        if name == TRUNCATED:
            continue
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
        if data.startswith(SOI):
            assert np.array_equal(decode(data), pillow_decode(data)), path.name
            assert read(write(read(data))) == read(data), path.name
            checked += 1
    assert checked > len(paths) // 2
