"""Metadata: written as Pillow and cjpeg write it, kept or dropped as jpegtran does, read as Pillow reads it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from libjpeg import cjpeg, jpegtran, pillow_decode, pillow_encode
from PIL import Image

from dnjpeg import encode, read, read_header, transcode, write
from dnjpeg.codec.format.application import Metadata

PROFILE = bytes(np.random.default_rng(0).integers(0, 256, 150_000, np.uint8))
COM, APP1, APP2, APP13 = 0xFE, 0xE1, 0xE2, 0xED


def make_exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "a description"
    exif[0x0112] = 6
    return exif.tobytes()


EVERYTHING = {
    "comment": "größer als ASCII",
    "exif": make_exif(),
    "icc_profile": PROFILE,
    "xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
    "dpi": (300, 72),
}


@pytest.mark.parametrize("names", [[name] for name in EVERYTHING] + [list(EVERYTHING)])
@pytest.mark.parametrize("gray", [False, True])
def test_metadata_give_the_files_of_pillow(photo, names, gray):
    options = {name: EVERYTHING[name] for name in names}
    pixels = photo(16, 16, gray=gray)
    data = encode(pixels, **options)
    assert data == pillow_encode(pixels, optimize=True, **options)
    assert encode(pixels, optimize=False, **options) == pillow_encode(pixels, **options)


@pytest.mark.parametrize("size", [1, 65518, 65519, 65520, 2 * 65519, 2 * 65519 + 1])
def test_icc_profiles_are_divided_as_in_cjpeg(photo, tmp_path, size):
    path = tmp_path / "profile.icc"
    path.write_bytes(PROFILE[:size] + PROFILE[: max(0, size - len(PROFILE))])
    profile = path.read_bytes()
    data = encode(photo(16, 16), icc_profile=profile)
    assert data == cjpeg(photo(16, 16), "-optimize", "-sample", "2x2", "-icc", str(path))
    assert read(data).icc_profile == profile


def test_an_exif_block_with_and_without_its_signature_is_the_same(photo):
    exif = make_exif()
    assert encode(photo(8, 8), exif=exif) == encode(photo(8, 8), exif=exif.removeprefix(b"Exif\0\0"))


def test_what_was_written_is_read(photo):
    image = read(encode(photo(8, 8), **EVERYTHING))
    with Image.open(io.BytesIO(encode(photo(8, 8), **EVERYTHING))) as theirs:
        assert (image.exif, image.icc_profile, image.xmp) == tuple(
            theirs.info[name] for name in ("exif", "icc_profile", "xmp")
        )
        assert image.comments == (theirs.info["comment"],)
        assert image.jfif.density == theirs.info["dpi"] == (300, 72)
    header = read_header(encode(photo(8, 8), **EVERYTHING))
    assert (header.exif, header.icc_profile, header.xmp) == (image.exif, image.icc_profile, image.xmp)
    assert header.comments == image.comments
    nothing = read(encode(photo(8, 8)))
    assert (nothing.exif, nothing.icc_profile, nothing.xmp, nothing.comments) == (None, None, None, ())


def test_several_comments(photo):
    image = read(encode(photo(8, 8), comment=["one", b"\xfftwo"]))
    assert image.comments == (b"one", b"\xfftwo")
    assert image == read(encode(photo(8, 8), comment=("one", "", b"\xfftwo")))


def test_incomplete_icc_profiles_are_none(photo):
    image = read(encode(photo(8, 8), icc_profile=PROFILE))
    chunks = image.metadata
    assert len(chunks) == 3
    for damaged in (chunks[:2], chunks[1:], chunks[:1] * 3, (*chunks, chunks[0])):
        assert replace(image, metadata=damaged).icc_profile is None
    assert replace(image, metadata=chunks[::-1]).icc_profile == PROFILE
    other_count = Metadata(APP2, b"ICC_PROFILE\0\x01\x04")
    for lone in (other_count, Metadata(APP2, b"ICC_PROFILE\0")):
        assert replace(image, metadata=(lone, *chunks[1:])).icc_profile is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"comment": "x" * 65534}, "65,534 bytes are too many for a comment"),
        ({"exif": b"x" * 65528}, "65,534 bytes are too many for EXIF"),
        ({"xmp": b"x" * 65505}, "65,534 bytes are too many for XMP"),
        ({"icc_profile": bytes(255 * 65519 + 1)}, "16,707,346 bytes are too many for an ICC profile"),
        ({"dpi": 0}, "0 x 0 dots per inch, must be 1 to 65535"),
        ({"dpi": (72, 65536)}, "72 x 65536 dots per inch"),
    ],
)
def test_what_does_not_fit_is_refused(photo, options, reason):
    with pytest.raises(ValueError, match=r"too many|dots per inch") as caught:
        encode(photo(8, 8), **options)
    assert reason in str(caught.value)


def test_the_largest_that_fit(photo):
    data = encode(photo(8, 8), comment="x" * 65533, exif=b"x" * 65527, xmp=b"x" * 65504)
    assert len(data) > 3 * 65533
    np.testing.assert_array_equal(pillow_decode(data), pillow_decode(encode(photo(8, 8))))


@pytest.mark.parametrize("gray", [False, True])
def test_without_jfif_the_file_is_18_bytes_shorter_and_the_same(photo, gray):
    pixels = photo(20, 30, gray=gray)
    plain = encode(pixels)
    assert encode(pixels, jfif=False) == plain[:2] + plain[20:]
    np.testing.assert_array_equal(pillow_decode(encode(pixels, jfif=False)), pillow_decode(plain))


def make_source(photo) -> bytes:
    """Return a file with metadata of all kinds, and of two that nobody knows."""
    image = read(encode(photo(24, 24), **EVERYTHING))
    unknown = Metadata(APP13, b"Photoshop 3.0\0"), Metadata(0xE5, b"something")
    return write(replace(image, metadata=(unknown[0], *image.metadata, unknown[1], Metadata(COM, b"at the end"))))


@pytest.mark.parametrize("copy", ["all", "icc", "comments", "none"])
def test_metadata_are_kept_or_dropped_as_jpegtran_does(photo, copy):
    data = make_source(photo)
    assert transcode(data, copy=copy) == jpegtran(data, "-copy", copy, "-optimize")


def test_metadata_are_kept_by_default(photo):
    assert transcode(make_source(photo)) == make_source(photo)


@pytest.mark.parametrize(
    "version", [b"\0\1", b"\1\0", b"\1\1", b"\1\2", b"\1\7", b"\2\0", b"\2\1", b"\3\1", b"\xff\xff"]
)
def test_only_versions_of_jfif_1_are_written_again(photo, version):
    """Others become 1.01, with the densities that the file has, as with jpegtran (which warns of them)."""
    data = encode(photo(16, 16), dpi=(300, 72))
    data = data[:11] + version + data[13:]
    assert transcode(data) == jpegtran(data, "-copy", "all", "-optimize", damaged=True)


def test_transcoding_replaces_metadata(photo, tmp_path):
    data = make_source(photo)
    before = read(data)
    path = tmp_path / "profile.icc"
    path.write_bytes(PROFILE[:1000])
    changed = transcode(data, icc_profile=PROFILE[:1000])
    assert changed == jpegtran(data, "-copy", "all", "-optimize", "-icc", str(path))
    image = read(transcode(data, comment="new", exif=b"II*\0", xmp=b"<new/>", dpi=96))
    assert (image.comments, image.exif, image.xmp) == ((b"new",), b"Exif\0\0II*\0", b"<new/>")
    assert image.jfif.density == (96, 96)
    assert image.icc_profile == PROFILE
    only = read(transcode(data, copy="none", comment="new")).metadata
    assert only == (Metadata(COM, b"new"),)
    for ours, same in zip(image.coefficients, before.coefficients, strict=True):
        np.testing.assert_array_equal(ours, same)


def test_an_unknown_choice_of_metadata(photo):
    with pytest.raises(ValueError, match="choose from all, icc, comments, none"):
        transcode(encode(photo(8, 8)), copy="exif")
