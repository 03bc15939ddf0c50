"""What the comments and application data of one file say together, and what of them is written again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dnjpeg.codec.format.application import DEFAULT_JFIF, Adobe, Jfif, Metadata
from dnjpeg.codec.format.color import COLORS, color_space
from dnjpeg.codec.format.syntax import APP0, APP14, Segment

__all__ = ["ApplicationData"]


class ApplicationData:
    """COM and APPn segments in order; the last JFIF and Adobe segments count, as in libjpeg."""

    def __init__(self) -> None:
        self._segments: list[Metadata] = []
        self._jfif: Jfif | None = None
        self._adobe: Adobe | None = None

    def copy(self) -> ApplicationData:
        """Return the same, to be added to without changing this."""
        other = ApplicationData()
        other._segments, other._jfif, other._adobe = list(self._segments), self._jfif, self._adobe
        return other

    def keep(self, segment: Segment) -> None:
        """Take over one of them."""
        jfif = Jfif.parse(segment) if segment.code == APP0 else None
        adobe = Adobe.parse(segment) if segment.code == APP14 else None
        self._segments.append(Metadata(segment.code, segment.payload))
        self._jfif = jfif or self._jfif
        self._adobe = adobe or self._adobe

    def color_space(self, identifiers: Sequence[int]) -> tuple[str, str | None]:
        """Tell what components of these identifiers mean, see `color_space`."""
        return color_space(identifiers, jfif=self._jfif is not None, adobe=self._adobe)

    def _begin_with_exif(self) -> bool:
        return bool(self._segments) and self._segments[0].payload[:6] == b"Exif\0\0"

    def density(self) -> Jfif | None:
        """Version and density of the file's JFIF segment, or the usual ones, as jpegtran would write them again.

        None if it would write none: where EXIF comes first.
        """
        if self._begin_with_exif():
            return None
        if self._jfif is None or self._jfif.version[0] == DEFAULT_JFIF.version[0]:
            return self._jfif or DEFAULT_JFIF
        return replace(self._jfif, version=DEFAULT_JFIF.version)

    def not_written(self, color: str) -> tuple[Metadata, ...]:
        """Return the segments that the image does not need, without those that are written in any case.

        Parameters
        ----------
        color : str
            What the components mean.
        """
        model = COLORS[color]
        jfif, adobe = model.jfif and not self._begin_with_exif(), model.adobe is not None
        written = [(APP0, b"JFIF\0")] * jfif + [(APP14, b"Adobe")] * adobe
        return tuple(item for item in self._segments if (item.code, item.payload[:5]) not in written)
