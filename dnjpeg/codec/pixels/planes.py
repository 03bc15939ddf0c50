"""Pixels to planes of samples, one a component (JFIF 1.02, from ITU-R BT.601 over the full range), as libjpeg does it.

CMYK comes as Pillow has it, 0 for no ink, and is stored the other way round, as Adobe's programs do: 255 for no ink. Of
these stored values libjpeg's YCCK takes C, M and Y as the negative of R, G and B; so what Pillow calls C, M and Y goes
through the same formulas as R, G and B, and only K is turned round.
"""

from __future__ import annotations

from collections.abc import Sequence

from dnjpeg.codec.format.layout import FULL
from dnjpeg.codec.kernels.jit import inlined
from dnjpeg.codec.kernels.vector import Memory, Pairs, Scalar, Vector, concatenate, copy, operation, shuffle
from dnjpeg.codec.pixels.color import PIXELS, RGB_BYTES

__all__ = ["CONVERSIONS", "MOST_BYTES", "separate_line"]

# Conversions, by the meaning of the components; the colour of the pixels follows from it, but for gray.
KEPT, GRAY, YCC, SPLIT, INVERTED, YCCK = range(6)
CONVERSIONS = {
    (1, "grayscale"): KEPT,
    (3, "grayscale"): GRAY,
    (3, "YCbCr"): YCC,
    (3, "RGB"): SPLIT,
    (4, "CMYK"): INVERTED,
    (4, "YCCK"): YCCK,
}
"""By channels of the pixels, and by what the components mean."""

CMYK_BYTES = 4 * PIXELS
MOST_BYTES = CMYK_BYTES
GROUP = 4  # pixels that any register has room for, with 32 bits for each
LOADED = 16  # bytes that hold as many pixels
HALF = 1 << 15


def _fix(x: float) -> int:
    return int(x * 65536 + 0.5)


def _groups(pixels: Memory, pixel: Scalar, channels: int) -> list[tuple[Vector, int]]:
    """Load `PIXELS` pixels in groups of `GROUP`, and tell at which byte each begins: 0, or 4 of the last, for RGB."""
    size, last = channels * GROUP, channels * PIXELS - LOADED
    return [(pixels.load(pixel + min(at, last), LOADED), max(at - last, 0)) for at in range(0, channels * PIXELS, size)]


def _pairs(groups: Sequence[tuple[Vector, int]], channels: int, first: int) -> Pairs:
    """Pair the samples of two channels that follow each other, in lanes of 16 bits."""

    def joined(chosen: Sequence[tuple[Vector, int]]) -> Vector:
        loaded = concatenate([group for group, _ in chosen])
        zero = loaded.lanes
        bytes_ = [
            byte
            for i, (_, begin) in enumerate(chosen)
            for pixel in range(GROUP)
            for channel in range(2)
            for byte in (LOADED * i + begin + channels * pixel + first + channel, zero)
        ]
        return shuffle(loaded, loaded.filled_with(0), bytes_).reinterpreted(16)

    return Pairs(joined(groups[::2]), joined(groups[1::2]))


def _channel(pixels: Memory, pixel: Scalar, channels: int, index: int) -> Vector:
    return pixels.load(pixel, channels * PIXELS).select(range(index, channels * PIXELS, channels))


def _luma(red_green: Pairs, green_blue: Pairs) -> Vector:
    """Y = .299 R + .587 G + .114 B.

    The weight of green is split between the two pairs, for it does not fit 16 bits.
    """
    part = 1 << 14
    total = red_green.pair_products(_fix(0.299), _fix(0.587) - part) + green_blue.pair_products(part, _fix(0.114))
    return (total + HALF).upper().truncated(8)


def _chroma(red_green: Pairs, green_blue: Pairs) -> tuple[Vector, Vector]:
    """Cb = -.16874 R - .33126 G + .5 B + 128, Cr = .5 R - .41869 G - .08131 B + 128.

    Only -.5 fits 16 bits: so these are the negatives, turned round in the end, which takes what libjpeg takes from the
    half that rounds.
    """
    blueness = red_green.pair_products(_fix(0.16874), _fix(0.33126)) + green_blue.pair_products(0, -HALF)
    redness = red_green.pair_products(-HALF, 0) + green_blue.pair_products(_fix(0.41869), _fix(0.08131))
    cb, cr = ((x + (-(128 << 16) - HALF)).upper().truncated(8) ^ -1 for x in (blueness, redness))
    return cb, cr


