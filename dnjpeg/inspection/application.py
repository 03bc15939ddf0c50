"""What application segments and comments mean: who they belong to, by their signatures."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.application import Adobe, Jfif
from dnjpeg.codec.format.exif import Exif
from dnjpeg.codec.format.metadata import ICC_SIGNATURE, XMP_EXTENSION_SIGNATURE, XMP_SIGNATURE
from dnjpeg.codec.format.syntax import Segment
from dnjpeg.printable import printable

__all__ = ["Meaning", "application", "comment", "counted"]

SHOWN_CHARACTERS = 60  # of a comment, on one line


@dataclass(frozen=True)
class Meaning:
    """One line for people, and the same as fields for machines."""

    line: str
    fields: dict[str, Any]


def counted(count: int, noun: str) -> str:
    """Return ``"1 table"``, ``"2 tables"``."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def comment(segment: Segment) -> Meaning:
    """Say what a COM segment holds: text in UTF-8, or in Latin-1 if it is not that."""
    try:
        text = segment.payload.decode()
    except UnicodeDecodeError:
        text = segment.payload.decode("latin-1")
    shown = printable(text[:SHOWN_CHARACTERS]) + "..." * (len(text) > SHOWN_CHARACTERS)
    return Meaning(f'comment: "{shown}"', {"text": text})


def application(segment: Segment) -> Meaning:
    """Say what an APPn segment holds.

    Raises
    ------
    FormatError
        If it bears a signature that we know and is not as it should be.
    """
    for (code, signature), describe in _DESCRIBERS.items():
        if segment.code == code and segment.payload.startswith(signature):
            return describe(segment)
    for (code, signature), name in _NAMES.items():
        if segment.code == code and segment.payload.startswith(signature):
            return Meaning(name, {"kind": name})
    text = segment.payload[:32].partition(b"\0")[0].decode("latin-1")
    if len(text) >= 3 and text.isprintable() and text.isascii():
        return Meaning(f'application data "{text}"', {"kind": "unknown", "signature": text})
    return Meaning("application data", {"kind": "unknown", "signature": None})


def _jfif(segment: Segment) -> Meaning:
    jfif = Jfif.parse(segment)
    if jfif is None:
        raise segment.error(f"JFIF of length {len(segment.payload) + 2}, must be at least 16")
    x, y = jfif.density
    unit = {0: "aspect ratio", 1: "dots per inch", 2: "dots per cm"}.get(jfif.unit, f"unknown unit {jfif.unit}")
    version = f"{jfif.version[0]}.{jfif.version[1]:02}"
    width, height = _jfif_thumbnail(segment)
    thumbnail = f", thumbnail {width} x {height} RGB" if width * height else ""
    return Meaning(
        f"JFIF {version}, {f'{unit} {x}:{y}' if jfif.unit == 0 else f'{x} x {y} {unit}'}{thumbnail}",
        {
            "kind": "JFIF",
            "version": version,
            "unit": jfif.unit,
            "density": [x, y],
            "thumbnail": [width, height] if thumbnail else None,
        },
    )


def _jfif_thumbnail(segment: Segment) -> tuple[int, int]:
    width, height = segment.payload[12:14]
    if len(segment.payload) < 14 + 3 * width * height:
        raise segment.error(f"JFIF thumbnail of {width} x {height} beyond the segment", 12)
    return width, height


def _jfxx(segment: Segment) -> Meaning:
    code = segment.payload[5] if len(segment.payload) > 5 else None
    kinds = {0x10: "JPEG thumbnail", 0x11: "thumbnail with a palette", 0x13: "RGB thumbnail"}
    name = "JFIF extension" if code is None else f"JFIF extension: {kinds.get(code, f'unknown code {code}')}"
    return Meaning(name, {"kind": "JFXX", "code": code})


def _exif(segment: Segment) -> Meaning:
    exif = Exif.parse(segment)
    if exif is None:
        raise segment.error("EXIF without a signature")
    parts = [f"EXIF, {counted(len(segment.payload), 'byte')}"]
    if exif.orientation is not None:
        parts.append(f"orientation {exif.orientation}")
    if exif.thumbnail is not None:
        parts.append(f"JPEG thumbnail of {counted(exif.thumbnail[1], 'byte')}")
    return Meaning(
        ", ".join(parts),
        {
            "kind": "EXIF",
            "bytes": len(segment.payload),
            "byte_order": exif.byte_order,
            "orientation": exif.orientation,
            "thumbnail": None
            if exif.thumbnail is None
            else {"offset": segment.offset + 4 + exif.thumbnail[0], "bytes": exif.thumbnail[1]},
        },
    )


