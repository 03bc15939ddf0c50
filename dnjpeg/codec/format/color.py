"""What the components of an image mean: how a file tells, and what follows from it; T.81 is silent, libjpeg is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dnjpeg.codec.format.application import Adobe

__all__ = ["COLORS", "ColorModel", "check_color", "coding_slots", "color_space", "quantization_slots"]

MOST_COMPONENTS = 4


@dataclass(frozen=True)
class ColorModel:
    """A meaning of components.

    Parameters
    ----------
    identifiers : bytes
        Ci of its components, in order; empty if there may be any number.
    chroma : tuple of int
        The components with tables of their own, that are subsampled.
    adobe : int or None
        Transform in the Adobe segment that it is told by; None: there is none.
    jfif : bool
        Whether it is one of JFIF's.
    """

    identifiers: bytes
    chroma: tuple[int, ...] = ()
    adobe: int | None = None
    jfif: bool = False


# By libjpeg's jpeg_set_colorspace.
COLORS = {
    "grayscale": ColorModel(b"\x01", jfif=True),
    "YCbCr": ColorModel(b"\x01\x02\x03", chroma=(1, 2), jfif=True),
    "RGB": ColorModel(b"RGB", adobe=0),
    "CMYK": ColorModel(b"CMYK", adobe=0),
    "YCCK": ColorModel(b"\x01\x02\x03\x04", chroma=(1, 2), adobe=2),
    "unknown": ColorModel(b""),
}


def check_color(color: str, components: int) -> None:
    """Raise `ValueError` if it is no colour model, or has not so many components."""
    if color not in COLORS:
        raise ValueError(f"unknown colour {color!r}: choose from {', '.join(COLORS)}")
    expected = len(COLORS[color].identifiers)
    if components != (expected or components) or not 1 <= components <= MOST_COMPONENTS:
        raise ValueError(f"{components} components, but {color} has {expected or f'1 to {MOST_COMPONENTS}'}")


def coding_slots(color: str, components: int) -> tuple[int, ...]:
    """Slots of the entropy coding tables of each component, as libjpeg has them: 1 for chroma, 0 for all others."""
    return tuple(int(index in COLORS[color].chroma) for index in range(components))


def quantization_slots(color: str, components: int, tables: Sequence[object]) -> tuple[int, ...]:
    """Slots of the quantization tables of each component.

    Parameters
    ----------
    tables : sequence
        One for all components; one for luma (and R, G, B, C, M, Y, K) and one or two for chroma; or one a component.
    """
    if len(tables) >= components:
        return tuple(range(components))
    chroma = COLORS[color].chroma
    return tuple(min(index, len(tables) - 1) if index in chroma else 0 for index in range(components))


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
