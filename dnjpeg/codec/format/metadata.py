"""EXIF, ICC profile, XMP and comments, between what they are and the segments that hold them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from dnjpeg.codec.format import syntax
from dnjpeg.codec.format.application import DEFAULT_JFIF, Jfif, Metadata

__all__ = [
    "ICC_SIGNATURE",
    "KEPT",
    "XMP_EXTENSION_SIGNATURE",
    "XMP_SIGNATURE",
    "Comment",
    "MetadataParts",
    "described",
    "kept",
    "per_inch",
    "replaced",
]

Comment = str | bytes | Sequence[str | bytes]

EXIF_SIGNATURE = b"Exif\0\0"
XMP_SIGNATURE = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION_SIGNATURE = b"http://ns.adobe.com/xmp/extension/\0"
ICC_SIGNATURE = b"ICC_PROFILE\0"

LARGEST_PAYLOAD = 65533  # of a segment, whose length counts its own two bytes (B.1.1.4)
LARGEST_CHUNK = LARGEST_PAYLOAD - len(ICC_SIGNATURE) - 2  # of an ICC profile (ICC.1:2010, B.4)

KEPT = ("all", "icc", "comments", "none")
"""What `kept` can be told to keep."""

_KINDS = {
    syntax.APP0 + 1: {EXIF_SIGNATURE[:5]: "exif", XMP_SIGNATURE: "xmp", XMP_EXTENSION_SIGNATURE: "xmp"},
    syntax.APP0 + 2: {ICC_SIGNATURE: "icc"},
    syntax.COM: {b"": "comments"},
}


def _kind(segment: Metadata) -> str | None:
    for signature, kind in _KINDS.get(segment.code, {}).items():
        if segment.payload.startswith(signature):
            return kind
    return None


def described(
    *,
    comment: Comment | None = None,
    exif: bytes | None = None,
    icc_profile: bytes | None = None,
    xmp: bytes | None = None,
) -> tuple[Metadata, ...]:
    """Make segments of metadata, in the order in which Pillow writes them; see `dnjpeg.encode`.

    Raises
    ------
    ValueError
        If something does not fit its segments.
    """
    if not (comment or exif or icc_profile or xmp):
        return ()
    segments = []
    if exif:
        payload = exif if exif.startswith(EXIF_SIGNATURE) else EXIF_SIGNATURE + exif
        segments.append(_segment(syntax.APP0 + 1, payload, "EXIF"))
    if xmp:
        payload = xmp if xmp.startswith(XMP_SIGNATURE) else XMP_SIGNATURE + xmp
        segments.append(_segment(syntax.APP0 + 1, payload, "XMP (move parts of the packet to extended XMP)"))
    if icc_profile:
        segments += _icc_segments(icc_profile)
    for text in [comment] if isinstance(comment, str | bytes) else comment or ():
        if text:
            segments.append(_segment(syntax.COM, text.encode() if isinstance(text, str) else bytes(text), "a comment"))
    return tuple(segments)


def _segment(code: int, payload: bytes, what: str) -> Metadata:
    if len(payload) > LARGEST_PAYLOAD:
        raise ValueError(f"{len(payload):,} bytes are too many for {what}: a segment has {LARGEST_PAYLOAD:,}")
    return Metadata(code, payload)


def _icc_segments(profile: bytes) -> list[Metadata]:
    """Divide a profile into chunks that know their number and count (ICC.1:2010, B.4)."""
    chunks = [profile[at : at + LARGEST_CHUNK] for at in range(0, len(profile), LARGEST_CHUNK)]
    if len(chunks) > 255:
        raise ValueError(f"{len(profile):,} bytes are too many for an ICC profile: 255 segments of {LARGEST_CHUNK:,}")
    return [
        Metadata(syntax.APP0 + 2, ICC_SIGNATURE + bytes([number, len(chunks)]) + chunk)
        for number, chunk in enumerate(chunks, start=1)
    ]


def per_inch(dpi: float | tuple[float, float] | None) -> Jfif:
    """Return the JFIF segment for so many dots per inch, across and down; without density for None.

    Raises
    ------
    ValueError
        If a number does not fit.
    """
    if dpi is None:
        return DEFAULT_JFIF
    across, down = (dpi, dpi) if isinstance(dpi, int | float) else dpi
    density = round(across), round(down)
    if not all(1 <= value <= 65535 for value in density):
        raise ValueError(f"{density[0]} x {density[1]} dots per inch, must be 1 to 65535")
    return Jfif(unit=1, density=density)


def kept(segments: Iterable[Metadata], copy: str) -> tuple[Metadata, ...]:
    """Keep ``"all"`` segments, only the ``"icc"`` profile, only ``"comments"``, or ``"none"``.

    Raises
    ------
    ValueError
        If `copy` is none of these.
    """
    if copy not in KEPT:
        raise ValueError(f"unknown choice of metadata {copy!r}: choose from {', '.join(KEPT)}")
    return tuple(segment for segment in segments if copy in {"all", _kind(segment)})


def replaced(segments: Sequence[Metadata], new: Sequence[Metadata]) -> tuple[Metadata, ...]:
    """Put new segments in the place of all of their kinds, behind the others."""
    if not new:
        return tuple(segments)
    kinds = {_kind(segment) for segment in new}
    return (*(segment for segment in segments if _kind(segment) is None or _kind(segment) not in kinds), *new)


class MetadataParts:
    """What segments of metadata hold, by kind."""

    metadata: tuple[Metadata, ...]

    @property
    def comments(self) -> tuple[bytes, ...]:
        """Content of the comments (COM) as it stands: text of no certain encoding."""
        return tuple(segment.payload for segment in self.metadata if segment.code == syntax.COM)

    @property
    def exif(self) -> bytes | None:
        """The first EXIF block, from its signature on, as Pillow has it."""
        return next((segment.payload for segment in self.metadata if _kind(segment) == "exif"), None)

    @property
    def xmp(self) -> bytes | None:
        """The first XMP packet, without what is in extended XMP."""
        packets = (segment.payload for segment in self.metadata if segment.payload.startswith(XMP_SIGNATURE))
        return next((payload[len(XMP_SIGNATURE) :] for payload in packets), None)

    @property
    def icc_profile(self) -> bytes | None:
        """The ICC profile, joined (ICC.1:2010, B.4); None if there is none, or some of its segments are missing."""
        return _joined_profile(self.metadata)


def _joined_profile(segments: Iterable[Metadata]) -> bytes | None:
    chunks: dict[int, bytes] = {}
    counts = set()
    for segment in segments:
        if _kind(segment) == "icc" and len(segment.payload) >= len(ICC_SIGNATURE) + 2:
            number, count = struct.unpack_from("BB", segment.payload, len(ICC_SIGNATURE))
            if number in chunks:
                return None
            chunks[number] = segment.payload[len(ICC_SIGNATURE) + 2 :]
            counts.add(count)
    if counts != {len(chunks)} or sorted(chunks) != list(range(1, len(chunks) + 1)):
        return None
    return b"".join(chunk for _, chunk in sorted(chunks.items()))
