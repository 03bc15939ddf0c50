"""JPEG files put together at random from pieces of valid ones, then broken: strategies for Hypothesis.

A file is a list of pieces: SOI, segments with their lengths, entropy-coded data, EOI. Breaking works on the pieces, so
that most of what comes out has the right shape and the wrong content, which random bytes never have.
"""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from damage import SMALL_FILES, picture
from hypothesis import strategies as st

from dnjpeg import encode

__all__ = ["broken_files", "split"]

SOI, EOI, SOS, DNL, DRI, COM = 0xD8, 0xD9, 0xDA, 0xDC, 0xDD, 0xFE
ALONE = {0x01, *range(0xD0, 0xDA)}
NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
CODES = (0x01, *range(0xC0, 0xE0), 0xE0, 0xE1, 0xE2, 0xEE, 0xF7, COM)

# What headers hold and what they should not: zero, one too many, all bits, signs.
BYTES = st.one_of(
    st.sampled_from([0, 1, 2, 3, 4, 0x0F, 0x10, 0x11, 0x22, 0x3F, 0x40, 0x7F, 0x80, 0xFF]), st.integers(0, 255)
)


def split(data: bytes) -> list[bytes]:
    """Split a valid file into its pieces."""
    pieces, at = [], 0
    while at < len(data):
        code = data[at + 1]
        end = at + 2 + (0 if code in ALONE else int.from_bytes(data[at + 2 : at + 4]))
        pieces.append(data[at:end])
        at = end
        if code == SOS:
            end = NEXT_MARKER.search(data, at).start()
            pieces.append(data[at:end])
            at = end
    return pieces


@cache
def donors() -> list[list[bytes]]:
    """Pieces of small valid files of all processes."""
    pixels = picture(19, 21)
    gray = np.ascontiguousarray(pixels[..., 0])
    files = [*SMALL_FILES.values(), encode(gray, quality=30, progressive=True), encode(gray, optimize=False, restart=1)]
    for subsampling in ("4:4:4", "4:4:0", "4:1:1"):
        files.append(
            encode(pixels, subsampling=subsampling, quality=40, restart_rows=1, comment="c", icc_profile=b"icc")
        )
        files.append(encode(pixels, subsampling=subsampling, quality=90, progressive=True, arithmetic=True))
    files.append(encode(pixels, tables=1, wide_tables=True, quality=1, exif=b"MM\0*\0\0\0\x08\0\0\0\0\0\0"))
    return [split(data) for data in files]


@st.composite
def _changed_bytes(draw, piece: bytes) -> bytes:
    changed = bytearray(piece)
    for _ in range(draw(st.integers(1, 4))):
        if len(changed) < 2:
            break
        at = draw(st.integers(0 if len(changed) < 3 else 2, len(changed) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                changed[at] = draw(BYTES)
            case 1:
                changed[at] ^= 1 << draw(st.integers(0, 7))
            case 2:
                del changed[at : at + draw(st.integers(1, 8))]
            case 3:
                changed[at:at] = draw(st.lists(BYTES, min_size=1, max_size=8).map(bytes))
    return bytes(changed)


@st.composite
def _changed_payload(draw, piece: bytes) -> bytes:
    """Change a segment and let its length be right again, so that its content is looked at."""
    changed = draw(_changed_bytes(piece))
    if len(changed) >= 4 and piece[:1] == b"\xff" and piece[1] not in ALONE:
        return piece[:2] + min(len(changed) - 2, 0xFFFF).to_bytes(2) + changed[4:]
    return changed


def _segment(code: int, payload: bytes) -> bytes:
    return bytes([0xFF, code]) + (len(payload) + 2).to_bytes(2) + payload


def _number(code: int, *values: int) -> st.SearchStrategy[bytes]:
    return st.sampled_from(values).map(lambda value: _segment(code, value.to_bytes(2)))


_new_pieces = st.one_of(
    st.deferred(lambda: st.sampled_from([piece for pieces in donors() for piece in pieces])),
    st.integers(1, 70).map(lambda count: b"\xff" * count),
    st.binary(max_size=70),
    st.sampled_from(CODES).map(lambda code: bytes([0xFF, code])),
    st.builds(_segment, st.sampled_from(CODES), st.lists(BYTES, max_size=20).map(bytes)),
    _number(DRI, 0, 1, 2, 3, 65535),
    _number(DNL, 0, 1, 8, 19, 20, 65535),
)


@st.composite
def broken_files(draw) -> bytes:
    """Return a file of pieces of one or two valid files, changed in up to six ways."""
    pieces = list(draw(st.sampled_from(donors())))
    if draw(st.integers(0, 3)) == 0:  # the end of another one
        other = draw(st.sampled_from(donors()))
        pieces[draw(st.integers(1, len(pieces))) :] = other[draw(st.integers(1, len(other) - 1)) :]
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(pieces) - 1)) if pieces else 0
        match draw(st.integers(0, 6)) if pieces else 6:
            case 0:
                pieces[at] = draw(_changed_payload(pieces[at]))
            case 1:
                pieces[at] = draw(_changed_bytes(pieces[at]))
            case 2:
                del pieces[at]
            case 3:
                pieces[at:at] = [pieces[at]] * draw(st.sampled_from([1, 2, 30]))
            case 4:
                to = draw(st.integers(0, len(pieces) - 1))
                pieces[at], pieces[to] = pieces[to], pieces[at]
            case 5:
                pieces[at] = pieces[at][: draw(st.integers(0, len(pieces[at])))]
            case 6:
                pieces.insert(at, draw(_new_pieces))
    return b"".join(pieces)
