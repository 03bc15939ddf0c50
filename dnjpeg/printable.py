"""Text of others (names of files, comments) in lines for people."""

from __future__ import annotations

__all__ = ["printable"]


def printable(text: str) -> str:
    """Escape what could move a terminal's cursor, change its colours or turn the direction of writing."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
