"""What the components of an image mean, and what follows from that in a file (libjpeg's jpeg_set_colorspace)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["COLORS", "ColorModel", "check_color", "coding_slots", "quantization_slots"]

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