def _store_ycc(pixels: Memory, pixel: Scalar, channels: int, planes: Memory, y: Scalar, cb: Scalar, cr: Scalar) -> None:
    groups = _groups(pixels, pixel, channels)
    red_green, green_blue = _pairs(groups, channels, 0), _pairs(groups, channels, 1)
    planes.store(y, _luma(red_green, green_blue))
    for index, plane in zip((cb, cr), _chroma(red_green, green_blue), strict=True):
        planes.store(index, plane)


@operation()
def _rgb_to_ycc(rgb: Memory, pixel: Scalar, planes: Memory, y: Scalar, cb: Scalar, cr: Scalar) -> None:
    """Convert `PIXELS` pixels, three bytes each, to three planes."""
    _store_ycc(rgb, pixel, 3, planes, y, cb, cr)


@operation()
def _rgb_to_gray(rgb: Memory, pixel: Scalar, planes: Memory, y: Scalar) -> None:
    groups = _groups(rgb, pixel, 3)
    planes.store(y, _luma(_pairs(groups, 3, 0), _pairs(groups, 3, 1)))


@operation()
def _rgb_to_planes(rgb: Memory, pixel: Scalar, planes: Memory, r: Scalar, g: Scalar, b: Scalar) -> None:
    for channel, index in enumerate((r, g, b)):
        planes.store(index, _channel(rgb, pixel, 3, channel))


@operation()
def _cmyk_to_planes(cmyk: Memory, pixel: Scalar, planes: Memory, c: Scalar, m: Scalar, y: Scalar, k: Scalar) -> None:
    for channel, index in enumerate((c, m, y, k)):
        planes.store(index, _channel(cmyk, pixel, 4, channel) ^ -1)


@operation()
def _cmyk_to_ycck(cmyk: Memory, pixel: Scalar, planes: Memory, y: Scalar, cb: Scalar, cr: Scalar, k: Scalar) -> None:
    _store_ycc(cmyk, pixel, 4, planes, y, cb, cr)
    planes.store(k, _channel(cmyk, pixel, 4, 3) ^ -1)


@inlined
def _separate(pixels, at, strip, layout, x, conversion):
    """Separate `PIXELS` pixels by one of the rarer conversions."""
    if conversion == GRAY:
        _rgb_to_gray(pixels, at, strip, layout[0, FULL] + x)
        return
    first, second, third = layout[0, FULL] + x, layout[1, FULL] + x, layout[2, FULL] + x
    if conversion == SPLIT:
        _rgb_to_planes(pixels, at, strip, first, second, third)
    elif conversion == INVERTED:
        _cmyk_to_planes(pixels, at, strip, first, second, third, layout[3, FULL] + x)
    else:
        _cmyk_to_ycck(pixels, at, strip, first, second, third, layout[3, FULL] + x)


@inlined
def separate_line(pixels, start, width, channels, conversion, layout, strip, line, tail):
    """One line of pixels to the components at full resolution.

    Parameters
    ----------
    pixels : span, uint8
    start, width : int
        Index of the line's first byte, and its pixels.
    channels, conversion : int
        Bytes a pixel, and one of `CONVERSIONS`.
    layout : span, int64
        `FULL` tells where the components are in `strip`.
    strip : span, uint8
        Holds the planes; up to `PIXELS` - 1 samples beyond a line may be written.
    line : int
        Distance of the line from the beginning of the planes.
    tail : int
        Room for the last pixels of the image, 2 `MOST_BYTES`.
    """
    if conversion == KEPT:
        copy(pixels, start, strip, layout[0, FULL] + line, width)
        return
    if conversion == YCC:
        y, cb, cr = layout[0, FULL] + line, layout[1, FULL] + line, layout[2, FULL] + line
        for x in range(0, width, PIXELS):
            at = start + 3 * x
            if at + RGB_BYTES <= len(pixels):
                _rgb_to_ycc(pixels, at, strip, y + x, cb + x, cr + x)
            else:
                copy(pixels, at, strip, tail, len(pixels) - at)
                _rgb_to_ycc(strip, tail, strip, y + x, cb + x, cr + x)
        return
    for x in range(0, width, PIXELS):
        at = start + channels * x
        if at + channels * PIXELS <= len(pixels):
            _separate(pixels, at, strip, layout, line + x, conversion)
        else:
            copy(pixels, at, strip, tail, len(pixels) - at)
            _separate(strip, tail, strip, layout, line + x, conversion)
