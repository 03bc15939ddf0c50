"""What can go wrong with a JPEG file, as one family of exceptions."""

from __future__ import annotations

__all__ = ["FormatError", "JpegError", "JpegWarning", "LimitError", "TruncatedError", "UnsupportedError"]


class JpegError(Exception):
    """A JPEG file could not be read or written.

    Parameters
    ----------
    reason : str
        One short sentence without a full stop.
    offset : int, optional
        Byte offset in the input at which the reason was found.
    marker : str, optional
        Name of the marker segment that was being read, as T.81 spells it (``"DQT"``, ``"SOS"``).
    """

    def __init__(self, reason: str, *, offset: int | None = None, marker: str | None = None) -> None:
        super().__init__(reason, offset, marker)
        self.reason = reason
        self.offset = offset
        self.marker = marker

    def __str__(self) -> str:
        place = [self.marker] if self.marker else []
        if self.offset is not None:
            place.append(f"byte {self.offset}")
        return f"{' at '.join(place)}: {self.reason}" if place else self.reason

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.reason, self.offset, self.marker)


def _rebuild(kind: type[JpegError], reason: str, offset: int | None, marker: str | None) -> JpegError:
    return kind(reason, offset=offset, marker=marker)


class FormatError(JpegError):
    """The bytes break a rule of T.81."""


class TruncatedError(FormatError):
    """The bytes end before the image does."""


class UnsupportedError(JpegError):
    """T.81 allows it and dnjpeg does not do it; `reason` names the feature."""


class LimitError(JpegError):
    """The file asks for more than the caller's `Limits` allow."""


class JpegWarning(UserWarning):
    """Something was changed or left out so that the work could go on."""