def _icc(segment: Segment) -> Meaning:
    signature = len(ICC_SIGNATURE)
    if len(segment.payload) < signature + 2:
        raise segment.error("ICC profile without the number of its chunk")
    number, count = segment.payload[signature : signature + 2]
    size = len(segment.payload) - signature - 2
    if not 1 <= number <= count:
        raise segment.error(f"chunk {number} of {count} of an ICC profile", signature)
    return Meaning(
        f"ICC profile, chunk {number} of {count}, {counted(size, 'byte')}",
        {"kind": "ICC", "chunk": number, "chunks": count, "bytes": size},
    )


def _xmp(segment: Segment) -> Meaning:
    extended = segment.payload.startswith(XMP_EXTENSION_SIGNATURE)
    size = len(segment.payload) - len(XMP_EXTENSION_SIGNATURE if extended else XMP_SIGNATURE)
    name = "extended XMP" if extended else "XMP"
    return Meaning(f"{name}, {counted(size, 'byte')}", {"kind": name, "bytes": size})


def _adobe(segment: Segment) -> Meaning:
    adobe = Adobe.parse(segment)
    if adobe is None:
        raise segment.error(f"Adobe segment of length {len(segment.payload) + 2}, must be at least 14")
    named = {0: "none (RGB or CMYK)", 1: "YCbCr", 2: "YCCK"}.get(adobe.transform, "unknown")
    return Meaning(
        f"Adobe, colour transform {adobe.transform}: {named}", {"kind": "Adobe", "transform": adobe.transform}
    )


def _photoshop(segment: Segment) -> Meaning:
    """Image resources (Adobe's Photoshop file formats specification): 8BIM, number, name, length, data."""
    payload = segment.payload
    resources, at = [], len(_PHOTOSHOP)
    while payload[at : at + 4] == b"8BIM" and at + 12 <= len(payload):
        (number,) = struct.unpack_from(">H", payload, at + 4)
        length_at = at + 6 + (1 + payload[at + 6] + 1) // 2 * 2  # both name and data are padded to even lengths
        if length_at + 4 > len(payload):
            break
        (size,) = struct.unpack_from(">I", payload, length_at)
        resources.append(number)
        at = length_at + 4 + (size + 1) // 2 * 2
    known = [name for number, name in ((1028, "IPTC"), (1036, "JPEG thumbnail")) if number in resources]
    line = f"Photoshop, {counted(len(resources), 'resource')}{': ' * bool(known)}{', '.join(known)}"
    return Meaning(line, {"kind": "Photoshop", "resources": resources})


_PHOTOSHOP = b"Photoshop 3.0\0"

_DESCRIBERS: dict[tuple[int, bytes], Callable[[Segment], Meaning]] = {
    (syntax.APP0, b"JFIF\0"): _jfif,
    (syntax.APP0, b"JFXX\0"): _jfxx,
    (syntax.APP0 + 1, b"Exif\0"): _exif,
    (syntax.APP0 + 1, XMP_SIGNATURE): _xmp,
    (syntax.APP0 + 1, XMP_EXTENSION_SIGNATURE): _xmp,
    (syntax.APP0 + 2, ICC_SIGNATURE): _icc,
    (syntax.APP0 + 13, _PHOTOSHOP): _photoshop,
    (syntax.APP14, b"Adobe"): _adobe,
}

_NAMES = {
    (syntax.APP0, b"AVI1"): "Motion-JPEG (AVI)",
    (syntax.APP0 + 1, b"FLIR\0"): "FLIR thermal image",
    (syntax.APP0 + 2, b"MPF\0"): "multi-picture format (CIPA DC-007): other images stand behind EOI",
    (syntax.APP0 + 2, b"FPXR\0"): "FlashPix",
    (syntax.APP0 + 2, b"urn:iso:std:iso:ts:21496:-1\0"): "gain map (ISO 21496-1)",
    (syntax.APP0 + 3, b"Meta\0"): "Kodak metadata",
    (syntax.APP0 + 8, b"SPIFF\0"): "SPIFF header (T.84)",
    (syntax.APP0 + 11, b"HDR_RI"): "JPEG-HDR",
    (syntax.APP0 + 11, b"JP"): "JUMBF box (ISO 19566-5)",
    (syntax.APP0 + 12, b"Ducky"): "Adobe's Save for Web (Ducky)",
    (syntax.APP0 + 13, b"Adobe_CM"): "Adobe colour management",
}
