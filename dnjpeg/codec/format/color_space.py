"""What the components of a file mean: nothing in T.81 tells, so that these are libjpeg's rules."""

from __future__ import annotations

from collections.abc import Sequence

from dnjpeg.codec.format.syntax import Adobe

__all__ = ["ADOBE_TRANSFORMS", "JFIF_COLORS", "color_space"]

ADOBE_TRANSFORMS = {"RGB": 0, "CMYK": 0, "YCCK": 2}
"""Colour spaces that libjpeg tells by an Adobe segment, and the transform that it writes into it."""

JFIF_COLORS = ("grayscale", "YCbCr")
"""Colour spaces of JFIF."""

_BY_TRANSFORM = {3: {0: "RGB", 1: "YCbCr"}, 4: {0: "CMYK", 2: "YCCK"}}
_BY_DEFAULT = {3: "YCbCr", 4: "YCCK"}  # for a transform that Adobe does not define


def color_space(identifiers: Sequence[int], *, jfif: bool, adobe: Adobe | None) -> tuple[str, str | None]:
    """Tell the colour space, by the rules of libjpeg's `default_decompress_parms`.

    Three components are YCbCr in a JFIF file; otherwise Adobe's transform decides; without it they are RGB if that is
    what their identifiers spell, else YCbCr. Four are CMYK, unless Adobe's transform says YCCK.

    Parameters
    ----------
    identifiers : sequence of int
        Of the components.
    jfif : bool
        The file has a JFIF segment.
    adobe : Adobe or None
        Its Adobe segment.

    Returns
    -------
    color : str
        ``"grayscale"``, ``"YCbCr"``, ``"RGB"``, ``"CMYK"``, ``"YCCK"``, or ``"unknown"`` for two components.
    warning : str or None
        What had to be guessed.
    """
    count = len(identifiers)
    if count not in _BY_TRANSFORM:
        return "grayscale" if count == 1 else "unknown", None
    if count == 3 and jfif:
        return "YCbCr", None
    if adobe is None:
        if count == 4:
            return "CMYK", None
        return "RGB" if bytes(identifiers) == b"RGB" else "YCbCr", None
    color = _BY_TRANSFORM[count].get(adobe.transform)
    if color is not None:
        return color, None
    guess = _BY_DEFAULT[count]
    return guess, f"unknown Adobe colour transform {adobe.transform} of {count} components, taken for {guess}"
